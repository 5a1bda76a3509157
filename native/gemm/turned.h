// Products computed as their transpose, C^T = B^T A^T: vectors run down C's columns instead of along its rows.
#pragma once
#include "gemm/gemm.h"

namespace quern {

// Whether that is quicker. It is for a C of few columns, which would leave lanes empty, and where both operands are
// stored transposed, so that neither is in the way of the vectors then.
bool gemm_turns(const GemmKernels& kernels, const GemmCall& call) noexcept;

// As gemm(), for calls with m, n > 0; parts are cut along the rows of C.
void multiply_turned(const KernelTable& table, const GemmCall& call, int part, int parts, float* scratch) noexcept;

// Grows with every size.
int64_t turned_scratch_floats(const KernelTable& table, int64_t m, int64_t k) noexcept;

}  // namespace quern
