// Matrix products by bf16 planes (kernels/plane_kernels.h): gemm's other way, taken where the table has planes for the
// call's precision and the shape says that it pays.
#pragma once
#include "gemm/gemm.h"

namespace quern {

// Whether a call of this precision would that has enough rows. The rows of such a product must not be cut into calls of
// their own: how an element is computed depends on the shape and on what is in its block.
bool may_use_planes(const KernelTable& table, Precision precision, int64_t n, int64_t k) noexcept;

// Depends on the shape and the precision alone, until tiles get lost.
bool uses_planes(const KernelTable& table, Precision precision, int64_t m, int64_t n, int64_t k) noexcept;
// Likewise, where A is of bytes and may stay so.
bool uses_byte_planes(const KernelTable& table, Precision precision, int64_t m, int64_t n, int64_t k) noexcept;
// The one of them that A asks for.
bool uses_planes(const KernelTable& table, const GemmCall& call) noexcept;

// As gemm, for a call that uses planes. A block that has sums which are not finite, or whose tiles were lost on the
// way, is computed by multiply-adds instead; after a loss no further call uses the table's planes.
void plane_gemm(const KernelTable& table, const GemmCall& call, int part, int parts, float* scratch) noexcept;

// What it needs besides the scratch of float_gemm, which lies behind; 0 for shapes that use no planes at any precision.
int64_t plane_gemm_scratch_floats(const KernelTable& table, int64_t m, int64_t n, int64_t k) noexcept;

}  // namespace quern
