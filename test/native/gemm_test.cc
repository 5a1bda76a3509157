// Matrix multiplication of every instruction set against double, over classes of shapes.
#include <cmath>
#include <cstdio>
#include <limits>

#include "gemm/blocking.h"
#include "gemm/panels.h"
#include "products.h"

namespace quern {
namespace {

// A chain of k multiply-adds after at most two additions rounds at most 2k + 2 times (once for a product, once for a
// sum); each rounding is off by half an epsilon of a partial sum, which is no larger than the sum of magnitudes.
double bound(int64_t k, double magnitudes) {
  const double roundings = 2.0 * static_cast<double>(k) + 2.0;
  const double u = std::numeric_limits<float>::epsilon() / 2;
  return roundings * u / (1 - roundings * u) * magnitudes;
}

// Compares linear and relu products with double; returns the number of elements outside the bound.
int64_t count_wrong(const Product& before, Product& after) {
  int64_t wrong = 0;
  Product product = before;
  const GemmCall call = product.call();
  for (int64_t i = 0; i < call.m; i++) {
    for (int64_t j = 0; j < call.n; j++) {
      double sum = call.bias ? call.bias[j] : 0.0;
      double magnitudes = std::fabs(sum);
      auto add = [&](double x) {
        sum += x;
        magnitudes += std::fabs(x);
      };
      if (call.accumulate) add(call.c[i * call.ldc + j]);
      for (int64_t p = 0; p < call.k; p++) {
        add(static_cast<double>(call.a[i * call.a_row + p * call.a_col]) * call.b[p * call.b_row + j * call.b_col]);
      }
      if (call.function == PointwiseFunction::kRelu && sum < 0) sum = 0;
      wrong += !(std::fabs(after.at(i, j) - sum) <= bound(call.k, magnitudes));
    }
  }
  return wrong;
}

void check_product(const KernelTable& table, Shape shape, Options options, int parts, std::mt19937& random) {
  const Product before(shape, options, random);
  Product after = before;
  multiply(table, after, parts);
  const int64_t wrong = count_wrong(before, after);
  if (wrong == 0 && after.guards_stand()) return;
  char what[200];
  std::snprintf(what, sizeof what, "%s %lldx%lldx%lld transposed %d %d parts %d: %lld wrong, guards %d", table.name,
                static_cast<long long>(shape.m), static_cast<long long>(shape.n), static_cast<long long>(shape.k),
                shape.transpose_a, shape.transpose_b, parts, static_cast<long long>(wrong), after.guards_stand());
  test::fail(__FILE__, __LINE__, what);
}

TEST(gemm_of_every_small_shape) {
  for_each_table([](const KernelTable& table) {
    std::mt19937 random(1);
    for (int64_t m = 0; m <= 5; m++) {
      for (int64_t n = 0; n <= 5; n++) {
        for (int64_t k = 0; k <= 5; k++) {
          for (int t = 0; t < 4; t++) check_product(table, {m, n, k, (t & 1) != 0, (t & 2) != 0}, {}, 1, random);
        }
      }
    }
  });
}

TEST(gemm_of_sampled_shapes_with_tails) {
  const std::vector<int64_t> sizes = {0, 1, 2, 3, 5, 7, 8, 10, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 128, 130};
  for_each_table([&](const KernelTable& table) {
    std::mt19937 random(2);
    for (int round = 0; round < 400; round++) {
      Options options;
      options.bias = random() % 2;
      options.accumulate = random() % 2;
      options.function = random() % 2 ? PointwiseFunction::kRelu : PointwiseFunction::kLinear;
      options.extra = static_cast<int64_t>(random() % 3);
      options.offset = static_cast<int64_t>(random() % 4);
      const Shape shape = {pick(random, sizes), pick(random, sizes), pick(random, sizes), random() % 2 != 0,
                           random() % 2 != 0};
      check_product(table, shape, options, 1 + static_cast<int>(random() % 5), random);
    }
  });
}

// The contract: bias and C, where there are such, then multiply-adds over ascending k; scalar code rounds products too.
float chain(const KernelTable& table, const GemmCall& call, int64_t i, int64_t j) {
  const float old = call.c[i * call.ldc + j];
  float sum = call.bias ? call.bias[j] : 0.0f;
  if (call.accumulate) sum = call.bias ? sum + old : old;
  for (int64_t p = 0; p < call.k; p++) {
    const float a = call.a[i * call.a_row + p * call.a_col], b = call.b[p * call.b_row + j * call.b_col];
    sum = table.lanes == 1 ? a * b + sum : std::fmaf(a, b, sum);
  }
  return sum;
}

// A third of all values are zeros of either sign, so that chains of those are seen to keep it.
void scatter_zeros(std::vector<float>& values, std::mt19937& random) {
  for (float& x : values) {
    const uint32_t choice = random() % 6;
    if (choice < 2) x = choice ? -0.0f : 0.0f;
  }
}

// Whichever way a product is computed: tiles, turned ones, blocks of k, packed or not.
TEST(gemm_computes_every_element_as_one_chain) {
  const std::vector<int64_t> sizes = {1, 2, 3, 4, 5, 8, 9, 10, 14, 15, 16, 17, 31, 33, 64, 100, 130};
  const std::vector<int64_t> depths = {0, 1, 2, 3, 4, 5, 16, 31, 130, 1100};
  for_each_table([&](const KernelTable& table) {
    std::mt19937 random(14);
    for (int round = 0; round < 600; round++) {
      const Shape shape = {pick(random, sizes), pick(random, sizes), pick(random, depths), random() % 2 != 0,
                           random() % 2 != 0};
      if (shape.m * shape.n * shape.k > 400'000) continue;
      Options options;
      options.bias = random() % 2;
      options.accumulate = random() % 2;
      options.extra = static_cast<int64_t>(random() % 3);
      options.offset = static_cast<int64_t>(random() % 4);
      Product before(shape, options, random);
      for (std::vector<float>* values : {&before.a, &before.b, &before.bias}) scatter_zeros(*values, random);
      for (int64_t i = 0; i < shape.m; i++) before.at(i, 0) = i % 2 ? 0.0f : -0.0f;
      Product after = before;
      multiply(table, after, 1 + static_cast<int>(random() % 3));
      int64_t wrong = 0;
      for (int64_t i = 0; i < shape.m; i++) {
        for (int64_t j = 0; j < shape.n; j++) {
          const float expected = chain(table, before.call(), i, j);
          wrong += std::memcmp(&expected, &after.at(i, j), sizeof expected) != 0;
        }
      }
      CHECK_EQUAL(wrong, 0);
      CHECK(after.guards_stand());
    }
  });
}

// Read by the micro kernels, packed (many columns, A transposed), or turned (few columns).
TEST(gemm_of_bytes_has_the_bits_of_what_they_stand_for) {
  constexpr float kScale = 1 / 255.0f;
  const std::vector<int64_t> sizes = {1, 2, 3, 5, 8, 10, 14, 15, 16, 17, 31, 33, 64, 100, 130, 300};
  const std::vector<int64_t> depths = {0, 1, 2, 5, 16, 31, 130, 1100};
  uint8_t all[256];
  for (int i = 0; i < 256; i++) all[i] = static_cast<uint8_t>(i);
  for_each_table_without_planes([&](const KernelTable& table) {
    float stands_for[256];
    table.affine_u8(all, stands_for, 256, kScale, 0);
    std::mt19937 random(15);
    for (int round = 0; round < 600; round++) {
      const Shape shape = {pick(random, sizes), pick(random, sizes), pick(random, depths), random() % 2 != 0,
                           random() % 2 != 0};
      if (shape.m * shape.n * shape.k > 2'000'000) continue;
      Options options;
      options.bias = random() % 2;
      options.accumulate = random() % 2;
      options.function = random() % 2 ? PointwiseFunction::kRelu : PointwiseFunction::kTanh;
      options.extra = static_cast<int64_t>(random() % 3);
      options.offset = static_cast<int64_t>(random() % 4);
      Product by_floats(shape, options, random);
      std::vector<uint8_t> bytes(by_floats.a.size());
      for (uint8_t& x : bytes) x = static_cast<uint8_t>(random());
      for (size_t i = 0; i < bytes.size(); i++) by_floats.a[i] = stands_for[bytes[i]];
      Product by_bytes = by_floats;
      const int parts = 1 + static_cast<int>(random() % 3);
      multiply(table, by_floats, parts);
      multiply_changed(table, by_bytes, parts, [&](GemmCall& call) {
        call.a = nullptr, call.a_bytes = bytes.data() + options.offset;
        call.a_table = stands_for, call.a_scale = kScale;
      });
      CHECK(same_bits(by_bytes.c, by_floats.c));
    }
  });
}

// Shapes that take each way through the loops: several blocks of k, groups of panels, packed and unpacked operands.
TEST(gemm_of_large_shapes) {
  for_each_table([](const KernelTable& table) {
    std::mt19937 random(3);
    const bool slow = table.lanes == 1;
    for (const Shape& shape : std::vector<Shape>{
             {3, 17, 2500, false, false}, {70, 513, 1100, false, false}, {20, 512, 300, false, false},
             {65, 300, 530, true, false}, {40, 257, 1030, true, true},   {1, 1000, 784, false, false},
             {2, 130, 1025, true, true},  {700, 33, 40, false, false},   {450, 1, 33, true, false},
             {600, 9, 1100, false, false}, {300, 16, 70, true, true},    {9, 700, 1100, false, true}}) {
      if (slow && shape.m * shape.n * shape.k > 20'000'000) continue;
      Options options;
      options.bias = true;
      options.accumulate = shape.m % 2 != 0;
      check_product(table, shape, options, 1, random);
      check_product(table, shape, options, 3, random);
    }
  });
}

TEST(gemm_has_the_same_bits_for_any_number_of_parts) {
  for_each_table([](const KernelTable& table) {
    std::mt19937 random(4);
    for (const Shape& shape : std::vector<Shape>{{128, 128, 784, false, false}, {784, 128, 32, true, false},
                                                 {33, 100, 65, false, true},    {5, 17, 1100, true, true},
                                                 {1, 130, 100, false, false},   {600, 10, 64, false, false},
                                                 {128, 1024, 20, true, false},  {600, 10, 64, true, false},
                                                 {130, 31, 70, true, true},     {200, 1, 30, false, false}}) {
      Options options;
      options.bias = true;
      options.accumulate = true;
      options.function = PointwiseFunction::kTanh;
      const Product before(shape, options, random);
      Product whole = before;
      multiply(table, whole, 1);
      for (int parts : {2, 3, 5, 64}) {
        Product cut = before;
        multiply(table, cut, parts);
        CHECK(same_bits(whole.c, cut.c));
      }
    }
  });
}

// An element depends on its row of A and its column of B alone: not on how many others are computed along with it.
TEST(gemm_has_the_same_bits_for_any_number_of_rows_and_columns) {
  for_each_table([](const KernelTable& table) {
    std::mt19937 random(5);
    Product large({70, 90, 1200, false, false}, {}, random);
    multiply(table, large, 1);
    for (int64_t m : {1, 2, 3, 7, 16}) {
      for (int64_t n : {1, 10, 31, 90}) {
        std::vector<float> c(m * n);
        GemmCall call = large.call();
        call.m = m;
        call.n = n;
        call.c = c.data();
        call.ldc = n;
        Scratch scratch(gemm_scratch_floats(table, m, n, call.k));
        gemm(table, call, 0, 1, scratch.data);
        bool same = true;
        for (int64_t i = 0; i < m; i++) {
          same = same && std::memcmp(&c[i * n], &large.at(i, 0), n * sizeof(float)) == 0;
        }
        CHECK(same);
      }
    }
  });
}

// After the last block of k, and only then.
TEST(gemm_applies_each_function_as_its_pointwise_kernel_does) {
  for_each_table([](const KernelTable& table) {
    std::mt19937 random(6);
    for (int64_t k : {21, 1100}) {
      for (int f = 0; f < static_cast<int>(PointwiseFunction::kCount); f++) {
        Options options;
        options.bias = true;
        Product linear({19, 37, k, false, true}, options, random);
        Product with_function = linear;
        with_function.options.function = static_cast<PointwiseFunction>(f);
        multiply(table, linear, 1);
        multiply(table, with_function, 2);
        for (int64_t i = 0; i < linear.shape.m; i++) {
          float* row = &linear.at(i, 0);
          table.pointwise[f](row, row, linear.shape.n, options.alpha);
        }
        CHECK(same_bits(linear.c, with_function.c));
      }
    }
  });
}

TEST(gemm_of_empty_k_is_the_function_of_bias_and_c) {
  for_each_table([](const KernelTable& table) {
    std::mt19937 random(7);
    Options options;
    options.bias = true;
    options.accumulate = true;
    options.function = PointwiseFunction::kSquare;
    const Product before({9, 35, 0, false, false}, options, random);
    Product after = before;
    multiply(table, after, 2);
    Product c = before;
    for (int64_t i = 0; i < 9; i++) {
      for (int64_t j = 0; j < 35; j++) {
        const float sum = before.bias[j] + c.at(i, j);
        CHECK_EQUAL(after.at(i, j), sum * sum);
      }
    }
  });
}

// Every element whose row of A or column of B holds a NaN or an Inf must be what arithmetic says, and no other one may
// be touched by it: zeros are not skipped and padding does not leak.
TEST(gemm_passes_nan_and_inf_on) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for_each_table([&](const KernelTable& table) {
    std::mt19937 random(8);
    for (int t = 0; t < 4; t++) {
      for (PointwiseFunction function : {PointwiseFunction::kLinear, PointwiseFunction::kRelu}) {
        Options options;
        options.function = function;
        Product product({23, 39, 31, (t & 1) != 0, (t & 2) != 0}, options, random);
        const GemmCall call = product.call();
        auto a = [&](int64_t i, int64_t p) -> float& { return product.a[i * call.a_row + p * call.a_col]; };
        auto b = [&](int64_t p, int64_t j) -> float& { return product.b[p * call.b_row + j * call.b_col]; };
        a(3, 30) = nan;
        a(22, 0) = inf;
        b(0, 38) = 0;  // 0 * Inf
        b(7, 16) = -inf;
        for (int64_t p = 0; p < 31; p++) a(11, p) = 0;  // 0 * -Inf
        multiply(table, product, 1);
        for (int64_t i = 0; i < 23; i++) {
          for (int64_t j = 0; j < 39; j++) {
            float expected = 0;
            for (int64_t p = 0; p < 31; p++) expected += a(i, p) * b(p, j);
            if (function == PointwiseFunction::kRelu && expected < 0) expected = 0;
            const float got = product.at(i, j);
            if (std::isnan(expected)) {
              CHECK(std::isnan(got));
            } else if (std::isinf(expected)) {
              CHECK_EQUAL(got, expected);
            } else {
              CHECK(std::isfinite(got));
            }
          }
        }
      }
    }
  });
}

// The last, smaller batch runs in the scratch of a whole one.
TEST(gemm_scratch_grows_with_every_size) {
  for_each_table([](const KernelTable& table) {
    std::mt19937 random(9);
    for (int round = 0; round < 10'000; round++) {
      const int64_t m = random() % 3000, n = random() % 3000, k = random() % 5000;
      const int64_t floats = gemm_scratch_floats(table, m, n, k);
      CHECK(gemm_scratch_floats(table, m - (m > 0), n, k) <= floats);
      CHECK(gemm_scratch_floats(table, m, n - (n > 0), k) <= floats);
      CHECK(gemm_scratch_floats(table, m, n, k - (k > 0)) <= floats);
    }
  });
}

void check_regions(const KernelTable& table, int64_t m, int64_t n, bool panels, int parts) {
  const GemmTiling tiling = gemm_tiling(table.gemm, m, n, panels);
  CHECK_EQUAL(tiling.tiles.length(), m);
  CHECK_EQUAL(tiling.first_column(tiling.panels.count), n);
  for (int64_t p = 0; panels && p < tiling.panels.count; p++) {
    CHECK_EQUAL(tiling.first_column(p) / kPanelColumns, (tiling.first_column(p + 1) - 1) / kPanelColumns);
  }
  std::vector<int> covered(tiling.panels.count * tiling.tiles.count);
  for (int part = 0; part < parts; part++) {
    GemmRegion regions[3];
    const int count = gemm_regions(tiling, panels, part, parts, regions);
    for (int r = 0; r < count; r++) {
      for (int64_t p = regions[r].first_panel; p < regions[r].last_panel; p++) {
        for (int64_t t = regions[r].first_tile; t < regions[r].last_tile; t++) covered[p * tiling.tiles.count + t]++;
      }
    }
  }
  CHECK(covered == std::vector<int>(covered.size(), 1));
}

// Regions of all parts together cover every tile once.
TEST(gemm_regions_cover_the_tiles_once) {
  for_each_table([](const KernelTable& table) {
    for (int64_t m : {1, 5, 6, 7, 100, 128, 784, 5000}) {
      for (int64_t n : {1, 16, 17, 64, 100, 130, 144, 784, 1024}) {
        for (int parts : {1, 2, 3, 7, 200}) {
          for (bool panels : {false, true}) check_regions(table, m, n, panels, parts);
        }
      }
    }
  });
}

}  // namespace
}  // namespace quern
