// Products of listed elements have the bits of those of the whole matrix.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "gemm/listed_gemm.h"
#include "gemm/panels.h"
#include "products.h"

namespace quern {
namespace {

// The elements of a matrix that are not 0, and some that are.
struct Lists {
  int64_t rows, cols;
  std::vector<uint32_t> indices;
  std::vector<float> values;
  std::vector<ListedElements> of_rows;

  Lists(const std::vector<float>& x, int64_t rows, int64_t cols) : rows(rows), cols(cols) {
    std::vector<size_t> ends;
    for (int64_t i = 0; i < rows; i++) {
      for (int64_t j = 0; j < cols; j++) {
        const float value = x[i * cols + j];
        if (value == 0 && !std::signbit(value) && (i + j) % 50) continue;
        indices.push_back(static_cast<uint32_t>(j));
        values.push_back(value);
      }
      ends.push_back(indices.size());
    }
    size_t begin = 0;
    for (const size_t end : ends) {
      of_rows.push_back({indices.data() + begin, values.data() + begin, static_cast<int64_t>(end - begin)});
      begin = end;
    }
  }
  ListedMatrix matrix() const { return {of_rows.data(), rows, cols}; }
};

// So many of the elements stay; every third row has none, and one has all.
void thin_out(std::vector<float>& x, int64_t cols, double density, std::mt19937& random) {
  std::uniform_real_distribution<double> share(0, 1);
  for (size_t i = 0; i < x.size(); i++) {
    const int64_t row = static_cast<int64_t>(i) / cols;
    if (row != 1 && (row % 3 == 2 || share(random) >= density)) x[i] = share(random) < 0.05 ? -0.0f : 0.0f;
  }
}

// A product of an A that is thinned out, and A's lists.
struct Thinned {
  Product product;
  Lists lists;

  Thinned(Shape shape, Options options, double density, std::mt19937& random)
      : product(thinned(shape, options, density, random)),
        lists(product.a, shape.transpose_a ? shape.k : shape.m, shape.transpose_a ? shape.m : shape.k) {}

  void multiply(const KernelTable& table, const GemmCall& call, int parts, bool passes_on_zeros = true) const {
    for (int part = parts - 1; part >= 0; part--) {
      if (!product.shape.transpose_a) {
        listed_gemm(table, call, lists.of_rows.data(), part, parts);
        continue;
      }
      ColumnLists columns;
      CHECK(columns.allocate(lists.cols, static_cast<int64_t>(lists.indices.size())));
      listed_gemm_transposed(table, call, lists.matrix(), passes_on_zeros, &columns, part, parts);
    }
  }

 private:
  static Product thinned(Shape shape, Options options, double density, std::mt19937& random) {
    Product product(shape, options, random);
    thin_out(product.a, shape.transpose_a ? shape.m : shape.k, density, random);
    return product;
  }
};

// What C becomes by lists is what it becomes by the whole of A.
void check_same(const KernelTable& table, const Thinned& of, int parts) {
  Product dense = of.product, listed = of.product;
  multiply(table, dense, 1);
  GemmCall call = listed.call();
  call.a = nullptr;
  of.multiply(table, call, parts);
  if (same_bits(dense.c, listed.c)) return;
  char what[160];
  const Shape& shape = of.product.shape;
  std::snprintf(what, sizeof what, "%s: %lldx%lldx%lld transposed %d parts %d", table.name,
                static_cast<long long>(shape.m), static_cast<long long>(shape.n), static_cast<long long>(shape.k),
                shape.transpose_a, parts);
  test::fail(__FILE__, __LINE__, what);
}

TEST(lists_change_no_bit_of_shapes_with_tails_and_any_density) {
  const std::vector<int64_t> sizes = {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 100, 127, 128, 129, 200, 300};
  for_each_table_without_planes([&](const KernelTable& table) {
    std::mt19937 random(5);
    for (int round = 0; round < 300; round++) {
      Options options;
      options.bias = random() % 2;
      options.function = random() % 2 ? PointwiseFunction::kRelu : PointwiseFunction::kTanh;
      const Shape shape{pick(random, sizes), pick(random, sizes), pick(random, sizes), random() % 2 != 0, false};
      check_same(table, Thinned(shape, options, static_cast<double>(round % 6) / 50, random),
                 1 + static_cast<int>(random() % 3));
    }
    check_same(table, Thinned({0, 70, 30, false, false}, {}, 0.1, random), 2);
    check_same(table, Thinned({20, 70, 0, false, false}, {}, 0.1, random), 2);
  });
}

// A sum that underflows to -0, or begins as such, becomes 0 by the next product that is 0.
TEST(lists_keep_the_sign_of_zeros) {
  for_each_table_without_planes([&](const KernelTable& table) {
    std::mt19937 random(7);
    for (int round = 0; round < 80; round++) {
      Options options;
      options.bias = round % 3 == 0;
      if (round % 5 == 0) options.function = PointwiseFunction::kRelu;
      Thinned of({35, 70, 60, round % 4 < 2, false}, options, 0.05, random);
      const bool all_negative = round % 8 == 1;
      for (float& x : of.product.b) x = all_negative ? -1e-30f : random() % 9 ? std::copysign(1e-30f, x) : 0;
      for (float& x : of.product.a) x *= 1e-30f;
      for (float& x : of.lists.values) x *= 1e-30f;
      for (float& x : of.product.bias) x = -0.0f;
      check_same(table, of, 1 + round % 2);
    }
  });
}

TEST(lists_are_multiplied_by_panels_with_the_same_bits) {
  for_each_table_without_planes([&](const KernelTable& table) {
    std::mt19937 random(8);
    for (const int64_t n : {64, 65, 130, 200}) {
      Thinned of({40, n, 90, false, false}, {}, 0.05, random);
      Product dense = of.product, listed = of.product;
      multiply(table, dense, 1);
      std::vector<float> panels(of.product.b.size());
      to_panels(of.product.b.data(), 90, n, panels.data());
      GemmCall call = listed.call();
      call.b = panels.data(), call.b_in_panels = true;
      of.multiply(table, call, 3);
      CHECK(same_bits(dense.c, listed.c));
    }
  });
}

// Whether each row of C was taken once, or if it should not be at all.
bool are_taken(const Taker& taker, const std::vector<bool>& wanted) {
  for (size_t i = 0; i < taker.times.size(); i++) {
    if (taker.times[i] != wanted[i / static_cast<size_t>(taker.n)]) return false;
  }
  return true;
}

TEST(lists_pass_on_each_row_once_or_those_that_occur) {
  for_each_table_without_planes([&](const KernelTable& table) {
    std::mt19937 random(9);
    for (int round = 0; round < 48; round++) {
      const int64_t m = round % 2 ? 301 : 50, n = round % 3 ? 130 : 64;
      Thinned of({m, n, 20, true, false}, {}, 0.02, random);
      for (float& x : of.product.a) x = &x - of.product.a.data() < 2 * m ? 0 : x;  // the row that has all columns
      of.lists = Lists(of.product.a, 20, m);
      Product dense = of.product;
      std::vector<float> sums(n), expected(n);
      GemmCall whole = dense.call();
      whole.column_sums = expected.data();
      Scratch scratch(gemm_scratch_floats(table, m, n, 20));
      gemm(table, whole, 0, 1, scratch.data);
      const bool passes_on_zeros = round % 4 < 2;
      std::vector<bool> wanted(m, passes_on_zeros);
      for (const uint32_t column : of.lists.indices) wanted[column] = true;
      CHECK(passes_on_zeros || std::count(wanted.begin(), wanted.end(), false) > 0);
      Taker taker{n, std::vector<float>(m * n, 0.0f), std::vector<int>(m * n)};
      GemmCall call = of.product.call();
      call.take = &Taker::take, call.taker = &taker, call.takes_panels = round % 8 < 4, call.column_sums = sums.data();
      of.multiply(table, call, 1 + round % 3, passes_on_zeros);
      CHECK(are_taken(taker, wanted));
      CHECK(std::memcmp(taker.c.data(), dense.c.data(), taker.c.size() * sizeof(float)) == 0);
      CHECK(same_bits(sums, expected));
    }
  });
}

TEST(column_lists_hold_the_columns_of_a_range_and_are_clean_afterwards) {
  std::mt19937 random(10);
  const int64_t rows = 30, cols = 200;
  ColumnLists columns;
  CHECK(columns.allocate(cols, rows * cols));
  for (int round = 0; round < 20; round++) {
    std::vector<float> x(rows * cols, 1.0f);
    for (float& value : x) value = static_cast<float>(1 + random() % 100);
    thin_out(x, cols, 0.03, random);
    const Lists lists(x, rows, cols);
    const Range range{static_cast<int64_t>(random() % 100), static_cast<int64_t>(100 + random() % 101)};
    columns.turn(lists.matrix(), range);
    int64_t wrong = 0, elements = 0;
    for (int64_t j = range.begin; j < range.end; j++) {
      const ListedElements of = columns.of(j);
      elements += of.count;
      for (int64_t e = 0; e < of.count; e++) {
        wrong += x[of.indices[e] * cols + j] != of.values[e];
        wrong += e > 0 && of.indices[e - 1] >= of.indices[e];
      }
    }
    for (const uint32_t column : lists.indices) elements -= range.begin <= column && column < range.end;
    CHECK_EQUAL(wrong, 0);
    CHECK_EQUAL(elements, 0);
    columns.clear();
    for (int64_t j = 0; j < cols; j++) wrong += columns.of(j).count != 0;
    CHECK_EQUAL(wrong, 0);
  }
  CHECK(!columns.allocate(int64_t{1} << 32, 1));
  CHECK(!columns.allocate(1, int64_t{1} << 32));
}

// As a matrix may have that is changed while it is read. Under the address sanitizer nothing outside is touched.
TEST(lists_out_of_order_are_multiplied_in_the_order_they_have) {
  for_each_table_without_planes([&](const KernelTable& table) {
    std::mt19937 random(11);
    for (const bool transposed : {false, true}) {
      Thinned of({50, 70, 50, transposed, false}, {}, 0.05, random);
      for (uint32_t& index : of.lists.indices) index = random() % 50;
      for (float& x : of.product.b) x = std::copysign(1e-30f, x);
      for (float& x : of.lists.values) x *= 1e-30f;
      of.multiply(table, of.product.call(), 2);
      CHECK(of.product.guards_stand());
    }
  });
}

}  // namespace
}  // namespace quern
