// Which elements of a matrix are not 0: found once, then used by each product that skips the others.
#pragma once
#include <cstdint>
#include <memory>

#include "kernels/kernel_table.h"

namespace quern {

// A row-major matrix of floats, or of bytes b that stand for table[b], where table[0] is 0.
struct SparseMatrix {
  const float* floats = nullptr;  // null: bytes
  const uint8_t* bytes = nullptr;
  const float* table = nullptr;
  int64_t rows = 0, cols = 0;
};

class Nonzeros {
 public:
  // Room for the marks of matrices of so many rows at most. False without the memory.
  [[nodiscard]] bool allocate(int64_t rows, int64_t cols) noexcept;

  // Marks the rows of `matrix`, which stays as it is while this is used.
  void find(const SkippingKernels& kernels, const SparseMatrix& matrix) noexcept;

  const SparseMatrix& matrix() const noexcept { return matrix_; }
  int64_t count() const noexcept { return count_; }
  double density() const noexcept {
    return static_cast<double>(count_) / static_cast<double>(matrix_.rows * matrix_.cols);
  }

  // Marks of row i from word i * words_of_row() on.
  const uint64_t* of_rows() const noexcept { return of_rows_.get(); }
  int64_t words_of_row() const noexcept { return words(matrix_.cols); }
  // Marks of column j from word j * words_of_column() on; made when they are first asked for.
  const uint64_t* of_columns(const SkippingKernels& kernels) noexcept;
  int64_t words_of_column() const noexcept { return words(matrix_.rows); }

 private:
  static int64_t words(int64_t elements) noexcept { return (elements + kMarksInWord - 1) / kMarksInWord; }

  SparseMatrix matrix_;
  int64_t count_ = 0;
  bool has_columns_ = false;
  // Columns are turned in whole words, so there is room for some beyond the last.
  std::unique_ptr<uint64_t[]> of_rows_, of_columns_;
  int64_t row_words_ = 0, column_words_ = 0;  // that there is room for
};

}  // namespace quern
