// A gemm instruction: dense, skipping zeros, or of lists, and what is folded into it.
#pragma once
#include "program/instruction_work.h"

namespace quern {

void multiply(const Gemm& gemm, const InstructionWork& work) noexcept;

}  // namespace quern
