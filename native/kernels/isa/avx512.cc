// The table for AVX-512 F, BW, DQ, VL; compiled with those, so nothing here may leak a shared symbol.
#include "kernels/simd/avx512.h"

#include "kernels/make_table.inl.h"

namespace quern {

extern const KernelTable kAvx512Kernels;
const KernelTable kAvx512Kernels = make_table("avx512");

}  // namespace quern
