// What one worker is to do of one instruction, and with what.
#pragma once
#include "kernels/kernel_table.h"
#include "program/context.h"
#include "program/plan.h"
#include "program/share.h"

namespace quern {

struct InstructionWork {
  const KernelTable& kernels;
  const ProgramSpec& spec;
  const Plan& plan;
  const PlannedInstruction& planned;
  Context& context;
  const Share share;
  const int worker;
  double* const skipped;  // null, or takes the FLOPs that a gemm leaves out

  // Null for an operand that is missing.
  float* floats(BufferId id) const noexcept { return id == kNoBuffer ? nullptr : context.floats(id, worker); }
  const Matrix& matrix(BufferId id) const noexcept { return context.matrix(id); }
};

}  // namespace quern
