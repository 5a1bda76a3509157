// Instructions as the executor runs them: the ones it computes itself against their formulas, and all of them for any
// number of workers with the same bits.
#include "check.h"
#include "program/operands.h"
#include "programs.h"

namespace quern::test {

static std::vector<float> contents(const Program& program, BufferId buffer) {
  int64_t elements = 0;
  const float* const data = static_cast<const float*>(program.read_buffer(buffer, &elements));
  CHECK(data != nullptr);
  return data ? std::vector<float>(data, data + elements) : std::vector<float>();
}

static std::shared_ptr<Parameters> no_parameters() {
  std::shared_ptr<Parameters> none;
  CHECK_EQUAL(Parameters::create({}, 0, &none), "");
  return none;
}

// Runs the forward segment over `rows` rows of x (and sample weights), one step.
static SpanResult forward(Program& program, const std::vector<float>& x, const std::vector<float>& weights,
                          int64_t rows, int threads = 1) {
  Span span;
  span.rows = span.batch_size = rows;
  span.steps = 1;
  span.threads = threads;
  span.inputs = {{x.data(), ElementType::kF32, static_cast<int64_t>(x.size()), static_cast<int64_t>(x.size()) / rows}};
  span.weights = {weights.data(), ElementType::kF32, static_cast<int64_t>(weights.size()), 1};
  CHECK_EQUAL(program.check(span), "");
  Progress progress(program.spec().accumulators);
  SpanResult result;
  program.run(span, WeightsAccess::kLive, progress, &result);
  return result;
}

static std::vector<float> loss_scale(Reduction reduction, bool weighted, std::vector<int64_t> shape,
                                     const std::vector<float>& weights) {
  Builder b;
  b.spec.max_rows = 4;
  b.input({kRows, 1});
  const BufferId w = b.add(BufferKind::kWeights, "w", {kRows}), out = b.temp("out", std::move(shape));
  b.emit(kForward, LossScale{weighted ? w : kNoBuffer, out, reduction});
  const auto program = make_program(b.spec, no_parameters(), true);
  forward(*program, {0, 0, 0, 0}, weights, 4);
  return contents(*program, out);
}

TEST(loss_scale_reductions) {
  using Floats = std::vector<float>;
  const Floats weights{1, 3, 0, 4};
  CHECK(loss_scale(Reduction::kSumOverBatchSize, false, {kRows}, weights) == Floats({0.25f, 0.25f, 0.25f, 0.25f}));
  CHECK(loss_scale(Reduction::kSumOverBatchSize, true, {kRows}, weights) == Floats({0.25f, 0.75f, 0, 1}));
  CHECK(loss_scale(Reduction::kSum, true, {kRows, 1}, weights) == weights);
  CHECK(loss_scale(Reduction::kMeanWithSampleWeight, true, {kRows}, weights) == Floats({0.125f, 0.375f, 0, 0.5f}));
  CHECK(loss_scale(Reduction::kMeanWithSampleWeight, true, {kRows}, {0, 0, 0, 0}) == Floats({0, 0, 0, 0}));
  // Two elements a row: each has the row's weight.
  CHECK(loss_scale(Reduction::kSum, true, {kRows, 2}, weights) == Floats({1, 1, 3, 3, 0, 0, 4, 4}));
  CHECK(loss_scale(Reduction::kMeanWithSampleWeight, true, {kRows, 2}, {1, 0, 0, 1}) ==
        Floats({0.25f, 0.25f, 0, 0, 0, 0, 0.25f, 0.25f}));
}

TEST(accumulate_as_loss_and_as_metric) {
  Builder b;
  b.spec.max_rows = 4;
  b.spec.accumulators = 4;
  const BufferId x = b.input({kRows, 2}), w = b.add(BufferKind::kWeights, "w", {kRows});
  const BufferId scale = b.temp("scale", {kRows, 2});
  b.emit(kForward, LossScale{w, scale, Reduction::kSumOverBatchSize});
  b.emit(kForward, Accumulate{x, scale, 0, true});
  b.emit(kForward, Accumulate{x, kNoBuffer, 1, false});
  b.emit(kForward, Accumulate{x, w, 2, false});
  b.emit(kForward, Accumulate{x, scale, 3, false});
  const auto program = make_program(b.spec, no_parameters());
  // values 1..6, weights 1 2 3 a row: sum(w v) = 3 + 14 + 33 = 50 over 6 elements
  const SpanResult result = forward(*program, {1, 2, 3, 4, 5, 6}, {1, 2, 3}, 3);
  const std::vector<double>& a = result.accumulators;
  CHECK_NEAR(a[0], 3 * 50 / 6.0, 1e-5);
  CHECK_EQUAL(a[1], 3.0);
  CHECK_EQUAL(a[2], 21.0);
  CHECK_EQUAL(a[3], 6.0);
  CHECK_EQUAL(a[4], 50.0);
  CHECK_EQUAL(a[5], 12.0);
  CHECK_NEAR(a[6], 50 / 6.0, 1e-6);
  CHECK_NEAR(a[7], 2.0, 1e-6);
}

// Every instruction that is cut by rows, columns or elements, in one program.
static ProgramSpec all_cuts(int64_t rows, int64_t cols) {
  Builder b;
  b.spec.max_rows = rows;
  const BufferId x = b.input({kRows, cols});
  int made = 0;
  const auto temp = [&](std::vector<int64_t> shape) { return b.temp("t" + std::to_string(made++), std::move(shape)); };
  const std::vector<int64_t> full{kRows, cols}, each{kRows, 1}, vector{cols};
  const auto emit = [&](auto in) {
    b.emit(kForward, in);
    return in.out;
  };
  const BufferId y = emit(Pointwise{x, temp(full), PointwiseFunction::kTanh, 0});
  const BufferId sums = temp(vector);
  const BufferId dx = emit(PointwiseGradient{y, x, temp(full), sums, PointwiseFunction::kTanh, 0});
  const BufferId gelu = emit(PointwiseGradient{x, dx, temp(full), kNoBuffer, PointwiseFunction::kGelu, 0});
  const BufferId mean = emit(Reduce{gelu, temp(each), ReduceFunction::kMean, false});
  const BufferId most = emit(Reduce{gelu, temp(vector), ReduceFunction::kMax, true});
  const BufferId squares = emit(Combine{dx, gelu, temp(full), CombineFunction::kMultiply});
  const BufferId shifted = emit(Combine{squares, most, temp(full), CombineFunction::kSubtract});
  const BufferId centred = emit(Combine{shifted, mean, temp(full), CombineFunction::kSubtract});
  const BufferId soft = emit(Softmax{centred, temp(full)});
  const BufferId dsoft = emit(SoftmaxGradient{soft, x, temp(full)});
  const BufferId dropped = emit(Dropout{dsoft, temp(full), 0.3f, 2});
  const BufferId affine = emit(Affine{dropped, temp(full), 3, 0.5f});
  const BufferId spread = emit(Broadcast{mean, temp(full), 0.5f});
  const BufferId product = temp({cols, cols});
  emit(Gemm{affine, spread, sums, product, true, false, false, PointwiseFunction::kSilu, 0});
  const BufferId scale = emit(LossScale{kNoBuffer, temp({kRows}), Reduction::kSumOverBatchSize});
  Loss loss{affine, soft, scale, temp({kRows}), temp(full), LossFunction::kBinaryCrossentropy, 0.1f};
  b.emit(kForward, loss);
  SoftmaxCrossentropy softmax_loss;
  softmax_loss.logits = affine, softmax_loss.target = soft, softmax_loss.scale = scale;
  softmax_loss.values = temp({kRows}), softmax_loss.probabilities = temp(full), softmax_loss.gradient = temp(full);
  softmax_loss.label_smoothing = 0.1f;
  b.emit(kForward, softmax_loss);
  SigmoidCrossentropy sigmoid_loss;
  static_cast<LogitsLoss&>(sigmoid_loss) = softmax_loss;
  sigmoid_loss.values = temp({kRows}), sigmoid_loss.probabilities = temp(full), sigmoid_loss.gradient = temp(full);
  b.emit(kForward, sigmoid_loss);
  b.emit(kForward, Accuracy{affine, soft, temp({kRows}), AccuracyKind::kCategorical, 0.5f});
  return b.spec;
}

TEST(execute_same_bits_for_any_workers) {
  for (int64_t cols : {1, 7, 16, 45}) {
    for (int64_t rows : {1, 2, 9, 32}) {
      const Data data = make_data(rows, cols, 2, 3);
      const ProgramSpec spec = all_cuts(rows, cols);
      const auto one = make_program(spec, no_parameters(), true), many = make_program(spec, no_parameters(), true);
      forward(*one, data.x, {}, rows);
      for (int threads : {2, 3, 4}) {
        forward(*many, data.x, {}, rows, threads);
        for (size_t id = 0; id < spec.buffers.size(); id++) {
          const BufferId buffer = static_cast<BufferId>(id);
          if (contents(*one, buffer) == contents(*many, buffer)) continue;
          fail(__FILE__, __LINE__, spec.buffers[id].name + " differs with " + std::to_string(threads) + " threads");
        }
      }
    }
  }
}

// One step of an optimizer from known weights w, gradients g and slots, with the given scalars.
struct Updated {
  float w, slots[3];
};
template <class Update>
static Updated update(Update in, const std::vector<float>& scalars) {
  const float w = 2, g = 0.5f, slots[3] = {0.25f, 0.125f, 1};
  std::shared_ptr<Parameters> parameters;
  CHECK_EQUAL(Parameters::create({{"w", {1}}}, 3, &parameters), "");
  CHECK(parameters->write(0, -1, &w));
  for (int slot = 0; slot < 3; slot++) CHECK(parameters->write(0, slot, &slots[slot]));
  Builder b;
  b.spec.max_rows = 1;
  const BufferId x = b.input({kRows, 1});
  b.range(BufferKind::kParameter, "w", {1}, 0, 1);                // 1
  const BufferId dw = b.range(BufferKind::kGradient, "dw", {1}, 0, 1);  // 2
  for (int slot = 0; slot < 3; slot++) {                          // 3, 4, 5
    b.spec.buffers[b.range(BufferKind::kSlot, "slot", {1}, 0, 1)].slot = slot;
  }
  b.add(BufferKind::kScalars, "scalars", {static_cast<int64_t>(scalars.size())});  // 6
  b.emit(kBackward, Reduce{x, dw, ReduceFunction::kSum, true});
  b.emit(kUpdate, in);
  const auto program = make_program(b.spec, parameters, true);
  Span span;
  span.rows = span.batch_size = span.steps = 1;
  span.inputs = {{&g, ElementType::kF32, 1, 1}};
  span.scalars = scalars.data(), span.scalars_length = static_cast<int64_t>(scalars.size());
  for (bool& segment : span.segments) segment = true;
  CHECK_EQUAL(train(*program, span).steps, 1);
  Updated updated{};
  CHECK(parameters->read(0, -1, &updated.w));
  for (int slot = 0; slot < 3; slot++) CHECK(parameters->read(0, slot, &updated.slots[slot]));
  return updated;
}

TEST(execute_passes_optimizers_what_they_need) {
  const std::vector<float> sgd{0.5f, 0.25f, 0.125f};  // rate, momentum, decay; all values below are exact
  CHECK_EQUAL(update(Sgd{1, 2, kNoBuffer, 6, false, false}, sgd).w, 2 - 0.25f);
  CHECK_EQUAL(update(Sgd{1, 2, kNoBuffer, 6, false, true}, sgd).w, 2 - 0.25f - 0.25f);
  const float m = 0.25f * 0.25f - 0.25f;
  CHECK_EQUAL(update(Sgd{1, 2, 3, 6, false, false}, sgd).w, 2 + m);
  CHECK_EQUAL(update(Sgd{1, 2, 3, 6, false, false}, sgd).slots[0], m);
  CHECK_EQUAL(update(Sgd{1, 2, 3, 6, true, false}, sgd).w, 2 + 0.25f * m - 0.25f);
  CHECK_EQUAL(update(Sgd{1, 2, 4, 6, true, false}, sgd).slots[1], 0.25f * 0.125f - 0.25f);

  const std::vector<float> adam{0.5f, 0.75f, 0.5f, 1.0f, 0.125f};  // alpha, beta1, beta2, epsilon, decay
  const float m1 = 0.25f + 0.25f * 0.25f, v1 = 0.125f + 0.5f * (0.25f - 0.125f);
  const Updated plain = update(Adam{1, 2, 3, 4, kNoBuffer, 6, false}, adam);
  CHECK_EQUAL(plain.slots[0], m1);
  CHECK_EQUAL(plain.slots[1], v1);
  CHECK_EQUAL(plain.slots[2], 1.0f);
  CHECK_NEAR(plain.w, 2 - 0.5 * m1 / (std::sqrt(v1) + 1), 1e-6);
  const Updated amsgrad = update(Adam{1, 2, 3, 4, 5, 6, true}, adam);
  CHECK_EQUAL(amsgrad.slots[2], 1.0f);
  CHECK_NEAR(amsgrad.w, 2 - 0.25 - 0.5 * m1 / 2, 1e-6);
}

// A view shows the memory of what it is a view of, at both ends of a chain.
TEST(execute_views) {
  Builder b;
  b.spec.max_rows = 3;
  const BufferId x = b.input({kRows, 2, 2}), y = b.temp("y", {kRows, 4});
  const auto view = [&](BufferId of, std::vector<int64_t> shape) {
    const BufferId id = b.add(BufferKind::kView, "view", std::move(shape));
    b.spec.buffers[id].of = of;
    return id;
  };
  const BufferId flat = view(view(x, {kRows, 4, 1}), {kRows, 4}), wide = view(y, {kRows, 1, 4});
  b.emit(kForward, Affine{flat, y, 2, 1});
  const BufferId sums = b.temp("sums", {kRows, 1});
  b.emit(kForward, Reduce{wide, sums, ReduceFunction::kSum, false});
  const auto program = make_program(b.spec, no_parameters(), true);
  forward(*program, {1, 2, 3, 4, 5, 6, 7, 8}, {}, 2);
  CHECK(contents(*program, sums) == std::vector<float>({24, 56}));
  CHECK(contents(*program, wide) == contents(*program, y));
}

}  // namespace quern::test
