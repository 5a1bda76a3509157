#include "program/cost.h"

#include "program/operands.h"
#include "program/shape.h"

namespace quern {
namespace {

double operations(PointwiseFunction function) {
  switch (function) {
    case PointwiseFunction::kLinear: return 0;
    case PointwiseFunction::kRelu:
    case PointwiseFunction::kSquare:
    case PointwiseFunction::kSqrt:
    case PointwiseFunction::kAbs:
    case PointwiseFunction::kNegate:
    case PointwiseFunction::kReciprocal: return 1;
    case PointwiseFunction::kLeakyRelu: return 2;
    case PointwiseFunction::kExponential:
    case PointwiseFunction::kLog: return 10;
    default: return 14;
  }
}

class Flops {
 public:
  Flops(const ProgramSpec& spec, int64_t rows) : spec_(spec), rows_(rows) {}

  double of(const Gemm& in) const {
    const MatrixSize a = matrix_of(spec_.buffers[in.a].shape);
    const double depth = static_cast<double>((in.transpose_a ? a.rows : a.cols).at(rows_));
    const double sums = in.column_sums == kNoBuffer ? 0 : size(in.column_sums) * depth;
    const double epilogue = (in.bias != kNoBuffer) + (in.saved != kNoBuffer) + operations(in.function);
    return size(in.out) * (2 * depth + epilogue) + sums;
  }
  double of(const Pointwise& in) const { return size(in.out) * operations(in.function); }
  double of(const PointwiseGradient& in) const {
    return size(in.out) * (operations(in.function) + 1 + (in.column_sums != kNoBuffer));
  }
  double of(const Combine& in) const { return size(in.out); }
  double of(const Reduce& in) const { return size(in.x); }
  double of(const Broadcast& in) const { return size(in.out); }
  double of(const Softmax& in) const { return size(in.out) * 14; }
  double of(const SoftmaxGradient& in) const { return size(in.out) * 4; }
  double of(const SoftmaxCrossentropy& in) const { return size(in.logits) * 20; }
  double of(const SigmoidCrossentropy& in) const { return size(in.logits) * 30; }
  double of(const Loss& in) const {
    const bool logarithms = in.function != LossFunction::kMeanSquaredError &&
                            in.function != LossFunction::kMeanAbsoluteError;
    return size(in.prediction) * (logarithms ? 20 : 5);
  }
  double of(const LossScale& in) const { return size(in.out) * 2; }
  double of(const Accuracy& in) const { return size(in.prediction) * 2; }
  double of(const Accumulate& in) const { return size(in.values) * 2; }
  double of(const Dropout& in) const { return size(in.out) * 30; }
  double of(const Affine& in) const { return size(in.out) * 2; }
  double of(const Sgd& in) const { return size(in.parameters) * (2 + 4 * (in.momentum != kNoBuffer)); }
  double of(const Adam& in) const { return size(in.parameters) * 14; }

 private:
  double size(BufferId id) const { return static_cast<double>(size_of(spec_.buffers[id].shape).at(rows_)); }

  const ProgramSpec& spec_;
  const int64_t rows_;
};

}  // namespace

Cost cost_of(const ProgramSpec& spec, const Instruction& instruction, int64_t rows) {
  Cost cost;
  const Flops flops(spec, rows);
  cost.flops = std::visit([&](const auto& in) { return flops.of(in); }, instruction);
  for_each_operand(instruction, [&](const char*, Role role, bool, BufferId id) {
    if (id == kNoBuffer) return;
    const double bytes = 4.0 * static_cast<double>(size_of(spec.buffers[id].shape).at(rows));
    cost.bytes += role == Role::kInOut ? 2 * bytes : bytes;
    cost.operands += bytes;
  });
  return cost;
}

}  // namespace quern
