// Rows of a matrix in CSR form, copied while JavaScript may write to it. Every index is read once and checked then, so
// that whatever the memory holds, nothing is read or written outside the arrays.
#pragma once
#include <cstdint>

#include "program/span.h"
#include "runtime/range.h"

namespace quern {

class CsrRows {
 public:
  // The view has been checked against the program; of a dense one there are no rows.
  explicit CsrRows(const ArrayView& view) noexcept;

  bool empty() const noexcept { return !indptr_; }

  // Where row `row` lies in indices and values. False when indptr points outside them.
  [[nodiscard]] bool find(int64_t row, Range* range) const noexcept;
  // Copies what `find` found, as x * scale and without zeros. False when a column is outside the matrix; what was
  // written so far stays.
  [[nodiscard]] bool to_list(Range range, float scale, uint32_t* columns, float* values) const noexcept;
  // Copies all columns of a row, zeros too, as x * scale + offset. False when it points outside the matrix; what was
  // written so far stays.
  [[nodiscard]] bool to_floats(int64_t row, float scale, float offset, float* to) const noexcept;

 private:
  const uint32_t* indptr_;
  const uint32_t* indices_;
  const float* values_;
  int64_t length_, columns_;
};

}  // namespace quern
