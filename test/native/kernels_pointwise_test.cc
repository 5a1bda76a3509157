// The pointwise functions and their gradients of every instruction set against double formulas.
#include <cfloat>
#include <cmath>
#include <limits>

#include "check.h"
#include "guarded.h"

namespace quern::test {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kPi = 3.14159265358979323846;
constexpr double kSeluScale = 1.0507009873554805, kSeluAlpha = 1.6732632423543772;

double sigmoid(double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
double normal_distribution(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }
double normal_density(double x) { return std::exp(-x * x / 2) / std::sqrt(2 * kPi); }
double gelu_argument(double x) { return 2 * std::sqrt(2 / kPi) * (x + 0.044715 * x * x * x); }

double forward(PointwiseFunction f, double x, double alpha) {
  using F = PointwiseFunction;
  switch (f) {
    case F::kLinear: return x;
    case F::kRelu: return x < 0 ? 0 : x;
    case F::kSigmoid: return sigmoid(x);
    case F::kTanh: return std::tanh(x);
    case F::kElu: return x > 0 ? x : alpha * std::expm1(x);
    case F::kSelu: return kSeluScale * (x > 0 ? x : kSeluAlpha * std::expm1(x));
    case F::kLeakyRelu: return x > 0 ? x : alpha * x;
    case F::kGelu: return x * normal_distribution(x);
    case F::kGeluTanh: return x * sigmoid(gelu_argument(x));
    case F::kSilu: return x * sigmoid(x);
    case F::kSoftplus: return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
    case F::kExponential: return std::exp(x);
    case F::kLog: return std::log(x);
    case F::kErf: return std::erf(x);
    case F::kSquare: return x * x;
    case F::kSqrt: return std::sqrt(x);
    case F::kAbs: return std::fabs(x);
    case F::kNegate: return -x;
    case F::kReciprocal: return 1 / x;
    default: return NAN;
  }
}

struct Slope {
  double value;      // f'
  double roundings;  // bound of the error, in roundings of 1 in absolute terms
};

// The derivative from what is saved, and how far rounding may take it: each term's size times its roundings. exp and
// what is made of it counts 2 to 6; an argument a of exp that is rounded k times adds k a.
Slope slope(PointwiseFunction f, double s, double alpha) {
  using F = PointwiseFunction;
  const double square = s * s;
  switch (f) {
    case F::kLinear: return {1, 0};
    case F::kRelu: return {s > 0 ? 1.0 : 0.0, 0};
    case F::kSigmoid: return {s * (1 - s), 3 * std::fabs(s * (1 - s))};
    case F::kTanh: return {1 - square, 3 * (1 + square)};
    case F::kElu: return {s > 0 ? 1 : s + alpha, s > 0 ? 0 : 2 * std::fabs(s + alpha)};
    case F::kSelu: return {s > 0 ? kSeluScale : s + kSeluScale * kSeluAlpha, 6};
    case F::kLeakyRelu: return {s > 0 ? 1 : alpha, s > 0 ? 0 : alpha};
    case F::kGelu: {
      const double density = std::fabs(s) * normal_density(s);
      return {normal_distribution(s) + s * normal_density(s), 6 + density * (6 + square)};
    }
    case F::kGeluTanh: {
      const double p = sigmoid(gelu_argument(s)), q = sigmoid(-gelu_argument(s));
      const double steep = 2 * std::sqrt(2 / kPi) * (1 + 3 * 0.044715 * square);
      const double term = std::fabs(s) * steep * p * q;
      return {p + s * steep * p * q, (8 * p + 18 * term) * (1 + std::fabs(gelu_argument(s)))};
    }
    case F::kSilu: return {sigmoid(s) + s * sigmoid(s) * sigmoid(-s),
                           8 * sigmoid(s) + 16 * std::fabs(s) * sigmoid(s) * sigmoid(-s)};
    case F::kSoftplus: return {sigmoid(s), 7 * sigmoid(s)};
    case F::kExponential: return {s, std::fabs(s)};
    case F::kLog: return {1 / s, std::fabs(1 / s)};
    case F::kErf: {
      const double value = 2 / std::sqrt(kPi) * std::exp(-square);
      return {value, value * (6 + 2 * square)};
    }
    case F::kSquare: return {2 * s, std::fabs(2 * s)};
    case F::kSqrt: return {0.5 / s, std::fabs(1 / s)};
    case F::kAbs: return {s > 0 ? 1.0 : s < 0 ? -1.0 : 0.0, 0};
    case F::kNegate: return {-1, 0};
    case F::kReciprocal: return {-square, 2 * square};
    default: return {NAN, 0};
  }
}

// ULPs of the result that a function may be off. gelu's distribution has an absolute error: see extra_error.
double ulps(PointwiseFunction f) {
  using F = PointwiseFunction;
  switch (f) {
    case F::kLinear: case F::kRelu: case F::kAbs: case F::kNegate: return 0;
    case F::kSquare: case F::kSqrt: case F::kReciprocal: case F::kLeakyRelu: return 0.5;
    case F::kExponential: return 1.02;
    case F::kLog: return 1;
    case F::kTanh: case F::kErf: return 2;
    case F::kSigmoid: case F::kSoftplus: case F::kElu: return 3;
    default: return 4;
  }
}

double extra_error(PointwiseFunction f, double x) {
  if (f == PointwiseFunction::kSilu) return std::fabs(x) * 0x1p-149;  // x times a denormal
  if (f == PointwiseFunction::kGelu) return 3 * kRounding * std::fabs(x);  // erf's and the sum's roundings near 1
  // The argument of exp has four roundings; the result shrinks as exp of it.
  if (f == PointwiseFunction::kGeluTanh) {
    const double a = std::fabs(gelu_argument(x));
    return 4 * kRounding * a * std::fabs(x) * std::exp(-a) + std::fabs(x) * 0x1p-149;
  }
  return 0;
}

double ulp_of(double exact) {
  const double magnitude = std::fabs(exact);
  return magnitude < FLT_MIN ? 0x1p-149 : std::ldexp(1.0, std::ilogb(std::fmin(magnitude, FLT_MAX)) - 23);
}

bool agrees(float got, double exact, double tolerance) {
  if (std::isnan(exact)) return std::isnan(got);
  if (std::fabs(exact) >= 0x1.ffffffp127) return got == std::copysign(kInf, exact) || std::fabs(got) == FLT_MAX;
  return std::fabs(got - exact) <= tolerance;
}

// Equal, zeros with their sign, or both NaN: which NaN comes out depends on the order of operands the compiler chose.
bool is_same(float a, float b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

void report(const KernelTable& table, const char* what, PointwiseFunction f, double x, double got, double exact) {
  std::ostringstream out;
  out.precision(9);
  out << table.name << " " << what << " " << Names<PointwiseFunction>::list[static_cast<int>(f)] << " at " << x << ": "
      << got << ", not " << exact;
  fail(__FILE__, __LINE__, out.str());
}

template <class Body>
void for_each_function(Body body) {
  for (int f = 0; f < static_cast<int>(PointwiseFunction::kCount); f++) body(static_cast<PointwiseFunction>(f));
}

std::vector<float> special_values() {
  std::vector<float> values;
  for (const float x : {0.0f, 0x1p-149f, 0x1.8p-130f, FLT_MIN, 1e-20f, 1e-7f, 0.3f, 0.625f, 0.92f, 1.0f, 3.9f, 17.4f,
                        88.7f, 88.73f, 103.9f, 104.1f, 200.0f, 1e10f, 1e20f, FLT_MAX, INFINITY, NAN}) {
    values.push_back(x);
    values.push_back(-x);
  }
  return values;
}

void check_forward(const KernelTable& table, PointwiseFunction f, const std::vector<float>& values, int offset) {
  constexpr float kAlpha = 0.3f;
  Floats x(values, offset), y(x.size(), offset + 1);
  table.pointwise[static_cast<int>(f)](x.data(), y.data(), x.size(), kAlpha);
  CHECK(y.intact());
  for (int64_t i = 0; i < x.size(); i++) {
    const double exact = forward(f, x[i], kAlpha);
    if (agrees(y[i], exact, ulps(f) * ulp_of(exact) + extra_error(f, x[i]))) continue;
    report(table, "forward", f, x[i], y[i], exact);
    return;
  }
  table.pointwise[static_cast<int>(f)](x.data(), x.data(), x.size(), kAlpha);  // in place
  CHECK(x.intact());
  for (int64_t i = 0; i < x.size(); i++) CHECK(is_same(x[i], y[i]));
}

TEST(pointwise_of_every_length) {
  for_each_table([](const KernelTable& table) {
    for (const int64_t n : lengths(table.lanes)) {
      const auto values = random_floats(n, -9, 9, 1);
      for_each_function([&](PointwiseFunction f) { check_forward(table, f, values, static_cast<int>(n % 3)); });
    }
  });
}

TEST(pointwise_of_special_values) {
  for_each_table([](const KernelTable& table) {
    for_each_function([&](PointwiseFunction f) { check_forward(table, f, special_values(), 1); });
  });
}

TEST(odd_functions_keep_the_sign_of_zero) {
  for_each_table([](const KernelTable& table) {
    for (const auto f : {PointwiseFunction::kTanh, PointwiseFunction::kErf, PointwiseFunction::kElu,
                         PointwiseFunction::kSelu, PointwiseFunction::kLinear, PointwiseFunction::kRelu}) {
      const float x[2] = {0.0f, -0.0f};
      float y[2];
      table.pointwise[static_cast<int>(f)](x, y, 2, 1.0f);
      CHECK(y[0] == 0 && !std::signbit(y[0]));
      CHECK(y[1] == 0 && std::signbit(y[1]));
    }
  });
}

bool saves_output(PointwiseFunction f) {
  using F = PointwiseFunction;
  return f != F::kGelu && f != F::kGeluTanh && f != F::kSilu && f != F::kSoftplus && f != F::kLog && f != F::kErf &&
         f != F::kSquare && f != F::kAbs;
}

// A block of rows x cols in matrices of leading dimension ld; column sums too when asked for.
void check_gradient(const KernelTable& table, PointwiseFunction f, int64_t rows, int64_t cols, int64_t ld, bool sums) {
  constexpr float kAlpha = 0.3f;
  Floats saved(random_floats(rows * ld, -5, 5, 2)), dy(random_floats(rows * ld, -2, 2, 3), 2);
  for (int64_t i = 0; saves_output(f) && i < saved.size(); i++) {
    saved[i] = static_cast<float>(forward(f, saved[i], kAlpha));
    if (std::isnan(saved[i])) saved[i] = 1;  // sqrt of a negative
  }
  Floats dx(std::vector<float>(static_cast<size_t>(rows * ld), 7.0f)), column_sums(cols, 3);
  table.pointwise_gradient[static_cast<int>(f)](saved.data(), dy.data(), dx.data(), rows, cols, ld, kAlpha,
                                                sums ? column_sums.data() : nullptr);
  CHECK(dx.intact() && column_sums.intact());
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < ld; j++) {
      const int64_t at = i * ld + j;
      const Slope s = slope(f, saved[at], kAlpha);
      const double exact = j < cols ? s.value * dy[at] : 7.0;
      const double tolerance = (s.roundings * std::fabs(dy[at]) + std::fabs(exact)) * kRounding + 0x1p-149;
      if (agrees(dx[at], exact, j < cols ? tolerance : 0)) continue;
      return report(table, "gradient", f, saved[at], dx[at], exact);
    }
  }
  for (int64_t j = 0; sums && j < cols; j++) {
    float sum = 0;
    for (int64_t i = 0; i < rows; i++) sum += dx[i * ld + j];
    if (sum != column_sums[j]) return report(table, "column sum", f, static_cast<double>(j), column_sums[j], sum);
  }
}

TEST(pointwise_gradient_of_every_shape) {
  for_each_table([](const KernelTable& table) {
    for_each_function([&](PointwiseFunction f) {
      for (const int64_t cols : lengths(table.lanes)) {
        check_gradient(table, f, 3, cols, cols, false);
        check_gradient(table, f, 3, cols, cols + 5, false);
        check_gradient(table, f, 7, cols, cols, true);
        check_gradient(table, f, 2, cols, cols + 1, true);
        check_gradient(table, f, 0, cols, cols, true);
      }
    });
  });
}

TEST(gradient_at_zero_is_the_left_one) {
  for_each_table([](const KernelTable& table) {
    const struct { PointwiseFunction f; float expected; } kinks[] = {
        {PointwiseFunction::kRelu, 0}, {PointwiseFunction::kAbs, 0}, {PointwiseFunction::kLeakyRelu, 0.25f},
        {PointwiseFunction::kElu, 0.25f}};
    for (const auto& kink : kinks) {
      const float saved = 0, dy = 1;
      float dx = -1;
      table.pointwise_gradient[static_cast<int>(kink.f)](&saved, &dy, &dx, 1, 1, 1, 0.25f, nullptr);
      CHECK_EQUAL(dx, kink.expected);
    }
  });
}

TEST(relu_gradient_does_not_multiply_infinity_by_zero) {
  for_each_table([](const KernelTable& table) {
    const float saved[3] = {0, 1, NAN}, dy[3] = {INFINITY, -INFINITY, 2};
    float dx[3];
    table.pointwise_gradient[static_cast<int>(PointwiseFunction::kRelu)](saved, dy, dx, 1, 3, 3, 0, nullptr);
    CHECK_EQUAL(dx[0], 0.0f);
    CHECK_EQUAL(dx[1], -INFINITY);
    CHECK_EQUAL(dx[2], 2.0f);
  });
}

}  // namespace
}  // namespace quern::test
