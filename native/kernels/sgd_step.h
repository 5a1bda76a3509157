// Steps of SGD, as lib/program/instruction.ts has them. No std, no templates: each instruction set's unit includes this.
#pragma once
#include <stdint.h>

namespace quern {

struct SgdScalars { float learning_rate, momentum, decay; };  // decay = weightDecay * learningRate, or 0

// The weights that a block of gradients is for, of which a kernel makes a step with momentum and no decay: element
// (i, j) is for weights[i * row + j], with momentum[i * row + j].
struct SgdTarget {
  float *weights, *momentum;
  int64_t row;
  SgdScalars scalars;
  bool nesterov;
  bool* are_finite;  // becomes false where a weight is not then
};

}  // namespace quern
