// The micro kernel of a few rows for a B whose columns are contiguous: of a product with one row of A, or one column,
// there is nothing to win from packing, which writes as much as the product reads.
//
// Four steps of k of a tile of columns are loaded, turned in registers and multiplied by the broadcast floats of each
// row. What bounds it is the turning: on Zen 4 about 20 cycles for four vectors of 16, 8 for four of 8 (an insert or a
// shuffle of 512 bits a cycle, or two of 256). The four multiply-adds of a chain take 16, so two vectors of 8 are worked
// on at a time. Register budget: the sums, 4 of B for each vector, as many on the way there, a broadcast: 8 + 8 + 1 of
// 32 for 8 rows of one vector of 16; 2 * 2 + 2 * 4 + 4 of 16 for 2 rows of two vectors of 8.
#pragma once

namespace quern {
namespace {

constexpr int turning_rows() { return kRegisters / 4; }
constexpr int turning_vectors(int rows) { return kLanes == 8 && rows <= 2 ? 2 : 1; }

// `left` columns, all of the tile unless kTail is set; then the last vector has `last` of them.
template <int kRows, int kVectors, bool kTail>
QUERN_INLINE void multiply_turning(const GemmTile& t, const float* a, const float* b, float* c, const float* bias,
                                   int left) {
  const int last = kTail ? left - (kVectors - 1) * kLanes : kLanes;
  const int64_t a_row = t.a_row, a_col = t.a_col;
  V sum[kRows][kVectors];
  start_tile<kRows, kVectors, kTail>(sum, bias, t.add_c ? c : nullptr, t.ldc, last);
  for_turned<kVectors, kTail>(b, t.b_row, t.k, left, [&](int64_t, const V* column) {
#pragma GCC unroll 8
    for (int i = 0; i < kRows; i++) {
      V x = set1(a[i * a_row]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; v++) sum[i][v] = fma(x, column[v], sum[i][v]);
    }
    a += a_col;
  });
  store_tile<kRows, kVectors, kTail>(sum, t.relu, c, t.ldc, last);
}

template <int kRows>
void gemm_micro_turning(const GemmTile& run) noexcept {
  constexpr int kVectors = turning_vectors(kRows), kColumns = kVectors * kLanes;
  const float *a = run.a, *b = run.b, *bias = run.bias;
  float* c = run.c;
  for (int64_t i = run.count; i > 0; i--) {
    for (int64_t j = 0, left; (left = run.cols - j) > 0; j += kColumns) {
      const float *const from = b + j * run.b_row, *const start = bias ? bias + j : nullptr;
      const int columns = static_cast<int>(left < kColumns ? left : kColumns);
      if (columns == kColumns) multiply_turning<kRows, kVectors, false>(run, a, from, c + j, start, columns);
      else if (columns > kLanes) multiply_turning<kRows, kVectors, true>(run, a, from, c + j, start, columns);
      else multiply_turning<kRows, 1, true>(run, a, from, c + j, start, columns);
    }
    a += run.a_step;
    b += run.b_step;
    c += run.c_step;
    if (bias) bias += run.bias_step;
  }
}

}  // namespace
}  // namespace quern
