// The table for AVX2 with FMA; compiled with those, so nothing here may leak a shared symbol (see simd/scalar.h).
#include "kernels/simd/avx2.h"

#include "kernels/make_table.inl.h"

namespace quern {

extern const KernelTable kAvx2Kernels;
const KernelTable kAvx2Kernels = make_table("avx2");

}  // namespace quern
