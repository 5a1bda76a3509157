// The columns of a matrix that is listed by rows, as lists of rows: of those columns in which there is anything.
#pragma once
#include <cstdint>
#include <memory>

#include "kernels/listed_kernels.h"
#include "runtime/range.h"

namespace quern {

// The elements of each row, whose indices are less than cols.
struct ListedMatrix {
  const ListedElements* of_rows;
  int64_t rows, cols;
};

class ColumnLists {
 public:
  // Room for matrices of so many columns and elements at most, 2^32 - 1 of each. False without the memory.
  [[nodiscard]] bool allocate(int64_t cols, int64_t elements) noexcept;

  // Takes in the elements in columns `range` of a matrix; there must be none of another. Looks at all elements, but of
  // the columns only at those that occur.
  void turn(const ListedMatrix& matrix, Range range) noexcept;
  // Forgets them. The time it takes goes with the columns that occurred, too.
  void clear() noexcept;

  // Columns that occur, in no order.
  int64_t count() const noexcept { return count_; }
  int64_t column(int64_t i) const noexcept { return columns_[i]; }
  // Rows ascend.
  ListedElements elements(int64_t i) const noexcept {
    const uint32_t begin = i > 0 ? ends_[i - 1] : 0;
    return {rows_.get() + begin, values_.get() + begin, int64_t{ends_[i]} - begin};
  }
  // Of any column in the range.
  ListedElements of(int64_t column) const noexcept {
    return places_[column] ? elements(int64_t{places_[column]} - 1) : ListedElements{nullptr, nullptr, 0};
  }

 private:
  template <class Do>
  void for_each_element(const ListedMatrix& matrix, Range range, Do what) const noexcept;

  int64_t count_ = 0, cols_ = 0, elements_ = 0;  // the last two: that there is room for
  std::unique_ptr<uint32_t[]> places_;           // by column: 1 + its place among those that occur, or 0
  std::unique_ptr<uint32_t[]> columns_, ends_;   // by place; an element of the column lies before `end`
  std::unique_ptr<uint32_t[]> rows_;
  std::unique_ptr<float[]> values_;
};

}  // namespace quern
