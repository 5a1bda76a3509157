#include "program/execute.h"

#include <algorithm>

#include "program/multiply.h"
#include "program/share.h"
#include "program/update.h"

namespace quern {
namespace {

template <class Enum>
int index(Enum value) {
  return static_cast<int>(value);
}

// Operand-by-operand view of a row of a matrix.
float* row(float* data, int64_t i, int64_t cols) { return data ? data + i * cols : nullptr; }
const int32_t* row(const int32_t* data, int64_t i, int64_t cols) { return data ? data + i * cols : nullptr; }

// One worker's part of one instruction: an overload for each.
class Execution {
 public:
  explicit Execution(const InstructionWork& work) : work_(work) {}

  void operator()(const Gemm& in) const noexcept { multiply(in, work_); }

  void operator()(const Pointwise& in) const noexcept {
    const Range r = work_.share.floats(matrix(in.out).size());
    work_.kernels.pointwise[index(in.function)](floats(in.x) + r.begin, floats(in.out) + r.begin, r.size(), in.alpha);
  }

  void operator()(const PointwiseGradient& in) const noexcept {
    const Matrix& out = matrix(in.out);
    const auto kernel = work_.kernels.pointwise_gradient[index(in.function)];
    const float *saved = floats(in.saved), *dy = floats(in.dy);
    float* const dx = floats(in.out);
    if (in.column_sums == kNoBuffer) {
      const Range r = work_.share.floats(out.size());
      return kernel(saved + r.begin, dy + r.begin, dx + r.begin, 1, r.size(), r.size(), in.alpha, nullptr);
    }
    const Range c = work_.share.columns(out.cols);
    if (c.size() == 0) return;
    kernel(saved + c.begin, dy + c.begin, dx + c.begin, out.rows, c.size(), out.cols, in.alpha,
           floats(in.column_sums) + c.begin);
  }

  void operator()(const Combine& in) const noexcept {
    const Matrix& out = matrix(in.out);
    const Range r = work_.share.rows(out.rows);
    const float *a = floats(in.a) + r.begin * out.cols, *b = floats(in.b);
    float* const c = floats(in.out) + r.begin * out.cols;
    const int f = index(in.function);
    switch (combine_form(work_.plan.matrices[in.b], work_.plan.matrices[in.out])) {
      case CombineForm::kSame:
        return work_.kernels.combine[f](a, b + r.begin * out.cols, c, r.size() * out.cols);
      case CombineForm::kVector:
        for (int64_t i = 0; i < r.size(); i++) {
          work_.kernels.combine[f](a + i * out.cols, b, c + i * out.cols, out.cols);
        }
        return;
      default:
        for (int64_t i = 0; i < r.size(); i++) {
          work_.kernels.combine_scalar[f](a + i * out.cols, b + r.begin + i, c + i * out.cols, out.cols);
        }
    }
  }

  void operator()(const Reduce& in) const noexcept {
    const Matrix& x = matrix(in.x);
    if (in.over_rows) {
      const Range c = work_.share.columns(x.cols);
      if (c.size() == 0) return;
      return work_.kernels.reduce_rows[index(in.function)](floats(in.x) + c.begin, floats(in.out) + c.begin, x.rows,
                                                           c.size(), x.cols);
    }
    const Range r = work_.share.rows(x.rows);
    work_.kernels.reduce_columns[index(in.function)](floats(in.x) + r.begin * x.cols, floats(in.out) + r.begin,
                                                     r.size(), x.cols);
  }

  void operator()(const Broadcast& in) const noexcept {
    const Matrix& out = matrix(in.out);
    const Range r = work_.share.rows(out.rows);
    work_.kernels.broadcast(floats(in.x) + r.begin, floats(in.out) + r.begin * out.cols, r.size(), out.cols, in.scale);
  }

  void operator()(const Softmax& in) const noexcept {
    const Matrix& out = matrix(in.out);
    const Range r = work_.share.rows(out.rows);
    work_.kernels.softmax(floats(in.x) + r.begin * out.cols, floats(in.out) + r.begin * out.cols, r.size(), out.cols);
  }

  void operator()(const SoftmaxGradient& in) const noexcept {
    const Matrix& out = matrix(in.out);
    const Range r = work_.share.rows(out.rows);
    const int64_t first = r.begin * out.cols;
    work_.kernels.softmax_gradient(floats(in.y) + first, floats(in.dy) + first, floats(in.out) + first, r.size(),
                                   out.cols);
  }

  void operator()(const SoftmaxCrossentropy& in) const noexcept {
    work_.kernels.softmax_crossentropy(logits_operands(in));
  }
  void operator()(const SigmoidCrossentropy& in) const noexcept {
    work_.kernels.sigmoid_crossentropy(logits_operands(in));
  }

  void operator()(const Loss& in) const noexcept {
    LossOperands operands = loss_operands(in.prediction, in.target, in.scale, in.values, in.gradient);
    operands.probabilities = nullptr;
    operands.label_smoothing = in.label_smoothing;
    work_.kernels.loss[index(in.function)](operands);
  }

  // Scaled in double and rounded once; a row's weight goes to each of its elements.
  void operator()(const LossScale& in) const noexcept {
    const int64_t elements = matrix(in.out).size(), rows = work_.context.rows();
    const float* const weights = floats(in.weights);
    const int64_t each = !weights || rows == 0 ? elements : elements / rows, groups = weights ? rows : 1;
    const auto weight = [&](int64_t i) { return weights ? static_cast<double>(weights[i]) : 1.0; };
    double divisor = in.reduction == Reduction::kSum ? 1 : static_cast<double>(elements);
    if (in.reduction == Reduction::kMeanWithSampleWeight) {
      divisor = 0;
      for (int64_t i = 0; i < groups; i++) divisor += static_cast<double>(each) * weight(i);
    }
    for (int64_t i = 0; i < groups; i++) {
      std::fill_n(floats(in.out) + i * each, each, divisor == 0 ? 0.0f : static_cast<float>(weight(i) / divisor));
    }
  }

  void operator()(const Accuracy& in) const noexcept {
    const Matrix& prediction = matrix(in.prediction);
    const Range r = work_.share.rows(prediction.rows);
    const bool sparse = in.kind == AccuracyKind::kSparse;
    const float* const target = sparse ? nullptr : row(floats(in.target), r.begin, prediction.cols);
    const int32_t* const labels = sparse ? row(integers(in.target), r.begin, 1) : nullptr;
    work_.kernels.accuracy[index(in.kind)](row(floats(in.prediction), r.begin, prediction.cols), target, labels,
                                           in.threshold, floats(in.values) + r.begin, r.size(), prediction.cols);
  }

  void operator()(const Accumulate& in) const noexcept {
    const int64_t elements = matrix(in.values).size(), rows = work_.context.rows();
    const float *values = floats(in.values), *weights = floats(in.weights);
    const int64_t each = weights && matrix(in.weights).size() != elements ? elements / std::max<int64_t>(rows, 1) : 1;
    double total = 0, count = 0;
    for (int64_t i = 0; i < elements; i++) {
      const double weight = weights ? static_cast<double>(weights[i / each]) : 1.0;
      total += weight * static_cast<double>(values[i]);
      count += weight;
    }
    double* const accumulator = &work_.context.accumulators[2 * static_cast<size_t>(in.into)];
    accumulator[0] += in.as_loss ? static_cast<double>(rows) * total : total;
    accumulator[1] += in.as_loss ? static_cast<double>(rows) : count;
  }

  void operator()(const Dropout& in) const noexcept {
    const Range r = work_.share.floats(matrix(in.out).size());
    work_.kernels.dropout(floats(in.x) + r.begin, floats(in.out) + r.begin, r.size(), r.begin, in.rate,
                          work_.context.step, static_cast<uint32_t>(in.stream), work_.context.key);
  }

  void operator()(const Affine& in) const noexcept {
    const Range r = work_.share.floats(matrix(in.out).size());
    work_.kernels.affine(floats(in.x) + r.begin, floats(in.out) + r.begin, r.size(), in.scale, in.offset);
  }

  void operator()(const Sgd& in) const noexcept { update(in); }
  void operator()(const Adam& in) const noexcept { update(in); }

 private:
  template <class Rule>
  void update(const Rule& in) const noexcept {
    for (const Range& left : work_.planned.left) {
      const Range r = work_.share.floats(left.size());
      const int64_t begin = left.begin + r.begin;
      apply_update(work_.kernels, work_.context, in, begin, floats(in.gradients) + begin, r.size());
    }
  }

  float* floats(BufferId id) const { return work_.floats(id); }
  const int32_t* integers(BufferId id) const { return reinterpret_cast<const int32_t*>(floats(id)); }
  const Matrix& matrix(BufferId id) const { return work_.matrix(id); }

  // This worker's rows of the operands all losses have.
  LossOperands loss_operands(BufferId prediction, BufferId target, BufferId scale, BufferId values,
                             BufferId gradient) const {
    const Matrix& size = matrix(prediction);
    const Range r = work_.share.rows(size.rows);
    const bool sparse = work_.spec.buffers[target].dtype == DType::kI32;
    LossOperands operands;
    operands.prediction = row(floats(prediction), r.begin, size.cols);
    operands.target = sparse ? nullptr : row(floats(target), r.begin, size.cols);
    operands.labels = sparse ? row(integers(target), r.begin, 1) : nullptr;
    operands.scale = row(floats(scale), r.begin, 1);
    operands.values = row(floats(values), r.begin, 1);
    operands.gradient = row(floats(gradient), r.begin, size.cols);
    operands.rows = r.size(), operands.cols = size.cols;
    return operands;
  }

  LossOperands logits_operands(const LogitsLoss& in) const {
    LossOperands operands = loss_operands(in.logits, in.target, in.scale, in.values, in.gradient);
    const Matrix& logits = matrix(in.logits);
    operands.probabilities = row(floats(in.probabilities), work_.share.rows(logits.rows).begin, logits.cols);
    operands.label_smoothing = in.label_smoothing;
    return operands;
  }

  const InstructionWork& work_;
};

}  // namespace

void wait_for_workers(Context& context, const Worker& worker) noexcept {
  if (worker.count == 1) return;
  const int64_t waited = context.barrier.wait();
  if (worker.timings) worker.timings->waiting += waited;
}

void run_segment(const KernelTable& kernels, const ProgramSpec& spec, const Plan& plan, const Schedule& schedule,
                 int segment, Context& context, const Worker& worker) noexcept {
  size_t before = 0;  // instructions of the segments before this one
  for (int i = 0; i < segment; i++) before += spec.segments[i].size();
  for (size_t i = 0; i < spec.segments[segment].size(); i++) {
    const PlannedInstruction& planned = schedule.segments[segment][i];
    if (planned.barrier) wait_for_workers(context, worker);
    const Share share = share_of(planned.cut, context.rows(), worker.index, worker.count);
    if (share.part >= share.parts) continue;
    const auto figure = [&](double* figures) { return figures ? figures + before + i : nullptr; };
    const Timings timings = worker.timings ? *worker.timings : Timings();
    const Stopwatch stopwatch(figure(timings.instructions));
    const InstructionWork work{kernels, spec, plan, planned, context, share, worker.index, figure(timings.skipped)};
    std::visit(Execution(work), spec.segments[segment][i]);
  }
}

}  // namespace quern
