// gemm's way by multiply-adds in floats, with the micro kernels of gemm_kernels.h.
#pragma once
#include "gemm/gemm.h"

namespace quern {

// As gemm; m and n > 0.
void float_gemm(const KernelTable& table, const GemmCall& call, int part, int parts, float* scratch) noexcept;
int64_t float_gemm_scratch_floats(const KernelTable& table, int64_t m, int64_t n, int64_t k) noexcept;

}  // namespace quern
