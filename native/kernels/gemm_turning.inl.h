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
QUERN_INLINE void multiply_turning(const GemmTile& t, const float* b, float* c, const float* bias, int left) {
  const int last = kTail ? left - (kVectors - 1) * kLanes : kLanes;
  const int64_t a_row = t.a_row, a_col = t.a_col;
  V sum[kRows][kVectors];
  start_tile<kRows, kVectors, kTail>(sum, bias, t.add_c ? c : nullptr, t.ldc, last);
  const float* a = t.a;
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

// A run's tiles lie side by side.
template <int kRows>
void gemm_micro_turning(const GemmTile& run) noexcept {
  constexpr int kVectors = turning_vectors(kRows), kColumns = kVectors * kLanes;
  const float *b = run.b, *bias = run.bias;
  float* c = run.c;
  auto tile = [&](auto multiply, int64_t columns) {
    multiply(run, b, c, bias, static_cast<int>(columns));
    b += columns * run.b_row;
    c += columns;
    if (bias) bias += columns;
  };
  int64_t left = run.count * run.cols;
  for (; left >= kColumns; left -= kColumns) tile(multiply_turning<kRows, kVectors, false>, kColumns);
  if (left > kLanes) tile(multiply_turning<kRows, kVectors, true>, left);
  else if (left > 0) tile(multiply_turning<kRows, 1, true>, left);
}

}  // namespace
}  // namespace quern
