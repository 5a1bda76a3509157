// Which gradients of weights nobody needs as a whole: the update can then be applied to each tile as the gemm finishes
// it, while the tile is in cache, and the gradient never goes to memory. Whoever computes a tile of the gradient owns
// that part of the weights.
#pragma once
#include <cstdint>
#include <vector>

#include "program/parameters.h"
#include "program/spec.h"
#include "runtime/range.h"

namespace quern {

// The instruction of the update segment that a gemm takes over, or -1, and for which floats of its operands.
struct FoldedUpdate {
  int32_t instruction = -1;
  Range floats;
  bool in_panels = false;  // the parameter is among Folding::panels
};

struct Folding {
  std::vector<FoldedUpdate> update;  // by instruction of the backward segment
  // By instruction of the update segment: the floats of its operands that are left to it; none for what is no update.
  std::vector<std::vector<Range>> left;
  // Folded parameters that nothing else touches but gemms that multiply by them: while only such steps run they may lie
  // in panels (gemm/panels.h).
  std::vector<ParameterMatrix> panels;
};

// The parameters an instruction updates; kNoBuffer for what is no update.
BufferId updated_parameters(const Instruction& instruction);

// Nothing folded: each update has all of its floats.
Folding unfolded(const ProgramSpec& spec);

// For steps that run all segments. A gemm takes the update of a parameter over if it alone writes the gradient, that
// update alone reads it, and nothing reads the parameter from the gemm on.
Folding fold_updates(const ProgramSpec& spec, const Parameters& parameters);

}  // namespace quern
