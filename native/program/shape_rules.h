// Each instruction's own rule: which shapes and settings go together. The rules are those of the formulas in
// lib/program/instruction.ts. A new instruction needs one overload here.
#pragma once
#include <string>

#include "program/spec.h"

namespace quern {

// What is wrong with an instruction whose operands all exist and have the right type (except targets, which are checked
// here), or empty.
std::string shape_rule(const ProgramSpec& spec, const Instruction& instruction);

}  // namespace quern
