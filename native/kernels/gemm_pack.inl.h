// Packing: a strided block becomes a panel, k rows of `width` floats without gaps. And turning: writing a transpose.
#pragma once

namespace quern {
namespace {

QUERN_INLINE void copy_row(const float* from, int64_t cols, float* to, int64_t width) {
  int64_t j = 0;
  for (; j + kLanes <= cols; j += kLanes) store(to + j, load(from + j));
  for (; j < width; j += kLanes) store(to + j, load_n(from + j, j < cols ? static_cast<int>(cols - j) : 0));
}

// Calls take(p, vectors) for p = 0 .. k-1 with kVectors vectors, whose j-th float together is x[j * stride + p]; beyond
// `cols` they are anything. Four steps of k at a time.
template <int kVectors, bool kTail, class Take>
QUERN_INLINE void for_turned(const float* x, int64_t stride, int64_t k, int cols, Take take) {
  constexpr int kColumns = kVectors * kLanes, kFours = (kColumns + 3) / 4;
  const float* four[kFours];  // columns: with a pointer for each four, the strides are the same few registers
#pragma GCC unroll 4
  for (int h = 0; h < kFours; h++) {
    four[h] = x + 4 * h * stride;
    hide(four[h]);
  }
  V turned[kVectors][4];
  auto take_steps = [&](int64_t p, int steps) {
#pragma GCC unroll 4
    for (int i = 0; i < steps; i++) {
      V step[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; v++) step[v] = turned[v][i];
      take(p + i, step);
    }
  };
  int64_t p = 0;
  for (; p + 4 <= k; p += 4) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; v++) {
      load_turned([&](int j) {
        j += v * kLanes;
        return kTail && j >= cols ? x + (cols - 1) * stride + p : four[j / 4] + j % 4 * stride;
      }, turned[v]);
    }
#pragma GCC unroll 4
    for (int h = 0; h < kFours; h++) four[h] += 4;
    take_steps(p, 4);
  }
  if (p == k) return;
  float rest[kColumns * 4] = {};
  for (int j = 0; j < cols; j++) {
    for (int i = 0; i < k - p; i++) rest[j * 4 + i] = x[j * stride + p + i];
  }
  for (int v = 0; v < kVectors; v++) load_turned([&](int j) { return rest + 4 * (v * kLanes + j); }, turned[v]);
  take_steps(p, static_cast<int>(k - p));
}

void gemm_pack(const float* x, int64_t row, int64_t col, int64_t k, int64_t cols, float* packed,
               int64_t width) noexcept {
  if (col == 1) {
    for (int64_t p = 0; p < k; p++) copy_row(x + p * row, cols, packed + p * width, width);
    return;
  }
  for (int64_t j = 0; j < cols; j += kLanes) {
    auto put = [&](int64_t p, const V* x) { store(packed + p * width + j, *x); };
    if (cols - j >= kLanes) for_turned<1, false>(x + j * col, col, k, kLanes, put);
    else for_turned<1, true>(x + j * col, col, k, static_cast<int>(cols - j), put);
  }
}

void gemm_turn(const float* x, int64_t x_row, int64_t rows, int64_t cols, float* to, int64_t to_row) noexcept {
  for (int64_t j = 0; j < cols; j += kLanes) {
    const int left = cols - j < kLanes ? static_cast<int>(cols - j) : kLanes;
    auto put = [&](int64_t i, const V* v) { store(to + i * to_row + j, *v); };
    auto put_some = [&](int64_t i, const V* v) { store_n(to + i * to_row + j, *v, left); };
    if (left == kLanes) for_turned<1, false>(x + j * x_row, x_row, rows, kLanes, put);
    else for_turned<1, true>(x + j * x_row, x_row, rows, left, put_some);
  }
}

}  // namespace
}  // namespace quern
