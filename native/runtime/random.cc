#include "runtime/random.h"

#include "kernels/philox.h"

namespace quern {

// Streams of an epoch's key other than dropout's, which count up from 0. The step is the third word of the counter.
static constexpr uint32_t kPermutationStream = 0xffffffff;

static uint32_t low(uint64_t value) { return static_cast<uint32_t>(value); }
static uint32_t high(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

// The finalizer of splitmix64 (Steele, Lea, Flood 2014) on the next state: a bijection that flips about half the bits.
static uint64_t mix(uint64_t state) {
  uint64_t z = state + 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

RandomKey epoch_key(uint64_t seed, uint64_t epoch) noexcept {
  const uint64_t key = mix(mix(seed) + epoch);
  return {low(key), high(key)};
}

namespace {

// 64-bit draws of one stream, in order; each block of the generator gives two.
class Draws {
 public:
  Draws(RandomKey key, uint32_t stream) : key_(key), stream_(stream) {}

  uint64_t next() {
    const uint64_t draw = drawn_++;
    if (draw % 2 == 0) words_ = philox({{low(draw / 2), high(draw / 2), 0, stream_}}, key_.k0, key_.k1);
    const uint32_t* const pair = words_.word + draw % 2 * 2;
    return uint64_t{pair[1]} << 32 | pair[0];
  }

  // Uniform below `bound` (Lemire 2019): the high half of draw * bound, the few low halves that would favour some
  // results being drawn again.
  uint64_t below(uint64_t bound) {
    using Wide = unsigned __int128;
    Wide product = static_cast<Wide>(next()) * bound;
    if (static_cast<uint64_t>(product) < bound) {
      const uint64_t unfair = (0 - bound) % bound;
      while (static_cast<uint64_t>(product) < unfair) product = static_cast<Wide>(next()) * bound;
    }
    return static_cast<uint64_t>(product >> 64);
  }

 private:
  const RandomKey key_;
  const uint32_t stream_;
  uint64_t drawn_ = 0;
  PhiloxBlock words_{};
};

}  // namespace

void permutation(int64_t rows, uint64_t seed, uint64_t epoch, uint32_t* out) noexcept {
  for (int64_t i = 0; i < rows; i++) out[i] = static_cast<uint32_t>(i);
  Draws draws(epoch_key(seed, epoch), kPermutationStream);
  for (int64_t i = rows - 1; i > 0; i--) {
    const uint64_t j = draws.below(static_cast<uint64_t>(i) + 1);
    const uint32_t row = out[i];
    out[i] = out[j];
    out[j] = row;
  }
}

void random_words(uint64_t seed, uint32_t stream, uint64_t first, uint32_t* out, int64_t count) noexcept {
  const uint64_t key = mix(seed);
  PhiloxBlock words{};
  for (int64_t i = 0; i < count; i++) {
    const uint64_t index = first + static_cast<uint64_t>(i);
    if (i == 0 || index % 4 == 0) {
      words = philox({{low(index / 4), high(index / 4), 0, stream}}, low(key), high(key));
    }
    out[i] = words.word[index % 4];
  }
}

void random_uniform(const KernelTable& kernels, uint64_t seed, uint32_t stream, double start, double width, float* out,
                    int64_t count) noexcept {
  const uint64_t key = mix(seed);
  kernels.uniform(out, count, start, width, stream, {low(key), high(key)});
}

}  // namespace quern
