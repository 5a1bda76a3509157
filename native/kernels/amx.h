// AMX on this machine: whether it may be used, asked and tried out once for the process.
#pragma once
#include "kernels/kernel_table.h"

namespace quern {

struct Amx {
  const KernelTable* table = nullptr;  // AVX-512's with AMX's planes; null when it is not to be used
  const char* refusal = nullptr;       // why not, a sentence, where the processor has it
};

// At the first call asks the system for permission and runs the self-test, less than a millisecond, where the processor has
// AMX. `avx512` is the table that does everything but large products.
const Amx& amx(const KernelTable& avx512);

}  // namespace quern
