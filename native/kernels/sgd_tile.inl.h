// A step of SGD with momentum by a tile of gradients that is still in registers: it is written nowhere and read nowhere.
#pragma once

namespace quern {
namespace {

// Of the weights from `weights` on, which are the target's or some rows below them.
template <int kRows, int kVectors>
QUERN_INLINE void step_tile(const V (&gradients)[kRows][kVectors], const SgdTarget& target, float* weights,
                            float* momenta) {
  const V rate = set1(target.scalars.learning_rate), momentum = set1(target.scalars.momentum);
  const bool nesterov = target.nesterov;
  V nothing = set1(0.0f);
#pragma GCC unroll 14
  for (int i = 0; i < kRows; i++, weights += target.row, momenta += target.row) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) {
      V velocity = load(momenta + v * kLanes);
      const V move = sgd_move(rate * gradients[i][v], momentum, nesterov, &velocity);
      const V weight = load(weights + v * kLanes) + move;
      store(momenta + v * kLanes, velocity);
      store(weights + v * kLanes, weight);
      nothing = fma(weight, set1(0.0f), nothing);
    }
  }
  if (mask_bits(is_nan(nothing)) != 0) *target.are_finite = false;
}

}  // namespace
}  // namespace quern
