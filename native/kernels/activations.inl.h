// The pointwise functions and their gradients: forward(x, alpha) and gradient(saved, dy, alpha) = dy * f'(saved), saved
// being the output or the input as pointwiseSaves in lib/program/instruction.ts says. At a kink the gradient is that of
// the left side (relu 0, abs 0). Comparisons are written so that a saved NaN does not turn into 0 silently.
#pragma once

namespace quern {
namespace {

struct Linear {
  static QUERN_INLINE V forward(V x, V) { return x; }
  static QUERN_INLINE V gradient(V, V dy, V) { return dy; }
};

struct Relu {
  static QUERN_INLINE V forward(V x, V) { return max(zero(), x); }  // of a NaN, x
  static QUERN_INLINE V gradient(V y, V dy, V) { return select(y <= zero(), zero(), dy); }
};

struct Sigmoid {
  static QUERN_INLINE V forward(V x, V) { return sigmoid(x); }
  static QUERN_INLINE V gradient(V y, V dy, V) { return dy * (y * (set1(1.0f) - y)); }
};

struct Tanh {
  static QUERN_INLINE V forward(V x, V) { return tanh(x); }
  static QUERN_INLINE V gradient(V y, V dy, V) { return dy * fnma(y, y, set1(1.0f)); }
};

// alpha >= 0: with a negative one the output would not tell on which side the input was.
struct Elu {
  static QUERN_INLINE V forward(V x, V alpha) {
    return select(x <= zero(), alpha * exp_minus_one(min(zero(), x)), x);
  }
  static QUERN_INLINE V gradient(V y, V dy, V alpha) { return select(y <= zero(), dy * (y + alpha), dy); }
};

struct Selu {
  static constexpr float kAlpha = 1.67326324f, kScale = 1.05070099f;
  static QUERN_INLINE V forward(V x, V) {
    V negative = set1(kScale * kAlpha) * exp_minus_one(min(zero(), x));
    return select(x <= zero(), negative, set1(kScale) * x);
  }
  static QUERN_INLINE V gradient(V y, V dy, V) {
    return dy * select(y <= zero(), y + set1(kScale * kAlpha), set1(kScale));
  }
};

// alpha >= 0, as for elu.
struct LeakyRelu {
  static QUERN_INLINE V forward(V x, V alpha) { return select(x <= zero(), alpha * x, x); }
  static QUERN_INLINE V gradient(V y, V dy, V alpha) { return select(y <= zero(), dy * alpha, dy); }
};

// x Φ(x), Φ the normal distribution: x (1 + erf(x / √2)) / 2; its derivative is Φ(x) + x φ(x).
struct Gelu {
  static QUERN_INLINE V distribution(V x) {
    return fma(set1(0.5f), erf(x * set1(0.707106781f)), set1(0.5f));
  }
  static QUERN_INLINE V forward(V x, V) { return x * distribution(x); }
  static QUERN_INLINE V gradient(V x, V dy, V) {
    V density = set1(0.398942280f) * exp(set1(-0.5f) * (x * x));
    return dy * fma(x, density, distribution(x));
  }
};

// x (1 + tanh u) / 2 with u = √(2/π) (x + 0.044715 x³), computed as x σ(2u): nothing cancels. Its derivative is
// σ(2u) + x σ(2u) σ(-2u) du2/dx, du2/dx = 2 √(2/π) (1 + 3 * 0.044715 x²).
struct GeluTanh {
  static constexpr float kRoot = 1.59576912f, kCubic = 0.044715f;  // 2 √(2/π)
  static QUERN_INLINE V twice_u(V x) { return set1(kRoot) * fma(set1(kCubic) * x, x * x, x); }
  static QUERN_INLINE V forward(V x, V) { return x * sigmoid(twice_u(x)); }
  static QUERN_INLINE V gradient(V x, V dy, V) {
    x = max(set1(-20.0f), min(set1(20.0f), x));  // the gradient is 0 or 1 there already, and x² must not overflow
    Logistic s = logistic(twice_u(x));
    V slope = set1(kRoot) * fma(set1(3 * kCubic) * x, x, set1(1.0f));
    return dy * fma(x * slope, s.up * s.down, s.up);
  }
};

// x σ(x); its derivative is σ(x) + x σ(x) σ(-x).
struct Silu {
  static QUERN_INLINE V forward(V x, V) { return x * sigmoid(x); }
  static QUERN_INLINE V gradient(V x, V dy, V) {
    Logistic s = logistic(x);
    return dy * fma(x, s.up * s.down, s.up);
  }
};

struct Softplus {
  static QUERN_INLINE V forward(V x, V) { return softplus(x); }
  static QUERN_INLINE V gradient(V x, V dy, V) { return dy * sigmoid(x); }
};

struct Exponential {
  static QUERN_INLINE V forward(V x, V) { return exp(x); }
  static QUERN_INLINE V gradient(V y, V dy, V) { return dy * y; }
};

struct Log {
  static QUERN_INLINE V forward(V x, V) { return log(x); }
  static QUERN_INLINE V gradient(V x, V dy, V) { return dy / x; }
};

struct Erf {
  static QUERN_INLINE V forward(V x, V) { return erf(x); }
  static QUERN_INLINE V gradient(V x, V dy, V) { return dy * (set1(1.12837917f) * exp(negate(x * x))); }
};

struct Square {
  static QUERN_INLINE V forward(V x, V) { return x * x; }
  static QUERN_INLINE V gradient(V x, V dy, V) { return dy * (x + x); }
};

struct Sqrt {
  static QUERN_INLINE V forward(V x, V) { return sqrt(x); }
  static QUERN_INLINE V gradient(V y, V dy, V) { return dy * set1(0.5f) / y; }
};

struct Abs {
  static QUERN_INLINE V forward(V x, V) { return absolute(x); }
  static QUERN_INLINE V gradient(V x, V dy, V) {
    V signed_dy = as_floats(bits(dy) ^ sign_bit(x));
    return select(x == zero(), zero(), signed_dy);
  }
};

struct Negate {
  static QUERN_INLINE V forward(V x, V) { return negate(x); }
  static QUERN_INLINE V gradient(V, V dy, V) { return negate(dy); }
};

struct Reciprocal {
  static QUERN_INLINE V forward(V x, V) { return set1(1.0f) / x; }
  static QUERN_INLINE V gradient(V y, V dy, V) { return negate(dy * (y * y)); }
};

}  // namespace
}  // namespace quern
