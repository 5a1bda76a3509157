// Softmax and losses where numbers run out, and the accuracies.
#include <cmath>

#include "check.h"
#include "guarded.h"

namespace quern::test {
namespace {

constexpr double kEpsilon = 1e-7f, kTop = 1.0f - 1e-7f;

TEST(softmax_subtracts_the_maximum) {
  for_each_table([](const KernelTable& table) {
    float x[3] = {1000, 1000, -3e38f}, y[3];
    table.softmax(x, y, 1, 3);
    CHECK_EQUAL(y[0], 0.5f);
    CHECK_EQUAL(y[1], 0.5f);
    CHECK_EQUAL(y[2], 0.0f);
    for (const float bad : {INFINITY, NAN}) {
      x[1] = bad;
      table.softmax(x, y, 1, 3);
      for (const float value : y) CHECK(std::isnan(value));
    }
  });
}

TEST(crossentropy_of_impossible_classes) {
  for_each_table([](const KernelTable& table) {
    const float z[3] = {-INFINITY, 2, 2}, t[3] = {0, 1, 0}, scale = 1;
    const int32_t label = 1;
    float value = 0, gradient[3];
    for (const bool dense : {true, false}) {
      const LossOperands o{z, dense ? t : nullptr, dense ? nullptr : &label, &scale, &value, nullptr,
                           gradient, 1, 3, 0};
      table.softmax_crossentropy(o);
      CHECK_NEAR(value, std::log(2.0), 4 * kRounding);
      CHECK_EQUAL(gradient[0], 0.0f);
      CHECK_EQUAL(gradient[1], -0.5f);
      CHECK_EQUAL(gradient[2], 0.5f);
    }
  });
}

TEST(clipped_probabilities_have_no_gradient) {
  for_each_table([](const KernelTable& table) {
    const float p[2] = {0, 1}, t[2] = {1, 0}, scale = 1;
    float value = 0, gradient[2] = {9, 9};
    const LossOperands binary{p, t, nullptr, &scale, &value, nullptr, gradient, 1, 2, 0};
    table.loss[static_cast<int>(LossFunction::kBinaryCrossentropy)](binary);
    CHECK_NEAR(value, -(std::log(kEpsilon) + std::log(1 - kTop)) / 2, 1e-5);
    CHECK_EQUAL(gradient[0], 0.0f);
    CHECK_EQUAL(gradient[1], 0.0f);
    const int32_t label = 0;
    const LossOperands sparse{p, nullptr, &label, &scale, &value, nullptr, gradient, 1, 2, 0};
    table.loss[static_cast<int>(LossFunction::kSparseCategoricalCrossentropy)](sparse);
    CHECK_NEAR(value, std::log((kEpsilon + kTop) / kEpsilon), 1e-5);
    CHECK_EQUAL(gradient[0], 0.0f);
    CHECK_EQUAL(gradient[1], 0.0f);
  });
}

// Kernels may take some of the work of several rows together; workers cut batches anywhere.
TEST(softmax_crossentropy_of_a_row_is_the_same_among_others) {
  for_each_table([](const KernelTable& table) {
    const int64_t most = 2 * table.lanes + 3;
    for (const int64_t cols : {int64_t{1}, int64_t{10}, 2 * int64_t{table.lanes}, 2 * int64_t{table.lanes} + 1}) {
      const std::vector<float> z = random_floats(most * cols, -9, 9, 25), t = random_floats(most * cols, 0, 1, 26);
      const auto value_of = [&](int64_t first, int64_t rows) {
        Floats values(rows, 2);
        LossOperands o{};
        o.prediction = z.data() + first * cols, o.target = t.data() + first * cols, o.values = values.data();
        o.rows = rows, o.cols = cols;
        table.softmax_crossentropy(o);
        CHECK(values.intact());
        return std::vector<float>(values.data(), values.data() + rows);
      };
      std::vector<float> alone;
      for (int64_t i = 0; i < most; i++) alone.push_back(value_of(i, 1)[0]);
      for (int64_t rows = 1; rows <= most; rows++) {
        CHECK(value_of(most - rows, rows) == std::vector<float>(alone.end() - rows, alone.end()));
      }
    }
  });
}

TEST(accuracies_of_every_row_length) {
  for_each_table([](const KernelTable& table) {
    auto kernel = [&](AccuracyKind kind) { return table.accuracy[static_cast<int>(kind)]; };
    for (const int64_t cols : lengths(table.lanes)) {
      for (int64_t best = 0; best < cols; best += 3) {
        std::vector<float> p = random_floats(cols, 0, 0.4f, 24), t(static_cast<size_t>(cols), 0.0f);
        p[static_cast<size_t>(best)] = 0.9f;
        if (best + 1 < cols) p[static_cast<size_t>(best) + 1] = 0.9f;  // the first of equals wins
        if (best > 0) p[0] = NAN;                                      // and NaN is never the largest
        t[static_cast<size_t>(best)] = 1;
        const int32_t labels[2] = {static_cast<int32_t>(best), static_cast<int32_t>(best + 1)};
        float values[2] = {-1, -1};
        kernel(AccuracyKind::kCategorical)(p.data(), t.data(), nullptr, 0, values, 1, cols);
        CHECK_EQUAL(values[0], 1.0f);
        kernel(AccuracyKind::kSparse)(p.data(), nullptr, labels, 0, values, 1, cols);
        kernel(AccuracyKind::kSparse)(p.data(), nullptr, labels + 1, 0, values + 1, 1, cols);
        CHECK_EQUAL(values[0], 1.0f);
        CHECK_EQUAL(values[1], 0.0f);
        t[static_cast<size_t>(best)] = 0;
        kernel(AccuracyKind::kBinary)(p.data(), t.data(), nullptr, 0.5f, values, 1, cols);
        const double right = static_cast<double>(cols - (best + 1 < cols ? 2 : 1));
        CHECK_EQUAL(values[0], static_cast<float>(right / static_cast<double>(cols)));
      }
    }
  });
}

}  // namespace
}  // namespace quern::test
