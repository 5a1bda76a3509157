// Matrix multiplication of every instruction set against double, over classes of shapes.
#include "gemm/gemm.h"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "check.h"
#include "gemm/blocking.h"
#include "kernels/dispatch.h"

namespace quern {
namespace {

constexpr float kGuard = -123456.75f;

struct Shape {
  int64_t m, n, k;
  bool transpose_a, transpose_b;
};

struct Options {
  bool bias = false, accumulate = false;
  PointwiseFunction function = PointwiseFunction::kLinear;
  float alpha = 0.25f;
  int64_t extra = 0;   // columns beyond the matrix in every row of A, B and C
  int64_t offset = 0;  // floats before A, B and C, so that they are not aligned
};

// Operands of one product; C is surrounded by guards, in the gap behind every row too.
struct Product {
  Shape shape;
  Options options;
  int64_t lda, ldb, ldc;
  std::vector<float> a, b, c, bias;

  Product(Shape shape, Options options, std::mt19937& random) : shape(shape), options(options) {
    const auto [m, n, k, transpose_a, transpose_b] = shape;
    lda = (transpose_a ? m : k) + options.extra;
    ldb = (transpose_b ? k : n) + options.extra;
    ldc = n + options.extra;
    a = values(options.offset + (transpose_a ? k : m) * lda, random);
    b = values(options.offset + (transpose_b ? n : k) * ldb, random);
    bias = values(n, random);
    c.assign(options.offset + m * ldc + kMargin, kGuard);
    for (int64_t i = 0; i < m; i++) {
      for (int64_t j = 0; j < n; j++) c[options.offset + i * ldc + j] = uniform(random);
    }
  }

  GemmCall call() {
    GemmCall call;
    call.m = shape.m;
    call.n = shape.n;
    call.k = shape.k;
    call.a = a.data() + options.offset;
    call.a_row = shape.transpose_a ? 1 : lda;
    call.a_col = shape.transpose_a ? lda : 1;
    call.b = b.data() + options.offset;
    call.b_row = shape.transpose_b ? 1 : ldb;
    call.b_col = shape.transpose_b ? ldb : 1;
    call.c = c.data() + options.offset;
    call.ldc = ldc;
    call.bias = options.bias ? bias.data() : nullptr;
    call.accumulate = options.accumulate;
    call.function = options.function;
    call.alpha = options.alpha;
    return call;
  }

  float& at(int64_t i, int64_t j) { return c[options.offset + i * ldc + j]; }

  bool guards_stand() const {
    for (int64_t x = 0; x < static_cast<int64_t>(c.size()); x++) {
      const int64_t y = x - options.offset;
      const bool inside = y >= 0 && y < shape.m * ldc && y % ldc < shape.n;
      if (!inside && c[x] != kGuard) return false;
    }
    return true;
  }

 private:
  static constexpr int64_t kMargin = 64;

  static float uniform(std::mt19937& random) { return std::uniform_real_distribution<float>(-1, 1)(random); }
  static std::vector<float> values(int64_t n, std::mt19937& random) {
    std::vector<float> x(n);
    for (float& v : x) v = uniform(random);
    return x;
  }
};

// Scratch of exactly the size asked for, with guards behind it.
struct Scratch {
  static constexpr int64_t kMargin = 64;
  int64_t floats;
  float* data;

  explicit Scratch(int64_t floats) : floats(floats) {
    const int64_t bytes = (floats + kMargin) * static_cast<int64_t>(sizeof(float));
    data = static_cast<float*>(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
    for (int64_t i = 0; i < floats + kMargin; i++) data[i] = kGuard;
  }
  ~Scratch() { std::free(data); }
  bool guards_stand() const {
    for (int64_t i = floats; i < floats + kMargin; i++) {
      if (data[i] != kGuard) return false;
    }
    return true;
  }
};

void multiply(const KernelTable& table, Product& product, int parts) {
  const Shape& s = product.shape;
  for (int part = parts; part-- > 0;) {
    Scratch scratch(gemm_scratch_floats(table, s.m, s.n, s.k));
    gemm(table, product.call(), part, parts, scratch.data);
    CHECK(scratch.guards_stand());
  }
}

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

template <class Body>
void for_each_table(Body body) {
  for (const KernelTable* const* table = supported_tables(); *table; table++) body(**table);
}

int64_t pick(std::mt19937& random, const std::vector<int64_t>& from) { return from[random() % from.size()]; }

bool same_bits(const std::vector<float>& x, const std::vector<float>& y) {
  return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0;
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

// Shapes that take each way through the loops: several blocks of k, groups of panels, packed and unpacked operands.
TEST(gemm_of_large_shapes) {
  for_each_table([](const KernelTable& table) {
    std::mt19937 random(3);
    const bool slow = table.lanes == 1;
    for (const Shape& shape : std::vector<Shape>{
             {3, 17, 2500, false, false}, {70, 513, 1100, false, false}, {20, 512, 300, false, false},
             {65, 300, 530, true, false}, {40, 257, 1030, true, true},   {1, 1000, 784, false, false},
             {2, 130, 1025, true, true},  {700, 33, 40, false, false},   {450, 1, 33, true, false}}) {
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
                                                 {128, 1024, 20, true, false}}) {
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

// Runs a product with some more fields of its call set, in parts.
template <class Change>
void multiply_changed(const KernelTable& table, Product& product, int parts, Change change) {
  const Shape& s = product.shape;
  for (int part = 0; part < parts; part++) {
    Scratch scratch(gemm_scratch_floats(table, s.m, s.n, s.k));
    GemmCall call = product.call();
    change(call);
    gemm(table, call, part, parts, scratch.data);
  }
}

constexpr Shape kEpilogueShapes[] = {{19, 37, 21, false, true}, {64, 128, 1100, true, false}, {300, 10, 33, true, false},
                                     {1, 130, 7, false, false}};

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
    for (Shape shape : {Shape{19, 37, 21, false, false}, Shape{784, 128, 128, true, false}, Shape{5, 1, 1100, true, false},
                        Shape{0, 70, 3, false, false}, Shape{4, 33, 0, false, false}}) {
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

// Collects what a gemm hands over, and how often it handed over each element.
struct Taker {
  int64_t n;
  std::vector<float> c;
  std::vector<int> times;
  static void take(void* taker, const GemmBlock& block, const float* c, int64_t ld) noexcept {
    Taker& self = *static_cast<Taker*>(taker);
    for (int64_t i = 0; i < block.rows; i++) {
      for (int64_t j = 0; j < block.cols; j++) {
        const int64_t to = (block.row + i) * self.n + block.column + j;
        self.c[static_cast<size_t>(to)] = c[i * ld + j];
        self.times[static_cast<size_t>(to)]++;
      }
    }
  }
};

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

// Regions of all parts together cover every tile once.
TEST(gemm_regions_cover_the_tiles_once) {
  for_each_table([](const KernelTable& table) {
    for (int64_t m : {1, 5, 6, 7, 100, 128, 784, 5000}) {
      for (int64_t n : {1, 16, 17, 64, 100, 130, 784, 1024}) {
        const GemmTiling tiling = gemm_tiling(table.gemm, m, n);
        CHECK_EQUAL(tiling.tiles.length(), m);
        CHECK_EQUAL(tiling.first_column(tiling.panels.count), n);
        for (int parts : {1, 2, 3, 7, 200}) {
          std::vector<int> covered(tiling.panels.count * tiling.tiles.count);
          for (int part = 0; part < parts; part++) {
            GemmRegion regions[3];
            const int count = gemm_regions(tiling, part, parts, regions);
            for (int r = 0; r < count; r++) {
              for (int64_t p = regions[r].first_panel; p < regions[r].last_panel; p++) {
                for (int64_t t = regions[r].first_tile; t < regions[r].last_tile; t++) {
                  covered[p * tiling.tiles.count + t]++;
                }
              }
            }
          }
          bool once = true;
          for (int times : covered) once = once && times == 1;
          CHECK(once);
        }
      }
    }
  });
}

}  // namespace
}  // namespace quern
