// Products of listed elements: each one is a broadcast and a multiply-add for each vector of its row of B, which comes
// from memory. As in skipping.inl.h a whole panel of kPanelColumns is in registers, but there are no bits to walk over,
// and rows of B may lie anywhere in a matrix far larger than the caches.
#pragma once

namespace quern {
namespace {

// Elements that rows of B are fetched ahead: a row comes from memory in the time of some 16 that are there.
constexpr int64_t kListedAhead = 16;

template <int kVectors>
QUERN_INLINE void fetch_listed(const ListedTile& t, const float* b, int64_t e) {
  if (!t.fetches || e >= t.a.count) return;
  const float* const row = b + t.a.indices[e] * t.b_row;
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; v++) {
    if (v * kLanes % kLine == 0) __builtin_prefetch(row + v * kLanes);
  }
}

// The columns from j on that fill kVectors vectors, or the few that are left, in one partial vector.
template <int kVectors, bool kTail>
QUERN_INLINE bool multiply_listed(const ListedTile& t, int64_t j) {
  const int last = static_cast<int>(kTail ? t.cols - j : kLanes);
  V sum[1][kVectors];
  start_tile<1, kVectors, kTail>(sum, t.bias ? t.bias + j : nullptr, nullptr, 0, last);
  const float* const b = t.b + j;
  for (int64_t e = 0; e < t.a.count; e++) {
    fetch_listed<kVectors>(t, b, e + kListedAhead);
    const float* const row = b + t.a.indices[e] * t.b_row;
    const V x = set1(t.a.values[e]);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) sum[0][v] = fma(x, load_column<kVectors, kTail>(row, v, last), sum[0][v]);
  }
  store_tile<1, kVectors, kTail>(sum, t.relu, t.c + j, 0, last);
  return mask_bits(negative_zeros(sum)) != 0;
}

bool listed(const ListedTile& t) noexcept {
  bool negative = false;
  int64_t j = 0;
  for (; j + kApartVectors * kLanes <= t.cols; j += kApartVectors * kLanes) {
    negative |= multiply_listed<kApartVectors, false>(t, j);
  }
  for (; j + kLanes <= t.cols; j += kLanes) negative |= multiply_listed<1, false>(t, j);
  if (j < t.cols) negative |= multiply_listed<1, true>(t, j);
  return negative;
}

}  // namespace
}  // namespace quern
