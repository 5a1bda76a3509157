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

// The sign bit of a float's bits without their sign, plus this, says that it is NaN or Inf.
constexpr uint32_t kBelowInfinity = 0x80000000 - kInfinity;

// What lies beyond `cols` in the last vector counts too: sums with zeros of B, which are NaN only where their row is.
bool all_finite(const PlaneSums& sums, int64_t rows, int64_t cols) {
  U seen = set1_u(0);
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < cols; j += kLanes) {
      seen = seen | ((bits(load(&sums.rows[i][j])) & set1_u(kAbsolute)) + set1_u(kBelowInfinity));
    }
  }
  return mask_bits(at_least(seen, set1_u(0x80000000))) == 0;
}

// The columns from j on, `n` of them, all of a vector where `kWhole`; `kAddsC` is the block's add_c.
template <bool kWhole, bool kAddsC>
QUERN_INLINE void add_column(const PlaneBlock& t, const PlaneSums& sums, int64_t j, int n) {
  auto get = [&](const float* from) { return kWhole ? load(from) : load_n(from, n); };
  const V scale = set1(t.scale);
  const V bias = t.bias ? get(t.bias + j) : set1(-0.0f);
  const V least = t.relu ? set1(0.0f) : set1(-__builtin_inff());
  for (int64_t i = 0; i < t.rows; i++) {
    float* const c = t.c + i * t.ldc + j;
    const V before = kAddsC ? bias + get(c) : bias;
    const V x = max(least, load(&sums.rows[i][j]) * scale + before);
    if constexpr (kWhole) store(c, x);
    else store_n(c, x, n);
  }
}

// C = epilogue(scale * sums + (bias + C)), unless a sum is not finite.
PlaneResult add_sums(const PlaneBlock& t, const PlaneSums& sums) {
  if (!all_finite(sums, t.rows, t.cols)) return PlaneResult::kNotFinite;
  for (int64_t j = 0; j < t.cols; j += kLanes) {
    const bool is_whole = t.cols - j >= kLanes;
    const int n = is_whole ? kLanes : static_cast<int>(t.cols - j);
    if (is_whole && t.add_c) add_column<true, true>(t, sums, j, n);
    else if (is_whole) add_column<true, false>(t, sums, j, n);
    else if (t.add_c) add_column<false, true>(t, sums, j, n);
    else add_column<false, false>(t, sums, j, n);
  }
  return PlaneResult::kDone;
}

}  // namespace
}  // namespace quern
