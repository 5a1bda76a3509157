// A model of AMX's instructions, for machines without them: the kernels of plane_tiles.inl.h over it, and its faults.
#pragma once
#include "kernels/plane_kernels.h"

namespace quern::test {

// Needs AVX-512 for packing.
extern const PlaneKernels kModelPlanes;

enum class TileLoss { kNothing, kData, kDataAndConfiguration };

// This thread's model loses something just before its instruction number `before`, from 1 on after this call, as a
// virtual machine might that takes the thread off its core; kNothing never.
void lose_tiles(TileLoss what, int64_t before);

// Instructions of this thread's model since the last call of lose_tiles.
int64_t tile_instructions();

// Instructions that the processor would have refused, of all threads.
int64_t illegal_tile_instructions();

// One TDPBF16PS of the model over whole tiles: c (16×16 floats) += a (16 rows of 16 pairs) b (16 pairs of 16 columns).
void model_dpbf16ps(float* c, const uint16_t* a, const uint16_t* b);

}  // namespace quern::test
