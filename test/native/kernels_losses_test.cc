// Softmax and the losses with their gradients against double formulas, over every length of row.
#include <cmath>

#include "check.h"
#include "guarded.h"

namespace quern::test {
namespace {

constexpr int64_t kRows = 3;
constexpr double kEpsilon = 1e-7f, kTop = 1.0f - 1e-7f;
constexpr float kScale[kRows] = {0.5f, -2.0f, 0.125f};
// Additions of a row's sum: 32 of a block of vectors, 4 across its lanes; and a few roundings around it.
constexpr double kSumRoundings = 40;

// What one row of a loss should give, and how far rounding may take it.
struct Expected {
  double value = 0, tolerance = 0;
  std::vector<double> gradient, gradient_tolerance, probabilities, probability_tolerance;
  explicit Expected(size_t cols) : gradient(cols), gradient_tolerance(cols), probabilities(cols),
                                   probability_tolerance(cols) {}
};

double clip(double p) { return p < kEpsilon ? kEpsilon : p > kTop ? kTop : p; }
bool passes(double p) { return p >= kEpsilon && p <= kTop; }

using Row = const float*;

Expected softmax_crossentropy(Row z, const std::vector<double>& t, double scale) {
  const size_t n = t.size();
  Expected e(n);
  double largest = -INFINITY, total = 0, sum_t = 0, spread = 0;
  for (size_t j = 0; j < n; j++) largest = std::fmax(largest, z[j]);
  for (size_t j = 0; j < n; j++) total += std::exp(z[j] - largest);
  for (size_t j = 0; j < n; j++) {
    const double d = z[j] - largest;
    sum_t += t[j];
    spread += std::exp(d) / total * -d;  // the arguments of exp are rounded, each by half an ULP of itself
    e.value -= t[j] ? t[j] * d : 0;
    e.tolerance += t[j] ? kSumRoundings * t[j] * -d : 0;
  }
  e.value += sum_t * std::log(total);
  e.tolerance += sum_t * (kSumRoundings + spread + 4 * std::log(total));
  for (size_t j = 0; j < n; j++) {
    const double p = std::exp(z[j] - largest) / total;
    e.probabilities[j] = p;
    e.probability_tolerance[j] = p * (kSumRoundings + spread + largest - z[j]) + 0x1p-125;
    e.gradient[j] = scale * (sum_t * p - t[j]);
    e.gradient_tolerance[j] = std::fabs(scale) * (sum_t * (e.probability_tolerance[j] + kSumRoundings * p) + 3 * t[j]);
  }
  return e;
}

Expected sigmoid_crossentropy(Row z, const std::vector<double>& t, double scale) {
  const size_t n = t.size();
  const double count = static_cast<double>(n);
  Expected e(n);
  for (size_t j = 0; j < n; j++) {
    const double p = 1 / (1 + std::exp(-z[j])), tail = std::log1p(std::exp(-std::fabs(z[j])));
    e.value += (std::fmax(z[j], 0) - z[j] * t[j] + tail) / count;
    e.tolerance += kSumRoundings * (std::fabs(z[j]) * (1 + t[j]) + tail) / count;
    e.probabilities[j] = p;
    e.probability_tolerance[j] = 6 * p;
    e.gradient[j] = scale * (p - t[j]) / count;
    e.gradient_tolerance[j] = std::fabs(scale) * 9 * (p + t[j]) / count;
  }
  return e;
}

Expected mean_error(Row p, const std::vector<double>& t, double scale, bool squared) {
  const size_t n = t.size();
  const double count = static_cast<double>(n);
  Expected e(n);
  for (size_t j = 0; j < n; j++) {
    const double d = p[j] - t[j];
    e.value += (squared ? d * d : std::fabs(d)) / count;
    e.gradient[j] = scale / count * (squared ? 2 * d : (d > 0) - (d < 0));
    e.gradient_tolerance[j] = 4 * std::fabs(e.gradient[j]);
  }
  e.tolerance = kSumRoundings * e.value;
  return e;
}

Expected binary_crossentropy(Row p, const std::vector<double>& t, double scale) {
  const size_t n = t.size();
  const double count = static_cast<double>(n);
  Expected e(n);
  for (size_t j = 0; j < n; j++) {
    const double q = clip(p[j]), hit = t[j] * std::log(q), miss = (1 - t[j]) * std::log(1 - q);
    e.value -= (hit + miss) / count;
    // t itself is rounded when labels are smoothed, so 1 - t is off by an ULP of 1.
    e.tolerance += ((kSumRoundings + 3) * std::fabs(hit + miss) + 3 * std::fabs(std::log(1 - q))) / count;
    const double size = (t[j] / q + (1 - t[j] + 1) / (1 - q)) / count * std::fabs(scale);
    e.gradient[j] = passes(p[j]) ? scale / count * ((1 - t[j]) / (1 - q) - t[j] / q) : 0;
    e.gradient_tolerance[j] = passes(p[j]) ? 6 * size : 0;
  }
  return e;
}

Expected categorical_crossentropy(Row p, const std::vector<double>& t, double scale) {
  const size_t n = t.size();
  Expected e(n);
  double total = 0, dot = 0;
  for (size_t j = 0; j < n; j++) total += p[j];
  auto slope = [&](size_t j) { return passes(p[j] / total) ? -t[j] / (p[j] / total) : 0; };
  for (size_t j = 0; j < n; j++) {
    const double q = p[j] / total, term = t[j] * std::log(clip(q));
    e.value -= term;
    e.tolerance += kSumRoundings * (std::fabs(term) + t[j]);
    dot += slope(j) * q;
  }
  for (size_t j = 0; j < n; j++) {
    e.gradient[j] = scale * (slope(j) - dot) / total;
    e.gradient_tolerance[j] = 2 * kSumRoundings * std::fabs(scale) * (std::fabs(slope(j)) + std::fabs(dot)) / total;
  }
  return e;
}

Expected sparse_categorical_crossentropy(Row p, const std::vector<double>& t, double scale) {
  const size_t n = t.size();
  Expected e(n);
  double total = 0;
  for (size_t j = 0; j < n; j++) total += clip(p[j]);
  for (size_t j = 0; j < n; j++) {
    const double slope = 1 / total - t[j] / clip(p[j]);
    if (t[j] > 0) e.value = std::log(total / clip(p[j]));
    e.gradient[j] = passes(p[j]) ? scale * slope : 0;
    e.gradient_tolerance[j] = passes(p[j]) ? kSumRoundings * std::fabs(scale * slope) : 0;
  }
  e.tolerance = kSumRoundings * e.value;
  return e;
}

using Formula = Expected (*)(Row, const std::vector<double>&, double);

struct LossCase {
  LossKernel* kernel;
  Formula formula;
  float low, high;     // of the predictions
  bool labels;         // integer targets
  bool probabilities;  // has that output
  double smoothed_of;  // classes that label smoothing spreads over: 0 none, -1 the row's
};

std::vector<LossCase> loss_cases(const KernelTable& table) {
  auto loss = [&](LossFunction f) { return table.loss[static_cast<int>(f)]; };
  return {
      {table.softmax_crossentropy, softmax_crossentropy, -9, 9, false, true, -1},
      {table.softmax_crossentropy, softmax_crossentropy, -9, 9, true, true, 0},
      {table.sigmoid_crossentropy, sigmoid_crossentropy, -9, 9, false, true, 2},
      {loss(LossFunction::kMeanSquaredError), [](Row p, const std::vector<double>& t, double s) {
         return mean_error(p, t, s, true); }, -2, 2, false, false, 0},
      {loss(LossFunction::kMeanAbsoluteError), [](Row p, const std::vector<double>& t, double s) {
         return mean_error(p, t, s, false); }, -2, 2, false, false, 0},
      {loss(LossFunction::kCategoricalCrossentropy), categorical_crossentropy, 0.1f, 0.9f, false, false, -1},
      {loss(LossFunction::kSparseCategoricalCrossentropy), sparse_categorical_crossentropy, 0.001f, 0.9f, true, false,
       0},
      {loss(LossFunction::kBinaryCrossentropy), binary_crossentropy, 0.001f, 0.999f, false, false, 2},
  };
}

struct Targets {
  Floats dense;
  Guarded<int32_t> labels;
};

Targets make_targets(const LossCase& c, int64_t cols) {
  Targets targets{Floats(random_floats(kRows * cols, 0, 1, 21)), Guarded<int32_t>(kRows)};
  for (int64_t i = 0; i < kRows; i++) {
    targets.labels[i] = static_cast<int32_t>(i * 5 % cols);
    for (int64_t j = 0; c.labels && j < cols; j++) targets.dense[i * cols + j] = j == targets.labels[i];
  }
  return targets;
}

// The kernel's targets after smoothing, as doubles.
std::vector<double> smoothed(const LossCase& c, Targets& targets, int64_t i, int64_t cols, double s) {
  const double classes = c.smoothed_of < 0 ? static_cast<double>(cols) : c.smoothed_of;
  std::vector<double> t;
  for (int64_t j = 0; j < cols; j++) {
    const double dense = targets.dense[i * cols + j];
    t.push_back(classes > 0 ? dense * (1 - s) + s / classes : dense);
  }
  return t;
}

void check_row(const Expected& e, const LossOperands& o, int64_t i) {
  CHECK_NEAR(o.values[i], e.value, e.tolerance * kRounding);
  for (int64_t j = 0; j < o.cols; j++) {
    const int64_t at = i * o.cols + j;
    const auto k = static_cast<size_t>(j);
    if (o.gradient) CHECK_NEAR(o.gradient[at], e.gradient[k], e.gradient_tolerance[k] * kRounding);
    if (o.probabilities) CHECK_NEAR(o.probabilities[at], e.probabilities[k], e.probability_tolerance[k] * kRounding);
  }
}

// outputs: 0 values alone, 1 gradient too, 2 gradient and probabilities, 3 the gradient over the prediction.
void check_loss(const LossCase& c, int64_t cols, int outputs, float smoothing) {
  Targets targets = make_targets(c, cols);
  const std::vector<float> original = random_floats(kRows * cols, c.low, c.high, 20);
  Floats prediction(original), gradient(kRows * cols, 2), probabilities(kRows * cols, 3), values(kRows, 2);
  LossOperands o{};
  o.prediction = prediction.data();
  o.target = c.labels ? nullptr : targets.dense.data();
  o.labels = c.labels ? targets.labels.data() : nullptr;
  o.scale = outputs ? kScale : nullptr;
  o.values = values.data();
  o.gradient = outputs == 0 ? nullptr : outputs == 3 ? prediction.data() : gradient.data();
  o.probabilities = outputs == 2 && c.probabilities ? probabilities.data() : nullptr;
  o.rows = kRows, o.cols = cols, o.label_smoothing = smoothing;
  c.kernel(o);
  CHECK(prediction.intact() && gradient.intact() && probabilities.intact() && values.intact());
  for (int64_t i = 0; i < kRows; i++) {
    const double scale = outputs ? kScale[i] : 1;
    check_row(c.formula(original.data() + i * cols, smoothed(c, targets, i, cols, smoothing), scale), o, i);
  }
}

TEST(losses_of_every_row_length) {
  for_each_table([](const KernelTable& table) {
    for (const LossCase& c : loss_cases(table)) {
      for (const int64_t cols : lengths(table.lanes)) {
        for (int outputs = 0; outputs < 4 && cols > 0; outputs++) check_loss(c, cols, outputs, 0);
        if (c.smoothed_of != 0 && cols > 0) check_loss(c, cols, 2, 0.1f);
      }
    }
  });
}

TEST(losses_of_no_rows_touch_nothing) {
  for_each_table([](const KernelTable& table) {
    for (const LossCase& c : loss_cases(table)) {
      LossOperands o{};
      o.cols = 5;
      c.kernel(o);
    }
  });
}

TEST(softmax_and_its_gradient_of_every_row_length) {
  for_each_table([](const KernelTable& table) {
    for (const int64_t cols : lengths(table.lanes)) {
      Floats x(random_floats(kRows * cols, -9, 9, 22)), y(kRows * cols, 2), dx(kRows * cols, 3);
      Floats dy(random_floats(kRows * cols, -1, 1, 23));
      table.softmax(x.data(), y.data(), kRows, cols);
      table.softmax_gradient(y.data(), dy.data(), dx.data(), kRows, cols);
      CHECK(y.intact() && dx.intact());
      for (int64_t i = 0; i < kRows; i++) {
        const std::vector<double> t(static_cast<size_t>(cols));
        const Expected e = softmax_crossentropy(x.data() + i * cols, t, 1);
        double dot = 0, size = 0;
        for (int64_t j = 0; j < cols; j++) {
          const double term = double{y[i * cols + j]} * dy[i * cols + j];
          dot += term, size += std::fabs(term);
        }
        for (int64_t j = 0; j < cols; j++) {
          const int64_t at = i * cols + j;
          const auto k = static_cast<size_t>(j);
          CHECK_NEAR(y[at], e.probabilities[k], e.probability_tolerance[k] * kRounding);
          CHECK_NEAR(dx[at], y[at] * (dy[at] - dot), kSumRoundings * kRounding * y[at] * (std::fabs(dy[at]) + size));
        }
      }
    }
  });
}

}  // namespace
}  // namespace quern::test
