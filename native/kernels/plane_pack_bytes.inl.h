// Packing bytes as one bf16 plane (plane_kernels.h).
#pragma once
#include "kernels/plane_pack.inl.h"

namespace quern {
namespace {

// A row of pairs of bytes, which a bf16 holds as they are; `low` of the first 16 and `high` of the others are there.
template <bool kWhole>
QUERN_INLINE void pack_byte_row(const uint8_t* x, int low, const uint8_t* y, int high, uint16_t* row) {
  const V first = kWhole ? load_u8(x) : load_u8_n(x, low), second = kWhole ? load_u8(y) : load_u8_n(y, high);
  store_u(reinterpret_cast<uint32_t*>(row), shift_right<16>(bits(first)) | bits(second));
}

// As pack_lines.
template <bool kWhole>
void pack_byte_lines(const uint8_t* x, int64_t stride, int64_t lines, int64_t k, uint16_t* tile) {
  const int low = at_most_16(k), high = at_most_16(k - kPlaneLines);
  for (int64_t i = 0; i < kPlaneLines; i++, x += stride) {
    const bool real = kWhole || i < lines;
    pack_byte_row<kWhole>(x, real ? low : 0, x + kPlaneLines, real ? high : 0, tile + i * kPlaneStep);
  }
}

// As pack_pairs.
template <bool kWhole>
void pack_byte_pairs(const uint8_t* x, int64_t stride, int64_t lines, int64_t k, uint16_t* tile) {
  const int count = at_most_16(lines);
  for (int64_t p = 0; p < kPlaneLines; p++, x += stride) {
    pack_byte_row<kWhole>(x, p < k ? count : 0, x + kPlaneLines * stride, kPlaneLines + p < k ? count : 0,
                          tile + p * kPlaneStep);
  }
}

template <bool kWhole>
void pack_byte_tile(const uint8_t* x, int64_t line_stride, int64_t k_stride, int64_t lines, int64_t k, uint16_t* tile) {
  if (k_stride == 1) return pack_byte_lines<kWhole>(x, line_stride, lines, k, tile);
  pack_byte_pairs<kWhole>(x, k_stride, lines, k, tile);
  transpose_tile(tile);
}

void pack_bytes(const uint8_t* x, int64_t line_stride, int64_t k_stride, int64_t lines, int64_t k,
                uint16_t* packed) noexcept {
  const int64_t tiles = (lines + kPlaneLines - 1) / kPlaneLines;
  for (int64_t begin = 0; begin < k; begin += kPlaneStep) {
    for (int64_t t = 0; t < tiles; t++, packed += kTileWords) {
      const int64_t first = t * kPlaneLines;
      const uint8_t* const from = x + first * line_stride + begin * k_stride;
      const bool is_whole = lines - first >= kPlaneLines && k - begin >= kPlaneStep;
      if (is_whole) pack_byte_tile<true>(from, line_stride, k_stride, lines - first, k - begin, packed);
      else pack_byte_tile<false>(from, line_stride, k_stride, lines - first, k - begin, packed);
    }
  }
}

}  // namespace
}  // namespace quern
