// Philox for a vector of counters, dropout, and uniform numbers.
#pragma once
#include "kernels/philox.h"

namespace quern {
namespace {

// words[0 .. 4 kLanes - 1] = philox of the kLanes counters from `counter` on, a multiple of kLanes.
QUERN_INLINE void philox_words(uint64_t counter, uint32_t step, uint32_t stream, RandomKey key, uint32_t* words) {
  // A multiple of kLanes: the low words of one vector do not wrap, so one high word serves all.
  U low = interleave_order() + set1_u(static_cast<uint32_t>(counter));
  U c[4] = {low, set1_u(static_cast<uint32_t>(counter >> 32)), set1_u(step), set1_u(stream)};
  uint32_t key0 = key.k0, key1 = key.k1;
  const U multiplier0 = set1_u(kPhiloxMultiplier0), multiplier1 = set1_u(kPhiloxMultiplier1);
  for (int round = 0; round < kPhiloxRounds; round++) {
    U high0, low0, high1, low1;
    multiply_wide(c[0], multiplier0, &high0, &low0);
    multiply_wide(c[2], multiplier1, &high1, &low1);
    c[0] = high1 ^ c[1] ^ set1_u(key0);
    c[1] = low1;
    c[2] = high0 ^ c[3] ^ set1_u(key1);
    c[3] = low0;
    key0 += kPhiloxWeyl0;
    key1 += kPhiloxWeyl1;
  }
  interleave4(c);
  for (int k = 0; k < 4; k++) store_u(words + k * kLanes, c[k]);
}

void random_words(uint64_t first, int64_t blocks, uint32_t step, uint32_t stream, RandomKey key,
                  uint32_t* words) noexcept {
  for (int64_t i = 0; i < blocks; i += kLanes) {
    philox_words(first + static_cast<uint64_t>(i), step, stream, key, words + 4 * i);
  }
}

// Random words come in tiles of whole vectors of counters; the elements asked for are cut out of them.
inline void dropout(const float* x, float* y, int64_t n, int64_t first, float rate, uint32_t step, uint32_t stream,
                    RandomKey key) noexcept {
  constexpr int64_t kTile = 16 * 4 * kLanes;
  uint32_t words[kTile];
  const uint64_t threshold = static_cast<uint64_t>(static_cast<double>(rate) * 0x1p32 + 0.5);
  const bool drops_all = threshold > 0xffffffffu;
  const U least = set1_u(drops_all ? 0xffffffffu : static_cast<uint32_t>(threshold));
  const V scale = drops_all ? zero() : set1(1.0f / (1.0f - rate));
  const int64_t end = first + n;
  for (int64_t tile = first / kTile * kTile; tile < end; tile += kTile) {
    random_words(static_cast<uint64_t>(tile) / 4, kTile / 4, step, stream, key, words);
    int64_t from = tile < first ? first : tile;
    int64_t to = tile + kTile < end ? tile + kTile : end;
    const uint32_t* tile_words = words + (from - tile);
    const float* source = x + (from - first);
    float* target = y + (from - first);
    for_lanes(to - from, [&](auto lanes, int64_t i) {
      M kept = at_least(lanes.load_u(tile_words + i), least);
      V value = drops_all ? zero() : select(kept, lanes.load(source + i) * scale, zero());
      lanes.store(target + i, value);
    });
  }
}

inline void uniform(float* out, int64_t n, double start, double width, uint32_t stream, RandomKey key) noexcept {
  constexpr int64_t kTile = 16 * 4 * kLanes;
  uint32_t words[kTile];
  for (int64_t first = 0; first < n; first += kTile / 2) {
    random_words(static_cast<uint64_t>(2 * first) / 4, kTile / 4, 0, stream, key, words);
    const int64_t count = n - first < kTile / 2 ? n - first : kTile / 2;
    for (int64_t i = 0; i < count; i++) {  // signed words are what vectors convert
      const double high = static_cast<int32_t>(words[2 * i] >> 5), low = static_cast<int32_t>(words[2 * i + 1] >> 6);
      out[first + i] = static_cast<float>(start + width * ((high * 0x1p26 + low) * 0x1p-53));
    }
  }
}

}  // namespace
}  // namespace quern
