#include "gemm/column_lists.h"

#include <new>

namespace quern {

bool ColumnLists::allocate(int64_t cols, int64_t elements) noexcept {
  if (cols > int64_t{UINT32_MAX} || elements > int64_t{UINT32_MAX}) return false;
  if (cols > cols_) {
    places_.reset(new (std::nothrow) uint32_t[static_cast<size_t>(cols)]());
    cols_ = places_ ? cols : 0;
  }
  if (elements > elements_) {
    const auto count = static_cast<size_t>(elements);
    columns_.reset(new (std::nothrow) uint32_t[count]);
    ends_.reset(new (std::nothrow) uint32_t[count]);
    rows_.reset(new (std::nothrow) uint32_t[count]);
    values_.reset(new (std::nothrow) float[count]);
    elements_ = columns_ && ends_ && rows_ && values_ ? elements : 0;
  }
  return cols <= cols_ && elements <= elements_;
}

template <class Do>
void ColumnLists::for_each_element(const ListedMatrix& matrix, Range range, Do what) const noexcept {
  const auto begin = static_cast<uint32_t>(range.begin), size = static_cast<uint32_t>(range.size());
  for (int64_t row = 0; row < matrix.rows; row++) {
    const ListedElements& elements = matrix.of_rows[row];
    for (int64_t e = 0; e < elements.count; e++) {
      const uint32_t column = elements.indices[e];
      if (column - begin < size) what(static_cast<uint32_t>(row), column, elements.values[e]);
    }
  }
}

// A counting sort; `ends_` first holds how many there are, then where the next one goes.
void ColumnLists::turn(const ListedMatrix& matrix, Range range) noexcept {
  for_each_element(matrix, range, [&](uint32_t, uint32_t column, float) {
    uint32_t& place = places_[column];
    if (place == 0) {
      columns_[count_] = column;
      ends_[count_] = 0;
      place = static_cast<uint32_t>(++count_);
    }
    ends_[place - 1]++;
  });
  uint32_t end = 0;
  for (int64_t i = 0; i < count_; i++) {
    const uint32_t elements = ends_[i];
    ends_[i] = end;
    end += elements;
  }
  for_each_element(matrix, range, [&](uint32_t row, uint32_t column, float value) {
    const uint32_t at = ends_[places_[column] - 1]++;
    rows_[at] = row;
    values_[at] = value;
  });
}

void ColumnLists::clear() noexcept {
  for (int64_t i = 0; i < count_; i++) places_[columns_[i]] = 0;
  count_ = 0;
}

}  // namespace quern
