// What each instruction of a planned step costs: for explain() and for profiles.
#pragma once
#include <vector>

#include "program/cost.h"
#include "program/plan.h"
#include "program/spec.h"

namespace quern {

// By instruction, all segments in order, for a step of `rows`. An update that is folded into a gemm counts there, and
// the gradient, which then never goes to memory, counts in neither of the two.
std::vector<Cost> step_costs(const ProgramSpec& spec, const Schedule& schedule, int64_t rows);

}  // namespace quern
