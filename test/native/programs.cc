#include "programs.h"

#include "check.h"
#include "kernels/dispatch.h"
#include "runtime/random.h"

namespace quern::test {

// Uniform in [-1, 1), a function of its arguments.
static float uniform(uint64_t seed, uint32_t stream, uint64_t index) {
  uint32_t word;
  random_words(seed, stream, index, &word, 1);
  return static_cast<float>(word) * 0x1p-31f - 1.0f;
}

static std::shared_ptr<Parameters> make_parameters(const std::vector<int64_t>& sizes) {
  std::vector<ParameterLayout> layout;
  for (size_t i = 0; i + 1 < sizes.size(); i++) {
    layout.push_back({"w" + std::to_string(i), {sizes[i], sizes[i + 1]}});
    layout.push_back({"b" + std::to_string(i), {sizes[i + 1]}});
  }
  std::shared_ptr<Parameters> parameters;
  CHECK_EQUAL(Parameters::create(layout, 1, &parameters), "");
  for (int i = 0; i < parameters->count(); i += 2) {
    std::vector<float> values(static_cast<size_t>(parameters->size(i)));
    const float limit = std::sqrt(6.0f / static_cast<float>(parameters->shape(i)[0] + parameters->shape(i)[1]));
    for (size_t j = 0; j < values.size(); j++) values[j] = limit * uniform(1, static_cast<uint32_t>(i), j);
    CHECK(parameters->write(i, -1, values.data()));
  }
  return parameters;
}

Mlp make_mlp(const std::vector<int64_t>& sizes, int64_t max_rows, bool integer_labels, float dropout) {
  Mlp mlp;
  mlp.parameters = make_parameters(sizes);
  const int layers = static_cast<int>(sizes.size()) - 1;
  Builder b;
  b.spec.name = "mlp";
  b.spec.max_rows = max_rows;
  b.spec.accumulators = 2;
  std::vector<BufferId> x{b.input({kRows, sizes[0]})}, w, bias, dropped;
  const int64_t classes = sizes.back();
  const BufferId y = integer_labels ? b.labels(static_cast<int32_t>(classes)) : b.target({kRows, classes});
  for (int i = 0; i < layers; i++) {
    const std::string n = std::to_string(i);
    w.push_back(b.range(BufferKind::kParameter, "w" + n, {sizes[i], sizes[i + 1]}, 2 * i, 1));
    bias.push_back(b.range(BufferKind::kParameter, "b" + n, {sizes[i + 1]}, 2 * i + 1, 1));
    BufferId h = b.temp("h" + n, {kRows, sizes[i + 1]});
    const bool last = i == layers - 1;
    b.emit(kForward, Gemm{x.back(), w[i], bias[i], h, false, false, false,
                          last ? PointwiseFunction::kLinear : PointwiseFunction::kRelu, 0});
    x.push_back(h);
  }
  const BufferId scale = b.temp("scale", {kRows}), values = b.temp("values", {kRows}), right = b.temp("right", {kRows});
  const BufferId probabilities = b.temp("p", {kRows, classes});
  BufferId dz = b.temp("dz", {kRows, classes});
  b.emit(kForward, LossScale{kNoBuffer, scale, Reduction::kSumOverBatchSize});
  SoftmaxCrossentropy loss;
  loss.logits = x.back(), loss.target = y, loss.scale = scale, loss.values = values;
  loss.probabilities = probabilities, loss.gradient = dz, loss.label_smoothing = 0;
  b.emit(kForward, loss);
  b.emit(kForward, Accumulate{values, scale, 0, true});
  b.emit(kForward, Accuracy{probabilities, y, right, integer_labels ? AccuracyKind::kSparse : AccuracyKind::kCategorical,
                            0.5f});
  b.emit(kForward, Accumulate{right, kNoBuffer, 1, false});
  for (int i = layers - 1; i >= 0; i--) {
    const std::string n = std::to_string(i);
    const BufferId dw = b.range(BufferKind::kGradient, "dw" + n, {sizes[i], sizes[i + 1]}, 2 * i, 1);
    const BufferId db = b.range(BufferKind::kGradient, "db" + n, {sizes[i + 1]}, 2 * i + 1, 1);
    const PointwiseFunction f = i == layers - 1 ? PointwiseFunction::kLinear : PointwiseFunction::kRelu;
    b.emit(kBackward, PointwiseGradient{x[i + 1], dz, dz, db, f, 0});
    BufferId dx = kNoBuffer;
    if (i > 0) {
      dx = b.temp("dh" + n, {kRows, sizes[i]});
      b.emit(kBackward, Gemm{dz, w[i], kNoBuffer, dx, false, true, false, PointwiseFunction::kLinear, 0});
    }
    b.emit(kBackward, Gemm{x[i], dz, kNoBuffer, dw, true, false, false, PointwiseFunction::kLinear, 0});
    if (dropout > 0 && i == 1) b.emit(kBackward, Dropout{dx, dx, dropout, 0});
    dz = dx;
  }
  // Dropout in place after the first layer's relu: its zeros pass no gradient, which the mask above takes care of.
  if (dropout > 0) {
    auto& forward = b.spec.segments[kForward];
    forward.insert(forward.begin() + 1, Dropout{x[1], x[1], dropout, 0});
  }
  const int64_t total = mlp.parameters->slab_size();
  const BufferId scalars = b.add(BufferKind::kScalars, "scalars", {3});
  b.emit(kUpdate, Sgd{b.range(BufferKind::kParameter, "w", {total}, 0, 2 * layers),
                      b.range(BufferKind::kGradient, "dw", {total}, 0, 2 * layers),
                      b.range(BufferKind::kSlot, "m", {total}, 0, 2 * layers), scalars, true, false});
  mlp.spec = b.spec;
  return mlp;
}

std::unique_ptr<Program> make_program(const ProgramSpec& spec, std::shared_ptr<Parameters> parameters,
                                      bool keep_temporaries) {
  std::unique_ptr<Program> program;
  CHECK_EQUAL(Program::create(spec, std::move(parameters), best_table(), keep_temporaries, &program), "");
  return program;
}

Data make_data(int64_t rows, int64_t inputs, int64_t classes, uint64_t seed) {
  Data data;
  data.rows = rows, data.inputs = inputs, data.classes = classes;
  data.one_hot.resize(static_cast<size_t>(rows * classes));
  for (int64_t i = 0; i < rows; i++) {
    const int64_t label = static_cast<int64_t>((uniform(seed, 0, static_cast<uint64_t>(i)) + 1) / 2 *
                                               static_cast<float>(classes));
    data.labels.push_back(static_cast<int32_t>(label));
    data.one_hot[static_cast<size_t>(i * classes + label)] = 1;
    for (int64_t j = 0; j < inputs; j++) {
      const float centre = uniform(7, 1, static_cast<uint64_t>(label * inputs + j));
      data.x.push_back(centre + uniform(seed, 2, static_cast<uint64_t>(i * inputs + j)));
    }
  }
  return data;
}

TrainingSpan::TrainingSpan(const Data& data, int64_t batch_size, bool integer_labels, int threads) {
  span.inputs = {{data.x.data(), ElementType::kF32, static_cast<int64_t>(data.x.size()), data.inputs}};
  span.targets = {integer_labels ? ArrayView{data.labels.data(), ElementType::kI32, data.rows, 1}
                                 : ArrayView{data.one_hot.data(), ElementType::kF32, data.rows * data.classes,
                                             data.classes}};
  span.rows = data.rows;
  span.batch_size = batch_size;
  span.steps = (data.rows + batch_size - 1) / batch_size;
  span.shuffle = true;
  span.seed = 5;
  span.threads = threads;
  for (bool& segment : span.segments) segment = true;
  for (int64_t i = 0; i < span.steps; i++) scalars.insert(scalars.end(), {0.05f, 0.9f, 0.0f});
  span.scalars = scalars.data();
  span.scalars_length = static_cast<int64_t>(scalars.size());
}

SpanResult train(Program& program, const Span& span) {
  CHECK_EQUAL(program.check(span), "");
  CHECK(program.parameters()->try_begin_training());
  Progress progress(program.spec().accumulators);
  SpanResult result;
  program.run(span, WeightsAccess::kLive, progress, &result);
  program.parameters()->end_training();
  return result;
}

std::vector<float> weights_of(Parameters& parameters) {
  std::vector<float> weights(static_cast<size_t>(parameters.slab_size()));
  CHECK(parameters.read(-1, -1, weights.data()));
  return weights;
}

}  // namespace quern::test
