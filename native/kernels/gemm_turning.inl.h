// The micro kernel of a few rows for a B whose columns are contiguous: of a product with one row of A, or one column,
// there is nothing to win from packing, which writes as much as the product reads.
//
// Four steps of k of one vector of columns are loaded, turned in registers and multiplied by the broadcast floats of
// each row. What bounds it is the turning, some 5 cycles a vector on Zen 4 (an insert or a shuffle a cycle); the four
// multiply-adds of a chain take as long, so one vector of columns at a time is enough. Register budget: a sum for each
// row, 4 vectors of B, as many on the way there and a broadcast: 8 + 8 + 1 of 32, 4 + 8 + 1 of 16.
#pragma once

namespace quern {
namespace {

constexpr int turning_rows() { return kRegisters / 4; }

// `left` columns, all lanes unless kTail is set.
template <int kRows, bool kTail>
QUERN_INLINE void multiply_turning(const GemmTile& t, const float* b, float* c, const float* bias, int left) {
  const int64_t a_row = t.a_row, a_col = t.a_col;
  V sum[kRows];
  const V start = bias ? load_column<1, kTail>(bias, 0, left) : set1(0.0f);
#pragma GCC unroll 8
  for (int i = 0; i < kRows; i++) {
    sum[i] = start;
    if (t.add_c) {
      V old = load_column<1, kTail>(c + i * t.ldc, 0, left);
      sum[i] = bias ? start + old : old;
    }
  }
  const float* a = t.a;
  for_turned<kTail>(b, t.b_row, t.k, left, [&](int64_t, V column) {
#pragma GCC unroll 8
    for (int i = 0; i < kRows; i++) sum[i] = fma(set1(a[i * a_row]), column, sum[i]);
    a += a_col;
  });
#pragma GCC unroll 8
  for (int i = 0; i < kRows; i++) {
    store_column<1, kTail>(c + i * t.ldc, 0, left, t.relu ? relu_or_nan(sum[i]) : sum[i]);
  }
}

// Runs lie side by side.
template <int kRows>
void gemm_micro_turning(const GemmTile& run) noexcept {
  const float *b = run.b, *bias = run.bias;
  float* c = run.c;
  for (int64_t left = run.count * run.cols; left > 0; left -= kLanes) {
    if (left >= kLanes) multiply_turning<kRows, false>(run, b, c, bias, kLanes);
    else multiply_turning<kRows, true>(run, b, c, bias, static_cast<int>(left));
    b += kLanes * run.b_row;
    c += kLanes;
    if (bias) bias += kLanes;
  }
}

}  // namespace
}  // namespace quern
