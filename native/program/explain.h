// A program as text, for people, snapshots in tests and bug reports. The same program gives the same text, whatever the
// machine, except for the instruction set's name in the first line.
#pragma once
#include <string>

#include "program/plan.h"
#include "program/spec.h"

namespace quern {

// One line an instruction: op, outputs = inputs with their shapes and settings, where the outputs lie, FLOPs; then
// totals. "|" before an instruction is a barrier, "1" marks those that stay on worker 0. FLOPs are for max_rows.
std::string explain(const ProgramSpec& spec, const Plan& plan, const std::string& isa);

}  // namespace quern
