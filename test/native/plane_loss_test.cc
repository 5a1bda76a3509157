// Tiles that get lost, by the model: noticed wherever it happens, with the block computed again and AMX off after that.
#include "gemm/plane_gemm.h"
#include "products.h"

namespace quern {
namespace {

using test::TileLoss;

#if defined(__x86_64__)

// Runs one product by the model in which something is lost before an instruction; returns whether its bits are those of
// multiply-adds, in full, and how it was noticed.
struct AfterLoss {
  bool noticed, right;
};
AfterLoss multiply_with_loss(TileLoss what, int64_t before_instruction) {
  const test::ModelTable model;
  const KernelTable& table = *model.get();
  KernelTable floats = table;
  floats.planes = nullptr;
  std::mt19937 random(28);
  Options options;
  options.bias = options.accumulate = true;
  const Product before({128, 128, 96, false, true}, options, random);
  Product by_planes = before, by_floats = before, untouched = before;
  multiply(table, untouched, 1);
  test::lose_tiles(what, before_instruction);
  multiply(table, by_planes, 1);
  test::lose_tiles(TileLoss::kNothing, 0);
  multiply(floats, by_floats, 1);
  // Every block is of either way of computing, whole.
  bool right = true;
  for (int64_t i = 0; i < 128; i += kPlaneRows) {
    for (int64_t j = 0; j < 128; j += kPlaneCols) {
      bool is_planes = true, is_floats = true;
      for (int64_t row = i; row < i + kPlaneRows; row++) {
        is_planes = is_planes && std::memcmp(&by_planes.at(row, j), &untouched.at(row, j), 64 * sizeof(float)) == 0;
        is_floats = is_floats && std::memcmp(&by_planes.at(row, j), &by_floats.at(row, j), 64 * sizeof(float)) == 0;
      }
      right = right && (is_planes || is_floats);
    }
  }
  const bool noticed = tiles_are_lost(table);
  if (noticed) {
    CHECK_EQUAL(describe(table), "avx512 (AMX is off: the processor's tiles got lost)");
    CHECK(!uses_planes(table, Precision::kHighest, 128, 128, 96));  // from now on
    Product later = before;
    multiply(table, later, 1);
    CHECK(same_bits(later.c, by_floats.c));
    CHECK_EQUAL(test::tile_instructions(), 0);
  } else {
    CHECK_EQUAL(describe(table), "amx");
  }
  return {noticed, right};
}

TEST(tiles_that_get_lost_are_noticed_wherever_it_happens) {
  const test::ModelTable model;
  if (!model.get()) return;
  // One call of the kernel for a block of 64×64 and three steps of k.
  const int64_t product = 2 + 4;  // of planes: loads of A, products of two by two tiles
  const int64_t sums = 4 + 3 * (3 * 2 + 5 * product) + 3 * (2 + product) + 4;  // zeros, B's loads and products, stores
  const int64_t call = 2 + 4 * sums + 3;  // configure, canary; compare, canary, release
  const int64_t blocks = 2 * 2;
  int64_t noticed = 0, tried = 0;
  for (int64_t block : {int64_t{0}, blocks - 1}) {
    for (int64_t n = 3; n < call; n += n < 6 || n > call - 8 ? 1 : 29) {  // while the canary is there
      const AfterLoss after = multiply_with_loss(TileLoss::kData, block * call + n);
      CHECK(after.right);
      noticed += after.noticed;
      tried++;
    }
  }
  CHECK_EQUAL(noticed, tried);
  CHECK_EQUAL(test::illegal_tile_instructions(), 0);
  // The configuration with the data, where the next instruction compares it: the processor refuses any other.
  const AfterLoss after = multiply_with_loss(TileLoss::kDataAndConfiguration, 3 * call + call - 2);
  CHECK(after.noticed && after.right);
  CHECK_EQUAL(test::illegal_tile_instructions(), 0);
  const AfterLoss between = multiply_with_loss(TileLoss::kDataAndConfiguration, 2 * call + 1);  // nothing was in it
  CHECK(!between.noticed && between.right);
}

// Integers of 8 bits need three products, and what is left out changes nothing.
TEST(planes_that_are_zero_are_not_multiplied) {
  const test::ModelTable model;
  if (!model.get()) return;
  const KernelTable& table = *model.get();
  std::mt19937 random(29);
  Product integers({128, 128, 96, false, false}, {}, random);
  for (float& x : integers.a) x = static_cast<float>(random() % 256);
  Product others = integers;
  others.a[127 * 96 + 95] += 1.0f / 3;  // in the last strip of rows
  int64_t instructions[2];
  for (Product* product : {&integers, &others}) {
    test::lose_tiles(TileLoss::kNothing, 0);
    multiply(table, *product, 1);
    instructions[product == &others] = test::tile_instructions();
  }
  CHECK(same_bits({integers.c.begin(), integers.c.begin() + 96 * 128}, {others.c.begin(), others.c.begin() + 96 * 128}));
  const int64_t blocks = 2 * 2, steps = 3, pairs = 4, product = 2 + 4;
  const int64_t of_three = 2 + pairs * (8 + steps * (3 * 2 + 3 * product)) + 3;
  const int64_t of_six = 2 + pairs * (8 + steps * (4 * 2 + 6 * product)) + 3;
  CHECK_EQUAL(instructions[0], blocks * of_three);
  CHECK_EQUAL(instructions[1], (blocks - 2) * of_three + 2 * of_six);
}

#endif

}  // namespace
}  // namespace quern
