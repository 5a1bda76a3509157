// Blocks of one plane by VDPBF16PS, the dot product of AVX-512-BF16.
//
// A step over a pair of k loads kVectors rows of pairs of B and broadcasts kRows pairs of A for kRows * kVectors dot
// products of two. Budget: 16 accumulators, B's 4 or fewer and a broadcast, of 32 registers; Zen 4 begins one dot
// product a cycle and needs 6 or more in flight.
#pragma once
#include "kernels/plane_sums.inl.h"

namespace quern {
namespace {

// sum += the products of pairs. As assembly: clang 16 dies of the intrinsic's type.
QUERN_INLINE void add_products(V& sum, V x, V y) { asm("vdpbf16ps %2, %1, %0" : "+v"(sum.v) : "v"(x.v), "v"(y.v)); }

template <int kRows, int kVectors>
void dot_tile(const uint16_t* a, int64_t a_step, const uint16_t* b, int64_t b_step, int64_t steps,
              float* sums) noexcept {
  V sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) sum[i][v] = set1(0.0f);
  }
  for (; steps > 0; steps--, a += a_step, b += b_step) {
    for (int p = 0; p < kPlaneLines; p++) {
      V column[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; v++) {
        V x = load(reinterpret_cast<const float*>(b + v * kTileWords + p * kPlaneStep));
        pin(x);  // else g++ loads it again for every row
        column[v] = x;
      }
#pragma GCC unroll 8
      for (int i = 0; i < kRows; i++) {
        const V pair = set1(reinterpret_cast<const float*>(a)[i * kPlaneLines + p]);
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; v++) {
          add_products(sum[i][v], pair, column[v]);
        }
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; v++) store(sums + i * kPlaneCols + v * kLanes, sum[i][v]);
  }
}

// Rows of a tile of A that a kernel takes; they divide a tile.
constexpr int dot_rows(int vectors) { return vectors > 2 ? 4 : 8; }

template <int kVectors>
void dot_block(const PlaneBlock& t, PlaneSums* sums) noexcept {
  constexpr int kRows = dot_rows(kVectors);
  const int64_t steps = (t.k + kPlaneStep - 1) / kPlaneStep;
  const int64_t a_step = (t.rows + kPlaneLines - 1) / kPlaneLines * kTileWords;
  for (int64_t i = 0; i < t.rows; i += kRows) {
    dot_tile<kRows, kVectors>(t.a + i * kPlaneStep, a_step, t.b, kVectors * kTileWords, steps, sums->rows[i]);
  }
}

PlaneResult multiply_by_dot(const PlaneBlock& t) noexcept {
  PlaneSums sums;
  const int64_t vectors = (t.cols + kLanes - 1) / kLanes;
  if (vectors == 4) dot_block<4>(t, &sums);
  else if (vectors == 3) dot_block<3>(t, &sums);
  else if (vectors == 2) dot_block<2>(t, &sums);
  else dot_block<1>(t, &sums);
  return add_sums(t, sums);
}

}  // namespace
}  // namespace quern
