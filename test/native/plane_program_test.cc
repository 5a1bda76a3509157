// Training by products of planes: the same bits for any number of threads, tiles that get lost on the way, explain().
#include "check.h"
#include "model/table.h"
#include "program/plan.h"
#include "programs.h"

namespace quern::test {
namespace {

const std::vector<int64_t> kSizes = {160, 112, 120, 7};
constexpr int64_t kBatch = 128;

std::vector<float> trained_by(const KernelTable& kernels, Precision precision, int threads, bool apart) {
  const Data data = make_data(kWorthPanels * kBatch, kSizes.front(), kSizes.back(), 3);
  Mlp mlp = make_mlp(kSizes, kBatch, true);
  mlp.spec.precision = precision;
  const auto program = make_program(mlp.spec, mlp.parameters, apart, kernels);
  TrainingSpan training(data, kBatch, true, threads);
  const SpanResult result = train(*program, training.span);
  std::vector<float> state = weights_of(*mlp.parameters);
  for (double value : result.accumulators) state.push_back(static_cast<float>(value));
  return state;
}

bool are_near(const std::vector<float>& x, const std::vector<float>& y, float tolerance) {
  bool near = x.size() == y.size();
  for (size_t i = 0; near && i < x.size(); i++) near = std::fabs(x[i] - y[i]) <= tolerance * (1 + std::fabs(y[i]));
  return near;
}

void check_training(const KernelTable& kernels, Precision precision, float tolerance) {
  KernelTable floats = kernels;
  floats.planes = nullptr;
  const std::vector<float> one = trained_by(kernels, precision, 1, false);
  CHECK(trained_by(kernels, precision, 3, false) == one);
  CHECK(trained_by(kernels, precision, 2, true) == one);
  const std::vector<float> expected = trained_by(floats, Precision::kHighest, 1, false);
  CHECK(one != expected);
  CHECK(are_near(one, expected, tolerance));
}

TEST(training_by_planes_has_the_same_bits_for_any_number_of_threads) {
  const ModelTable model;
  if (!model.get()) return;
  check_training(*model.get(), Precision::kHighest, 1e-5f);
  check_training(*model.get(), Precision::kHigh, 1e-3f);
  check_training(*model.get(), Precision::kMedium, 0.1f);
}

TEST(training_at_medium_precision_on_this_machine) {
  const KernelTable& table = best_table();
  if (!table.planes) {
    std::puts("skipped: the machine multiplies no bf16");
    return;
  }
  check_training(table, Precision::kMedium, 0.1f);
}

TEST(high_precision_is_the_highest_where_it_would_win_nothing) {
  const KernelTable* const table = find_supported("avx512");
  if (!table) {
    std::puts("skipped: high precision with AVX-512");
    return;
  }
  CHECK(trained_by(*table, Precision::kHigh, 1, false) == trained_by(*table, Precision::kHighest, 1, false));
}

#if defined(__x86_64__)

TEST(a_program_goes_on_when_tiles_get_lost_and_says_so) {
  const ModelTable model;
  if (!model.get()) return;
  Mlp mlp = make_mlp(kSizes, kBatch, true);
  const auto program = make_program(mlp.spec, mlp.parameters, false, *model.get());
  CHECK(program->explain().find(" rows, amx\n") != std::string::npos);
  const Data data = make_data(3 * kBatch, kSizes.front(), kSizes.back(), 3);
  TrainingSpan training(data, kBatch, true, 1);
  lose_tiles(TileLoss::kData, 10'000);
  const SpanResult result = train(*program, training.span);
  lose_tiles(TileLoss::kNothing, 0);
  CHECK_EQUAL(result.steps, 3);
  CHECK(tiles_are_lost(*model.get()));
  CHECK(program->explain().find(" rows, avx512 (AMX is off: the processor's tiles got lost)\n") != std::string::npos);

  KernelTable floats = *model.get();
  floats.planes = nullptr;
  Mlp other = make_mlp(kSizes, kBatch, true);
  train(*make_program(other.spec, other.parameters, false, floats), training.span);
  CHECK(are_near(weights_of(*mlp.parameters), weights_of(*other.parameters), 1e-5f));
}

TEST(explain_names_a_precision_below_the_highest) {
  Mlp mlp = make_mlp(kSizes, kBatch, true);
  CHECK(make_program(mlp.spec, mlp.parameters)->explain().find("precision") == std::string::npos);
  mlp.spec.precision = Precision::kMedium;
  CHECK(make_program(mlp.spec, mlp.parameters)->explain().find(", precision medium\n") != std::string::npos);
}

#endif

}  // namespace
}  // namespace quern::test
