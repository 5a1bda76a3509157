// out = function(op(A) op(B) + bias [+ C]), in parts that any number of workers may compute; what else is to be done
// with each tile of it while the tile is in cache is up to the caller.
#pragma once
#include <cstdint>

#include "kernels/kernel_table.h"

namespace quern {

// A tile of C, or a few side by side.
struct GemmBlock {
  int64_t row, rows, column, cols;
};

// Takes a finished block, whose element (row + i, column + j) is c[i * ld + j].
using GemmTake = void(void* taker, const GemmBlock& block, const float* c, int64_t ld) noexcept;
using GemmFetch = void(const void* taker, const GemmBlock& block) noexcept;
// Where the weights of a block are.
using GemmSgd = SgdTarget(void* taker, const GemmBlock& block) noexcept;

class Marks;

// Takes which elements of C are not 0, of blocks of whole words of marks.
struct MarkedOutput {
  const Marks* marks;
  int64_t first_row;   // that C's first row is of what is marked
  int64_t* nonzeros;   // are counted there
  int64_t* elements;   // that were looked at
};

// Strides in floats. A is m×k and B is k×n as multiplied: a transposed operand has its row stride 1. Of each pair of
// strides one is 1. C is m×n, row-major, and overlaps neither A nor B nor bias. k = 0 gives function(bias [+ C]); m or
// n = 0 does nothing to C.
struct GemmCall {
  int64_t m, n, k;
  const float* a;
  int64_t a_row, a_col;  // A(i, p) = a[i * a_row + p * a_col]
  const float* b;
  int64_t b_row, b_col;  // B(p, j) = b[p * b_row + j * b_col]
  float* c;
  int64_t ldc;
  const float* bias;  // n floats, or null
  bool accumulate;    // add the old C before the function
  PointwiseFunction function;
  float alpha;  // the function's parameter
  // Null, or m×n as C is: C = (op(A) op(B)) * function'(saved), with no bias and nothing accumulated.
  const float* saved = nullptr;
  // Null, or n floats that become the sums of B's columns, in ascending order of k; B is row-major then.
  float* column_sums = nullptr;
  // Null, or who alone wants C: the memory at `c` may then be used, or left as it was.
  GemmTake* take = nullptr;
  void* taker = nullptr;
  // Null, or says that `take` makes a step of SGD with momentum and does nothing else, which a kernel may then do with
  // what it has in registers.
  GemmSgd* sgd = nullptr;
  // Null, or marks C as blocks of it are finished.
  const MarkedOutput* marked = nullptr;
  // Null, or asks for the memory that `take` will touch for a block, while others are multiplied: where it is not in L2,
  // or blocks come in no order (listed_gemm.h).
  GemmFetch* fetch = nullptr;
  // B as it is stored, which is its transpose when b_row is 1, lies in panels (panels.h); b_row and b_col are then those
  // it would have row-major, without gaps.
  bool b_in_panels = false;
  // B is known to be finite, so that nobody who multiplies by few of its rows has to look.
  bool b_is_finite = false;
  // Null, or A as bytes, in place of `a`: each stands for a_scale times itself, as the kernels' affine_u8 makes it, which
  // is what the table of 256 floats holds.
  const uint8_t* a_bytes = nullptr;
  const float* a_table = nullptr;
  float a_scale = 1;  // as it stays for floats
  // As 'high' and 'medium' fewer bits of A and B may be multiplied (kernels/plane_kernels.h) where that is faster.
  Precision precision = Precision::kHighest;
  // No block that is taken crosses the border of a panel, and parts keep to their panels whatever C's height.
  bool takes_panels = false;
};

// Floats of scratch every worker must bring, aligned to 64 bytes, for any call of this shape or one that is no larger
// in any size.
int64_t gemm_scratch_floats(const KernelTable& table, int64_t m, int64_t n, int64_t k) noexcept;

// Computes part `part` of `parts`: tiles of C that no other part touches. Parts share nothing and may run in any order
// or at once, each with its own scratch. Every element of C is one chain of multiply-adds over ascending k starting
// from bias + C, or, where the table multiplies bf16 and the shape says that it pays, a sum of products of planes
// (plane_gemm.h) in an order that depends on the shape alone; so the result has the same bits for every `parts`.
void gemm(const KernelTable& table, const GemmCall& call, int part, int parts, float* scratch) noexcept;

}  // namespace quern
