// Whether products of planes are as good as multiply-adds on this machine: run once before they are used by default.
#pragma once
#include "kernels/kernel_table.h"

namespace quern {

// Multiplies random and hard matrices by the table's three planes, and by multiply-adds in floats, and holds both
// against double. Null when the planes' largest error, relative to the sum of magnitudes, is no larger than the floats'
// for each of them, and NaN and Inf are reported; else a sentence.
const char* plane_self_test(const KernelTable& table);

}  // namespace quern
