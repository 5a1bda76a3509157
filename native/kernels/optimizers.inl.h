// The update rules, over n parameters; the formulas are those of lib/program/instruction.ts.
#pragma once

namespace quern {
namespace {

// w - w * decay; a decay of 0 is left out, since 0 times Inf is not 0.
template <bool kDecays>
QUERN_INLINE V decayed(V w, V decay) {
  return kDecays ? w - w * decay : w;
}

// w[i] = update(lanes, i, w[i]). Whether they are all finite then: 0 times what is not is NaN.
template <class Update>
QUERN_INLINE bool update_weights(float* w, int64_t n, Update update) {
  V nothing = set1(0.0f);
  for_lanes(n, [&](auto lanes, int64_t i) {
    V weight = update(lanes, i, lanes.load(w + i));
    lanes.store(w + i, weight);
    nothing = fma(weight, set1(0.0f), nothing);
  });
  return mask_bits(is_nan(nothing)) == 0;
}

// How far a weight moves by momentum, of which the old value becomes the new one.
QUERN_INLINE V sgd_move(V step, V momentum, bool nesterov, V* velocity) {
  *velocity = fma(momentum, *velocity, negate(step));
  return nesterov ? fma(momentum, *velocity, negate(step)) : *velocity;
}

// Keras's order of operations: decay, w -= w * decay; then the step, each product rounded unless FMA fuses it:
// no momentum: w = w - lr * g;  momentum: m = momentum * m - (lr * g), w = w + m;
// nesterov: with the new m, w = w + (momentum * m - (lr * g)).
template <bool kDecays>
QUERN_INLINE bool sgd_update(float* w, const float* g, float* m, int64_t n, SgdScalars scalars, bool nesterov) {
  V rate = set1(scalars.learning_rate), momentum = set1(scalars.momentum), decay = set1(scalars.decay);
  if (!m) {
    return update_weights(w, n, [&](auto lanes, int64_t i, V weight) {
      return fnma(rate, lanes.load(g + i), decayed<kDecays>(weight, decay));
    });
  }
  return update_weights(w, n, [&](auto lanes, int64_t i, V weight) {
    V velocity = lanes.load(m + i);
    const V move = sgd_move(rate * lanes.load(g + i), momentum, nesterov, &velocity);
    lanes.store(m + i, velocity);
    return decayed<kDecays>(weight, decay) + move;
  });
}

inline bool sgd(float* w, const float* g, float* m, int64_t n, SgdScalars scalars, bool nesterov) noexcept {
  if (scalars.decay == 0) return sgd_update<false>(w, g, m, n, scalars, nesterov);
  return sgd_update<true>(w, g, m, n, scalars, nesterov);
}

template <bool kDecays>
QUERN_INLINE bool adam_update(float* w, const float* g, float* m, float* v, float* vhat, int64_t n,
                              AdamScalars scalars) {
  V alpha = set1(scalars.alpha), epsilon = set1(scalars.epsilon), decay = set1(scalars.decay);
  V share1 = set1(1.0f - scalars.beta1), share2 = set1(1.0f - scalars.beta2);
  return update_weights(w, n, [&](auto lanes, int64_t i, V weight) {
    V gradient = lanes.load(g + i), first = lanes.load(m + i), second = lanes.load(v + i);
    first = fma(gradient - first, share1, first);
    second = fma(gradient * gradient - second, share2, second);
    lanes.store(m + i, first);
    lanes.store(v + i, second);
    if (vhat) {
      second = maximum(lanes.load(vhat + i), second);
      lanes.store(vhat + i, second);
    }
    return decayed<kDecays>(weight, decay) - alpha * first / (sqrt(second) + epsilon);
  });
}

inline bool adam(float* w, const float* g, float* m, float* v, float* vhat, int64_t n, AdamScalars scalars) noexcept {
  if (scalars.decay == 0) return adam_update<false>(w, g, m, v, vhat, n, scalars);
  return adam_update<true>(w, g, m, v, vhat, n, scalars);
}

}  // namespace
}  // namespace quern
