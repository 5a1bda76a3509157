// Products that skip zeros have the bits of those that do not, whatever is in the operands.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "gemm/panels.h"
#include "gemm/skipping_gemm.h"
#include "products.h"

namespace quern {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity(), kNaN = std::numeric_limits<float>::quiet_NaN();

// A with so many of its elements not 0; some zeros are negative.
void thin_out(std::vector<float>& a, double density, std::mt19937& random) {
  std::uniform_real_distribution<double> share(0, 1);
  for (float& x : a) {
    if (share(random) >= density) x = share(random) < 0.1 ? -0.0f : 0.0f;
  }
}

struct Bytes {
  std::vector<uint8_t> bytes;
  std::vector<float> table;
};

// Replaces A by what bytes of it stand for: one scale, and 0 where it was.
Bytes to_bytes(std::vector<float>& a) {
  Bytes result{std::vector<uint8_t>(a.size()), std::vector<float>(256)};
  for (int i = 0; i < 256; i++) result.table[i] = static_cast<float>(i) / 255;
  for (size_t i = 0; i < a.size(); i++) {
    result.bytes[i] = a[i] == 0 ? 0 : static_cast<uint8_t>(std::lround(std::fabs(a[i]) * 254) + 1);
    a[i] = result.table[result.bytes[i]];
  }
  return result;
}

struct Way {
  bool has_like_columns = true;
  Step* step = nullptr;                  // takes it if there is one
  const MarkedOutput* marked = nullptr;  // likewise
  bool b_in_panels = false;
};

// Computes it by skipping, in parts from the last to the first.
void skip(const KernelTable& table, Product& product, Bytes* bytes, int parts, Way way = {}) {
  const Shape shape = product.shape;
  SparseMatrix matrix;
  if (bytes) matrix.bytes = bytes->bytes.data(), matrix.table = bytes->table.data();
  else matrix.floats = product.a.data();
  matrix.rows = shape.transpose_a ? shape.k : shape.m, matrix.cols = shape.transpose_a ? shape.m : shape.k;
  Nonzeros nonzeros;
  CHECK(nonzeros.allocate(matrix.rows, matrix.cols));
  nonzeros.begin(matrix);
  nonzeros.mark(table.skipping, {0, matrix.rows});
  Marks of_columns;
  CHECK(of_columns.allocate(matrix.cols, matrix.rows));
  nonzeros.turn(table.skipping, &of_columns);
  const Marks& marks = shape.transpose_a ? of_columns : nonzeros.of_rows();
  GemmCall call = product.call();
  call.b_is_finite = std::all_of(product.b.begin(), product.b.end(), [](float x) { return std::isfinite(x); });
  if (way.step) call.take = Step::take, call.taker = way.step, call.sgd = Step::sgd;
  call.marked = way.marked, call.b_in_panels = way.b_in_panels;
  for (int part = parts - 1; part >= 0; part--) {
    call.b_is_finite = call.b_is_finite && part % 2 == 0;
    skipping_gemm(table, call, {matrix, marks, shape.transpose_a, 0, way.has_like_columns}, part, parts);
  }
}

void check_same(const KernelTable& table, const Product& product, Bytes* bytes, int parts, const char* about) {
  Product dense = product, skipped = product, apart = product;
  multiply(table, dense, 1);
  skip(table, skipped, bytes, parts);
  skip(table, apart, bytes, parts, {false});
  if (same_bits(dense.c, skipped.c) && same_bits(dense.c, apart.c)) return;
  char what[200];
  std::snprintf(what, sizeof what, "%s, %s: %lldx%lldx%lld transposed %d bytes %d parts %d", table.name, about,
                static_cast<long long>(product.shape.m), static_cast<long long>(product.shape.n),
                static_cast<long long>(product.shape.k), product.shape.transpose_a, bytes != nullptr, parts);
  test::fail(__FILE__, __LINE__, what);
}

TEST(skipping_changes_no_bit_of_shapes_with_tails_and_any_density) {
  const std::vector<int64_t> sizes = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 100, 127, 128, 129, 200, 300};
  for_each_table_without_planes([&](const KernelTable& table) {
    std::mt19937 random(5);
    for (int round = 0; round < 300; round++) {
      Options options;
      options.bias = random() % 2;
      options.function = random() % 2 ? PointwiseFunction::kRelu : PointwiseFunction::kTanh;
      const bool transpose_a = random() % 2 != 0, transpose_b = !transpose_a && random() % 3 == 0;
      const Shape shape{pick(random, sizes), pick(random, sizes), pick(random, sizes), transpose_a, transpose_b};
      Product product(shape, options, random);
      thin_out(product.a, static_cast<double>(round % 11) / 10, random);
      check_same(table, product, nullptr, 1 + static_cast<int>(random() % 3), "floats");
      Bytes bytes = to_bytes(product.a);
      check_same(table, product, &bytes, 1 + static_cast<int>(random() % 3), "bytes");
    }
  });
}

TEST(skipping_nothing_multiplies_zeros_by_what_is_not_finite) {
  for_each_table_without_planes([&](const KernelTable& table) {
    std::mt19937 random(6);
    for (const float bad : {kInf, -kInf, kNaN}) {
      for (int round = 0; round < 30; round++) {
        Product product({40, 70, 300, round % 2 != 0, false}, {}, random);
        thin_out(product.a, 0.1, random);
        product.b[random() % product.b.size()] = bad;
        if (round % 3 == 0) product.a[random() % product.a.size()] = bad;
        check_same(table, product, nullptr, 2, "not finite");
      }
    }
  });
}

// A sum that underflows to -0 becomes 0 by the next product that is 0.
TEST(skipping_keeps_the_sign_of_zeros) {
  for_each_table_without_planes([&](const KernelTable& table) {
    std::mt19937 random(7);
    for (int round = 0; round < 60; round++) {
      Options options;
      options.bias = round % 3 == 0;
      Product product({round % 5 ? 35 : 3, 70, round % 2 ? 60 : 200, round % 4 < 2, false}, options, random);
      thin_out(product.a, 0.02, random);
      for (float& x : product.b) x = std::copysign(1e-30f, x);
      for (float& x : product.a) x *= 1e-30f;
      for (float& x : product.bias) x = -0.0f;
      check_same(table, product, nullptr, 1, "zeros");
    }
  });
}

// The same bits, but that NaN may be any.
bool same_values(std::vector<float> x, std::vector<float> y) {
  const auto be_one_nan = [](float& value) { value = std::isnan(value) ? kNaN : value; };
  std::for_each(x.begin(), x.end(), be_one_nan), std::for_each(y.begin(), y.end(), be_one_nan);
  return same_bits(x, y);
}

// In registers where panels are whole, also where sums underflow and where B is not finite.
TEST(updates_by_gradients_that_skip_are_those_by_whole_gradients) {
  for_each_table_without_planes([&](const KernelTable& table) {
    std::mt19937 random(9);
    for (int round = 0; round < 200; round++) {
      Product product({pick(random, {1, 2, 35, 200}), pick(random, {8, 64, 72, 200}),
                       pick(random, {1, 60, 130, 300}), true, false}, {}, random);
      thin_out(product.a, round % 2 ? 0.03 : 0.3, random);
      if (round % 4 < 2) {
        for (float& x : product.b) x = std::copysign(1e-30f, x);
        for (float& x : product.a) x *= 1e-30f;
      }
      if (round % 7 == 0) product.b[random() % product.b.size()] = kInf;
      const size_t size = static_cast<size_t>(product.shape.m * product.shape.n);
      std::uniform_real_distribution<float> uniform(-1, 1);
      std::vector<float> values(size);
      for (float& x : values) x = round % 3 ? uniform(random) : -0.0f;
      Step expected{table, product.shape.n, values, values}, actual = expected;
      Product dense = product;
      multiply(table, dense, 1);
      expected.make(0, dense.c.data(), static_cast<int64_t>(size));
      skip(table, product, nullptr, 1 + round % 3, {round % 5 < 3, &actual});
      CHECK(same_values(expected.weights, actual.weights) && same_values(expected.momentum, actual.momentum));
      CHECK(expected.are_finite == actual.are_finite);
    }
  });
}

TEST(skipping_multiplies_by_a_transpose_that_lies_in_panels) {
  for_each_table_without_planes([&](const KernelTable& table) {
    std::mt19937 random(10);
    for (int round = 0; round < 40; round++) {
      Product product({pick(random, {33, 130}), pick(random, {65, 128}), pick(random, {70, 128, 200}), false, true}, {},
                      random);
      thin_out(product.a, 0.3, random);
      Product dense = product;
      multiply(table, dense, 1);
      const std::vector<float> row_major = product.b;
      to_panels(row_major.data(), product.shape.n, product.shape.k, product.b.data());
      skip(table, product, nullptr, 1 + round % 3, {true, nullptr, nullptr, true});
      CHECK(same_bits(dense.c, product.c));
    }
  });
}

// Each block of whole words, however it is computed; that is all where tiles are as wide.
TEST(products_mark_what_they_make) {
  for_each_table_without_planes([&](const KernelTable& table) {
    std::mt19937 random(11);
    for (int round = 0; round < 60; round++) {
      Options options;
      options.function = PointwiseFunction::kRelu;
      const int64_t m = pick(random, {1, 40, 128}), n = pick(random, {64, 100, 128, 200, 512});
      Product product({m, n, pick(random, {1, 10, 150}), round % 4 == 1, false}, options, random);
      thin_out(product.a, 0.5, random);
      Marks marks;
      CHECK(marks.allocate(m, n));
      marks.set_size(m, n);
      int64_t nonzeros = 0, elements = 0, wrong = 0, expected = 0;
      const MarkedOutput marked{&marks, 0, &nonzeros, &elements};
      if (round % 2) {
        skip(table, product, nullptr, 2, {true, nullptr, &marked});
      } else {
        GemmCall call = product.call();
        call.marked = &marked;
        const Scratch scratch(gemm_scratch_floats(table, m, n, product.shape.k));
        gemm(table, call, 0, 1, scratch.data);
      }
      CHECK(elements == m * n || (elements < m * n && (table.lanes < 16 || n % 64 != 0)));
      if (elements < m * n) continue;
      for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
          const bool nonzero = product.c[static_cast<size_t>(i * product.ldc + j)] != 0;
          expected += nonzero;
          wrong += nonzero != ((marks.of_line(i)[j / 64 * marks.next()] >> j % 64 & 1) != 0);
        }
      }
      CHECK(wrong == 0);
      CHECK(nonzeros == expected);
    }
  });
}

TEST(marks_are_what_is_not_zero) {
  for_each_table_without_planes([&](const KernelTable& table) {
    const int64_t rows = 130, cols = 77;
    std::mt19937 random(8);
    std::vector<float> x(rows * cols, 1.0f);
    thin_out(x, 0.4, random);
    x[5] = kNaN;
    Nonzeros nonzeros;
    Marks of_columns;
    CHECK(nonzeros.allocate(2 * rows, cols) && of_columns.allocate(cols, 2 * rows));
    std::vector<uint8_t> bytes(2 * rows * cols, 1), copies(rows * cols);
    nonzeros.begin({nullptr, bytes.data(), nullptr, 2 * rows, cols});  // a larger one before: nothing of it is left
    CHECK(nonzeros.mark(table.skipping, {0, 2 * rows}) == 2 * rows * cols);
    nonzeros.turn(table.skipping, &of_columns);
    for (int64_t e = 0; e < rows * cols; e++) bytes[e] = x[e] != 0;
    for (const bool as_bytes : {false, true}) {
      nonzeros.begin({as_bytes ? nullptr : x.data(), copies.data(), nullptr, rows, cols});
      int64_t count = 0, wrong = 0;
      if (as_bytes) {
        count += nonzeros.copy(table.skipping, bytes.data() + 60 * cols, {60, rows});
        count += nonzeros.copy(table.skipping, bytes.data(), {0, 60});
        CHECK(std::equal(copies.begin(), copies.end(), bytes.begin()));
      } else {
        count += nonzeros.mark(table.skipping, {60, rows}) + nonzeros.mark(table.skipping, {0, 60});
      }
      nonzeros.turn(table.skipping, &of_columns);
      const Marks& of_rows = nonzeros.of_rows();
      for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < cols; j++) {
          const bool nonzero = x[i * cols + j] != 0;
          count -= nonzero;
          wrong += nonzero != ((of_rows.of_line(i)[j / 64 * of_rows.next()] >> j % 64 & 1) != 0);
          wrong += nonzero != ((of_columns.of_line(j)[i / 64 * of_columns.next()] >> i % 64 & 1) != 0);
        }
      }
      CHECK(wrong == 0);
      CHECK(count == 0);
    }
  });
}

}  // namespace
}  // namespace quern
