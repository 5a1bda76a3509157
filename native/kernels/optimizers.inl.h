// The update rules, over n parameters; the formulas are those of lib/program/instruction.ts.
#pragma once

namespace quern {
namespace {

// w - w * decay; a decay of 0 is left out, since 0 times Inf is not 0.
template <bool kDecays>
QUERN_INLINE V decayed(V w, V decay) {
  return kDecays ? w - w * decay : w;
}

// Keras's order of operations: decay, w -= w * decay; then the step, each product rounded unless FMA fuses it:
// no momentum: w = w - lr * g;  momentum: m = momentum * m - (lr * g), w = w + m;
// nesterov: with the new m, w = w + (momentum * m - (lr * g)).
template <bool kDecays>
QUERN_INLINE void sgd_update(float* w, const float* g, float* m, int64_t n, SgdScalars scalars, bool nesterov) {
  V rate = set1(scalars.learning_rate), momentum = set1(scalars.momentum), decay = set1(scalars.decay);
  if (!m) {
    map(w, g, w, n, [&](V weight, V gradient) { return fnma(rate, gradient, decayed<kDecays>(weight, decay)); });
    return;
  }
  for_lanes(n, [&](auto lanes, int64_t i) {
    V step = rate * lanes.load(g + i);
    V velocity = fma(momentum, lanes.load(m + i), negate(step));
    lanes.store(m + i, velocity);
    V move = nesterov ? fma(momentum, velocity, negate(step)) : velocity;
    lanes.store(w + i, decayed<kDecays>(lanes.load(w + i), decay) + move);
  });
}

inline void sgd(float* w, const float* g, float* m, int64_t n, SgdScalars scalars, bool nesterov) noexcept {
  if (scalars.decay == 0) {
    sgd_update<false>(w, g, m, n, scalars, nesterov);
  } else {
    sgd_update<true>(w, g, m, n, scalars, nesterov);
  }
}

template <bool kDecays>
QUERN_INLINE void adam_update(float* w, const float* g, float* m, float* v, float* vhat, int64_t n,
                              AdamScalars scalars) {
  V alpha = set1(scalars.alpha), epsilon = set1(scalars.epsilon), decay = set1(scalars.decay);
  V share1 = set1(1.0f - scalars.beta1), share2 = set1(1.0f - scalars.beta2);
  for_lanes(n, [&](auto lanes, int64_t i) {
    V gradient = lanes.load(g + i), first = lanes.load(m + i), second = lanes.load(v + i);
    first = fma(gradient - first, share1, first);
    second = fma(gradient * gradient - second, share2, second);
    lanes.store(m + i, first);
    lanes.store(v + i, second);
    if (vhat) {
      second = maximum(lanes.load(vhat + i), second);
      lanes.store(vhat + i, second);
    }
    V weight = decayed<kDecays>(lanes.load(w + i), decay);
    lanes.store(w + i, weight - alpha * first / (sqrt(second) + epsilon));
  });
}

inline void adam(float* w, const float* g, float* m, float* v, float* vhat, int64_t n, AdamScalars scalars) noexcept {
  if (scalars.decay == 0) {
    adam_update<false>(w, g, m, v, vhat, n, scalars);
  } else {
    adam_update<true>(w, g, m, v, vhat, n, scalars);
  }
}

}  // namespace
}  // namespace quern
