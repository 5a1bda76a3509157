#include "programs.h"

#include "check.h"
#include "kernels/dispatch.h"
#include "runtime/random.h"

namespace quern::test {

// Uniform in [-1, 1), a function of its arguments.
static float uniform(uint64_t seed, uint32_t stream, uint64_t index) {
  uint32_t word;
  random_words(best_table(), seed, stream, index, &word, 1);
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

// Writes the network's program in order: forward, loss, backward from the last layer to the first, update.
class MlpBuilder {
 public:
  MlpBuilder(const std::vector<int64_t>& sizes, float dropout)
      : sizes_(sizes), layers_(static_cast<int>(sizes.size()) - 1), dropout_(dropout) {}

  ProgramSpec build(int64_t max_rows, bool integer_labels, int64_t slab_size) {
    b_.spec.name = "mlp";
    b_.spec.max_rows = max_rows;
    b_.spec.accumulators = 2;
    x_.push_back(b_.input({kRows, sizes_[0]}));
    for (int i = 0; i < layers_; i++) forward(i);
    BufferId dz = loss(integer_labels);
    for (int i = layers_ - 1; i >= 0; i--) dz = backward(i, dz);
    update(slab_size);
    return b_.spec;
  }

 private:
  PointwiseFunction function(int layer) const {
    return layer == layers_ - 1 ? PointwiseFunction::kLinear : PointwiseFunction::kRelu;
  }
  bool drops(int layer) const { return dropout_ > 0 && layer == 0; }

  void forward(int i) {
    const std::string n = std::to_string(i);
    w_.push_back(b_.range(BufferKind::kParameter, "w" + n, {sizes_[i], sizes_[i + 1]}, 2 * i, 1));
    const BufferId bias = b_.range(BufferKind::kParameter, "b" + n, {sizes_[i + 1]}, 2 * i + 1, 1);
    const BufferId h = b_.temp("h" + n, {kRows, sizes_[i + 1]});
    b_.emit(kForward, Gemm{x_.back(), w_[i], bias, h, false, false, false, function(i), 0});
    // In place: what is dropped is 0 as if relu had made it so, and passes no gradient.
    if (drops(i)) b_.emit(kForward, Dropout{h, h, dropout_, 0});
    x_.push_back(h);
  }

  // The gradient of the logits.
  BufferId loss(bool integer_labels) {
    const int64_t classes = sizes_.back();
    SoftmaxCrossentropy loss;
    loss.logits = x_.back();
    loss.target = integer_labels ? b_.labels(static_cast<int32_t>(classes)) : b_.target({kRows, classes});
    loss.scale = b_.temp("scale", {kRows});
    loss.values = b_.temp("values", {kRows});
    loss.probabilities = b_.temp("p", {kRows, classes});
    loss.gradient = b_.temp("dz", {kRows, classes});
    loss.label_smoothing = 0;
    const BufferId right = b_.temp("right", {kRows});
    const AccuracyKind kind = integer_labels ? AccuracyKind::kSparse : AccuracyKind::kCategorical;
    b_.emit(kForward, LossScale{kNoBuffer, loss.scale, Reduction::kSumOverBatchSize});
    b_.emit(kForward, loss);
    b_.emit(kForward, Accumulate{loss.values, loss.scale, 0, true});
    b_.emit(kForward, Accuracy{loss.probabilities, loss.target, right, kind, 0.5f});
    b_.emit(kForward, Accumulate{right, kNoBuffer, 1, false});
    return loss.gradient;
  }

  // From the gradient of layer i's output that of its input, if there is a layer before it.
  BufferId backward(int i, BufferId dz) {
    const std::string n = std::to_string(i);
    const BufferId dw = b_.range(BufferKind::kGradient, "dw" + n, {sizes_[i], sizes_[i + 1]}, 2 * i, 1);
    const BufferId db = b_.range(BufferKind::kGradient, "db" + n, {sizes_[i + 1]}, 2 * i + 1, 1);
    const PointwiseFunction linear = PointwiseFunction::kLinear;
    if (drops(i)) b_.emit(kBackward, Dropout{dz, dz, dropout_, 0});
    b_.emit(kBackward, PointwiseGradient{x_[i + 1], dz, dz, db, function(i), 0});
    const BufferId dx = i > 0 ? b_.temp("dh" + n, {kRows, sizes_[i]}) : kNoBuffer;
    if (i > 0) b_.emit(kBackward, Gemm{dz, w_[i], kNoBuffer, dx, false, true, false, linear, 0});
    b_.emit(kBackward, Gemm{x_[i], dz, kNoBuffer, dw, true, false, false, linear, 0});
    return dx;
  }

  void update(int64_t slab_size) {
    const BufferId scalars = b_.add(BufferKind::kScalars, "scalars", {3});
    b_.emit(kUpdate, Sgd{b_.range(BufferKind::kParameter, "w", {slab_size}, 0, 2 * layers_),
                         b_.range(BufferKind::kGradient, "dw", {slab_size}, 0, 2 * layers_),
                         b_.range(BufferKind::kSlot, "m", {slab_size}, 0, 2 * layers_), scalars, true, false});
  }

  const std::vector<int64_t> sizes_;
  const int layers_;
  const float dropout_;
  Builder b_;
  std::vector<BufferId> x_, w_;  // inputs of each layer and the last one's output; kernels
};

Mlp make_mlp(const std::vector<int64_t>& sizes, int64_t max_rows, bool integer_labels, float dropout) {
  Mlp mlp;
  mlp.parameters = make_parameters(sizes);
  mlp.spec = MlpBuilder(sizes, dropout).build(max_rows, integer_labels, mlp.parameters->slab_size());
  return mlp;
}

std::unique_ptr<Program> make_program(const ProgramSpec& spec, std::shared_ptr<Parameters> parameters,
                                      bool keep_temporaries, const KernelTable& kernels) {
  std::unique_ptr<Program> program;
  CHECK_EQUAL(Program::create(spec, std::move(parameters), kernels, keep_temporaries, &program), "");
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
