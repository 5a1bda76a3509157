// The scalar table: the specification of the others, compiled for the baseline of the platform.
#include "kernels/simd/scalar.h"

#include "kernels/make_table.inl.h"

namespace quern {

extern const KernelTable kScalarKernels;
const KernelTable kScalarKernels = make_table("scalar");

}  // namespace quern
