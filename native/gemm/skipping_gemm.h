// Matrix products that skip what is 0 in A, with the bits of the product that does not.
#pragma once
#include "gemm/gemm.h"
#include "gemm/nonzeros.h"

namespace quern {

// Whether this is quicker than multiplying by the zeros too. Depends on the shape, the kernels and the density, and
// changes no bit. `has_like_columns` is the operand's.
bool skipping_pays(const KernelTable& table, const GemmCall& call, bool has_like_columns, double density) noexcept;

// Rows of op(A), from `first_row` on.
struct SkippedOperand {
  const SparseMatrix& matrix;
  const Marks& marks;  // of its rows; if it is transposed, of its columns
  bool transposed;
  int64_t first_row;
  bool has_like_columns = true;  // not 0 in mostly the same rows, as neighbouring pixels are
};

// As gemm(), for a call that uses no planes (plane_gemm.h) and accumulates nothing; `a` takes the place of the call's.
void skipping_gemm(const KernelTable& table, const GemmCall& call, const SkippedOperand& a, int part,
                   int parts) noexcept;

}  // namespace quern
