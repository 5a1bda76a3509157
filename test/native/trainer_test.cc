// Whole spans: what a training run learns, that threads and interruptions change no bit, and how jobs end early.
#include <atomic>
#include <thread>

#include "check.h"
#include "program/plan.h"
#include "programs.h"
#include "runtime/pool.h"

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

// With keep_temporaries nothing is folded and no weights are laid in panels: whole steps that do so are held to that.
TEST(trainer_same_bits_with_updates_folded) {
  const Data data = make_data(kWorthPanels * 64 - 20, 200, 7, 2);
  std::vector<float> expected;
  for (bool keeps : {true, false}) {
    for (int threads : {1, 2, 3}) {
      Mlp mlp = make_mlp({200, 130, 66, 7}, 64, false);
      const auto program = make_program(mlp.spec, mlp.parameters, keeps);
      TrainingSpan training(data, 64, false, threads);
      for (uint64_t epoch = 0; epoch < 2; epoch++) {
        training.span.epoch = epoch;
        train(*program, training.span);
      }
      if (expected.empty()) expected = weights_of(*mlp.parameters);
      CHECK(weights_of(*mlp.parameters) == expected);
    }
  }
}

// Without keep_temporaries small instructions stay on worker 0, and the job itself finds out whether helpers pay.
TEST(trainer_same_bits_at_any_pace) {
  const Data data = make_data(6000, 64, 5, 8);
  std::vector<float> expected;
  for (int threads : {1, 2, 4}) {
    Mlp mlp = make_mlp({64, 96, 5}, 32, true, 0.2f);
    const auto program = make_program(mlp.spec, mlp.parameters);
    TrainingSpan training(data, 32, true, threads);
    for (uint64_t epoch = 0; epoch < 3; epoch++) {
      training.span.epoch = epoch;
      train(*program, training.span);
    }
    if (threads == 1) expected = weights_of(*mlp.parameters);
    CHECK(weights_of(*mlp.parameters) == expected);
  }
}

// Were it counted as a job, others would let their helpers go and fetch them back for each row that is predicted.
TEST(trainer_takes_no_share_for_a_brief_step) {
  const Data data = make_data(4, 16, 3, 5);
  Mlp mlp = make_mlp({16, 8, 3}, 4, false);
  const auto program = make_program(mlp.spec, mlp.parameters);
  Span span = TrainingSpan(data, 4, false, 2).span;
  span.segments[kBackward] = span.segments[kUpdate] = false;
  span.scalars = nullptr;
  Gang other(2);
  std::atomic<bool> over{false};
  std::thread thread([&] {
    for (int i = 0; i < 20'000; i++) train(*program, span);
    over = true;
  });
  bool shared = false;
  while (!over) shared |= other.share() != 2;
  thread.join();
  CHECK(!shared);
}

// A job on a thread of its own, as the pool would run it.
struct Running {
  Progress progress;
  SpanResult result;
  std::thread thread;

  Running(Program& program, const Span& span) : progress(program.spec().accumulators) {
    const bool training = program.trains(span);
    if (training) CHECK(program.parameters()->try_begin_training());
    thread = std::thread([&, training] {
      program.run(span, training ? WeightsAccess::kLive : WeightsAccess::kSnapshot, progress, &result);
      if (training) program.parameters()->end_training();
    });
  }
};

// Cancelled after some step, the weights are those of a run of exactly so many steps. All steps would take a second.
TEST(trainer_cancels_between_steps) {
  const Data data = make_data(200'000, 10, 3, 4);
  Mlp mlp = make_mlp({10, 16, 3}, 16, true);
  const auto program = make_program(mlp.spec, mlp.parameters, true);
  const TrainingSpan training(data, 1, true, 3);
  Running job(*program, training.span);
  std::vector<double> seen(4);
  while (job.progress.read(seen.data()) < 20) std::this_thread::yield();
  job.progress.cancel();
  job.thread.join();
  CHECK(job.result.cancelled);
  CHECK(job.result.steps >= 20 && job.result.steps < training.span.steps);

  Mlp same = make_mlp({10, 16, 3}, 16, true);
  const auto again = make_program(same.spec, same.parameters, true);
  Span shorter = training.span;
  shorter.steps = job.result.steps;
  const SpanResult result = train(*again, shorter);
  CHECK(!result.cancelled);
  CHECK(result.accumulators == job.result.accumulators);
  CHECK(weights_of(*same.parameters) == weights_of(*mlp.parameters));
}

TEST(trainer_cancelled_before_it_begins) {
  const Data data = make_data(64, 10, 3, 4);
  Mlp mlp = make_mlp({10, 8, 3}, 16, true);
  const auto program = make_program(mlp.spec, mlp.parameters);
  const TrainingSpan training(data, 16, true, 2);
  Progress progress(2);
  progress.cancel();
  SpanResult result;
  program->run(training.span, WeightsAccess::kLive, progress, &result);
  CHECK(result.cancelled);
  CHECK_EQUAL(result.steps, 0);
  CHECK_EQUAL(result.accumulators.size(), 4u);
}

// Steps and accumulators belong together: the accuracy's count is the rows of the finished steps.
TEST(progress_is_consistent) {
  const Data data = make_data(20000, 6, 3, 5);
  Mlp mlp = make_mlp({6, 4, 3}, 8, true);
  const auto program = make_program(mlp.spec, mlp.parameters, true);
  const TrainingSpan training(data, 8, true, 2);
  Running job(*program, training.span);
  std::vector<double> seen(4);
  int64_t last = 0;
  while (last < training.span.steps) {
    const int64_t steps = job.progress.read(seen.data());
    CHECK(steps >= last);
    CHECK_EQUAL(seen[3], static_cast<double>(8 * steps));
    last = steps;
  }
  job.thread.join();
  CHECK_EQUAL(job.result.steps, training.span.steps);
}

static Data with_label(Data data, int64_t row, int32_t label) {
  data.labels[static_cast<size_t>(row)] = label;
  return data;
}

// The error names the user's row, the steps before it stand, and nothing of its own step was done.
TEST(trainer_stops_at_a_bad_label) {
  for (int threads : {1, 3}) {
    for (int32_t label : {-1, 3, INT32_MAX, INT32_MIN}) {
      const Data data = with_label(make_data(64, 10, 3, 4), 37, label);
      Mlp mlp = make_mlp({10, 8, 3}, 8, true);
      const auto program = make_program(mlp.spec, mlp.parameters, true);
      TrainingSpan training(data, 8, true, threads);
      training.span.shuffle = false;
      const uint64_t version = mlp.parameters->version();
      const SpanResult result = train(*program, training.span);
      CHECK_EQUAL(result.steps, 4);
      CHECK_EQUAL(mlp.parameters->version(), version + 4);
      CHECK(result.error.kind == SpanError::kLabel);
      CHECK(result.error.array == SpanError::kY);
      CHECK_EQUAL(result.error.row, 37);
      CHECK_EQUAL(result.error.value, label);
      CHECK_EQUAL(result.error.classes, 3);
      Mlp same = make_mlp({10, 8, 3}, 8, true);
      const auto again = make_program(same.spec, same.parameters);
      training.span.steps = 4;
      train(*again, training.span);
      CHECK(weights_of(*same.parameters) == weights_of(*mlp.parameters));
      CHECK(!mlp.parameters->training());
    }
  }
}

TEST(trainer_checks_finite_where_asked) {
  Data data = make_data(64, 10, 3, 4);
  data.x[41 * 10 + 7] = INFINITY;
  data.x[43 * 10 + 2] = NAN;
  data.one_hot[40 * 3 + 1] = NAN;
  Mlp mlp = make_mlp({10, 8, 3}, 8, false);
  const auto program = make_program(mlp.spec, mlp.parameters, true);
  for (int threads : {1, 2, 4}) {
    TrainingSpan training(data, 8, false, threads);
    training.span.shuffle = false;
    CHECK_EQUAL(train(*program, training.span).steps, 8);
    training.span.check_finite = true;
    const SpanResult result = train(*program, training.span);
    CHECK_EQUAL(result.steps, 5);
    CHECK(result.error.kind == SpanError::kFinite);
    CHECK(result.error.array == SpanError::kY);  // row 40 comes before row 41
    CHECK_EQUAL(result.error.row, 40);
    CHECK_EQUAL(result.error.column, 1);
    CHECK(std::isnan(result.error.value));
    training.span.first_step = 5, training.span.steps = 3;
    training.span.targets[0].data = data.x.data();  // any finite floats but those of x's bad rows
    training.span.targets[0].length = data.rows * 3;
    const SpanResult second = train(*program, training.span);
    CHECK_EQUAL(second.error.row, 41);
    CHECK_EQUAL(second.error.column, 7);
    CHECK(second.error.array == SpanError::kX);
  }
}

// A shuffled row's error still names the row in the user's array.
TEST(trainer_names_the_row_when_shuffled) {
  const Data data = with_label(make_data(64, 10, 3, 4), 11, 7);
  Mlp mlp = make_mlp({10, 8, 3}, 8, true);
  const auto program = make_program(mlp.spec, mlp.parameters);
  const TrainingSpan training(data, 8, true, 2);
  const SpanResult result = train(*program, training.span);
  CHECK(result.error.kind == SpanError::kLabel);
  CHECK_EQUAL(result.error.row, 11);
}

// x as bytes and as integers, delivered as value * scale + offset, gives what floats give.
TEST(gather_converts_and_scales) {
  constexpr int64_t kCount = 70, kWidth = 5;
  std::vector<uint8_t> bytes;
  std::vector<int32_t> integers;
  std::vector<float> floats, expected;
  for (int64_t i = 0; i < kCount * kWidth; i++) {
    bytes.push_back(static_cast<uint8_t>(i * 37));
    integers.push_back(bytes.back());
    floats.push_back(bytes.back());
    expected.push_back(floats.back() * 0.1f);
    expected.back() += -3.0f;  // in a statement of its own: two roundings
  }
  Builder b;
  b.spec.max_rows = 16;
  const BufferId x = b.input({kRows, kWidth}), out = b.add(BufferKind::kOutput, "out", {kRows, kWidth});
  b.spec.buffers[x].scale = 0.1f, b.spec.buffers[x].offset = -3.0f;
  b.emit(kForward, Affine{x, out, 1, 0});
  std::shared_ptr<Parameters> none;
  CHECK_EQUAL(Parameters::create({}, 0, &none), "");
  const auto program = make_program(b.spec, none, true);
  const void* const sources[] = {floats.data(), bytes.data(), integers.data()};
  const ElementType types[] = {ElementType::kF32, ElementType::kU8, ElementType::kI32};
  for (int source = 0; source < 3; source++) {
    std::vector<float> delivered(kCount * kWidth, -1.0f);
    Span span;
    span.inputs = {{sources[source], types[source], kCount * kWidth, kWidth}};
    span.rows = kCount, span.batch_size = 16, span.steps = 5, span.threads = 2;
    span.outputs = {{delivered.data(), kCount * kWidth}};
    CHECK_EQUAL(program->check(span), "");
    Progress progress(0);
    SpanResult result;
    program->run(span, WeightsAccess::kLive, progress, &result);
    CHECK(delivered == expected);
  }
}

// Two trainings, and evaluations of one of the models while it trains, all on more threads than there are cores.
TEST(trainer_jobs_at_once) {
  const Data data = make_data(400, 12, 4, 6);
  Mlp first = make_mlp({12, 24, 4}, 16, true), second = make_mlp({12, 24, 4}, 16, true);
  const auto one = make_program(first.spec, first.parameters, true);
  const auto two = make_program(second.spec, second.parameters, true);
  const TrainingSpan training(data, 16, true, 3);
  Span evaluation = training.span;
  evaluation.segments[kBackward] = evaluation.segments[kUpdate] = evaluation.shuffle = false;
  for (uint64_t epoch = 0; epoch < 4; epoch++) {
    Span span = training.span;
    span.epoch = epoch;
    Running a(*one, span), b(*two, span), c(*one, evaluation), d(*one, evaluation);
    for (Running* job : {&a, &b, &c, &d}) {
      job->thread.join();
      CHECK_EQUAL(job->result.steps, span.steps);
    }
    CHECK(a.result.accumulators == b.result.accumulators);
  }
  CHECK(weights_of(*first.parameters) == weights_of(*second.parameters));
}

TEST(trainer_measures_where_time_goes) {
  const Data data = make_data(64, 10, 3, 4);
  Mlp mlp = make_mlp({10, 8, 3}, 8, true);
  const auto program = make_program(mlp.spec, mlp.parameters, true);
  TrainingSpan training(data, 8, true, 2);
  size_t instructions = 0;
  for (const auto& segment : mlp.spec.segments) instructions += segment.size();
  std::vector<double> timings(instructions + 2, 1.0);
  training.span.timings = timings.data();
  training.span.timings_length = static_cast<int64_t>(timings.size());
  train(*program, training.span);
  for (double seconds : timings) CHECK(seconds > 1.0);  // added to what was there
}

TEST(check_span_refuses_what_does_not_fit) {
  const Data data = make_data(64, 10, 3, 4);
  Mlp mlp = make_mlp({10, 8, 3}, 8, true);
  const auto program = make_program(mlp.spec, mlp.parameters);
  const TrainingSpan training(data, 8, true, 2);
  CHECK_EQUAL(program->check(training.span), "");
  const auto refused = [&](void (*spoil)(Span&)) {
    Span span = training.span;
    spoil(span);
    CHECK(!program->check(span).empty());
  };
  refused([](Span& s) { s.rows = 65; });
  refused([](Span& s) { s.rows = INT64_MAX; });
  refused([](Span& s) { s.rows = -1; });
  refused([](Span& s) { s.batch_size = 0; });
  refused([](Span& s) { s.batch_size = 9; });
  refused([](Span& s) { s.first_step = -1; });
  refused([](Span& s) { s.first_step = 1; });
  refused([](Span& s) { s.steps = INT64_MAX; });
  refused([](Span& s) { s.threads = 0; });
  refused([](Span& s) { s.threads = 257; });
  refused([](Span& s) { s.inputs.clear(); });
  refused([](Span& s) { s.inputs[0].row_length = 9; });
  refused([](Span& s) { s.inputs[0].length--; });
  refused([](Span& s) { s.inputs[0].data = nullptr; });
  refused([](Span& s) { s.targets[0].type = ElementType::kF32; });
  refused([](Span& s) { s.scalars = nullptr; });
  refused([](Span& s) { s.scalars_length--; });
  refused([](Span& s) { s.outputs.resize(1); s.shuffle = false; });
  const double start[2] = {};
  Span span = training.span;
  span.accumulators = start, span.accumulators_length = 2;
  CHECK(!program->check(span).empty());
  CHECK(mlp.parameters->reset_slots(0));
  CHECK(!program->check(training.span).empty());
}

}  // namespace quern::test
