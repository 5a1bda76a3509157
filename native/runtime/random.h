// Everything random that the core decides: a counter-based generator (Philox4x32-10, kernels/philox.h), so that a value
// is a pure function of (seed, epoch, step, stream, index) and no thread holds state.
#pragma once
#include <cstdint>

#include "kernels/kernel_table.h"

namespace quern {

// The key of all draws of an epoch. Seed and epoch are mixed by two rounds of splitmix64's finalizer, so that nearby
// seeds and epochs share nothing: k = mix(mix(seed) + epoch), low and high half.
RandomKey epoch_key(uint64_t seed, uint64_t epoch) noexcept;

// The order in which the epoch (seed, epoch) visits rows 0 .. rows - 1: Fisher-Yates from the top, each index drawn
// without bias (64-bit multiply-high with rejection) from a stream of its own, apart from dropout's.
void permutation(const KernelTable& kernels, int64_t rows, uint64_t seed, uint64_t epoch, uint32_t* out) noexcept;

// Words first .. first + count - 1 of stream `stream` of `seed`: for initializers, which live in lib/random.ts.
void random_words(const KernelTable& kernels, uint64_t seed, uint32_t stream, uint64_t first, uint32_t* out,
                  int64_t count) noexcept;

// Numbers uniform in [start, start + width), from words 0, 1, ... of the stream, two a number (kernel_table.h).
void random_uniform(const KernelTable& kernels, uint64_t seed, uint32_t stream, double start, double width, float* out,
                    int64_t count) noexcept;

}  // namespace quern
