// Sums, means and maxima along either axis, argmax, and the search for values that are not finite.
#pragma once

namespace quern {
namespace {

// The sum of n values: blocks of 4 x 16 vectors are added up in float, the blocks in double. Four accumulators, since
// one would wait for its own addition; an order that depends on n alone.
inline double sum_row(const float* x, int64_t n) {
  constexpr int64_t kBlock = 64 * kLanes;
  double total = 0;
  for (int64_t first = 0; first < n; first += kBlock) {
    V sums[4] = {zero(), zero(), zero(), zero()};
    int64_t count = n - first < kBlock ? n - first : kBlock;
    for_lanes_unrolled<4>(count, [&](auto lanes, int64_t i, int slot) {
      sums[slot] = sums[slot] + lanes.load(x + first + i);
    });
    total += static_cast<double>(sum_lanes((sums[0] + sums[1]) + (sums[2] + sums[3])));
  }
  return total;
}

// The largest lane; NaN where one is NaN. Which of +0 and -0 is not said.
QUERN_INLINE float max_lanes(V a) { return mask_bits(is_nan(a)) ? __builtin_nanf("") : largest_lane(a); }

// The largest of n values, NaN where one is NaN, -Inf of none.
QUERN_INLINE float max_row(const float* x, int64_t n) {
  const V lowest = set1(-kInfinity);
  V largest[4] = {lowest, lowest, lowest, lowest};
  for_lanes_unrolled<4>(n, [&](auto lanes, int64_t i, int slot) {
    largest[slot] = maximum(largest[slot], lanes.keep(lanes.load(x + i), lowest));
  });
  return max_lanes(maximum(maximum(largest[0], largest[1]), maximum(largest[2], largest[3])));
}

struct SumOf {
  static QUERN_INLINE V start() { return zero(); }
  static QUERN_INLINE V step(V sum, V x) { return sum + x; }
  static QUERN_INLINE V finish(V sum, int64_t) { return sum; }
  static QUERN_INLINE float row(const float* x, int64_t n) { return static_cast<float>(sum_row(x, n)); }
};
struct MeanOf {
  static QUERN_INLINE V start() { return zero(); }
  static QUERN_INLINE V step(V sum, V x) { return sum + x; }
  static QUERN_INLINE V finish(V sum, int64_t n) { return sum / set1(static_cast<float>(n)); }
  static QUERN_INLINE float row(const float* x, int64_t n) {
    return static_cast<float>(sum_row(x, n) / static_cast<double>(n));
  }
};
struct MaxOf {
  static QUERN_INLINE V start() { return set1(-kInfinity); }
  static QUERN_INLINE V step(V largest, V x) { return maximum(largest, x); }
  static QUERN_INLINE V finish(V largest, int64_t) { return largest; }
  static QUERN_INLINE float row(const float* x, int64_t n) { return max_row(x, n); }
};

// Of no columns: sum 0, mean NaN, max -Inf.
template <class F>
void reduce_columns(const float* x, float* out, int64_t rows, int64_t cols) noexcept {
  for (int64_t i = 0; i < rows; i++) out[i] = F::row(x + i * cols, cols);
}

template <class F, int kVectors, class Lanes>
QUERN_INLINE void reduce_strip(Lanes lanes, const float* x, float* out, int64_t rows, int64_t ld) {
  V state[kVectors];
  for (int j = 0; j < kVectors; j++) state[j] = F::start();
  for (int64_t i = 0; i < rows; i++) {
    for (int j = 0; j < kVectors; j++) state[j] = F::step(state[j], lanes.load(x + i * ld + j * kLanes));
  }
  for (int j = 0; j < kVectors; j++) lanes.store(out + j * kLanes, F::finish(state[j], rows));
}

// Column strips, one accumulator a column.
template <class F>
void reduce_rows(const float* x, float* out, int64_t rows, int64_t cols, int64_t ld) noexcept {
  constexpr int kStrip = 4;
  int64_t j = 0;
  for (; j + kStrip * kLanes <= cols; j += kStrip * kLanes) {
    reduce_strip<F, kStrip>(AllLanes{}, x + j, out + j, rows, ld);
  }
  for_lanes(cols - j, [&](auto lanes, int64_t i) { reduce_strip<F, 1>(lanes, x + j + i, out + j + i, rows, ld); });
}

// Index of the first lane of i, i + 1, … that holds, or -1.
QUERN_INLINE int64_t first_set(uint32_t mask, int64_t i) { return mask ? i + __builtin_ctz(mask) : -1; }

// Of at most kLanes values.
QUERN_INLINE int64_t argmax_narrow(const float* x, int64_t n) {
  const FirstLanes lanes{static_cast<int>(n)};
  const V row = lanes.load(x), lowest = set1(-kInfinity);
  const float largest = largest_lane(max(lanes.keep(row, lowest), lowest));
  const uint32_t mask = lanes.keep_bits(mask_bits(row == set1(largest)));
  return mask ? __builtin_ctz(mask) : 0;
}

// Index of the first largest value. A NaN is never the largest; of NaNs alone, or of nothing, the index is 0.
inline int64_t argmax(const float* x, int64_t n) {
  if (n <= kLanes) return argmax_narrow(x, n);
  // max drops a NaN in its first operand.
  V lanes_largest = set1(-kInfinity);
  for_lanes(n, [&](auto lanes, int64_t i) {
    lanes_largest = max(lanes.keep(lanes.load(x + i), lanes_largest), lanes_largest);
  });
  V largest = set1(largest_lane(lanes_largest));
  int64_t found = -1;
  for (int64_t i = 0; i < n && found < 0; i += kLanes) {
    for_lanes(n - i < kLanes ? n - i : kLanes, [&](auto lanes, int64_t j) {
      found = first_set(lanes.keep_bits(mask_bits(lanes.load(x + i + j) == largest)), i);
    });
  }
  return found < 0 ? 0 : found;
}

inline int64_t find_not_finite(const float* x, int64_t n) noexcept {
  constexpr int64_t kBlock = 8 * kLanes;
  for (int64_t first = 0; first < n; first += kBlock) {
    int64_t count = n - first < kBlock ? n - first : kBlock;
    // x - x is 0 for what is finite, else NaN; NaN stays in a sum.
    V sum = zero();
    for_lanes(count, [&](auto lanes, int64_t i) {
      V v = lanes.load(x + first + i);
      sum = sum + (v - v);
    });
    if (!mask_bits(is_nan(sum))) continue;
    for (int64_t i = first; i < first + count; i++) {
      if (!(x[i] - x[i] == 0.0f)) return i;
    }
  }
  return n;
}

}  // namespace
}  // namespace quern
