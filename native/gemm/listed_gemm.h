// Products of a matrix of which only lists of elements are in memory, with the bits of the product of all of them, as
// long as B is finite: what is 0 times Inf or NaN is left out here.
#pragma once
#include "gemm/column_lists.h"
#include "gemm/gemm.h"

namespace quern {

// As gemm(), for a call that uses no planes (plane_gemm.h), accumulates nothing, and whose B is not transposed; the
// rows take the place of the call's `a`. A column for each step of k.
void listed_gemm(const KernelTable& table, const GemmCall& call, const ListedElements* rows_of_a, int part,
                 int parts) noexcept;

// Likewise where A is the transpose of `matrix`, whose columns are then rows of C. Each part has lists of its own, with
// room for the matrix. With `passes_on_zeros` off, `take` is not given rows of C whose column does not occur.
void listed_gemm_transposed(const KernelTable& table, const GemmCall& call, const ListedMatrix& matrix,
                            bool passes_on_zeros, ColumnLists* lists, int part, int parts) noexcept;

}  // namespace quern
