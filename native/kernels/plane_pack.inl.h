// Splitting floats into bf16 planes and packing them (plane_kernels.h). Included after simd/<isa>.h of 16 lanes.
#pragma once
#include "kernels/plane_kernels.h"

namespace quern {
namespace {

static_assert(kLanes == kPlaneLines, "a vector is a row of a tile");

constexpr uint32_t kUpperHalf = 0xffff0000, kHalfOfLowerHalf = 0x8000, kQuiet = 0x400000;

// x rounded to bf16, halves away from zero; Inf when too large for it.
QUERN_INLINE V to_bf16(V x) { return as_floats((bits(x) + set1_u(kHalfOfLowerHalf)) & set1_u(kUpperHalf)); }

// The same, but a NaN stays one, whatever its payload.
QUERN_INLINE V first_plane(V x) {
  return select(is_nan(x), as_floats((bits(x) | set1_u(kQuiet)) & set1_u(kUpperHalf)), to_bf16(x));
}

// Words of two planes side by side.
QUERN_INLINE U pairs(V low, V high) { return shift_right<16>(bits(low)) | (bits(high) & set1_u(kUpperHalf)); }

// Plane by plane: the row of pairs (x, y) goes to `row` of a tile and of those that follow for further planes, each
// `next` words after the one before. Gathers in seen[i] the bits of plane 1 + i.
template <int kPlanes>
QUERN_INLINE void split_row(V x, V y, uint16_t* row, int64_t next, U* seen) {
#pragma GCC unroll 3
  for (int plane = 0; plane < kPlanes; plane++) {
    const V px = plane == 0 ? first_plane(x) : to_bf16(x), py = plane == 0 ? first_plane(y) : to_bf16(y);
    if (plane > 0) seen[plane - 1] = seen[plane - 1] | bits(px) | bits(py);
    store_u(reinterpret_cast<uint32_t*>(row + plane * next), pairs(px, py));
    x = x - px, y = y - py;
  }
}

// Steps of k that operands are asked for ahead: they mostly come from beyond L2.
constexpr int64_t kPackAhead = 2 * kPlaneStep;

QUERN_INLINE void fetch_ahead(const float* x) { __builtin_prefetch(x, 0, 2); }

QUERN_INLINE int at_most_16(int64_t n) { return n < 0 ? 0 : n < kPlaneLines ? static_cast<int>(n) : kPlaneLines; }

void transpose_tile(uint16_t* tile) {
  float* const rows = reinterpret_cast<float*>(tile);
  V block[kPlaneLines];
#pragma GCC unroll 4
  for (int i = 0; i < kPlaneLines; i += 4) {
    load_turned([&](int line) { return rows + line * kPlaneLines + i; }, block + i);
  }
#pragma GCC unroll 16
  for (int i = 0; i < kPlaneLines; i++) store(rows + i * kPlaneLines, block[i]);
}

// One tile and its further planes: `lines` lines of `k` at most a step, contiguous along k; rows are lines.
template <int kPlanes>
void pack_lines(const float* x, int64_t stride, int64_t lines, int64_t k, uint16_t* tile, int64_t next, U* seen) {
  const int low = at_most_16(k), high = at_most_16(k - kPlaneLines);
  for (int64_t i = 0; i < kPlaneLines; i++) {
    const float* const line = x + i * stride;
    const bool real = i < lines;
    fetch_ahead(line + kPackAhead), fetch_ahead(line + kPackAhead + kPlaneLines);
    const V first = real ? load_n(line, low) : set1(0.0f);
    const V second = real && high > 0 ? load_n(line + kPlaneLines, high) : set1(0.0f);
    split_row<kPlanes>(first, second, tile + i * kPlaneStep, next, seen);
  }
}

// All tiles of a step, contiguous along the lines: rows are pairs. Row after row, which the hardware foresees.
template <int kPlanes>
void pack_pairs(const float* x, int64_t stride, int64_t lines, int64_t k, uint16_t* tiles, int64_t next, U* seen) {
  for (int64_t p = 0; p < kPlaneLines; p++) {
    for (int64_t line = 0; line < lines; line += kPlaneLines) {
      const int count = at_most_16(lines - line);
      const float* const low = x + p * stride + line;
      const float* const high = low + kPlaneLines * stride;
      const V first = p < k ? load_n(low, count) : set1(0.0f);
      const V second = kPlaneLines + p < k ? load_n(high, count) : set1(0.0f);
      fetch_ahead(low + kPackAhead * stride), fetch_ahead(high + kPackAhead * stride);
      split_row<kPlanes>(first, second, tiles + line * kPlaneStep + p * kPlaneStep, next, seen);
    }
  }
}

QUERN_INLINE bool any_not_zero(U x) { return mask_bits(at_least(x, set1_u(1))) != 0; }

template <int kPlanes>
int pack_planes(PlaneOperand operand, const float* x, int64_t line_stride, int64_t k_stride, int64_t lines, int64_t k,
                uint16_t* packed) noexcept {
  const int64_t tiles = (lines + kPlaneLines - 1) / kPlaneLines, next = tiles * kTileWords;
  const bool along_k = k_stride == 1;
  const bool transposes = along_k != (operand == PlaneOperand::kA);
  U seen[kMaxPlanes] = {set1_u(0), set1_u(0), set1_u(0)};
  for (int64_t begin = 0; begin < k; begin += kPlaneStep, packed += kPlanes * next) {
    const float* const from = x + begin * k_stride;
    if (!along_k) pack_pairs<kPlanes>(from, k_stride, lines, k - begin, packed, next, seen);
    for (int64_t t = 0; along_k && t < tiles; t++) {
      const int64_t first = t * kPlaneLines;
      uint16_t* const tile = packed + t * kTileWords;
      pack_lines<kPlanes>(from + first * line_stride, line_stride, lines - first, k - begin, tile, next, seen);
    }
    for (int64_t tile = 0; transposes && tile < kPlanes * tiles; tile++) transpose_tile(packed + tile * kTileWords);
  }
  return any_not_zero(seen[1]) ? 3 : any_not_zero(seen[0]) ? 2 : 1;
}

}  // namespace
}  // namespace quern
