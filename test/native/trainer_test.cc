// Whole spans: what a training run learns, that threads and interruptions change no bit, and how jobs end early.
#include <thread>

#include "check.h"
#include "programs.h"

namespace quern::test {

TEST(trainer_learns) {
  const Data data = make_data(512, 20, 5, 1);
  Mlp mlp = make_mlp({20, 32, 5}, 32, false);
  const auto program = make_program(mlp.spec, mlp.parameters);
  TrainingSpan training(data, 32, false, 2);
  SpanResult first, last;
  for (uint64_t epoch = 0; epoch < 10; epoch++) {
    training.span.epoch = epoch;
    last = train(*program, training.span);
    if (epoch == 0) first = last;
  }
  CHECK_EQUAL(last.steps, 16);
  CHECK_EQUAL(last.accumulators[1], 512.0);
  CHECK(last.accumulators[0] < first.accumulators[0] / 4);
  CHECK(last.accumulators[2] / last.accumulators[3] > 0.95);
}

static std::vector<float> trained_with(int threads, bool integer_labels, float dropout, int64_t first_span) {
  const Data data = make_data(300, 24, 7, 2);
  Mlp mlp = make_mlp({24, 40, 33, 7}, 32, integer_labels, dropout);
  const auto program = make_program(mlp.spec, mlp.parameters, true);
  TrainingSpan training(data, 32, integer_labels, threads);
  Span span = training.span;
  std::vector<double> so_far;
  for (int64_t done = 0; done < training.span.steps; done += span.steps) {
    span.first_step = done;
    span.steps = done == 0 ? first_span : training.span.steps - done;
    span.scalars = training.scalars.data() + 3 * done;
    span.accumulators = done ? so_far.data() : nullptr;
    span.accumulators_length = static_cast<int64_t>(so_far.size());
    const SpanResult result = train(*program, span);
    CHECK_EQUAL(result.steps, span.steps);
    so_far = result.accumulators;
  }
  std::vector<float> state = weights_of(*mlp.parameters);
  for (double value : so_far) state.push_back(static_cast<float>(value));
  return state;
}

TEST(trainer_same_bits_for_any_threads_and_spans) {
  for (float dropout : {0.0f, 0.4f}) {
    const std::vector<float> one = trained_with(1, dropout > 0, dropout, 10);
    for (int threads : {2, 3, 5}) CHECK(trained_with(threads, dropout > 0, dropout, 10) == one);
    for (int64_t first : {1, 4}) CHECK(trained_with(2, dropout > 0, dropout, first) == one);
  }
}

}  // namespace quern::test
