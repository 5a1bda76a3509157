#include "gemm/nonzeros.h"

#include <algorithm>
#include <new>

#include "gemm/blocking.h"

namespace quern {

static int64_t words_of(int64_t elements) { return divide_up(elements, kMarksInWord); }

bool Marks::allocate(int64_t lines, int64_t elements) noexcept {
  const int64_t words = words_of(lines) * kMarksInWord * words_of(elements);
  if (words <= room_) return true;
  words_.reset(new (std::nothrow) uint64_t[static_cast<size_t>(words)]);
  room_ = words_ ? words : 0;
  return room_ > 0;
}

void Marks::set_size(int64_t lines, int64_t elements) noexcept {
  next_ = words_of(lines) * kMarksInWord;
  for (int64_t w = 0; w < words_of(elements); w++) std::fill(of_line(lines) + w * next_, of_line(next_) + w * next_, 0);
}

void Nonzeros::begin(const SparseMatrix& matrix) noexcept {
  matrix_ = matrix;
  marks_.set_size(matrix.rows, matrix.cols);
}

int64_t Nonzeros::mark(const SkippingKernels& kernels, const void* from, Range rows) noexcept {
  const auto mark_rows = [&](auto* kernel, auto* matrix, const auto* source) {
    int64_t count = 0;
    auto* to = matrix + rows.begin * matrix_.cols;
    for (int64_t i = rows.begin; i < rows.end; i++, to += matrix_.cols) {
      count += kernel(source ? source : to, matrix_.cols, source ? to : nullptr, marks_.of_line(i), marks_.next());
      if (source) source += matrix_.cols;
    }
    return count;
  };
  return matrix_.floats ? mark_rows(kernels.mark_floats, matrix_.floats, static_cast<const float*>(from))
                        : mark_rows(kernels.mark_bytes, matrix_.bytes, static_cast<const uint8_t*>(from));
}

void Nonzeros::turn(const SkippingKernels& kernels, Marks* of_columns) const noexcept {
  of_columns->set_size(matrix_.cols, matrix_.rows);
  for (int64_t w = 0; w < words_of(matrix_.cols); w++) {
    for (int64_t block = 0; block < words_of(matrix_.rows); block++) {
      kernels.turn_marks(marks_.of_line(block * kMarksInWord) + w * marks_.next(),
                         of_columns->of_line(w * kMarksInWord) + block * of_columns->next());
    }
  }
}

}  // namespace quern
