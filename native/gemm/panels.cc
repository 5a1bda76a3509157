#include "gemm/panels.h"

#include <algorithm>

namespace quern {
namespace {

// Calls copy(offset row-major, offset in panels, floats) for every row of every panel.
template <class Copy>
void for_each_piece(int64_t rows, int64_t cols, Copy copy) {
  for (int64_t column = 0; column < cols; column += kPanelColumns) {
    const PanelPlace place = panel_place(rows, cols, column);
    for (int64_t i = 0; i < rows; i++) copy(i * cols + column, place.offset + i * place.stride, place.stride);
  }
}

}  // namespace

void to_panels(const float* from, int64_t rows, int64_t cols, float* to) noexcept {
  for_each_piece(rows, cols, [&](int64_t row_major, int64_t in_panels, int64_t count) {
    std::copy_n(from + row_major, count, to + in_panels);
  });
}

void from_panels(const float* from, int64_t rows, int64_t cols, float* to) noexcept {
  for_each_piece(rows, cols, [&](int64_t row_major, int64_t in_panels, int64_t count) {
    std::copy_n(from + in_panels, count, to + row_major);
  });
}

}  // namespace quern
