// Eight lanes of AVX2 with FMA. The interface and its rules are in simd/scalar.h.
#pragma once
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/simd/inline.h"

namespace quern {
namespace {

constexpr int kLanes = 8;
constexpr int kRegisters = 16;

struct V { __m256 v; };
struct U { __m256i v; };
struct M { __m256 v; };  // all bits of a lane, or none

QUERN_INLINE V set1(float x) { return {_mm256_set1_ps(x)}; }
QUERN_INLINE U set1_u(uint32_t x) { return {_mm256_set1_epi32(static_cast<int>(x))}; }
QUERN_INLINE void pin(V& x) { asm("" : "+v"(x.v)); }

QUERN_INLINE __m256i first_lanes(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

QUERN_INLINE V load(const float* p) { return {_mm256_loadu_ps(p)}; }
QUERN_INLINE V load_n(const float* p, int n) { return {_mm256_maskload_ps(p, first_lanes(n))}; }
QUERN_INLINE void store(float* p, V x) { _mm256_storeu_ps(p, x.v); }
// In pieces of powers of two: a masked store is microcode on AMD, some 20 times as slow.
QUERN_INLINE void store_n(float* p, V x, int n) {
  __m128 four = _mm256_castps256_ps128(x.v);
  if (n == kLanes) return store(p, x);
  if (n & 4) {
    _mm_storeu_ps(p, four);
    four = _mm256_extractf128_ps(x.v, 1), p += 4;
  }
  if (n & 2) {
    _mm_storel_pi(reinterpret_cast<__m64*>(p), four);
    four = _mm_movehl_ps(four, four), p += 2;
  }
  if (n & 1) _mm_store_ss(p, four);
}
QUERN_INLINE V load_u8(const uint8_t* p) {
  __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
  return {_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes))};
}
QUERN_INLINE V load_u8_n(const uint8_t* p, int n) {
  uint8_t bytes[kLanes] = {};
  for (int i = 0; i < n; i++) bytes[i] = p[i];
  return load_u8(bytes);
}
QUERN_INLINE uint64_t nonzero_bytes(const uint8_t* p) {
  uint64_t zeros = 0;
  for (int i = 0; i < 2; i++) {
    __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32 * i));
    __m256i is_zero = _mm256_cmpeq_epi8(bytes, _mm256_setzero_si256());
    zeros |= static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(is_zero))) << 32 * i;
  }
  return ~zeros;
}

struct B { __m256i v; };  // bytes, in lanes of 16
constexpr int kBytes = 32;
QUERN_INLINE B load_lanes(const uint64_t* p) {
  return {_mm256_loadu2_m128i(reinterpret_cast<const __m128i*>(p + 16), reinterpret_cast<const __m128i*>(p))};
}
QUERN_INLINE B interleave_low(B a, B b) { return {_mm256_unpacklo_epi8(a.v, b.v)}; }
QUERN_INLINE B interleave_high(B a, B b) { return {_mm256_unpackhi_epi8(a.v, b.v)}; }
QUERN_INLINE B twice(B a) { return {_mm256_add_epi8(a.v, a.v)}; }
QUERN_INLINE uint64_t top_bits(B a) { return static_cast<uint32_t>(_mm256_movemask_epi8(a.v)); }

QUERN_INLINE U load_u(const uint32_t* p) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))}; }
QUERN_INLINE U load_u_n(const uint32_t* p, int n) {
  return {_mm256_maskload_epi32(reinterpret_cast<const int*>(p), first_lanes(n))};
}
QUERN_INLINE void store_u(uint32_t* p, U x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x.v); }

QUERN_INLINE V operator+(V a, V b) { return {_mm256_add_ps(a.v, b.v)}; }
QUERN_INLINE V operator-(V a, V b) { return {_mm256_sub_ps(a.v, b.v)}; }
QUERN_INLINE V operator*(V a, V b) { return {_mm256_mul_ps(a.v, b.v)}; }
QUERN_INLINE V operator/(V a, V b) { return {_mm256_div_ps(a.v, b.v)}; }
QUERN_INLINE V fma(V a, V b, V c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
QUERN_INLINE V fnma(V a, V b, V c) { return {_mm256_fnmadd_ps(a.v, b.v, c.v)}; }
QUERN_INLINE V min(V a, V b) { return {_mm256_min_ps(a.v, b.v)}; }
QUERN_INLINE V max(V a, V b) { return {_mm256_max_ps(a.v, b.v)}; }
QUERN_INLINE V sqrt(V a) { return {_mm256_sqrt_ps(a.v)}; }

QUERN_INLINE M operator<(V a, V b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)}; }
QUERN_INLINE M operator<=(V a, V b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LE_OQ)}; }
QUERN_INLINE M operator==(V a, V b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ)}; }
QUERN_INLINE M is_nan(V a) { return {_mm256_cmp_ps(a.v, a.v, _CMP_UNORD_Q)}; }
QUERN_INLINE M is_negative_zero(V a) {
  return {_mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_castps_si256(a.v), _mm256_set1_epi32(INT32_MIN)))};
}
QUERN_INLINE M operator&(M a, M b) { return {_mm256_and_ps(a.v, b.v)}; }
QUERN_INLINE M operator|(M a, M b) { return {_mm256_or_ps(a.v, b.v)}; }
QUERN_INLINE M operator!(M a) { return {_mm256_xor_ps(a.v, _mm256_castsi256_ps(_mm256_set1_epi32(-1)))}; }
QUERN_INLINE V select(M m, V a, V b) { return {_mm256_blendv_ps(b.v, a.v, m.v)}; }
QUERN_INLINE V first_n(V a, int n, V b) { return select(M{_mm256_castsi256_ps(first_lanes(n))}, a, b); }
QUERN_INLINE uint32_t mask_bits(M m) { return static_cast<uint32_t>(_mm256_movemask_ps(m.v)); }

QUERN_INLINE U bits(V a) { return {_mm256_castps_si256(a.v)}; }
QUERN_INLINE V as_floats(U a) { return {_mm256_castsi256_ps(a.v)}; }
QUERN_INLINE U operator+(U a, U b) { return {_mm256_add_epi32(a.v, b.v)}; }
QUERN_INLINE U operator-(U a, U b) { return {_mm256_sub_epi32(a.v, b.v)}; }
QUERN_INLINE U operator&(U a, U b) { return {_mm256_and_si256(a.v, b.v)}; }
QUERN_INLINE U operator|(U a, U b) { return {_mm256_or_si256(a.v, b.v)}; }
QUERN_INLINE U operator^(U a, U b) { return {_mm256_xor_si256(a.v, b.v)}; }
template <int kBits> QUERN_INLINE U shift_left(U a) { return {_mm256_slli_epi32(a.v, kBits)}; }
template <int kBits> QUERN_INLINE U shift_right(U a) { return {_mm256_srli_epi32(a.v, kBits)}; }
template <int kBits> QUERN_INLINE U shift_right_signed(U a) { return {_mm256_srai_epi32(a.v, kBits)}; }
QUERN_INLINE V to_floats(U a) { return {_mm256_cvtepi32_ps(a.v)}; }
QUERN_INLINE M at_least(U a, U b) {
  return {_mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_max_epu32(a.v, b.v), a.v))};
}
QUERN_INLINE void multiply_wide(U a, U b, U* high, U* low) {
  __m256i even = _mm256_mul_epu32(a.v, b.v);
  __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(a.v, 32), _mm256_srli_epi64(b.v, 32));
  *high = {_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa)};
  *low = {_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa)};
}
// interleave4 transposes 4x4 words within each 128-bit half, so neighbouring counters sit in different halves.
QUERN_INLINE U interleave_order() { return {_mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7)}; }
QUERN_INLINE void interleave4(U* rows) {
  __m256i low01 = _mm256_unpacklo_epi32(rows[0].v, rows[1].v), high01 = _mm256_unpackhi_epi32(rows[0].v, rows[1].v);
  __m256i low23 = _mm256_unpacklo_epi32(rows[2].v, rows[3].v), high23 = _mm256_unpackhi_epi32(rows[2].v, rows[3].v);
  rows[0] = {_mm256_unpacklo_epi64(low01, low23)};
  rows[1] = {_mm256_unpackhi_epi64(low01, low23)};
  rows[2] = {_mm256_unpacklo_epi64(high01, high23)};
  rows[3] = {_mm256_unpackhi_epi64(high01, high23)};
}

QUERN_INLINE float first_lane(V a) { return _mm256_cvtss_f32(a.v); }
// ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7))
QUERN_INLINE float sum_lanes(V a) {
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

// As in avx512.h, with halves for quarters.
template <class At>
QUERN_INLINE void load_turned(At at, V* columns) {
  __m256 rows[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    rows[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(at(i))), _mm_loadu_ps(at(4 + i)), 1);
  }
  __m256 low01 = _mm256_unpacklo_ps(rows[0], rows[1]), high01 = _mm256_unpackhi_ps(rows[0], rows[1]);
  __m256 low23 = _mm256_unpacklo_ps(rows[2], rows[3]), high23 = _mm256_unpackhi_ps(rows[2], rows[3]);
  columns[0] = {_mm256_shuffle_ps(low01, low23, 0x44)};
  columns[1] = {_mm256_shuffle_ps(low01, low23, 0xee)};
  columns[2] = {_mm256_shuffle_ps(high01, high23, 0x44)};
  columns[3] = {_mm256_shuffle_ps(high01, high23, 0xee)};
}
QUERN_INLINE float largest_lane(V a) {
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}

}  // namespace
}  // namespace quern

#include "kernels/simd/turn_bits.h"
