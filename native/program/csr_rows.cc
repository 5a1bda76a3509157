#include "program/csr_rows.h"

#include <algorithm>

namespace quern {
namespace {

// A plain load the compiler may repeat, after the check, when the memory holds something else.
int64_t read_once(const uint32_t* index) noexcept { return __atomic_load_n(index, __ATOMIC_RELAXED); }

}  // namespace

CsrRows::CsrRows(const ArrayView& view) noexcept
    : indptr_(view.indptr), indices_(view.indices), values_(static_cast<const float*>(view.data)), length_(view.length),
      columns_(view.row_length) {}

bool CsrRows::find(int64_t row, Range* range) const noexcept {
  *range = {read_once(indptr_ + row), read_once(indptr_ + row + 1)};
  return range->begin <= range->end && range->end <= length_;
}

bool CsrRows::to_list(Range range, float scale, uint32_t* columns, float* values) const noexcept {
  for (int64_t i = range.begin; i < range.end; i++) {
    const int64_t column = read_once(indices_ + i);
    if (column >= columns_) return false;
    *columns++ = static_cast<uint32_t>(column);
    *values++ = scale != 1 ? values_[i] * scale + 0.0f : values_[i];  // as to_floats does with an offset of 0
  }
  return true;
}

bool CsrRows::to_floats(int64_t row, float scale, float offset, float* to) const noexcept {
  Range range;
  if (!find(row, &range)) return false;
  const bool scaled = scale != 1 || offset != 0;  // -0 * 1 + 0 is not -0
  std::fill(to, to + columns_, scaled ? 0 * scale + offset : 0);
  for (int64_t i = range.begin; i < range.end; i++) {
    const int64_t column = read_once(indices_ + i);
    if (column >= columns_) return false;
    to[column] = scaled ? values_[i] * scale + offset : values_[i];
  }
  return true;
}

}  // namespace quern
