#include "program/shape_rules.h"

#include "program/operands.h"
#include "program/shape.h"

namespace quern {
namespace {

class Rules {
 public:
  explicit Rules(const ProgramSpec& spec) : spec_(spec) {}

  std::string rule(const Gemm& in) const {
    const MatrixSize a = transposed(matrix(in.a), in.transpose_a), b = transposed(matrix(in.b), in.transpose_b);
    if (a.cols != b.rows) {
      return misfit("b", in.b, "a", in.a) + "op(a) has " + to_string(a.cols) + " columns, op(b) " + to_string(b.rows) +
             " rows";
    }
    if (!(matrix(in.out) == MatrixSize{a.rows, b.cols})) {
      return operand("out", in.out) + " does not fit the product of " + operand("a", in.a) + " and " +
             operand("b", in.b) + ", which is " + to_string(a.rows) + " by " + to_string(b.cols);
    }
    if (in.bias != kNoBuffer && size(in.bias) != b.cols) return misfit_columns("bias", in.bias, "out", in.out);
    return epilogue(in, b.cols);
  }

  std::string rule(const Pointwise& in) const { return same("x", in.x, "out", in.out); }
  std::string rule(const Affine& in) const { return same("x", in.x, "out", in.out); }
  std::string rule(const Softmax& in) const { return same("x", in.x, "out", in.out); }

  std::string rule(const Dropout& in) const {
    if (!(in.rate >= 0 && in.rate <= 1)) return "`rate` is " + std::to_string(in.rate) + ", not from 0 to 1";
    if (in.stream < 0) return "`stream` is " + std::to_string(in.stream) + ", not >= 0";
    return same("x", in.x, "out", in.out);
  }

  std::string rule(const PointwiseGradient& in) const {
    const std::string saved = same("saved", in.saved, "out", in.out);
    if (!saved.empty()) return saved;
    if (in.column_sums != kNoBuffer && size(in.column_sums) != matrix(in.out).cols) {
      return misfit_columns("columnSums", in.column_sums, "out", in.out);
    }
    return same("dy", in.dy, "out", in.out);
  }

  std::string rule(const SoftmaxGradient& in) const {
    const std::string y = same("y", in.y, "out", in.out);
    return y.empty() ? same("dy", in.dy, "out", in.out) : y;
  }

  std::string rule(const Combine& in) const {
    const std::string a = same("a", in.a, "out", in.out);
    if (!a.empty()) return a;
    if (combine_form(matrix(in.b), matrix(in.out)) != CombineForm::kNone) return {};
    return misfit("b", in.b, "out", in.out) + "it must have the same shape, be a vector as long as the last axis, or " +
           "have last axis 1 and the other axes the same";
  }

  std::string rule(const Reduce& in) const {
    if (!in.over_rows) return per_element("out", in.out, "x", in.x);
    return size(in.out) == matrix(in.x).cols ? "" : misfit_columns("out", in.out, "x", in.x);
  }

  std::string rule(const Broadcast& in) const { return per_element("x", in.x, "out", in.out); }

  std::string rule(const SoftmaxCrossentropy& in) const { return logits_loss(in, true); }
  std::string rule(const SigmoidCrossentropy& in) const { return logits_loss(in, false); }

  std::string rule(const Loss& in) const {
    const bool sparse = in.function == LossFunction::kSparseCategoricalCrossentropy;
    const std::string target_error =
        sparse ? labels("target", in.target, "prediction", in.prediction)
               : dense("target", in.target, "prediction", in.prediction);
    if (!target_error.empty()) return target_error;
    if (in.gradient != kNoBuffer) {
      const std::string error = same("gradient", in.gradient, "prediction", in.prediction);
      if (!error.empty()) return error;
    }
    return values_and_scale(in.values, in.scale, in.gradient, "prediction", in.prediction, in.label_smoothing);
  }

  std::string rule(const LossScale& in) const {
    if (in.weights == kNoBuffer || (size(in.weights) == Size{1, true} && size(in.out).per_row)) return {};
    return misfit("weights", in.weights, "out", in.out) + "weights must have one value a row, out some values a row";
  }

  std::string rule(const Accuracy& in) const {
    const std::string error = in.kind == AccuracyKind::kSparse
                                  ? integers("target", in.target, "prediction", in.prediction)
                                  : dense("target", in.target, "prediction", in.prediction);
    return error.empty() ? per_element("values", in.values, "prediction", in.prediction) : error;
  }

  std::string rule(const Accumulate& in) const {
    if (in.into < 0 || in.into >= spec_.accumulators) {
      return "`into` is " + std::to_string(in.into) + ", but the program has " + std::to_string(spec_.accumulators) +
             " accumulators";
    }
    if (in.weights == kNoBuffer || size(in.weights) == size(in.values)) return {};
    const bool per_row = size(in.weights) == Size{1, true} && size(in.values).per_row;
    if (per_row && !in.as_loss) return {};
    return misfit("weights", in.weights, "values", in.values) + "each value needs its weight";
  }

  std::string rule(const Sgd& in) const {
    std::string error = slots_and_scalars(in.parameters, in.gradients, in.scalars, 3);
    if (error.empty() && in.momentum != kNoBuffer) error = slot("momentum", in.momentum, in.parameters);
    return error;
  }

  std::string rule(const Adam& in) const {
    std::string error = slots_and_scalars(in.parameters, in.gradients, in.scalars, 5);
    if (error.empty()) error = slot("m", in.m, in.parameters);
    if (error.empty()) error = slot("v", in.v, in.parameters);
    if (error.empty() && in.vhat != kNoBuffer) error = slot("vhat", in.vhat, in.parameters);
    return error;
  }

 private:
  const Shape& shape(BufferId id) const { return spec_.buffers[id].shape; }
  MatrixSize matrix(BufferId id) const { return matrix_of(shape(id)); }
  Size size(BufferId id) const { return size_of(shape(id)); }
  const BufferSpec& memory(BufferId id) const { return spec_.buffers[root_of(spec_, id)]; }
  static MatrixSize transposed(MatrixSize m, bool yes) { return yes ? MatrixSize{m.cols, m.rows} : m; }

  std::string operand(const char* name, BufferId id) const {
    return std::string("`") + name + "` of shape " + to_string(shape(id));
  }
  std::string misfit(const char* name, BufferId id, const char* other, BufferId other_id) const {
    return operand(name, id) + " does not fit " + operand(other, other_id) + ": ";
  }
  std::string misfit_columns(const char* name, BufferId id, const char* other, BufferId other_id) const {
    return misfit(name, id, other, other_id) + "it must hold " + to_string(matrix(other_id).cols) + " values";
  }

  std::string same(const char* name, BufferId id, const char* other, BufferId other_id) const {
    if (matrix(id) == matrix(other_id)) return {};
    return misfit(name, id, other, other_id) + "they must have the same shape";
  }
  // One value for each element (row of the merged matrix) of `other`.
  std::string per_element(const char* name, BufferId id, const char* other, BufferId other_id) const {
    if (size(id) == matrix(other_id).rows) return {};
    return misfit(name, id, other, other_id) + "it must hold " + to_string(matrix(other_id).rows) + " values";
  }

  std::string dense(const char* name, BufferId id, const char* other, BufferId other_id) const {
    if (spec_.buffers[id].dtype != DType::kF32) return operand(name, id) + " must be f32, not i32";
    return same(name, id, other, other_id);
  }
  std::string integers(const char* name, BufferId id, const char* other, BufferId other_id) const {
    if (spec_.buffers[id].dtype != DType::kI32) return operand(name, id) + " must be i32, not f32";
    return per_element(name, id, other, other_id);
  }
  // Integers that a kernel indexes by: only what the batch source has checked.
  std::string labels(const char* name, BufferId id, const char* other, BufferId other_id) const {
    const std::string error = integers(name, id, other, other_id);
    if (!error.empty()) return error;
    const int64_t columns = matrix(other_id).cols.factor, classes = memory(id).classes;
    if (classes >= 1 && classes <= columns && !matrix(other_id).cols.per_row) return {};
    return misfit(name, id, other, other_id) + "its labels must be checked against 1 to " + std::to_string(columns) +
           " classes, but `classes` is " + std::to_string(classes);
  }

  std::string epilogue(const Gemm& in, Size columns) const {
    if (in.saved != kNoBuffer && (in.bias != kNoBuffer || in.accumulate)) return "`saved` goes with no sum before it";
    if (in.column_sums != kNoBuffer) {
      if (in.transpose_b) return "`columnSums` needs a `b` that is not transposed";
      if (size(in.column_sums) != columns) return misfit_columns("columnSums", in.column_sums, "b", in.b);
    }
    return in.saved == kNoBuffer ? "" : same("saved", in.saved, "out", in.out);
  }

  std::string logits_loss(const LogitsLoss& in, bool sparse_too) const {
    const bool sparse = sparse_too && spec_.buffers[in.target].dtype == DType::kI32;
    std::string error = sparse ? labels("target", in.target, "logits", in.logits)
                               : dense("target", in.target, "logits", in.logits);
    if (error.empty() && in.probabilities != kNoBuffer) {
      error = same("probabilities", in.probabilities, "logits", in.logits);
    }
    if (error.empty() && in.gradient != kNoBuffer) error = same("gradient", in.gradient, "logits", in.logits);
    if (!error.empty()) return error;
    return values_and_scale(in.values, in.scale, in.gradient, "logits", in.logits, in.label_smoothing);
  }

  std::string values_and_scale(BufferId values, BufferId scale, BufferId gradient, const char* other,
                               BufferId other_id, float label_smoothing) const {
    if (!(label_smoothing >= 0 && label_smoothing <= 1)) {
      return "`labelSmoothing` is " + std::to_string(label_smoothing) + ", not from 0 to 1";
    }
    if (gradient != kNoBuffer && scale == kNoBuffer) return "`gradient` needs `scale`";
    if (scale != kNoBuffer) {
      const std::string error = per_element("scale", scale, other, other_id);
      if (!error.empty()) return error;
    }
    return per_element("values", values, other, other_id);
  }

  std::string slots_and_scalars(BufferId parameters, BufferId gradients, BufferId scalars, int64_t needed) const {
    if (memory(parameters).kind != BufferKind::kParameter) return "`parameters` is not a buffer of parameters";
    if (memory(scalars).kind != BufferKind::kScalars) return "`scalars` is not the buffer of scalars";
    if (size(scalars).factor < needed) {
      return operand("scalars", scalars) + " is too short: " + std::to_string(needed) + " are needed";
    }
    return same("gradients", gradients, "parameters", parameters);
  }
  std::string slot(const char* name, BufferId id, BufferId parameters) const {
    if (memory(id).kind != BufferKind::kSlot) return std::string("`") + name + "` is not an optimizer slot";
    return same(name, id, "parameters", parameters);
  }

  const ProgramSpec& spec_;
};

}  // namespace

std::string shape_rule(const ProgramSpec& spec, const Instruction& instruction) {
  const Rules rules(spec);
  return std::visit([&](const auto& in) { return rules.rule(in); }, instruction);
}

}  // namespace quern
