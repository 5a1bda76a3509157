// The optimizers' rules over a part of their operands.
#pragma once
#include <cstdint>

#include "kernels/kernel_table.h"
#include "program/context.h"
#include "program/spec.h"

namespace quern {

// Applies sgd or adam to `count` floats of its operands from `begin` on; `gradients` are those of these floats. Does
// nothing for other instructions. The context is told of weights that are not finite then.
void apply_update(const KernelTable& kernels, Context& context, const Instruction& update, int64_t begin,
                  const float* gradients, int64_t count) noexcept;

// Whether the update is a step of SGD with momentum and no decay, and where the weights are of which it makes one: a
// block of them from `begin` on, with so many floats from row to row.
bool is_momentum_step(const Context& context, const Instruction& update) noexcept;
SgdTarget momentum_target(const Context& context, const Instruction& update, int64_t begin, int64_t row,
                          bool* are_finite) noexcept;

// Asks for the parameters, and the momentum, that an update of so many floats will read and write.
void fetch_updated(const Context& context, const Instruction& update, int64_t begin, int64_t count) noexcept;

// Whether weights whose gradient is 0 stay as they are, bit for bit, and the rule keeps nothing else of them.
bool keeps_without_gradient(const Context& context, const Instruction& update) noexcept;

}  // namespace quern
