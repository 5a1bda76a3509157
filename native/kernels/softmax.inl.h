// Softmax over rows and its gradient.
#pragma once

namespace quern {
namespace {

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
