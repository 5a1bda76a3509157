// From finished sums to C, for every kernel of plane_kernels.h.
#pragma once
#include "kernels/plane_kernels.h"

namespace quern {
namespace {

constexpr uint32_t kAbsolute = 0x7fffffff, kInfinity = 0x7f800000;

// Rows of kPlaneCols floats, aligned.
struct PlaneSums {
  alignas(64) float rows[kPlaneRows][kPlaneCols];
};

bool all_finite(const PlaneSums& sums, int64_t rows, int64_t cols) {
  bool finite = true;
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < cols; j += kLanes) {
      const V x = load_n(&sums.rows[i][j], cols - j < kLanes ? static_cast<int>(cols - j) : kLanes);
      finite = finite && mask_bits(at_least(bits(x) & set1_u(kAbsolute), set1_u(kInfinity))) == 0;
    }
  }
  return finite;
}

// C = epilogue(sums + (bias + C)), unless a sum is not finite.
PlaneResult add_sums(const PlaneBlock& t, const PlaneSums& sums) {
  if (!all_finite(sums, t.rows, t.cols)) return PlaneResult::kNotFinite;
  for (int64_t j = 0; j < t.cols; j += kLanes) {
    const int n = t.cols - j < kLanes ? static_cast<int>(t.cols - j) : kLanes;
    const V bias = t.bias ? load_n(t.bias + j, n) : set1(0.0f);
    for (int64_t i = 0; i < t.rows; i++) {
      float* const c = t.c + i * t.ldc + j;
      V x = load(&sums.rows[i][j]);
      if (t.add_c) x = x + (bias + load_n(c, n));
      else if (t.bias) x = x + bias;
      store_n(c, t.relu ? max(set1(0.0f), x) : x, n);
    }
  }
  return PlaneResult::kDone;
}

}  // namespace
}  // namespace quern
