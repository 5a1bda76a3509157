// What gemm does beside the product: gradients of functions, sums of B's columns, blocks handed over, weights in panels.
#include "gemm/blocking.h"
#include "gemm/panels.h"
#include "products.h"

namespace quern {
namespace {

constexpr Shape kEpilogueShapes[] = {
    {19, 37, 21, false, true}, {64, 128, 1100, true, false}, {300, 10, 33, true, false}, {1, 130, 7, false, false},
    {70, 150, 9, false, false}, {200, 16, 18, true, true},   {75, 1, 130, false, false}, {3, 70, 21, false, true},
    {6, 10, 5, true, false}};

TEST(gemm_multiplies_by_the_gradient_of_each_function_as_its_kernel_does) {
  for_each_table([](const KernelTable& table) {
    std::mt19937 random(9);
    for (const Shape& shape : kEpilogueShapes) {
      const Product saved(shape, {}, random);
      for (int f = 0; f < static_cast<int>(PointwiseFunction::kCount); f++) {
        Product plain(shape, {}, random);
        Product fused = plain;
        fused.options.function = static_cast<PointwiseFunction>(f);
        multiply(table, plain, 1);
        multiply_changed(table, fused, 3, [&](GemmCall& call) { call.saved = saved.c.data(); });
        table.pointwise_gradient[f](saved.c.data(), plain.c.data(), plain.c.data(), 1, shape.m * shape.n,
                                    shape.m * shape.n, plain.options.alpha, nullptr);
        CHECK(same_bits(plain.c, fused.c));
      }
    }
  });
}

TEST(gemm_sums_the_columns_of_b) {
  for_each_table([](const KernelTable& table) {
    std::mt19937 random(10);
    for (const Shape& shape : {Shape{19, 37, 21, false, false}, Shape{784, 128, 128, true, false},
                               Shape{5, 1, 1100, true, false}, Shape{0, 70, 3, false, false},
                               Shape{200, 10, 50, true, false}, Shape{6, 10, 5, false, false},
                               Shape{4, 33, 0, false, false}}) {
      for (int parts : {1, 2, 5}) {
        Product product(shape, {}, random);
        std::vector<float> expected(shape.n), sums(shape.n, kGuard);
        table.reduce_rows[static_cast<int>(ReduceFunction::kSum)](product.b.data(), expected.data(), shape.k, shape.n,
                                                                  shape.n);
        multiply_changed(table, product, parts, [&](GemmCall& call) { call.column_sums = sums.data(); });
        CHECK(same_bits(sums, expected));
      }
    }
  });
}

TEST(gemm_hands_over_every_element_once) {
  for_each_table([](const KernelTable& table) {
    std::mt19937 random(11);
    for (const Shape& shape : kEpilogueShapes) {
      Product kept(shape, {}, random);
      Product taken = kept;
      Taker taker{shape.n, std::vector<float>(kept.c.size(), kGuard), std::vector<int>(shape.m * shape.n)};
      multiply(table, kept, 1);
      multiply_changed(table, taken, 3, [&](GemmCall& call) { call.take = &Taker::take, call.taker = &taker; });
      CHECK(same_bits(kept.c, taker.c));
      CHECK(taker.times == std::vector<int>(shape.m * shape.n, 1));
      CHECK(taken.guards_stand());
    }
  });
}

// The stored matrix of B, rows by cols without gaps, in panels.
std::vector<float> in_panels(const std::vector<float>& b, int64_t rows, int64_t cols) {
  std::vector<float> panels(b.size());
  to_panels(b.data(), rows, cols, panels.data());
  return panels;
}

// Full tiles make the step from their registers, where C has nothing but those; the bits are those of a gradient that
// is taken. Asking for memory changes nothing but how many tiles go together.
TEST(gemm_makes_the_steps_that_are_made_of_what_it_hands_over) {
  const std::vector<int64_t> heights = {1, 2, 5, 6, 7, 13, 40, 100}, depths = {1, 5, 32, 130, 700};
  for_each_table_without_planes([&](const KernelTable& table) {
    std::mt19937 random(31);
    for (int round = 0; round < 120; round++) {
      const Shape shape{pick(random, heights), pick(random, {16, 64, 100, 128, 256, 320}), pick(random, depths),
                        random() % 2 != 0, false};
      Product product(shape, {}, random);
      if (round % 10 == 0) product.b[0] = std::numeric_limits<float>::infinity();
      const std::vector<float> weights(static_cast<size_t>(shape.m * shape.n), 1.5f);
      const std::vector<float> momentum(weights.size(), -0.25f);
      Step expected{table, shape.n, weights, momentum}, actual = expected;
      Product whole = product;
      multiply(table, whole, 1);
      expected.make(0, whole.c.data(), shape.m * shape.n);
      multiply_changed(table, product, 1 + static_cast<int>(random() % 3), [&](GemmCall& call) {
        call.take = Step::take, call.taker = &actual, call.sgd = Step::sgd;
        if (round % 3 == 0) call.fetch = [](const void*, const GemmBlock&) noexcept {};
      });
      CHECK_EQUAL(actual.are_finite, round % 10 != 0);
      if (round % 10 == 0) continue;  // the signs of NaNs may differ
      CHECK(same_bits(actual.weights, expected.weights));
      CHECK(same_bits(actual.momentum, expected.momentum));
    }
  });
}

TEST(panels_hold_every_element_once) {
  std::mt19937 random(12);
  for (int64_t cols : {1, 63, 64, 65, 130, 200}) {
    for (int64_t rows : {1, 5, 64}) {
      const Product product({1, cols, rows, false, false}, {}, random);
      const std::vector<float> panels = in_panels(product.b, rows, cols);
      std::vector<float> back(product.b.size());
      from_panels(panels.data(), rows, cols, back.data());
      CHECK(same_bits(back, product.b));
      for (int64_t j = 0; j < cols; j++) {
        const PanelPlace place = panel_place(rows, cols, j);
        CHECK_EQUAL(panels[place.offset + (rows - 1) * place.stride], product.b[(rows - 1) * cols + j]);
      }
    }
  }
}

TEST(gemm_reads_b_in_panels_with_the_same_bits) {
  for_each_table([](const KernelTable& table) {
    std::mt19937 random(13);
    for (bool transpose_b : {false, true}) {
      for (const Shape& shape : {Shape{19, 144, 21, false, transpose_b}, Shape{128, 128, 784, false, transpose_b},
                                 Shape{1, 70, 1100, false, transpose_b}, Shape{7, 1, 200, false, transpose_b},
                                 Shape{600, 100, 66, false, transpose_b}, Shape{5, 130, 0, false, transpose_b}}) {
        Options options;
        options.bias = true;
        options.function = PointwiseFunction::kTanh;
        Product rows(shape, options, random);
        Product panels = rows;
        multiply(table, rows, 1);
        panels.b = in_panels(panels.b, transpose_b ? shape.n : shape.k, transpose_b ? shape.k : shape.n);
        multiply_changed(table, panels, 3, [](GemmCall& call) { call.b_in_panels = true; });
        CHECK(same_bits(rows.c, panels.c));
      }
    }
  });
}

TEST(gemm_hands_over_blocks_within_panels) {
  for_each_table([](const KernelTable& table) {
    std::mt19937 random(14);
    for (const Shape& shape : {Shape{784, 128, 128, true, false}, Shape{33, 144, 40, true, false},
                               Shape{20, 100, 1300, true, false}}) {
      Product kept(shape, {}, random);
      Product taken = kept;
      Taker taker{shape.n, std::vector<float>(kept.c.size(), kGuard), std::vector<int>(shape.m * shape.n)};
      multiply(table, kept, 1);
      multiply_changed(table, taken, 3, [&](GemmCall& call) {
        call.take = [](void* context, const GemmBlock& block, const float* c, int64_t ld) noexcept {
          CHECK_EQUAL(block.column / kPanelColumns, (block.column + block.cols - 1) / kPanelColumns);
          Taker::take(context, block, c, ld);
        };
        call.taker = &taker, call.takes_panels = true;
      });
      CHECK(same_bits(kept.c, taker.c));
      CHECK(taker.times == std::vector<int>(shape.m * shape.n, 1));
    }
  });
}

}  // namespace
}  // namespace quern
