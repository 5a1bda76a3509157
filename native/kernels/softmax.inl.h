// Softmax over rows and its gradient.
#pragma once

namespace quern {
namespace {

// e = e^(z - largest) of a row in registers, and its sum. z may be e; d, unless null, becomes z - largest.
template <int kVectors>
QUERN_INLINE float exp_narrow(const NarrowRow<kVectors>& row, const V* z, V* e, V* d) {
  const V lowest = set1(-kInfinity);
  V top = lowest;
  row.each([&](auto lanes, int, int k) { top = maximum(top, lanes.keep(z[k], lowest)); });
  const V shift = set1(max_lanes(top));
  Sum sum;
  row.each([&](auto lanes, int, int k) {
    const V difference = z[k] - shift;
    if (d) d[k] = difference;
    e[k] = exp(difference);
    sum.add(lanes.keep(e[k], zero()));
  });
  return static_cast<float>(sum.total());
}

template <int kVectors>
QUERN_INLINE void softmax_narrow(const float* x, float* y, int64_t rows, int64_t cols) {
  const NarrowRow<kVectors> row(cols);
  for (int64_t i = 0; i < rows; i++, x += cols, y += cols) {
    V e[kVectors];
    row.each([&](auto lanes, int at, int k) { e[k] = lanes.load(x + at); });
    const V total = set1(exp_narrow(row, e, e, static_cast<V*>(nullptr)));
    row.each([&](auto lanes, int at, int k) { lanes.store(y + at, e[k] / total); });
  }
}

// y = e^(x - largest) and the sum of it. y may be x. The largest exponent is 0, so nothing overflows; a NaN or +Inf in
// the row makes the sum NaN, and so the row.
QUERN_INLINE float exp_row(const float* x, float* y, int64_t cols, float largest) {
  V shift = set1(largest);
  Sum sum;
  for_lanes(cols, [&](auto lanes, int64_t j) {
    V e = exp(lanes.load(x + j) - shift);
    lanes.store(y + j, e);
    sum.add(lanes.keep(e, zero()));
  });
  return static_cast<float>(sum.total());
}

inline void softmax(const float* x, float* y, int64_t rows, int64_t cols) noexcept {
  if (cols > 0 && cols <= kLanes) return softmax_narrow<1>(x, y, rows, cols);
  if (cols > kLanes && cols <= 2 * kLanes) return softmax_narrow<2>(x, y, rows, cols);
  for (int64_t i = 0; i < rows; i++, x += cols, y += cols) {
    V total = set1(exp_row(x, y, cols, max_row(x, cols)));
    map(y, y, cols, [&](V e) { return e / total; });
  }
}

inline void softmax_gradient(const float* y, const float* dy, float* dx, int64_t rows, int64_t cols) noexcept {
  for (int64_t i = 0; i < rows; i++, y += cols, dy += cols, dx += cols) {
    Sum sum;
    for_lanes(cols, [&](auto lanes, int64_t j) { sum.add(lanes.load(y + j) * lanes.load(dy + j)); });
    V dot = set1(static_cast<float>(sum.total()));
    map(y, dy, dx, cols, [&](V p, V d) { return p * (d - dot); });
  }
}

}  // namespace
}  // namespace quern
