// Kernels are written as small functions over vectors in registers; a call would spill them.
#pragma once

#define QUERN_INLINE inline __attribute__((always_inline))
