#include "gemm/gemm.h"

#include "gemm/epilogue.h"
#include "gemm/float_gemm.h"
#include "gemm/plane_gemm.h"

namespace quern {

int64_t gemm_scratch_floats(const KernelTable& table, int64_t m, int64_t n, int64_t k) noexcept {
  return plane_gemm_scratch_floats(table, m, n, k) + float_gemm_scratch_floats(table, m, n, k);
}

void gemm(const KernelTable& table, const GemmCall& call, int part, int parts, float* scratch) noexcept {
  if (call.n == 0) return;
  if (call.m == 0) {
    if (call.column_sums && part == 0) GemmEpilogue(table, call).sum_columns(0, call.n);
    return;
  }
  if (uses_planes(table, call)) return plane_gemm(table, call, part, parts, scratch);
  float_gemm(table, call, part, parts, scratch);
}

}  // namespace quern
