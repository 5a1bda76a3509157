// Packing: a strided block becomes a panel, k rows of `width` floats without gaps, zero beyond the columns.
#pragma once

namespace quern {
namespace {

QUERN_INLINE void copy_row(const float* from, int64_t cols, float* to, int64_t width) {
  int64_t j = 0;
  for (; j + kLanes <= cols; j += kLanes) store(to + j, load(from + j));
  for (; j < width; j += kLanes) store(to + j, load_n(from + j, j < cols ? static_cast<int>(cols - j) : 0));
}

// kLanes columns (cols <= kLanes of them real), each contiguous over k, become k rows of kLanes floats.
QUERN_INLINE void transpose_columns(const float* from, int64_t stride, int64_t k, int cols, float* to, int64_t width) {
  for (int64_t p = 0; p < k; p += kLanes) {
    const int rows = k - p < kLanes ? static_cast<int>(k - p) : kLanes;
    V block[kLanes];
#pragma GCC unroll 16
    for (int j = 0; j < kLanes; j++) block[j] = load_n(from + j * stride + p, j < cols ? rows : 0);
    transpose(block);
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; i++) {
      if (i < rows) store(to + (p + i) * width, block[i]);
    }
  }
}

void gemm_pack(const float* x, int64_t row, int64_t col, int64_t k, int64_t cols, float* packed,
               int64_t width) noexcept {
  if (col == 1) {
    for (int64_t p = 0; p < k; p++) copy_row(x + p * row, cols, packed + p * width, width);
    return;
  }
  for (int64_t j = 0; j < width; j += kLanes) {
    const int real = cols - j < kLanes ? static_cast<int>(cols - j) : kLanes;
    transpose_columns(x + j * col, col, k, real, packed + j, width);
  }
}

}  // namespace
}  // namespace quern
