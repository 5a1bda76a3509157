// Weights in panels: the columns of a matrix lie together kPanelColumns at a time, panel after panel, each row-major;
// the last panel may be narrower. It takes as many floats as the row-major form. Whoever computes with some panels
// touches no line of the others, so weights that change every step need not travel between cores.
#pragma once
#include <cstdint>

#include "kernels/gemm_kernels.h"

namespace quern {

struct PanelPlace {
  int64_t offset;  // of the element in row 0
  int64_t stride;  // floats from row to row
};

inline PanelPlace panel_place(int64_t rows, int64_t cols, int64_t column) noexcept {
  const int64_t first = column / kPanelColumns * kPanelColumns;
  return {first * rows + column - first, cols - first < kPanelColumns ? cols - first : kPanelColumns};
}

// from, row-major, into to, which is another array; and the other way round.
void to_panels(const float* from, int64_t rows, int64_t cols, float* to) noexcept;
void from_panels(const float* from, int64_t rows, int64_t cols, float* to) noexcept;

}  // namespace quern
