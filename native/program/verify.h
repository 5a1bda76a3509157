// Refuses a malformed program, so that running one can't fail: what `verify` accepts, plan and execute take as given.
#pragma once
#include <string>

#include "program/parameters.h"
#include "program/spec.h"

namespace quern {

// A sentence that names instruction, operand and shapes, such as
//   internal: forward[3] gemm: `b` of shape [10, 5] does not fit `a` of shape [rows, 784]: ...
// or empty. Programs come from lowering, so a sentence here is a fault of lowering, not of the user.
//
// Checked: every shape and its size in memory; views (of an earlier or later buffer, no cycles, equal size and type);
// parameter, gradient and slot ranges; every operand's index, type and kind; that nobody writes what the batch source
// fills, and only `sgd` and `adam` write parameters and slots, in the update segment; that nothing is read before it is
// written, in the order forward, backward, update; that outputs do not overlap other operands except where the
// instruction works in place; each instruction's own rule of shapes; accumulators, rates and streams.
std::string verify(const ProgramSpec& spec, const Parameters& parameters);

}  // namespace quern
