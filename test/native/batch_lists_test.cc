// Programs over CSR inputs that stay lists: what they learn, what memory they take, and what a changing matrix does.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "check.h"
#include "csr_matrix.h"
#include "gemm/plane_gemm.h"
#include "kernels/philox.h"
#include "model/table.h"
#include "program/batch_lists.h"
#include "runtime/arena.h"

namespace quern::test {
namespace {

// Rows of which about one element in thirty is not 0; as floats and in CSR form.
struct SparseData {
  Data data;
  CsrMatrix matrix;

  SparseData(int64_t rows, int64_t inputs) : data(make_data(rows, inputs, 5, 1)), matrix(sparse(data, 1.5f)) {
    for (float& x : data.x) x = x > 1.5f ? x : 0;
    const auto elements = static_cast<double>(matrix.values.size());
    CHECK(elements > 0 && elements < 0.05 * static_cast<double>(rows * inputs));
  }
};

enum class Rule { kNesterov, kPlain, kDecays };

Mlp make(int64_t inputs, int64_t units, int64_t batch_size, Rule rule) {
  Mlp mlp = make_mlp({inputs, units, 5}, batch_size, false);
  Sgd& sgd = std::get<Sgd>(mlp.spec.segments[kUpdate][0]);
  if (rule != Rule::kNesterov) sgd.momentum = kNoBuffer, sgd.nesterov = false;
  sgd.weight_decay = rule == Rule::kDecays;
  return mlp;
}

struct Trained {
  std::vector<float> weights;
  std::vector<double> accumulators;
  bool operator==(const Trained& other) const { return weights == other.weights && accumulators == other.accumulators; }
};

// Two epochs; `apart`: gradients first, then updates, each as a job of one step.
Trained trained(const SparseData& data, bool listed, Mlp mlp, int threads, bool apart,
                const KernelTable& kernels = best_table()) {
  const auto program = make_program(mlp.spec, mlp.parameters, false, kernels);
  TrainingSpan training(data.data, mlp.spec.max_rows, false, threads);
  for (size_t i = 2; i < training.scalars.size(); i += 3) training.scalars[i] = 0.01f;
  Span span = training.span;
  if (listed) span.inputs = {data.matrix.view()};
  SpanResult result;
  for (span.epoch = 0; span.epoch < 2; span.epoch++) {
    if (!apart) {
      result = train(*program, span);
      CHECK_EQUAL(result.steps, span.steps);
      continue;
    }
    for (int64_t step = 0; step < training.span.steps; step++) {
      span.first_step = step, span.steps = 1;
      span.segments[kForward] = span.segments[kBackward] = true, span.segments[kUpdate] = false;
      result = train(*program, span);
      span.segments[kForward] = span.segments[kBackward] = false, span.segments[kUpdate] = true;
      CHECK_EQUAL(train(*program, span).steps, 1);
    }
  }
  return {weights_of(*mlp.parameters), result.accumulators};
}

}  // namespace

TEST(lists_are_learned_from_with_the_same_bits) {
  // Rows that each worker gathers for itself, and rows that are too wide for that.
  for (const int64_t inputs : {70, 3000}) {
    const SparseData data(20 * 32 - 9, inputs);
    for (const int64_t units : {24, 150}) {
      for (const Rule rule : {Rule::kNesterov, Rule::kPlain, Rule::kDecays}) {
        const Trained expected = trained(data, false, make(inputs, units, 32, rule), 1, false);
        for (const int threads : {1, 2, 3}) {
          CHECK(trained(data, true, make(inputs, units, 32, rule), threads, false) == expected);
        }
      }
    }
  }
}

TEST(lists_are_learned_from_with_updates_apart) {
  const SparseData data(200, 400);
  for (const Rule rule : {Rule::kNesterov, Rule::kPlain, Rule::kDecays}) {
    const Trained expected = trained(data, false, make(400, 40, 32, rule), 1, true);
    for (const int threads : {1, 2}) CHECK(trained(data, true, make(400, 40, 32, rule), threads, true) == expected);
  }
}

// Lists are multiplied by multiply-adds where dense rows would be as planes, which have other bits.
TEST(lists_are_learned_from_by_every_instruction_set) {
  const SparseData data(300, 400);
  const auto check = [&](const KernelTable& table) {
    for (const Precision precision : {Precision::kHighest, Precision::kMedium}) {
      const auto make_such = [&] {
        Mlp mlp = make(400, 70, 64, Rule::kPlain);
        mlp.spec.precision = precision;
        return mlp;
      };
      const Trained dense = trained(data, false, make_such(), 1, false, table);
      const Trained listed = trained(data, true, make_such(), 1, false, table);
      CHECK(trained(data, true, make_such(), 2, false, table) == listed);
      const bool as_planes = uses_planes(table, precision, 64, 70, 400);
      CHECK((listed == dense) == !as_planes);
      const float tolerance = precision == Precision::kHighest ? 1e-5f : 0.1f;
      for (size_t i = 0; i < dense.weights.size(); i++) {
        CHECK(std::fabs(listed.weights[i] - dense.weights[i]) <= tolerance);
      }
    }
  };
  for (const KernelTable* const* table = supported_tables(); *table; table++) check(**table);
  const ModelTable model;
  if (model.get()) check(*model.get());
}

// A rate that is no number would make one of every weight.
TEST(lists_are_learned_from_by_a_rate_that_is_not_finite) {
  const SparseData data(64, 100);
  for (const bool listed : {false, true}) {
    Mlp mlp = make(100, 8, 64, Rule::kPlain);
    const auto program = make_program(mlp.spec, mlp.parameters);
    TrainingSpan training(data.data, 64, false, 1);
    training.scalars[0] = std::numeric_limits<float>::infinity();
    if (listed) training.span.inputs = {data.matrix.view()};
    train(*program, training.span);
    std::vector<float> weights(800);
    CHECK(mlp.parameters->read(0, -1, weights.data()));
    for (const float weight : weights) CHECK(!std::isfinite(weight));
  }
}

TEST(lists_take_the_place_of_their_floats) {
  const SparseData data(128, 5000);
  int64_t bytes[2];
  for (const bool listed : {false, true}) {
    Mlp mlp = make(5000, 8, 128, Rule::kPlain);
    const auto program = make_program(mlp.spec, mlp.parameters);
    TrainingSpan training(data.data, 128, false, 2);
    if (listed) training.span.inputs = {data.matrix.view()};
    const int64_t before = Arena::live_bytes();
    train(*program, training.span);
    bytes[listed] = Arena::live_bytes() - before;
  }
  CHECK_EQUAL(bytes[false] - bytes[true], 128 * 5000 * 4);
}

// More than a tenth of the elements is quicker dense; and one job's choice is not the next one's.
TEST(lists_are_not_made_of_matrices_that_are_nearly_dense) {
  const SparseData data(128, 500);
  const CsrMatrix half = sparse(make_data(128, 500, 5, 1), 0);
  Mlp mlp = make(500, 8, 64, Rule::kPlain), other = make(500, 8, 64, Rule::kPlain);
  const auto program = make_program(mlp.spec, mlp.parameters), expected = make_program(other.spec, other.parameters);
  Data dense_half = make_data(128, 500, 5, 1);
  for (float& x : dense_half.x) x = x > 0 ? x : 0;
  TrainingSpan training(data.data, 64, false, 1);
  for (int round = 0; round < 4; round++) {
    const bool dense = round % 2;
    Span span = training.span;
    span.inputs = {dense ? half.view() : data.matrix.view()};
    const int64_t before = Arena::live_bytes();
    train(*program, span);
    if (round > 0) CHECK_EQUAL(Arena::live_bytes() - before, round == 1 ? 64 * 500 * 4 : 0);
    span.inputs = TrainingSpan(dense ? dense_half : data.data, 64, false, 1).span.inputs;
    train(*expected, span);
    CHECK(weights_of(*mlp.parameters) == weights_of(*other.parameters));
  }
}

TEST(a_list_has_no_room_for_more_than_was_measured) {
  BatchList list;
  uint32_t* indices;
  float* values;
  CHECK(list.allocate(4, 10));
  for (int round = 0; round < 2; round++) {
    CHECK(list.make_row(2, 7, &indices, &values));
    std::fill_n(values, 7, 1.0f);
    CHECK(!list.make_row(1, 4, &indices, &values));
    CHECK(!list.make_row(0, 1, &indices, &values));
    list.clear();
  }
  CHECK(list.make_row(3, 10, &indices, &values));
  CHECK(list.make_row(0, 0, &indices, &values));
  CHECK(!list.make_row(0, int64_t{UINT32_MAX}, &indices, &values));
}

TEST(lists_that_point_outside_end_the_job_before_their_step) {
  const SparseData data(64, 200);
  for (const int threads : {1, 2, 3}) {
    CsrMatrix matrix = data.matrix;
    matrix.indices[matrix.indptr[37]] = UINT32_MAX;
    matrix.indices[matrix.indptr[36]] = 200;
    Mlp mlp = make(200, 8, 16, Rule::kPlain);
    const auto program = make_program(mlp.spec, mlp.parameters);
    TrainingSpan training(data.data, 16, false, threads);
    training.span.inputs = {matrix.view()};
    training.span.shuffle = false;
    const SpanResult result = train(*program, training.span);
    CHECK_EQUAL(result.steps, 2);
    CHECK(result.error.kind == SpanError::kIndices);
    CHECK_EQUAL(result.error.row, 36);
  }
}

TEST(lists_are_looked_through_for_what_is_not_finite) {
  const SparseData data(64, 200);
  CsrMatrix matrix = data.matrix;
  const uint32_t at = matrix.indptr[21] + 1;
  matrix.values[at] = std::numeric_limits<float>::quiet_NaN();
  Mlp mlp = make(200, 8, 16, Rule::kPlain);
  const auto program = make_program(mlp.spec, mlp.parameters);
  TrainingSpan training(data.data, 16, false, 2);
  training.span.inputs = {matrix.view()};
  training.span.shuffle = false, training.span.check_finite = true;
  const SpanResult result = train(*program, training.span);
  CHECK_EQUAL(result.steps, 1);
  CHECK(result.error.kind == SpanError::kFinite);
  CHECK_EQUAL(result.error.row, 21);
  CHECK_EQUAL(result.error.column, int64_t{matrix.indices[at]});
}

// Under the address sanitizer this would not survive a read or write outside; what is learned is anybody's guess.
TEST(lists_changed_during_a_job_do_no_harm) {
  const SparseData data(256, 200);
  CsrMatrix matrix = data.matrix;
  std::atomic<bool> over{false};
  std::thread spoiler([&] {
    for (uint32_t i = 0; !over.load(std::memory_order_acquire); i++) {
      const auto words = philox({{i, 0, 0, 0}}, 3, 4);
      const auto& word = words.word;
      const bool in_indptr = word[0] & 1;
      std::vector<uint32_t>& array = in_indptr ? matrix.indptr : matrix.indices;
      const size_t at = (word[0] >> 8) % array.size();
      const uint32_t sound = (in_indptr ? data.matrix.indptr : data.matrix.indices)[at];
      // A row that is longer, columns in another order or twice, or something wild; for the most part as it was.
      const uint32_t near = in_indptr ? sound + word[1] % 4 : word[1] % 200;
      const uint32_t value = word[2] % 4096 == 0 ? word[1] : word[0] & 6 ? sound : near;
      __atomic_store_n(&array[at], value, __ATOMIC_RELAXED);
    }
  });
  int64_t steps = 0, refused = 0;
  for (const int threads : {1, 2, 3}) {
    Mlp mlp = make(200, 8, 16, Rule::kPlain);
    const auto program = make_program(mlp.spec, mlp.parameters);
    TrainingSpan training(data.data, 16, false, threads);
    training.span.inputs = {matrix.view()};
    for (uint64_t epoch = 0; epoch < 100; epoch++) {
      training.span.epoch = epoch;
      const SpanResult result = train(*program, training.span);
      const SpanError::Kind error = result.error.kind;
      CHECK(error == SpanError::kIndices || error == SpanError::kMemory || result.steps == training.span.steps);
      steps += result.steps, refused += error != SpanError::kNone;
    }
  }
  CHECK(steps > 0 && refused > 0);
  over.store(true, std::memory_order_release);
  spoiler.join();
}

}  // namespace quern::test
