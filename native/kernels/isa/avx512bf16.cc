// Plane kernels for AVX-512-BF16; compiled with that, so nothing here may leak a shared symbol.
#include "kernels/simd/avx512.h"

#include "kernels/plane_dot.inl.h"
#include "kernels/plane_pack.inl.h"

namespace quern {

// One plane alone: three products take 1.5 times as long as multiply-adds do.
extern const PlaneKernels kAvx512Bf16Planes;
const PlaneKernels kAvx512Bf16Planes = {
    {nullptr, pack_planes<1>, nullptr, nullptr}, nullptr, multiply_by_dot,
    {{}, {14, 28, 75}}, {}};

}  // namespace quern
