// One lane: the specification of the Vec interface, and what a machine without AVX2 runs.
//
// Every instruction set has the same three types and the same functions:
//   V  kLanes floats · U  as many 32-bit words · M  a mask, one truth value a lane
// Comparisons are false where an operand is NaN. min and max return b where either operand is NaN or both are zero,
// as the x86 instructions do; maximum and minimum in math.inl.h let NaN through. fma may round once or twice.
// *_n touch the first n lanes only, 0 <= n <= kLanes; load_n fills the others with 0.
// Everything is in an anonymous namespace: units compiled with different flags must not share a symbol.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "kernels/simd/inline.h"

namespace quern {
namespace {

constexpr int kLanes = 1;
constexpr int kRegisters = 16;

struct V { float v; };
struct U { uint32_t v; };
struct M { bool v; };

QUERN_INLINE V set1(float x) { return {x}; }
QUERN_INLINE U set1_u(uint32_t x) { return {x}; }
// Makes the compiler keep a loaded x in a register instead of loading it again at each use.
QUERN_INLINE void pin(V& x) { asm("" : "+v"(x.v)); }

QUERN_INLINE V load(const float* p) { return {*p}; }
QUERN_INLINE V load_n(const float* p, int n) { return {n ? *p : 0.0f}; }
QUERN_INLINE void store(float* p, V x) { *p = x.v; }
QUERN_INLINE void store_n(float* p, V x, int n) {
  if (n) *p = x.v;
}
// Bytes, converted to floats.
QUERN_INLINE V load_u8(const uint8_t* p) { return {static_cast<float>(*p)}; }
QUERN_INLINE V load_u8_n(const uint8_t* p, int n) { return {n ? static_cast<float>(*p) : 0.0f}; }
// Bit i: whether p[i], of 64, is not 0.
QUERN_INLINE uint64_t nonzero_bytes(const uint8_t* p) {
  uint64_t marks = 0;
  for (int i = 0; i < 64; i++) marks |= static_cast<uint64_t>(p[i] != 0) << i;
  return marks;
}

// Exchanges blocks of kSize bits, then those within them: the transpose of Warren, Hacker's Delight, 7-3, with the
// lowest bit first.
template <int kSize>
QUERN_INLINE void turn_blocks(uint64_t* words) {
  constexpr uint64_t kLow = ~uint64_t{0} / ((uint64_t{1} << kSize) + 1);  // the lower kSize of every 2 * kSize bits
  for (int block = 0; block < 64; block += 2 * kSize) {
    for (int i = block; i < block + kSize; i++) {
      const uint64_t moved = ((words[i] >> kSize) ^ words[i + kSize]) & kLow;
      words[i] ^= moved << kSize;
      words[i + kSize] ^= moved;
    }
  }
  if constexpr (kSize > 1) turn_blocks<kSize / 2>(words);
}
// Bit j of words[i], of 64, becomes bit i of turned[j].
QUERN_INLINE void turn_bits(const uint64_t* words, uint64_t* turned) {
  for (int i = 0; i < 64; i++) turned[i] = words[i];
  turn_blocks<32>(turned);
}

QUERN_INLINE U load_u(const uint32_t* p) { return {*p}; }
QUERN_INLINE U load_u_n(const uint32_t* p, int n) { return {n ? *p : 0u}; }
QUERN_INLINE void store_u(uint32_t* p, U x) { *p = x.v; }

QUERN_INLINE V operator+(V a, V b) { return {a.v + b.v}; }
QUERN_INLINE V operator-(V a, V b) { return {a.v - b.v}; }
QUERN_INLINE V operator*(V a, V b) { return {a.v * b.v}; }
QUERN_INLINE V operator/(V a, V b) { return {a.v / b.v}; }
QUERN_INLINE V fma(V a, V b, V c) { return {a.v * b.v + c.v}; }   // a * b + c
QUERN_INLINE V fnma(V a, V b, V c) { return {c.v - a.v * b.v}; }  // c - a * b
QUERN_INLINE V min(V a, V b) { return {a.v < b.v ? a.v : b.v}; }
QUERN_INLINE V max(V a, V b) { return {a.v > b.v ? a.v : b.v}; }
QUERN_INLINE V sqrt(V a) { return {__builtin_sqrtf(a.v)}; }

QUERN_INLINE M operator<(V a, V b) { return {a.v < b.v}; }
QUERN_INLINE M operator<=(V a, V b) { return {a.v <= b.v}; }
QUERN_INLINE M operator==(V a, V b) { return {a.v == b.v}; }
QUERN_INLINE M is_nan(V a) { return {a.v != a.v}; }
QUERN_INLINE M is_negative_zero(V a) { return {a.v == 0 && __builtin_signbit(a.v)}; }
QUERN_INLINE M operator&(M a, M b) { return {a.v && b.v}; }
QUERN_INLINE M operator|(M a, M b) { return {a.v || b.v}; }
QUERN_INLINE M operator!(M a) { return {!a.v}; }
QUERN_INLINE V select(M m, V a, V b) { return {m.v ? a.v : b.v}; }         // a where m, else b
QUERN_INLINE V first_n(V a, int n, V b) { return {n ? a.v : b.v}; }        // a in the first n lanes, else b
QUERN_INLINE uint32_t mask_bits(M m) { return m.v ? 1u : 0u; }             // bit i is lane i

QUERN_INLINE U bits(V a) {
  U u;
  __builtin_memcpy(&u, &a, sizeof u);
  return u;
}
QUERN_INLINE V as_floats(U a) {
  V v;
  __builtin_memcpy(&v, &a, sizeof v);
  return v;
}
QUERN_INLINE U operator+(U a, U b) { return {a.v + b.v}; }
QUERN_INLINE U operator-(U a, U b) { return {a.v - b.v}; }
QUERN_INLINE U operator&(U a, U b) { return {a.v & b.v}; }
QUERN_INLINE U operator|(U a, U b) { return {a.v | b.v}; }
QUERN_INLINE U operator^(U a, U b) { return {a.v ^ b.v}; }
template <int kBits> QUERN_INLINE U shift_left(U a) { return {a.v << kBits}; }
template <int kBits> QUERN_INLINE U shift_right(U a) { return {a.v >> kBits}; }
template <int kBits> QUERN_INLINE U shift_right_signed(U a) {
  return {static_cast<uint32_t>(static_cast<int32_t>(a.v) >> kBits)};
}
QUERN_INLINE V to_floats(U a) { return {static_cast<float>(static_cast<int32_t>(a.v))}; }  // as signed integers
QUERN_INLINE M at_least(U a, U b) { return {a.v >= b.v}; }                                 // unsigned
QUERN_INLINE void multiply_wide(U a, U b, U* high, U* low) {
  uint64_t product = static_cast<uint64_t>(a.v) * b.v;
  *high = {static_cast<uint32_t>(product >> 32)};
  *low = {static_cast<uint32_t>(product)};
}
// 0, 1, 2, … in such an order that interleave4 turns word k of every counter, rows[k], into the words of counter 0,
// then those of counter 1, and so on.
QUERN_INLINE U interleave_order() { return {0}; }
QUERN_INLINE void interleave4(U*) {}

// Sum of all lanes in a fixed order.
QUERN_INLINE float sum_lanes(V a) { return a.v; }
// The largest lane; any of them where one is NaN.
QUERN_INLINE float largest_lane(V a) { return a.v; }
QUERN_INLINE float first_lane(V a) { return a.v; }

// Four columns of a matrix of kLanes rows: lane j of columns[i] is at(j)[i].
template <class At>
QUERN_INLINE void load_turned(At at, V* columns) {
  for (int i = 0; i < 4; i++) columns[i] = {at(0)[i]};
}

}  // namespace
}  // namespace quern
