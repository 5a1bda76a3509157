// Training by products of planes: the same bits for any number of threads, tiles that get lost on the way, explain().
#include <random>

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

// Training on bytes, the last batch being smaller, with tiles lost before one of the instructions.
std::vector<float> trained_on_bytes(const KernelTable& kernels, const std::vector<uint8_t>& bytes, bool as_bytes,
                                    int threads, int64_t lost_before = 0) {
  Data data = make_data(3 * kBatch - 40, kSizes.front(), kSizes.back(), 3);
  for (size_t i = 0; i < data.x.size(); i++) data.x[i] = static_cast<float>(bytes[i]) * (1 / 128.0f);
  Mlp mlp = make_mlp(kSizes, kBatch, true);
  mlp.spec.skips_zeros = true;
  if (as_bytes) mlp.spec.buffers[0].scale = 1 / 128.0f;
  const auto program = make_program(mlp.spec, mlp.parameters, false, kernels);
  TrainingSpan training(data, kBatch, true, threads);
  if (as_bytes) {
    training.span.inputs[0].data = bytes.data();
    training.span.inputs[0].type = ElementType::kU8;
  }
  if (lost_before > 0) lose_tiles(TileLoss::kData, lost_before);
  CHECK_EQUAL(train(*program, training.span).steps, 3);
  lose_tiles(TileLoss::kNothing, 0);
  return weights_of(*mlp.parameters);
}

TEST(bytes_are_trained_on_as_planes_whatever_their_density) {
  const ModelTable model;
  if (!model.get()) return;
  KernelTable floats = *model.get();
  floats.planes = nullptr;
  for (const uint32_t zeros_of_ten : {0u, 9u}) {
    std::vector<uint8_t> bytes(static_cast<size_t>(3 * kBatch * kSizes.front()));
    std::mt19937 random(7);
    for (uint8_t& x : bytes) x = random() % 10 < zeros_of_ten ? 0 : static_cast<uint8_t>(random());
    const std::vector<float> expected = trained_on_bytes(floats, bytes, false, 1);
    const std::vector<float> one = trained_on_bytes(*model.get(), bytes, true, 1);
    CHECK(one != expected);
    CHECK(are_near(one, expected, 2e-5f));
    for (const int threads : {2, 3}) CHECK(trained_on_bytes(*model.get(), bytes, true, threads) == one);
    // With a scale that is a power of two a product of one plane is that of three, which sums up in another order.
    CHECK(are_near(trained_on_bytes(*model.get(), bytes, false, 1), one, 2e-5f));
    const ModelTable losing;
    CHECK(are_near(trained_on_bytes(*losing.get(), bytes, true, 1, 20'000), expected, 2e-5f));
    CHECK(tiles_are_lost(*losing.get()));
  }
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
