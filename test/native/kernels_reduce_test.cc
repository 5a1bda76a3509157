// Combine, broadcast, affine, the reductions and the search for values that are not finite.
#include <cmath>
#include <limits>

#include "check.h"
#include "guarded.h"

namespace quern::test {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

float combined(CombineFunction f, float a, float b) {
  switch (f) {
    case CombineFunction::kAdd: return a + b;
    case CombineFunction::kSubtract: return a - b;
    case CombineFunction::kMultiply: return a * b;
    case CombineFunction::kDivide: return a / b;
    case CombineFunction::kMaximum: return std::isnan(a) || std::isnan(b) ? NAN : a > b ? a : b;
    case CombineFunction::kMinimum: return std::isnan(a) || std::isnan(b) ? NAN : a < b ? a : b;
    default: return 0;
  }
}

// Equal, or both NaN.
bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

std::vector<float> mixed_floats(int64_t n, uint32_t stream) {
  std::vector<float> values = random_floats(n, -3, 3, stream);
  const float special[] = {NAN, kInf, -kInf, 0.0f, 0x1p-140f};
  for (size_t i = 0; i < values.size(); i++) {
    const uint32_t word = philox({{static_cast<uint32_t>(i), 0, 0, stream}}, 3, 4).word[0];
    if (word % 7 < 5 && word % 3 == 0) values[i] = special[word % 5];
  }
  return values;
}

TEST(combine_of_every_length) {
  for_each_table([](const KernelTable& table) {
    for (const int64_t n : lengths(table.lanes)) {
      for (int f = 0; f < static_cast<int>(CombineFunction::kCount); f++) {
        Floats a(mixed_floats(n, 5)), b(mixed_floats(n + 1, 6), 2), out(n, 3), with_scalar(n);
        table.combine[f](a.data(), b.data(), out.data(), n);
        table.combine_scalar[f](a.data(), b.data() + n, with_scalar.data(), n);
        CHECK(out.intact() && with_scalar.intact());
        for (int64_t i = 0; i < n; i++) {
          CHECK(same(out[i], combined(static_cast<CombineFunction>(f), a[i], b[i])));
          CHECK(same(with_scalar[i], combined(static_cast<CombineFunction>(f), a[i], b[n])));
        }
      }
    }
  });
}

TEST(broadcast_and_affine_of_every_length) {
  for_each_table([](const KernelTable& table) {
    for (const int64_t n : lengths(table.lanes)) {
      Floats x(random_floats(n, -3, 3, 7)), out(3 * n, 2), y(n), z(n, 2);
      table.broadcast(x.data(), out.data(), n, 3, 0.25f);
      Guarded<uint8_t> bytes(n);
      for (int64_t i = 0; i < n; i++) bytes[i] = static_cast<uint8_t>(i * 37 + 200);
      table.affine(x.data(), y.data(), n, 0.3f, -0.7f);
      table.affine_u8(bytes.data(), z.data(), n, 1.0f / 255, 0.1f);
      CHECK(out.intact() && y.intact() && z.intact());
      for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < 3; j++) CHECK_EQUAL(out[3 * i + j], 0.25f * x[i]);
        const float scaled = x[i] * 0.3f, scaled_byte = static_cast<float>(bytes[i]) * (1.0f / 255);
        CHECK_EQUAL(y[i], scaled + -0.7f);
        CHECK_EQUAL(z[i], scaled_byte + 0.1f);
      }
      Floats wide(n);
      if (n > 0) table.broadcast(x.data(), wide.data(), 1, n, 2.0f);
      for (int64_t i = 0; i < n; i++) CHECK_EQUAL(wide[i], 2 * x[0]);
      CHECK(wide.intact());
    }
  });
}

struct Exact {
  double sum = 0, magnitude = 0, largest = -INFINITY;
  void add(double x) {
    sum += x;
    magnitude += std::fabs(x);
    largest = std::fmax(largest, x);
  }
};

constexpr int kSum = static_cast<int>(ReduceFunction::kSum), kMean = static_cast<int>(ReduceFunction::kMean),
              kMax = static_cast<int>(ReduceFunction::kMax);

TEST(reduce_columns_of_every_length) {
  constexpr int64_t kRows = 3;
  for_each_table([](const KernelTable& table) {
    for (const int64_t cols : lengths(table.lanes)) {
      Floats x(random_floats(kRows * cols, -1, 3, 8)), sum(kRows), mean(kRows, 2), largest(kRows, 3);
      table.reduce_columns[kSum](x.data(), sum.data(), kRows, cols);
      table.reduce_columns[kMean](x.data(), mean.data(), kRows, cols);
      table.reduce_columns[kMax](x.data(), largest.data(), kRows, cols);
      CHECK(sum.intact() && mean.intact() && largest.intact());
      for (int64_t i = 0; i < kRows; i++) {
        Exact exact;
        for (int64_t j = 0; j < cols; j++) exact.add(x[i * cols + j]);
        // Blocks of 16 vectors an accumulator, then 3 + 4 additions, and the rounding of the result.
        const double tolerance = 24 * kRounding * exact.magnitude;
        CHECK_NEAR(sum[i], exact.sum, tolerance);
        const double count = static_cast<double>(cols);
        if (cols) CHECK_NEAR(mean[i], exact.sum / count, tolerance / count);
        if (!cols) CHECK(std::isnan(mean[i]));
        CHECK_EQUAL(largest[i], static_cast<float>(exact.largest));
      }
    }
  });
}

TEST(reduce_rows_of_every_length) {
  for_each_table([](const KernelTable& table) {
    for (const int64_t cols : lengths(table.lanes)) {
      for (const int64_t rows : {0, 1, 9}) {
        const int64_t ld = cols + 3;
        Floats x(random_floats(rows * ld, -1, 3, 9)), sum(cols), mean(cols, 2), largest(cols, 3);
        table.reduce_rows[kSum](x.data(), sum.data(), rows, cols, ld);
        table.reduce_rows[kMean](x.data(), mean.data(), rows, cols, ld);
        table.reduce_rows[kMax](x.data(), largest.data(), rows, cols, ld);
        CHECK(sum.intact() && mean.intact() && largest.intact());
        for (int64_t j = 0; j < cols; j++) {
          float expected = 0, most = -kInf;
          for (int64_t i = 0; i < rows; i++) expected += x[i * ld + j], most = std::fmax(most, x[i * ld + j]);
          CHECK_EQUAL(sum[j], expected);
          CHECK(same(mean[j], expected / static_cast<float>(rows)));
          CHECK_EQUAL(largest[j], most);
        }
      }
    }
  });
}

TEST(reductions_let_nan_through) {
  for_each_table([](const KernelTable& table) {
    for (const int64_t n : lengths(table.lanes)) {
      for (const int64_t at : {int64_t{0}, n / 2, n - 1}) {
        if (n == 0) continue;
        std::vector<float> values = random_floats(n, -1, 1, 10);
        values[static_cast<size_t>(at)] = NAN;
        for (const int f : {kSum, kMean, kMax}) {
          float out = 0;
          table.reduce_columns[f](values.data(), &out, 1, n);
          CHECK(std::isnan(out));
        }
        std::vector<float> columns(static_cast<size_t>(n));
        table.reduce_rows[kMax](values.data(), columns.data(), 1, n, n);
        CHECK(std::isnan(columns[static_cast<size_t>(at)]));
      }
    }
  });
}

TEST(long_sums_stay_exact_to_a_few_roundings) {
  for_each_table([](const KernelTable& table) {
    const int64_t n = 1'000'003;
    const std::vector<float> x = random_floats(n, 0, 1, 11);
    Exact exact;
    for (const float value : x) exact.add(value);
    float sum;
    table.reduce_columns[kSum](x.data(), &sum, 1, n);
    CHECK_NEAR(sum, exact.sum, 24 * kRounding * exact.magnitude);
    CHECK_NEAR(table.read_sum(x.data(), n), exact.sum, 0.01 * exact.sum);
  });
}

TEST(find_not_finite_finds_the_first) {
  for_each_table([](const KernelTable& table) {
    for (const int64_t n : lengths(table.lanes)) {
      Floats x(random_floats(n, -3e38f, 3e38f, 12));
      CHECK_EQUAL(table.find_not_finite(x.data(), n), n);
      for (int64_t at = 0; at < n; at++) {
        const float before = x[at];
        x[at] = at % 3 == 0 ? NAN : at % 3 == 1 ? kInf : -kInf;
        if (at + 2 < n) x[at + 2] = NAN;
        CHECK_EQUAL(table.find_not_finite(x.data(), n), at);
        x[at] = before;
        if (at + 2 < n) x[at + 2] = 1;
      }
    }
  });
}

TEST(peak_fma_counts_its_work) {
  for_each_table([](const KernelTable& table) {
    CHECK(table.peak_fma(0) > 0);
    CHECK(table.peak_fma(1000) >= 2.0 * 1000 * table.lanes);
  });
}

}  // namespace
}  // namespace quern::test
