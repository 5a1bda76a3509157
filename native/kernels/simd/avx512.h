// Sixteen lanes of AVX-512 (F, BW, DQ, VL). The interface and its rules are in simd/scalar.h.
#pragma once
// g++ 12 takes the intrinsics' own "undefined" operands for uninitialized variables.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop
#include <stddef.h>
#include <stdint.h>

#include "kernels/simd/inline.h"

namespace quern {
namespace {

constexpr int kLanes = 16;
constexpr int kRegisters = 32;

struct V { __m512 v; };
struct U { __m512i v; };
struct M { __mmask16 v; };

QUERN_INLINE V set1(float x) { return {_mm512_set1_ps(x)}; }
QUERN_INLINE U set1_u(uint32_t x) { return {_mm512_set1_epi32(static_cast<int>(x))}; }
QUERN_INLINE void pin(V& x) { asm("" : "+v"(x.v)); }

QUERN_INLINE __mmask16 first_lanes(int n) { return static_cast<__mmask16>((1u << n) - 1); }

QUERN_INLINE V load(const float* p) { return {_mm512_loadu_ps(p)}; }
QUERN_INLINE V load_n(const float* p, int n) { return {_mm512_maskz_loadu_ps(first_lanes(n), p)}; }
QUERN_INLINE void store(float* p, V x) { _mm512_storeu_ps(p, x.v); }
QUERN_INLINE void store_n(float* p, V x, int n) { _mm512_mask_storeu_ps(p, first_lanes(n), x.v); }
QUERN_INLINE V load_u8(const uint8_t* p) {
  __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return {_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes))};
}
QUERN_INLINE V load_u8_n(const uint8_t* p, int n) {
  return {_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(first_lanes(n), p)))};
}
QUERN_INLINE uint64_t nonzero_bytes(const uint8_t* p) {
  __m512i bytes = _mm512_loadu_si512(p);
  return _mm512_test_epi8_mask(bytes, bytes);
}

struct B { __m512i v; };  // bytes, in lanes of 16
constexpr int kBytes = 64;
// Lane l is what lies 16 words after lane l - 1.
QUERN_INLINE B load_lanes(const uint64_t* p) {
  const auto lane = [p](int l) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * l)); };
  __m512i lanes = _mm512_castsi128_si512(lane(0));
  lanes = _mm512_inserti32x4(lanes, lane(1), 1);
  lanes = _mm512_inserti32x4(lanes, lane(2), 2);
  return {_mm512_inserti32x4(lanes, lane(3), 3)};
}
QUERN_INLINE B interleave_low(B a, B b) { return {_mm512_unpacklo_epi8(a.v, b.v)}; }
QUERN_INLINE B interleave_high(B a, B b) { return {_mm512_unpackhi_epi8(a.v, b.v)}; }
QUERN_INLINE B twice(B a) { return {_mm512_add_epi8(a.v, a.v)}; }
QUERN_INLINE uint64_t top_bits(B a) { return _mm512_movepi8_mask(a.v); }

QUERN_INLINE U load_u(const uint32_t* p) { return {_mm512_loadu_si512(p)}; }
QUERN_INLINE U load_u_n(const uint32_t* p, int n) { return {_mm512_maskz_loadu_epi32(first_lanes(n), p)}; }
QUERN_INLINE void store_u(uint32_t* p, U x) { _mm512_storeu_si512(p, x.v); }

QUERN_INLINE V operator+(V a, V b) { return {_mm512_add_ps(a.v, b.v)}; }
QUERN_INLINE V operator-(V a, V b) { return {_mm512_sub_ps(a.v, b.v)}; }
QUERN_INLINE V operator*(V a, V b) { return {_mm512_mul_ps(a.v, b.v)}; }
QUERN_INLINE V operator/(V a, V b) { return {_mm512_div_ps(a.v, b.v)}; }
QUERN_INLINE V fma(V a, V b, V c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
QUERN_INLINE V fnma(V a, V b, V c) { return {_mm512_fnmadd_ps(a.v, b.v, c.v)}; }
QUERN_INLINE V min(V a, V b) { return {_mm512_min_ps(a.v, b.v)}; }
QUERN_INLINE V max(V a, V b) { return {_mm512_max_ps(a.v, b.v)}; }
QUERN_INLINE V sqrt(V a) { return {_mm512_sqrt_ps(a.v)}; }

QUERN_INLINE M operator<(V a, V b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)}; }
QUERN_INLINE M operator<=(V a, V b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ)}; }
QUERN_INLINE M operator==(V a, V b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ)}; }
QUERN_INLINE M is_nan(V a) { return {_mm512_cmp_ps_mask(a.v, a.v, _CMP_UNORD_Q)}; }
QUERN_INLINE M is_negative_zero(V a) {
  return {_mm512_cmpeq_epi32_mask(_mm512_castps_si512(a.v), _mm512_set1_epi32(INT32_MIN))};
}
QUERN_INLINE M operator&(M a, M b) { return {static_cast<__mmask16>(a.v & b.v)}; }
QUERN_INLINE M operator|(M a, M b) { return {static_cast<__mmask16>(a.v | b.v)}; }
QUERN_INLINE M operator!(M a) { return {static_cast<__mmask16>(~a.v)}; }
QUERN_INLINE V select(M m, V a, V b) { return {_mm512_mask_blend_ps(m.v, b.v, a.v)}; }
QUERN_INLINE V first_n(V a, int n, V b) { return select(M{first_lanes(n)}, a, b); }
QUERN_INLINE uint32_t mask_bits(M m) { return m.v; }

QUERN_INLINE U bits(V a) { return {_mm512_castps_si512(a.v)}; }
QUERN_INLINE V as_floats(U a) { return {_mm512_castsi512_ps(a.v)}; }
QUERN_INLINE U operator+(U a, U b) { return {_mm512_add_epi32(a.v, b.v)}; }
QUERN_INLINE U operator-(U a, U b) { return {_mm512_sub_epi32(a.v, b.v)}; }
QUERN_INLINE U operator&(U a, U b) { return {_mm512_and_si512(a.v, b.v)}; }
QUERN_INLINE U operator|(U a, U b) { return {_mm512_or_si512(a.v, b.v)}; }
QUERN_INLINE U operator^(U a, U b) { return {_mm512_xor_si512(a.v, b.v)}; }
template <int kBits> QUERN_INLINE U shift_left(U a) { return {_mm512_slli_epi32(a.v, kBits)}; }
template <int kBits> QUERN_INLINE U shift_right(U a) { return {_mm512_srli_epi32(a.v, kBits)}; }
template <int kBits> QUERN_INLINE U shift_right_signed(U a) { return {_mm512_srai_epi32(a.v, kBits)}; }
QUERN_INLINE V to_floats(U a) { return {_mm512_cvtepi32_ps(a.v)}; }
QUERN_INLINE M at_least(U a, U b) { return {_mm512_cmpge_epu32_mask(a.v, b.v)}; }
QUERN_INLINE void multiply_wide(U a, U b, U* high, U* low) {
  __m512i even = _mm512_mul_epu32(a.v, b.v);
  __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(a.v, 32), _mm512_srli_epi64(b.v, 32));
  *high = {_mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd)};
  *low = {_mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32))};
}
// interleave4 transposes 4x4 words within each 128-bit quarter, so neighbouring counters sit in different quarters.
QUERN_INLINE U interleave_order() {
  return {_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)};
}
QUERN_INLINE void interleave4(U* rows) {
  __m512i low01 = _mm512_unpacklo_epi32(rows[0].v, rows[1].v), high01 = _mm512_unpackhi_epi32(rows[0].v, rows[1].v);
  __m512i low23 = _mm512_unpacklo_epi32(rows[2].v, rows[3].v), high23 = _mm512_unpackhi_epi32(rows[2].v, rows[3].v);
  rows[0] = {_mm512_unpacklo_epi64(low01, low23)};
  rows[1] = {_mm512_unpackhi_epi64(low01, low23)};
  rows[2] = {_mm512_unpacklo_epi64(high01, high23)};
  rows[3] = {_mm512_unpackhi_epi64(high01, high23)};
}

QUERN_INLINE float first_lane(V a) { return _mm512_cvtss_f32(a.v); }
// Halves added, then as in avx2.h.
QUERN_INLINE float sum_lanes(V a) {
  __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

// Quarter h of rows[i] comes from at(4h + i), so that the shuffles stay within quarters: a load may insert a quarter, and
// half as many shuffles are left as for a transpose of whole vectors.
template <class At>
QUERN_INLINE void load_turned(At at, V* columns) {
  __m512 rows[4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    rows[i] = _mm512_castps128_ps512(_mm_loadu_ps(at(i)));
    rows[i] = _mm512_insertf32x4(rows[i], _mm_loadu_ps(at(4 + i)), 1);
    rows[i] = _mm512_insertf32x4(rows[i], _mm_loadu_ps(at(8 + i)), 2);
    rows[i] = _mm512_insertf32x4(rows[i], _mm_loadu_ps(at(12 + i)), 3);
  }
  __m512 low01 = _mm512_unpacklo_ps(rows[0], rows[1]), high01 = _mm512_unpackhi_ps(rows[0], rows[1]);
  __m512 low23 = _mm512_unpacklo_ps(rows[2], rows[3]), high23 = _mm512_unpackhi_ps(rows[2], rows[3]);
  columns[0] = {_mm512_shuffle_ps(low01, low23, 0x44)};
  columns[1] = {_mm512_shuffle_ps(low01, low23, 0xee)};
  columns[2] = {_mm512_shuffle_ps(high01, high23, 0x44)};
  columns[3] = {_mm512_shuffle_ps(high01, high23, 0xee)};
}
QUERN_INLINE float largest_lane(V a) {
  __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
  __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}

}  // namespace
}  // namespace quern

#include "kernels/simd/turn_bits.h"
