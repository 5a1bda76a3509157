// The functions a kernel or an instruction can be asked for, in the order their names are listed. The names are those
// of lib/program/instruction.ts; kernel tables are indexed by these enums. No std templates: kernels include this.
#pragma once
#include <stddef.h>

namespace quern {

enum class PointwiseFunction {
  kLinear, kRelu, kSigmoid, kTanh, kElu, kSelu, kLeakyRelu, kGelu, kGeluTanh, kSilu, kSoftplus,
  kExponential, kLog, kErf, kSquare, kSqrt, kAbs, kNegate, kReciprocal, kCount
};
enum class CombineFunction { kAdd, kSubtract, kMultiply, kDivide, kMaximum, kMinimum, kCount };
enum class ReduceFunction { kSum, kMean, kMax, kCount };
enum class LossFunction {
  kMeanSquaredError, kMeanAbsoluteError, kCategoricalCrossentropy, kSparseCategoricalCrossentropy,
  kBinaryCrossentropy, kCount
};
enum class AccuracyKind { kBinary, kCategorical, kSparse, kCount };
enum class Reduction { kSumOverBatchSize, kSum, kMeanWithSampleWeight, kCount };
// Of matrix products: as exact as multiply-adds in floats, or of fewer bits where that is faster (gemm/gemm.h).
enum class Precision { kHighest, kHigh, kMedium, kCount };

template <class Enum>
struct Names;  // list[static_cast<int>(value)] is the value's name

template <>
struct Names<PointwiseFunction> {
  static constexpr const char* list[] = {
      "linear", "relu", "sigmoid", "tanh", "elu", "selu", "leakyRelu", "gelu", "geluTanh", "silu", "softplus",
      "exponential", "log", "erf", "square", "sqrt", "abs", "negate", "reciprocal"};
};
template <>
struct Names<CombineFunction> {
  static constexpr const char* list[] = {"add", "subtract", "multiply", "divide", "maximum", "minimum"};
};
template <>
struct Names<ReduceFunction> {
  static constexpr const char* list[] = {"sum", "mean", "max"};
};
template <>
struct Names<LossFunction> {
  static constexpr const char* list[] = {"meanSquaredError", "meanAbsoluteError", "categoricalCrossentropy",
                                         "sparseCategoricalCrossentropy", "binaryCrossentropy"};
};
template <>
struct Names<AccuracyKind> {
  static constexpr const char* list[] = {"binary", "categorical", "sparse"};
};
template <>
struct Names<Reduction> {
  static constexpr const char* list[] = {"sumOverBatchSize", "sum", "meanWithSampleWeight"};
};

template <>
struct Names<Precision> {
  static constexpr const char* list[] = {"highest", "high", "medium"};
};

template <class Enum>
constexpr bool all_named = sizeof Names<Enum>::list / sizeof Names<Enum>::list[0] == static_cast<size_t>(Enum::kCount);
static_assert(all_named<PointwiseFunction> && all_named<CombineFunction> && all_named<ReduceFunction> &&
                  all_named<LossFunction> && all_named<AccuracyKind> && all_named<Reduction> && all_named<Precision>,
              "a list of names is shorter or longer than its enum");

}  // namespace quern
