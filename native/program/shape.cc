#include "program/shape.h"

namespace quern {

Size size_of(const Shape& shape) {
  Size size;
  for (int64_t axis : shape) {
    if (axis == kRows) size.per_row = true;
    else size.factor *= axis;
  }
  return size;
}

MatrixSize matrix_of(const Shape& shape) {
  if (shape.empty()) return {};
  return {size_of(Shape(shape.begin(), shape.end() - 1)), size_of(Shape(shape.end() - 1, shape.end()))};
}

std::string shape_error(const Shape& shape, int64_t max_rows) {
  constexpr int64_t kLargest = int64_t{1} << 48;  // floats in a buffer; sums over buffers stay far from overflow
  int64_t product = 1;
  for (size_t i = 0; i < shape.size(); i++) {
    const bool rows = shape[i] == kRows;
    if (rows && i > 0) return "only the first axis can be rows";
    if (!rows && shape[i] < 0) return "an axis is negative";
    if (__builtin_mul_overflow(product, rows ? max_rows : shape[i], &product) || product > kLargest) {
      return "it is too large to address";
    }
  }
  return {};
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); i++) {
    if (i) text += ", ";
    text += shape[i] == kRows ? "rows" : std::to_string(shape[i]);
  }
  return text + "]";
}

std::string to_string(Size size) {
  if (!size.per_row) return std::to_string(size.factor);
  return size.factor == 1 ? "rows" : std::to_string(size.factor) + " * rows";
}

}  // namespace quern
