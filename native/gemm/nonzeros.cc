#include "gemm/nonzeros.h"

#include <algorithm>
#include <new>

namespace quern {

namespace {

bool provide(int64_t words, std::unique_ptr<uint64_t[]>* marks, int64_t* room) noexcept {
  if (words <= *room) return true;
  marks->reset(new (std::nothrow) uint64_t[static_cast<size_t>(words)]);
  *room = *marks ? words : 0;
  return *room > 0;
}

}  // namespace

bool Nonzeros::allocate(int64_t rows, int64_t cols) noexcept {
  return provide(rows * words(cols), &of_rows_, &row_words_) &&
         provide(words(cols) * kMarksInWord * words(rows), &of_columns_, &column_words_);
}

void Nonzeros::find(const SkippingKernels& kernels, const SparseMatrix& matrix) noexcept {
  matrix_ = matrix;
  count_ = 0;
  has_columns_ = false;
  uint64_t* marks = of_rows_.get();
  for (int64_t i = 0; i < matrix.rows; i++, marks += words_of_row()) {
    const int64_t first = i * matrix.cols;
    count_ += matrix.floats ? kernels.mark_floats(matrix.floats + first, matrix.cols, marks)
                            : kernels.mark_bytes(matrix.bytes + first, matrix.cols, marks);
  }
}

const uint64_t* Nonzeros::of_columns(const SkippingKernels& kernels) noexcept {
  if (!has_columns_) {
    for (int64_t i = 0; i < matrix_.rows; i += kMarksInWord) {
      kernels.turn_marks(of_rows_.get() + i * words_of_row(), words_of_row(),
                         std::min(matrix_.rows - i, kMarksInWord), of_columns_.get() + i / kMarksInWord,
                         words_of_column());
    }
    has_columns_ = true;
  }
  return of_columns_.get();
}

}  // namespace quern
