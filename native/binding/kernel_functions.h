// The functions of lib/native.ts that work on typed arrays, at once, on the calling thread and helpers of the pool.
#pragma once
#include <napi.h>

#include "binding/argument.h"
#include "kernels/kernel_table.h"

namespace quern {

// The kernels of the instruction set a value names, or the ones in use when it is missing. Throws for a name that this
// machine does not have.
const KernelTable& kernels_of(const Argument& isa);

void export_kernel_functions(Napi::Env env, Napi::Object exports);

}  // namespace quern
