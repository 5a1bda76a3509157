// Programs and data that several native tests run.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/dispatch.h"
#include "program/program.h"

namespace quern::test {

// Collects buffers and instructions.
class Builder {
 public:
  ProgramSpec spec;

  BufferId input(std::vector<int64_t> shape) { return add(BufferKind::kInput, "x", std::move(shape)); }
  BufferId target(std::vector<int64_t> shape) { return add(BufferKind::kTarget, "y", std::move(shape)); }
  BufferId labels(int32_t classes) {
    const BufferId id = add(BufferKind::kTarget, "y", {kRows});
    spec.buffers[id].dtype = DType::kI32;
    spec.buffers[id].classes = classes;
    return id;
  }
  BufferId temp(const std::string& name, std::vector<int64_t> shape) {
    return add(BufferKind::kTemp, name, std::move(shape));
  }
  BufferId range(BufferKind kind, const std::string& name, std::vector<int64_t> shape, int first, int count) {
    const BufferId id = add(kind, name, std::move(shape));
    spec.buffers[id].first = first;
    spec.buffers[id].count = count;
    return id;
  }
  BufferId add(BufferKind kind, const std::string& name, std::vector<int64_t> shape) {
    BufferSpec buffer;
    buffer.name = name;
    buffer.kind = kind;
    buffer.shape = std::move(shape);
    spec.buffers.push_back(buffer);
    return static_cast<BufferId>(spec.buffers.size() - 1);
  }
  void emit(Segment segment, Instruction instruction) { spec.segments[segment].push_back(instruction); }
};

// A classifier of relu layers with softmax cross-entropy, accuracy, dropout after the first layer when `dropout` > 0,
// trained by SGD with Nesterov momentum: `sizes` from inputs to classes.
struct Mlp {
  std::shared_ptr<Parameters> parameters;
  ProgramSpec spec;
};
Mlp make_mlp(const std::vector<int64_t>& sizes, int64_t max_rows, bool integer_labels, float dropout = 0);

// The program over these kernels, the best of the machine by default; fails the test when it is refused.
std::unique_ptr<Program> make_program(const ProgramSpec& spec, std::shared_ptr<Parameters> parameters,
                                      bool keep_temporaries = false, const KernelTable& kernels = best_table());

// Rows that a small network can learn: class centres plus noise, all from a seed.
struct Data {
  int64_t rows = 0, inputs = 0, classes = 0;
  std::vector<float> x, one_hot;
  std::vector<int32_t> labels;
};
Data make_data(int64_t rows, int64_t inputs, int64_t classes, uint64_t seed);

// A training span over all of the data, learning rate and momentum the same in every step.
struct TrainingSpan {
  Span span;
  std::vector<float> scalars;
  TrainingSpan(const Data& data, int64_t batch_size, bool integer_labels, int threads);
};

// Runs it as a training job and answers its result.
SpanResult train(Program& program, const Span& span);
std::vector<float> weights_of(Parameters& parameters);

}  // namespace quern::test
