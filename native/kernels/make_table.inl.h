// Puts an instruction set's table together. Included last, by isa/*.cc alone.
#pragma once
#include "kernels/kernel_table.h"

#include "kernels/math.inl.h"
#include "kernels/map.inl.h"
#include "kernels/activations.inl.h"
#include "kernels/elementwise.inl.h"
#include "kernels/reduce.inl.h"
#include "kernels/softmax.inl.h"
#include "kernels/losses.inl.h"
#include "kernels/optimizers.inl.h"
#include "kernels/random.inl.h"
#include "kernels/probes.inl.h"
#include "kernels/gemm.inl.h"
#include "kernels/marks.inl.h"
#include "kernels/skipping.inl.h"
#include "kernels/listed.inl.h"

namespace quern {
namespace {

template <class F>
constexpr void add(KernelTable& table, PointwiseFunction function) {
  table.pointwise[static_cast<int>(function)] = pointwise<F>;
  table.pointwise_gradient[static_cast<int>(function)] = pointwise_gradient<F>;
}
template <class F>
constexpr void add(KernelTable& table, CombineFunction function) {
  table.combine[static_cast<int>(function)] = combine<F>;
  table.combine_scalar[static_cast<int>(function)] = combine_scalar<F>;
}
template <class F>
constexpr void add(KernelTable& table, ReduceFunction function) {
  table.reduce_columns[static_cast<int>(function)] = reduce_columns<F>;
  table.reduce_rows[static_cast<int>(function)] = reduce_rows<F>;
}
constexpr void add(KernelTable& table, LossFunction function, LossKernel* kernel) {
  table.loss[static_cast<int>(function)] = kernel;
}
constexpr void add(KernelTable& table, AccuracyKind kind, AccuracyKernel* kernel) {
  table.accuracy[static_cast<int>(kind)] = kernel;
}

constexpr void add_pointwise(KernelTable& table) {
  add<Linear>(table, PointwiseFunction::kLinear);
  add<Relu>(table, PointwiseFunction::kRelu);
  add<Sigmoid>(table, PointwiseFunction::kSigmoid);
  add<Tanh>(table, PointwiseFunction::kTanh);
  add<Elu>(table, PointwiseFunction::kElu);
  add<Selu>(table, PointwiseFunction::kSelu);
  add<LeakyRelu>(table, PointwiseFunction::kLeakyRelu);
  add<Gelu>(table, PointwiseFunction::kGelu);
  add<GeluTanh>(table, PointwiseFunction::kGeluTanh);
  add<Silu>(table, PointwiseFunction::kSilu);
  add<Softplus>(table, PointwiseFunction::kSoftplus);
  add<Exponential>(table, PointwiseFunction::kExponential);
  add<Log>(table, PointwiseFunction::kLog);
  add<Erf>(table, PointwiseFunction::kErf);
  add<Square>(table, PointwiseFunction::kSquare);
  add<Sqrt>(table, PointwiseFunction::kSqrt);
  add<Abs>(table, PointwiseFunction::kAbs);
  add<Negate>(table, PointwiseFunction::kNegate);
  add<Reciprocal>(table, PointwiseFunction::kReciprocal);
}

constexpr void add_losses(KernelTable& table) {
  table.softmax = softmax;
  table.softmax_gradient = softmax_gradient;
  table.softmax_crossentropy = softmax_crossentropy;
  table.sigmoid_crossentropy = sigmoid_crossentropy;
  add(table, LossFunction::kMeanSquaredError, mean_squared_error);
  add(table, LossFunction::kMeanAbsoluteError, mean_absolute_error);
  add(table, LossFunction::kCategoricalCrossentropy, categorical_crossentropy);
  add(table, LossFunction::kSparseCategoricalCrossentropy, sparse_categorical_crossentropy);
  add(table, LossFunction::kBinaryCrossentropy, binary_crossentropy);
  add(table, AccuracyKind::kBinary, binary_accuracy);
  add(table, AccuracyKind::kCategorical, categorical_accuracy);
  add(table, AccuracyKind::kSparse, sparse_accuracy);
}

constexpr KernelTable make_table(const char* name) {
  KernelTable table{};
  table.name = name;
  table.lanes = kLanes;
  table.gemm = kGemmKernels;
  table.skipping = skipping_kernels();
  table.listed = listed;
  add_pointwise(table);
  add<Add>(table, CombineFunction::kAdd);
  add<Subtract>(table, CombineFunction::kSubtract);
  add<Multiply>(table, CombineFunction::kMultiply);
  add<Divide>(table, CombineFunction::kDivide);
  add<Maximum>(table, CombineFunction::kMaximum);
  add<Minimum>(table, CombineFunction::kMinimum);
  add<SumOf>(table, ReduceFunction::kSum);
  add<MeanOf>(table, ReduceFunction::kMean);
  add<MaxOf>(table, ReduceFunction::kMax);
  table.broadcast = broadcast;
  table.affine = affine;
  table.affine_u8 = affine_u8;
  table.find_not_finite = find_not_finite;
  add_losses(table);
  table.dropout = dropout;
  table.random_words = random_words;
  table.uniform = uniform;
  table.sgd = sgd;
  table.adam = adam;
  table.peak_fma = peak_fma;
  table.read_sum = read_sum;
  return table;
}

template <class Kernel, int kCount>
constexpr bool all_set(Kernel* const (&kernels)[kCount]) {
  for (Kernel* kernel : kernels) {
    if (!kernel) return false;
  }
  return true;
}
constexpr bool is_complete(const KernelTable& table) {
  return all_set(table.pointwise) && all_set(table.pointwise_gradient) && all_set(table.combine) &&
         all_set(table.combine_scalar) && all_set(table.reduce_columns) && all_set(table.reduce_rows) &&
         all_set(table.loss) && all_set(table.accuracy);
}

// GCC under -fsanitize=undefined calls no function's address constant; test/native/dispatch_test.cc looks there.
#ifndef QUERN_SANITIZED
static_assert(is_complete(make_table("")), "a function that functions.h names has no kernel in this table");
#endif

}  // namespace
}  // namespace quern
