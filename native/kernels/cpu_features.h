// Which instruction sets this machine can run: what the processor has and the operating system saves.
#pragma once

namespace quern {

struct CpuFeatures {
  bool avx2 = false;    // AVX2, FMA, F16C, BMI1 and 2, and ymm registers saved
  bool avx512 = false;  // AVX-512 F, BW, DQ, VL, and zmm and mask registers saved
  bool avx512bf16 = false;  // besides, its bf16 dot product
  bool amx = false;         // besides avx512, AMX tiles and their bf16 product, and tiles saved; use needs permission
};

const CpuFeatures& cpu_features();

}  // namespace quern
