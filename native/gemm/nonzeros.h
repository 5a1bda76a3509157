// Which elements of a matrix are not 0: marked as its rows come in, then used by each product that skips the others.
#pragma once
#include <cstdint>
#include <memory>

#include "kernels/kernel_table.h"
#include "runtime/range.h"

namespace quern {

// A row-major matrix of floats, or of bytes b that stand for table[b], where table[0] is 0.
struct SparseMatrix {
  float* floats = nullptr;  // null: bytes
  uint8_t* bytes = nullptr;
  const float* table = nullptr;
  int64_t rows = 0, cols = 0;
};

// A bit for each element of some lines, rows or columns. Word w of a line has 64 of its elements; words w of all lines
// lie together, those of line i and line i + 1 side by side, so that blocks of 64 lines can be turned as they lie.
class Marks {
 public:
  // Room for so many lines of so many elements. False without the memory.
  [[nodiscard]] bool allocate(int64_t lines, int64_t elements) noexcept;
  // How many there are now; those of no line, up to a whole block, are not set.
  void set_size(int64_t lines, int64_t elements) noexcept;

  // Word w of line i is of_line(i)[w * next()].
  uint64_t* of_line(int64_t i) const noexcept { return words_.get() + i; }
  int64_t next() const noexcept { return next_; }

 private:
  int64_t room_ = 0, next_ = 0;
  std::unique_ptr<uint64_t[]> words_;
};

class Nonzeros {
 public:
  // Room for matrices of so many rows at most. False without the memory.
  [[nodiscard]] bool allocate(int64_t rows, int64_t cols) noexcept { return marks_.allocate(rows, cols); }

  // What follows is about `matrix`, of which no row is marked yet.
  void begin(const SparseMatrix& matrix) noexcept;
  // Marks these rows and returns how many elements of them are not 0. Several threads may mark different rows.
  int64_t mark(const SkippingKernels& kernels, Range rows) noexcept { return mark(kernels, nullptr, rows); }
  // Likewise, and copies the rows, of floats or bytes as the matrix is, to their place first.
  int64_t copy(const SkippingKernels& kernels, const void* from, Range rows) noexcept {
    return mark(kernels, from, rows);
  }

  const SparseMatrix& matrix() const noexcept { return matrix_; }
  const Marks& of_rows() const noexcept { return marks_; }
  // Of the columns, once all rows are marked.
  void turn(const SkippingKernels& kernels, Marks* of_columns) const noexcept;

 private:
  int64_t mark(const SkippingKernels& kernels, const void* from, Range rows) noexcept;

  SparseMatrix matrix_;
  Marks marks_;
};

}  // namespace quern
