// Which instruction sets this machine can run: what the processor has and the operating system saves.
#pragma once

namespace quern {

struct CpuFeatures {
  bool avx2 = false;    // AVX2, FMA, F16C, BMI2, and ymm registers saved
  bool avx512 = false;  // AVX-512 F, BW, DQ, VL, and zmm and mask registers saved
};

const CpuFeatures& cpu_features();

}  // namespace quern
