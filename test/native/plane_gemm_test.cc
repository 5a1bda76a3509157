// gemm by planes: every precision that a table has, exactness, what is not finite, denormals, panels.
#include <cmath>
#include <limits>

#include "gemm/panels.h"
#include "gemm/plane_gemm.h"
#include "products.h"

namespace quern {
namespace {

// Tables that multiply planes at this precision, AMX's model among them, made to do so for every shape.
template <class Body>
void for_each_plane_table(Precision precision, Body body) {
  for_each_table([&](const KernelTable& table) {
    const test::EagerTable eager(table);
    if (uses_planes(eager.get(), precision, 1024, 1024, 1024)) body(eager.get());
  });
}

// Each transposition, ends in every direction, several blocks of k and groups of panels.
const Shape kShapes[] = {{128, 128, 784, false, false}, {200, 128, 128, true, false}, {128, 200, 128, false, true},
                         {107, 130, 97, true, true},    {80, 180, 1030, false, true}, {300, 77, 90, true, false},
                         {140, 150, 79, false, false},  {80, 200, 1409, true, true},  {3, 17, 31, false, false}};

// Largest error of linear C, relative to the sum of magnitudes.
double worst_error(const Product& before, Product& after) {
  Product product = before;
  const GemmCall call = product.call();
  double worst = 0;
  for (int64_t i = 0; i < call.m; i += 3) {
    for (int64_t j = 0; j < call.n; j++) {
      double sum = call.bias ? call.bias[j] : 0.0, magnitudes = std::fabs(sum);
      auto add = [&](double x) { sum += x, magnitudes += std::fabs(x); };
      if (call.accumulate) add(call.c[i * call.ldc + j]);
      for (int64_t p = 0; p < call.k; p++) {
        add(static_cast<double>(call.a[i * call.a_row + p * call.a_col]) * call.b[p * call.b_row + j * call.b_col]);
      }
      const double error = std::fabs(after.at(i, j) - sum) / magnitudes;
      if (!(error <= worst)) worst = error;
    }
  }
  return worst;
}

TEST(planes_are_as_exact_as_multiply_adds_at_highest) {
  for_each_plane_table(Precision::kHighest, [](const KernelTable& table) {
    std::mt19937 random(21);
    KernelTable floats = table;
    floats.planes = nullptr;
    for (const Shape& shape : kShapes) {
      Options options;
      options.bias = true;
      options.accumulate = shape.m % 2 != 0;
      for (const int range : {0, 8, 32}) {  // powers of two that the values' magnitudes span in either direction
        Product before(shape, options, random);
        for (float& x : before.a) x = std::ldexp(x, static_cast<int>(random() % (2 * range + 1)) - range);
        for (float& x : before.b) x = std::ldexp(x, static_cast<int>(random() % (2 * range + 1)) - range);
        Product by_planes = before, by_floats = before;
        multiply(table, by_planes, 2);
        multiply(floats, by_floats, 1);
        CHECK(!same_bits(by_planes.c, by_floats.c));
        CHECK(worst_error(before, by_planes) <= worst_error(before, by_floats));
      }
    }
  });
}

// compile's bounds for a product, and the roundings of the sum: not more than one for each step of k, product of planes
// and pair in a step.
TEST(planes_are_within_the_bound_of_each_precision) {
  for (const auto& [precision, bound] : {std::pair{Precision::kHigh, 0x1p-15}, {Precision::kMedium, 0x1p-7}}) {
    for_each_plane_table(precision, [&](const KernelTable& table) {
      std::mt19937 random(22);
      for (const Shape& shape : kShapes) {
        const Product before(shape, {}, random);
        Product after = before;
        multiply(table, after, 3, precision);
        const double error = worst_error(before, after);
        CHECK(error <= bound + 0x1p-24 * static_cast<double>(18 + 6 * (shape.k / 32 + 2)));
        CHECK(error >= bound / 1000);  // it did compute with fewer bits
      }
    });
  }
}

// Integers of 8 bits by integers: nothing is rounded, whatever the precision.
TEST(planes_of_small_integers_are_exact) {
  for (const Precision precision : {Precision::kHighest, Precision::kHigh, Precision::kMedium}) {
    for_each_plane_table(precision, [&](const KernelTable& table) {
      std::mt19937 random(23);
      Product before({128, 128, 200, false, false}, {}, random);
      for (float& x : before.a) x = static_cast<float>(random() % 256);
      for (float& x : before.b) x = static_cast<float>(random() % 256) - 128;
      Product after = before;
      multiply(table, after, 1, precision);
      CHECK_EQUAL(worst_error(before, after), 0.0);
    });
  }
}

TEST(planes_have_the_same_bits_for_any_number_of_parts) {
  for (const Precision precision : {Precision::kHighest, Precision::kHigh, Precision::kMedium}) {
    for_each_plane_table(precision, [&](const KernelTable& table) {
      std::mt19937 random(24);
      for (const Shape& shape : kShapes) {
        Options options;
        options.bias = options.accumulate = true;
        options.function = PointwiseFunction::kRelu;
        const Product before(shape, options, random);
        Product whole = before;
        multiply(table, whole, 1, precision);
        for (int parts : {3}) {
          Product cut = before;
          multiply(table, cut, parts, precision);
          CHECK(same_bits(whole.c, cut.c));
        }
      }
    });
  }
}

#if defined(__x86_64__)
TEST(planes_are_used_where_they_pay) {
  KernelTable table = *supported_tables()[0];
  table.planes = &test::kModelPlanes;
  const auto floats = [&](int64_t m, int64_t n, int64_t k) {
    return uses_planes(table, Precision::kHighest, m, n, k);
  };
  const auto bytes = [&](int64_t m, int64_t n, int64_t k) {
    return uses_byte_planes(table, Precision::kHighest, m, n, k);
  };
  CHECK(!floats(1, 1000, 1000) && !floats(128, 10, 128) && !floats(1000, 1000, 10) && !floats(32, 1000, 1000));
  CHECK(!floats(1000, 1000, 129));  // a fifth of what is multiplied would be zeros
  CHECK(!floats(128, 128, 784) && !floats(784, 128, 128) && floats(512, 512, 512));
  CHECK(floats(256, 1024, 784) && floats(784, 1024, 256));
  CHECK(!bytes(784, 128, 128) && bytes(784, 128, 256) && bytes(256, 128, 784) && bytes(784, 1024, 128));
  CHECK(uses_planes(table, Precision::kMedium, 64, 64, 64) && !uses_planes(table, Precision::kMedium, 64, 10, 64));
  CHECK(may_use_planes(table, Precision::kHighest, 128, 784) && !may_use_planes(table, Precision::kHighest, 48, 784));
  CHECK(!may_use_planes(table, Precision::kMedium, 10, 784));
}
#endif

// A of bytes has the bits of one part or many; the sums are as exact as those of multiply-adds, and those that are not
// finite are theirs.
TEST(planes_of_bytes_are_as_exact_as_multiply_adds) {
  for_each_plane_table(Precision::kHighest, [](const KernelTable& table) {
    if (!table.planes->pack_bytes) return;
    std::mt19937 random(30);
    KernelTable floats = table;
    floats.planes = nullptr;
    for (const Shape& shape : kShapes) {
      for (const int range : {0, 16}) {
        Options options;
        options.bias = true;
        options.accumulate = shape.m % 2 != 0;
        Product before(shape, options, random);
        std::vector<uint8_t> bytes(before.a.size());
        for (uint8_t& x : bytes) x = static_cast<uint8_t>(random());
        float stands_for[256];
        for (int x = 0; x < 256; x++) stands_for[x] = static_cast<float>(x) * (1 / 255.0f);
        for (size_t i = 0; i < bytes.size(); i++) before.a[i] = static_cast<float>(bytes[i]) * (1 / 255.0f);
        for (float& x : before.b) x = std::ldexp(x, static_cast<int>(random() % (2 * range + 1)) - range);
        if (range == 0) before.b[0] = std::numeric_limits<float>::infinity();
        Product by_floats = before;
        multiply(floats, by_floats, 1);
        std::vector<float> first;
        for (const int parts : {1, 3}) {
          Product by_bytes = before;
          multiply_changed(table, by_bytes, parts, [&](GemmCall& call) {
            call.a = nullptr, call.a_bytes = bytes.data(), call.a_table = stands_for, call.a_scale = 1 / 255.0f;
          });
          CHECK(by_bytes.guards_stand());
          if (parts == 1) first = by_bytes.c;
          CHECK(same_bits(by_bytes.c, first));
          if (range == 0) {
            for (int64_t i = 0; i < shape.m; i++) {
              CHECK_EQUAL(std::isinf(by_bytes.at(i, 0)), std::isinf(by_floats.at(i, 0)));
            }
          } else {
            CHECK(worst_error(before, by_bytes) <= worst_error(before, by_floats));
          }
        }
      }
    }
  });
}

struct Spoiled {
  int64_t row, p;
  float a, b;  // op(A)(row, p), and op(B)(p, every third column)
};

// A block with anything that is not finite has the bits of multiply-adds; so has one whose parts overflow although it
// does not.
TEST(planes_leave_blocks_that_are_not_finite_to_multiply_adds) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  const float largest = std::numeric_limits<float>::max();
  const Spoiled cases[] = {{40, 7, inf, 1}, {40, 7, inf, 0}, {40, 7, -inf, inf}, {40, 7, nan, 1}, {40, 127, 0, inf},
                           {40, 0, 1, nan}, {40, 64, largest, 1}, {40, 64, -largest, 0.5f}, {40, 64, largest, 4},
                           {40, 64, 0x1p100f, 0x1p100f}};
  for (const Precision precision : {Precision::kHighest, Precision::kHigh, Precision::kMedium}) {
    for_each_plane_table(precision, [&](const KernelTable& table) {
      std::mt19937 random(25);
      KernelTable floats = table;
      floats.planes = nullptr;
      for (const int t : {0, 3}) {
        for (const Spoiled& spoiled : cases) {
          Product before({107, 105, 128, (t & 1) != 0, (t & 2) != 0}, {}, random);
          const GemmCall call = before.call();
          before.a[spoiled.row * call.a_row + spoiled.p * call.a_col] = spoiled.a;
          for (int64_t j = 0; j < 105; j += 3) before.b[spoiled.p * call.b_row + j * call.b_col] = spoiled.b;
          Product by_planes = before, by_floats = before;
          multiply(table, by_planes, 1, precision);
          multiply(floats, by_floats, 1, precision);
          bool same = true, kind = true;
          for (int64_t i = 0; i < 107; i++) {
            for (int64_t j = 0; j < 105; j++) {
              const float x = by_planes.at(i, j), y = by_floats.at(i, j);
              const bool in_row = i == spoiled.row;
              same = same && (!in_row || std::memcmp(&x, &y, sizeof x) == 0 || (std::isnan(x) && std::isnan(y)) ||
                              (std::isfinite(y) && std::fabs(x - y) <= std::fabs(y) * 0x1p-6f));
              kind = kind && std::isnan(x) == std::isnan(y) && std::isinf(x) == std::isinf(y);
            }
          }
          CHECK(same);
          CHECK(kind);
        }
      }
    });
  }
}

// Denormals as plane_kernels.h has them: what they and small products lose is small beside the other operand.
TEST(planes_lose_no_more_of_small_numbers_than_documented) {
  for_each_plane_table(Precision::kHighest, [](const KernelTable& table) {
    std::mt19937 random(26);
    for (const int exponent : {-60, -100, -110, -125, -130, -148}) {
      Product before({128, 128, 64, false, false}, {}, random);
      for (float& x : before.a) x = std::ldexp(x, exponent);
      Product after = before;
      multiply(table, after, 1);
      double worst = 0, largest = 0;
      for (int64_t i = 0; i < 128; i++) {
        for (int64_t j = 0; j < 128; j++) {
          double sum = 0;
          for (int64_t p = 0; p < 64; p++) sum += static_cast<double>(before.a[i * 64 + p]) * before.b[p * 128 + j];
          worst = std::fmax(worst, std::fabs(after.at(i, j) - sum));
          largest = std::fmax(largest, std::fabs(sum));
        }
      }
      // 64 products of which each part under 2^-126 counts as zero: at most 3 parts of the operand and 6 products.
      CHECK(worst <= 64 * 9 * 0x1p-126 + largest * 0x1p-20);
    }
  });
}

TEST(planes_in_panels_and_handed_over_have_the_same_bits) {
  struct Sum {
    std::vector<float> c;
    int64_t n;
    static void take(void* taker, const GemmBlock& block, const float* c, int64_t ld) noexcept {
      Sum& self = *static_cast<Sum*>(taker);
      for (int64_t i = 0; i < block.rows; i++) {
        for (int64_t j = 0; j < block.cols; j++) {
          self.c[static_cast<size_t>((block.row + i) * self.n + block.column + j)] += c[i * ld + j];
        }
      }
    }
  };
  for_each_plane_table(Precision::kMedium, [](const KernelTable& table) {
    std::mt19937 random(27);
    for (const Precision precision : {Precision::kHighest, Precision::kMedium}) {
      for (const Shape& shape : kShapes) {
        Product plain(shape, {}, random);
        const Product before = plain;
        multiply(table, plain, 1, precision);
        const int64_t rows = shape.transpose_b ? shape.n : shape.k, cols = shape.transpose_b ? shape.k : shape.n;
        std::vector<float> panels(before.b.size());
        to_panels(before.b.data(), rows, cols, panels.data());
        for (int parts : {3}) {
          Product given = before;
          Sum sum{std::vector<float>(static_cast<size_t>(shape.m * shape.n)), shape.n};
          for (int part = 0; part < parts; part++) {
            Scratch scratch(gemm_scratch_floats(table, shape.m, shape.n, shape.k));
            GemmCall call = given.call();
            call.precision = precision;
            call.b = panels.data(), call.b_in_panels = true;
            call.take = &Sum::take, call.taker = &sum, call.takes_panels = true;
            gemm(table, call, part, parts, scratch.data);
          }
          CHECK(std::memcmp(sum.c.data(), plain.c.data(), sum.c.size() * sizeof(float)) == 0);
        }
      }
    }
  });
}

}  // namespace
}  // namespace quern
