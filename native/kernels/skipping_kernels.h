// Products that skip the zeros of A: fma(0, b, sum) is sum where b is finite, so leaving it out changes no bit, but for
// one thing: the sum -0 becomes 0 by adding a product that is 0. The kernels say where they ended with a -0.
//
// No std, no templates: each instruction set's unit includes this.
#pragma once
#include <stdint.h>

#include "kernels/sgd_step.h"

namespace quern {

// Elements are marked by bits, 64 to a word, the first one lowest: no lists, of which building one takes longer than
// walking over the bits.
inline constexpr int64_t kMarksInWord = 64;

// A block of C, rows by cols:
//   C(i, j) = epilogue(init(i, j) + sum over the marked p of A(i, p) B(p, j), in ascending order)
// where init is bias(j), or the sums of the steps before, if there are such, or 0; and epilogue is as in GemmTile
// (gemm_kernels.h).
struct SkippingTile {
  // A(i, p) is floats[i * a_row + p * a_col] or, where floats is null, table[bytes[i * a_row + p * a_col]].
  const float* floats;
  const uint8_t* bytes;
  const float* table;
  int64_t a_row, a_col;
  // Bit p % 64 of word i * marks_row + p / 64 * marks_word marks (i, p); none are set beyond k.
  const uint64_t* marks;
  int64_t marks_row, marks_word;
  const float* b;  // B(p, j) = b[p * b_row + j]
  int64_t b_row;
  const float* sums;  // element (i, j) is sums[i * sums_row + j]; null for the first steps. May be c, with its ld.
  int64_t sums_row;
  float* c;  // C(i, j) = c[i * ldc + j]
  int64_t ldc;
  const float* bias;  // null after the first steps
  int64_t rows, cols, k;
  bool relu;
  bool minds_negative_zeros;
  // Null, or what is done with C, of update_columns columns, in place of storing it, by the kernel for a transposed A.
  const SgdTarget* update;
};

// How many rows are finished: all of them unless the kernel minds and an element ended as -0, before the epilogue. Then
// none; with `update` those before the first one or two that have such an element, whose step is not made.
using SkippingKernel = int64_t(const SkippingTile&) noexcept;

// One way to skip, and the density below which it beats the dense kernels in whole panels of columns, and for 32 rows
// of a batch or more.
struct SkippingWay {
  SkippingKernel* kernel;
  double pays;
};

struct SkippingKernels {
  // For A as it is stored: each row walks over its own marks.
  SkippingWay rows;
  // For a transposed A, whose rows are columns as stored, such as neighbouring pixels, and mostly 0 at the same places:
  // where there are registers for it, two of them walk over the marks of both and share what is read of B.
  SkippingWay columns;
  // The same for columns that are not alike: each walks over its own marks.
  SkippingWay columns_apart;
  int64_t update_columns;
  // Marks what is not 0 of n elements, in whole words that lie `next` words apart, and returns how many those are. Also
  // copies them, unless `copy` is null.
  int64_t (*mark_floats)(const float* x, int64_t n, float* copy, uint64_t* marks, int64_t next) noexcept;
  int64_t (*mark_bytes)(const uint8_t* x, int64_t n, uint8_t* copy, uint64_t* marks, int64_t next) noexcept;
  // Bit j of word i, of 64 words, becomes bit i of word j.
  void (*turn_marks)(const uint64_t* marks, uint64_t* turned) noexcept;
  // Of a block whose rows are ld floats apart.
  bool (*all_finite)(const float* x, int64_t rows, int64_t cols, int64_t ld) noexcept;
};

}  // namespace quern
