// Products of a matrix of which only lists of elements are in memory: the others are 0, and are not multiplied.
//
// No std, no templates: each instruction set's unit includes this.
#pragma once
#include <stdint.h>

namespace quern {

// Elements of a row, or of a column; their places in it ascend, but where they do not nothing worse happens than that
// they are multiplied in the order of the list.
struct ListedElements {
  const uint32_t* indices;
  const float* values;
  int64_t count;
};

// A row of C, of cols columns:
//   C(j) = epilogue(init(j) + sum over e = 0 .. count-1 of values[e] B(indices[e], j), in this order)
// with init and epilogue as in GemmTile (gemm_kernels.h), and nothing of an old C.
struct ListedTile {
  ListedElements a;
  const float* b;  // B(p, j) = b[p * b_row + j]
  int64_t b_row;
  float* c;
  const float* bias;
  int64_t cols;
  bool relu;
  bool fetches;  // B is beyond the near caches: its rows are asked for ahead of time
};

// Whether an element ended as -0, before the epilogue (skipping_kernels.h says what of it).
using ListedKernel = bool(const ListedTile&) noexcept;

}  // namespace quern
