// exp, log, tanh, erf and what is made of them, over a vector.
//
// Bounds are in units in the last place of the float nearest the true value; test/kernels/ulp.test.ts holds exp, log,
// tanh and erf to them, over all 2^32 floats when asked to. Denormal arguments and results are as exact as others; a
// NaN gives a NaN. Nothing here touches the floating-point mode or counts on flushing.
// Coefficients are minimax fits (Remez exchange in 40 digits, weighted for the relative error of the result), rounded
// to float.
#pragma once

namespace quern {
namespace {

constexpr float kInfinity = __builtin_inff();
constexpr float kSmallestNormal = 0x1p-126f;

QUERN_INLINE V zero() { return set1(0.0f); }
QUERN_INLINE U sign_bit(V x) { return bits(x) & set1_u(0x80000000u); }
QUERN_INLINE V absolute(V x) { return as_floats(bits(x) & set1_u(0x7fffffffu)); }
QUERN_INLINE V negate(V x) { return as_floats(bits(x) ^ set1_u(0x80000000u)); }
QUERN_INLINE V with_sign(V magnitude, U sign) { return as_floats(bits(magnitude) | sign); }

// The larger and the smaller one; NaN where either is NaN.
QUERN_INLINE V maximum(V a, V b) { return select(is_nan(a), a, max(a, b)); }
QUERN_INLINE V minimum(V a, V b) { return select(is_nan(a), a, min(a, b)); }

// coefficients[0] + coefficients[1] x + …, by Horner's rule.
template <int kCount>
QUERN_INLINE V polynomial(V x, const float (&coefficients)[kCount]) {
  V sum = set1(coefficients[kCount - 1]);
  for (int i = kCount - 2; i >= 0; i--) sum = fma(sum, x, set1(coefficients[i]));
  return sum;
}

// x = n ln 2 + r with |r| <= ln(2) / 2; tail = exp(r) - 1. For |x| < 2^20.
struct Reduced {
  U n;
  V tail;
};
QUERN_INLINE Reduced reduce_exponent(V x) {
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits; no conversion, which NaN would upset.
  const V magic = set1(0x1.8p23f);
  V shifted = fma(x, set1(1.44269504f), magic);
  V n = shifted - magic;
  // ln 2 in two parts; the first has 9 bits, so n times it is exact with or without FMA.
  V r = fnma(n, set1(0.693359375f), x);
  r = fnma(n, set1(-2.12194440e-4f), r);
  // exp(r) = 1 + r + r² q(r), relative error 2^-28.
  V q = polynomial(r, {4.9999994e-01f, 1.6666521e-01f, 4.166839e-02f, 8.368717e-03f, 1.3814599e-03f});
  return {bits(shifted) - bits(magic), fma(r * r, q, r)};
}

// 2^n for -126 <= n <= 127.
QUERN_INLINE V power_of_two(U n) { return as_floats(shift_left<23>(n + set1_u(127))); }

// e^x within 1.02 ULP. +Inf above 88.722839, 0 below -103.97208, denormals between; e^±0 = 1, e^-Inf = 0.
QUERN_INLINE V exp(V x) {
  // Beyond these the result is Inf or 0 anyway, and n stays in range. NaN passes min and max as second operand.
  x = max(set1(-105.0f), min(set1(89.0f), x));
  Reduced reduced = reduce_exponent(x);
  // Two factors, as 2^128 and 2^-150 are no floats; only the second product can round.
  U half = shift_right_signed<1>(reduced.n);
  V y = (reduced.tail + set1(1.0f)) * power_of_two(half);
  return y * power_of_two(reduced.n - half);
}

// e^x - 1 for x <= 0 within 2 ULP; -1 below -17.4, ±0 stays.
QUERN_INLINE V exp_minus_one(V x) {
  Reduced reduced = reduce_exponent(max(set1(-20.0f), x));
  V scale = power_of_two(reduced.n);
  return with_sign(fma(scale, reduced.tail, scale - set1(1.0f)), sign_bit(x));
}

// The natural logarithm within 1 ULP. ln ±0 = -Inf, ln x = NaN for x < 0, ln +Inf = +Inf.
QUERN_INLINE V log(V x) {
  M denormal = x < set1(kSmallestNormal);
  V normal = select(denormal, x * set1(0x1p24f), x);
  // normal = 2^exponent * mantissa with mantissa in [sqrt(1/2), sqrt(2)): count exponents from sqrt(1/2).
  const U root_half = set1_u(0x3f3504f3u);
  U offset = bits(normal) - root_half;
  V exponent = to_floats(shift_right_signed<23>(offset)) - select(denormal, set1(24.0f), zero());
  V f = as_floats((offset & set1_u(0x007fffffu)) + root_half) - set1(1.0f);
  // ln(1 + f) = f - f²/2 + f³ p(f), relative error 2^-30.
  V p = polynomial(f, {3.3333313e-01f, -2.500001e-01f, 2.0002119e-01f, -1.6667996e-01f, 1.4219552e-01f,
                       -1.240559e-01f, 1.1888162e-01f, -1.16756454e-01f, 6.746634e-02f});
  V square = f * f;
  V low = fma(square * f, p, exponent * set1(-2.12194440e-4f));
  V y = f + fnma(set1(0.5f), square, low);
  y = fma(exponent, set1(0.693359375f), y);
  y = select(x == set1(kInfinity), x, y);
  y = select(x == zero(), set1(-kInfinity), y);
  return select(zero() <= x, y, set1(__builtin_nanf("")));
}

// ln(1 + x) for x > -1 within 2 ULP of the larger of x and the result: the rounding of 1 + x is made good.
QUERN_INLINE V log_one_plus(V x) {
  V u = x + set1(1.0f);
  return log(u) + (x - (u - set1(1.0f))) / u;
}

// tanh x within 2 ULP; ±1 beyond |x| = 9.02, ±0 stays.
QUERN_INLINE V tanh(V x) {
  V t = absolute(x);
  V square = t * t;
  // tanh t = t + t³ p(t²) below 0.625, relative error 2^-27.
  V p = polynomial(square, {-3.333328e-01f, 1.3331383e-01f, -5.3734004e-02f, 2.061813e-02f, -5.6793126e-03f});
  V near = fma(t * square, p, t);
  V far = set1(1.0f) - set1(2.0f) / (exp(t + t) + set1(1.0f));
  return with_sign(select(t < set1(0.625f), near, far), sign_bit(x));
}

// The error function within 2 ULP; ±1 beyond |x| = 3.92, ±0 stays.
QUERN_INLINE V erf(V x) {
  V t = absolute(x);
  // erf t = t + t q(t²) below 0.92, relative error 2^-31.
  V q = polynomial(t * t, {1.2837917e-01f, -3.7612635e-01f, 1.1283694e-01f, -2.685927e-02f, 5.2006342e-03f,
                           -8.137438e-04f, 8.345227e-05f});
  V near = fma(t, q, t);
  // erf t = 1 - exp(-(t + t r(t))) up to 4, where it is 1; error 2^-30 of the result.
  V u = min(set1(4.0f), t);
  V r = polynomial(u, {1.2864849e-01f, 6.351513e-01f, 1.0623688e-01f, -2.3762064e-02f, 3.6424594e-03f,
                       -3.2280394e-04f, 1.1231314e-05f});
  V far = set1(1.0f) - exp(negate(fma(u, r, u)));
  return with_sign(select(t < set1(0.92f), near, far), sign_bit(x));
}

// σ(x) = 1 / (1 + e^-x) and σ(-x) = 1 - σ(x), each within 3 ULP, denormals included.
struct Logistic {
  V up, down;
};
QUERN_INLINE Logistic logistic(V x) {
  V e = exp(negate(absolute(x)));  // at most 1, so that neither tail overflows
  V denominator = e + set1(1.0f);
  V large = set1(1.0f) / denominator, small = e / denominator;
  M negative = x < zero();
  return {select(negative, small, large), select(negative, large, small)};
}
QUERN_INLINE V sigmoid(V x) { return logistic(x).up; }

// ln(1 + e^x).
QUERN_INLINE V softplus(V x) { return maximum(x, zero()) + log_one_plus(exp(negate(absolute(x)))); }

}  // namespace
}  // namespace quern
