// The kernels that go over arrays element by element: pointwise functions and their gradients, combine, affine.
#pragma once

namespace quern {
namespace {

template <class F>
void pointwise(const float* x, float* y, int64_t n, float alpha) noexcept {
  V a = set1(alpha);
  map(x, y, n, [&](V v) { return F::forward(v, a); });
}

// One strip of kVectors vectors, or of one partial vector: rows ascending, the sums stay in registers.
template <class F, int kVectors, class Lanes>
QUERN_INLINE void gradient_strip(Lanes lanes, const float* saved, const float* dy, float* dx, int64_t rows, int64_t ld,
                                 V alpha, float* column_sums) {
  V sums[kVectors];
  for (int j = 0; j < kVectors; j++) sums[j] = zero();
  for (int64_t i = 0; i < rows; i++) {
    for (int j = 0; j < kVectors; j++) {
      int64_t at = i * ld + j * kLanes;
      V d = F::gradient(lanes.load(saved + at), lanes.load(dy + at), alpha);
      lanes.store(dx + at, d);
      sums[j] = sums[j] + d;
    }
  }
  for (int j = 0; j < kVectors; j++) lanes.store(column_sums + j * kLanes, sums[j]);
}

template <class F>
void pointwise_gradient(const float* saved, const float* dy, float* dx, int64_t rows, int64_t cols, int64_t ld,
                        float alpha, float* column_sums) noexcept {
  V a = set1(alpha);
  if (!column_sums) {
    bool contiguous = cols == ld;
    int64_t runs = contiguous ? 1 : rows, length = contiguous ? rows * cols : cols;
    for (int64_t i = 0; i < runs; i++) {
      map(saved + i * ld, dy + i * ld, dx + i * ld, length, [&](V s, V d) { return F::gradient(s, d, a); });
    }
    return;
  }
  constexpr int kStrip = 4;  // a chain of additions a vector; four hide their latency
  int64_t j = 0;
  for (; j + kStrip * kLanes <= cols; j += kStrip * kLanes) {
    gradient_strip<F, kStrip>(AllLanes{}, saved + j, dy + j, dx + j, rows, ld, a, column_sums + j);
  }
  for_lanes(cols - j, [&](auto lanes, int64_t i) {
    gradient_strip<F, 1>(lanes, saved + j + i, dy + j + i, dx + j + i, rows, ld, a, column_sums + j + i);
  });
}

struct Add { static QUERN_INLINE V apply(V a, V b) { return a + b; } };
struct Subtract { static QUERN_INLINE V apply(V a, V b) { return a - b; } };
struct Multiply { static QUERN_INLINE V apply(V a, V b) { return a * b; } };
struct Divide { static QUERN_INLINE V apply(V a, V b) { return a / b; } };
struct Maximum { static QUERN_INLINE V apply(V a, V b) { return maximum(a, b); } };
struct Minimum { static QUERN_INLINE V apply(V a, V b) { return minimum(a, b); } };

template <class F>
void combine(const float* a, const float* b, float* out, int64_t n) noexcept {
  map(a, b, out, n, [](V x, V y) { return F::apply(x, y); });
}

template <class F>
void combine_scalar(const float* a, const float* b, float* out, int64_t n) noexcept {
  if (n == 0) return;
  V y = set1(b[0]);
  map(a, out, n, [&](V x) { return F::apply(x, y); });
}

inline void broadcast(const float* x, float* out, int64_t rows, int64_t cols, float scale) noexcept {
  if (cols == 1) {
    V factor = set1(scale);
    return map(x, out, rows, [&](V v) { return v * factor; });
  }
  for (int64_t i = 0; i < rows; i++) {
    V value = set1(x[i] * scale);
    for_lanes(cols, [&](auto lanes, int64_t j) { lanes.store(out + i * cols + j, value); });
  }
}

inline void affine(const float* x, float* y, int64_t n, float scale, float offset) noexcept {
  V s = set1(scale), o = set1(offset);
  map(x, y, n, [&](V v) { return v * s + o; });
}

inline void affine_u8(const uint8_t* x, float* y, int64_t n, float scale, float offset) noexcept {
  V s = set1(scale), o = set1(offset);
  for_lanes(n, [&](auto lanes, int64_t i) { lanes.store(y + i, lanes.load_u8(x + i) * s + o); });
}

}  // namespace
}  // namespace quern
