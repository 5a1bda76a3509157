// How far a kernel's elementary function is from the true value.
#pragma once
#include <cstdint>

#include "kernels/kernel_table.h"

namespace quern {

struct UlpResult {
  double ulp;       // the largest error; infinite when a NaN is missing or out of place
  float at;         // the argument that has it, the first in order of bit patterns
  int64_t checked;  // arguments looked at
};

// Compares function(x) with exact(x) in double for every x whose bit pattern is first, first + stride, ... up to the
// last of the 2^32, on `threads` threads. One ULP is the distance of floats at the exact value, 2^-149 for denormals; an
// infinity counts as 2^128.
UlpResult measure_ulp(PointwiseKernel* function, double (*exact)(double), uint32_t first, uint32_t stride,
                      int threads) noexcept;

}  // namespace quern
