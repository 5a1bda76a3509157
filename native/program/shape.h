// Sizes that may grow with the rows of the batch, and how a shape of any rank reads as a matrix.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "program/spec.h"

namespace quern {

// `factor`, or `factor * rows` of the batch at hand.
struct Size {
  int64_t factor = 1;
  bool per_row = false;
  int64_t at(int64_t rows) const { return per_row ? factor * rows : factor; }
};
inline bool operator==(Size a, Size b) { return a.factor == b.factor && a.per_row == b.per_row; }
inline bool operator!=(Size a, Size b) { return !(a == b); }

// All axes but the last are merged: [rows, 7, 5] has rows 7 * rows and cols 5; [5] has rows 1; [] is one value.
struct MatrixSize {
  Size rows, cols;
};

inline bool operator==(MatrixSize a, MatrixSize b) { return a.rows == b.rows && a.cols == b.cols; }

// How `b` of a combine goes with `out`: element by element, one vector for all rows, or one value for each row.
enum class CombineForm { kSame, kVector, kColumn, kNone };
inline CombineForm combine_form(MatrixSize b, MatrixSize out) {
  if (b == out) return CombineForm::kSame;
  if (b == MatrixSize{{1, false}, out.cols}) return CombineForm::kVector;
  return b == MatrixSize{out.rows, {1, false}} ? CombineForm::kColumn : CombineForm::kNone;
}

using Shape = std::vector<int64_t>;

// Product of the axes; only for shapes that `shape_error` finds nothing wrong with.
Size size_of(const Shape& shape);
MatrixSize matrix_of(const Shape& shape);

// Why a shape can't be had (negative axis, rows not first, more floats than memory can address); empty when it can.
std::string shape_error(const Shape& shape, int64_t max_rows);

// "[rows, 784]"
std::string to_string(const Shape& shape);
std::string to_string(Size size);

}  // namespace quern
