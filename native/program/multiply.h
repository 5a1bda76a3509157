// One worker's part of a gemm instruction: dense, skipping zeros, or of lists, and what is folded into it.
#pragma once
#include "kernels/kernel_table.h"
#include "program/context.h"
#include "program/plan.h"
#include "program/share.h"

namespace quern {

struct GemmWork {
  const KernelTable& kernels;
  const ProgramSpec& spec;
  const Plan& plan;
  const PlannedInstruction& planned;
  Context& context;
  const Share share;
  const int worker;
  double* skipped;  // null, or takes the FLOPs that were left out
};

void multiply(const Gemm& gemm, const GemmWork& work) noexcept;

}  // namespace quern
