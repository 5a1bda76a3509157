#include "runtime/random.h"

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

// The words of one stream, made some at a time.
class Words {
 public:
  Words(const KernelTable& kernels, RandomKey key, uint32_t stream) : kernels_(kernels), key_(key), stream_(stream) {}

  uint32_t at(uint64_t index) {
    const uint64_t tile = index / kTile;
    if (tile != tile_) kernels_.random_words(tile * (kTile / 4), kTile / 4, 0, stream_, key_, words_), tile_ = tile;
    return words_[index % kTile];
  }

 private:
  static constexpr int64_t kTile = 256;

  const KernelTable& kernels_;
  const RandomKey key_;
  const uint32_t stream_;
  uint64_t tile_ = ~uint64_t{0};
  uint32_t words_[kTile];
};

// 64-bit draws of one stream, in order.
class Draws {
 public:
  explicit Draws(const Words& words) : words_(words) {}

  uint64_t next() {
    const uint64_t low = words_.at(next_word_), high = words_.at(next_word_ + 1);
    next_word_ += 2;
    return high << 32 | low;
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
  Words words_;
  uint64_t next_word_ = 0;
};

}  // namespace

void permutation(const KernelTable& kernels, int64_t rows, uint64_t seed, uint64_t epoch, uint32_t* out) noexcept {
  for (int64_t i = 0; i < rows; i++) out[i] = static_cast<uint32_t>(i);
  Draws draws(Words(kernels, epoch_key(seed, epoch), kPermutationStream));
  for (int64_t i = rows - 1; i > 0; i--) {
    const uint64_t j = draws.below(static_cast<uint64_t>(i) + 1);
    const uint32_t row = out[i];
    out[i] = out[j];
    out[j] = row;
  }
}

void random_words(const KernelTable& kernels, uint64_t seed, uint32_t stream, uint64_t first, uint32_t* out,
                  int64_t count) noexcept {
  const uint64_t key = mix(seed);
  Words words(kernels, {low(key), high(key)}, stream);
  for (int64_t i = 0; i < count; i++) out[i] = words.at(first + static_cast<uint64_t>(i));
}

void random_uniform(const KernelTable& kernels, uint64_t seed, uint32_t stream, double start, double width, float* out,
                    int64_t count) noexcept {
  const uint64_t key = mix(seed);
  kernels.uniform(out, count, start, width, stream, {low(key), high(key)});
}

}  // namespace quern
