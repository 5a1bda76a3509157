// Which tiles C is cut into, in which order they are computed and who computes them: pure functions of the shape and
// the kernels' geometry.
#pragma once
#include <cstdint>

#include "kernels/gemm_kernels.h"

namespace quern {

// Of positive numbers.
inline int64_t divide_up(int64_t a, int64_t b) noexcept { return (a + b - 1) / b; }

// A length in equal pieces, the first ones longer by one where it does not divide; or in pieces of a given length, the
// last one being what is left.
struct GemmPieces {
  int64_t count, shortest, longer;  // how many are of length shortest + 1
  int64_t last_short = 0;           // what the last one lacks

  GemmPieces(int64_t length, int64_t longest) noexcept : count(1), shortest(length), longer(0) {
    if (length <= longest) return;  // the small ones, for which divisions would take longer than the work
    count = divide_up(length, longest), shortest = length / count, longer = length % count;
  }
  static GemmPieces of_length(int64_t length, int64_t each) noexcept {
    GemmPieces pieces(length, each);
    pieces.shortest = each, pieces.longer = 0, pieces.last_short = pieces.count * each - length;
    return pieces;
  }
  int64_t begin(int64_t piece) const noexcept {
    return piece * shortest + (piece < longer ? piece : longer) - (piece == count ? last_short : 0);
  }
  int64_t size(int64_t piece) const noexcept { return begin(piece + 1) - begin(piece); }
  // Where the pieces end that are as long as this one and follow it.
  int64_t end_of_size(int64_t piece) const noexcept {
    return piece < longer ? longer : piece + 1 < count ? count - (last_short > 0) : count;
  }
  int64_t longest() const noexcept { return shortest + (longer > 0); }
  int64_t length() const noexcept { return begin(count); }
  // The piece that holds `position`, less than the length.
  int64_t at(int64_t position) const noexcept {
    const int64_t in_longer = longer * (shortest + 1);
    return position < in_longer ? position / (shortest + 1) : longer + (position - in_longer) / shortest;
  }
};

// C is cut into panels of columns, each some vectors wide, and across into tiles of rows: of nearly the same size, so
// that no piece is left over too small to keep the FMA units busy.
struct GemmTiling {
  int64_t n;
  int64_t lanes;
  GemmPieces panels;  // of the columns, in vectors; the last vector may be partly outside
  GemmPieces tiles;   // of the rows

  int64_t width(int64_t panel) const noexcept { return panels.size(panel) * lanes; }
  int64_t first_column(int64_t panel) const noexcept {
    const int64_t column = panels.begin(panel) * lanes;
    return column < n ? column : n;
  }
};

// m and n > 0. With `within_panels` panels are as wide as full tiles, so that none crosses the border of one of panels.h.
GemmTiling gemm_tiling(const GemmKernels& kernels, int64_t m, int64_t n, bool within_panels) noexcept;

// A rectangle of tiles.
struct GemmRegion {
  int64_t first_panel, last_panel;
  int64_t first_tile, last_tile;
};

// The tiles of one part: at most three rectangles, of which it returns the number. Parts go down panel after panel and
// have mostly whole ones, so that the columns of a weight matrix stay with one worker; a tall C is shared out by rows
// unless it is to be `by_columns` too.
int gemm_regions(const GemmTiling& tiling, bool by_columns, int part, int parts, GemmRegion* regions) noexcept;

// Whether a transposed A is packed, a strip of row tiles at a time, for so many columns of B. Its rows of k lie far
// apart, in as many pages, and a tile uses a part of a line of each.
bool gemm_packs_a(const GemmKernels& kernels, int64_t columns) noexcept;

// Whether a row-major B, whose rows are b_row floats apart, is packed into panels of this width for so many row tiles.
bool gemm_packs_b(int64_t tiles, int64_t k, int64_t b_row, int64_t width) noexcept;

// The k of one block: longer products are cut into equal blocks.
int64_t gemm_k_block(int64_t k, bool packs_a) noexcept;

// Panels of B that are worked on together, for blocks of k_block, while a row tile of A is in L1; one at a time where a
// panel that is packed anyway just fits L1 itself.
int64_t gemm_group(const GemmTiling& tiling, int64_t k_block, bool packs_b) noexcept;

// Whether row tiles go down along one panel of B of so many floats, which then stays in L1 while A comes from L2: a
// float for every row and step of k, where B would be one for every column. Otherwise they go along the panels.
bool gemm_goes_down(int64_t panel_floats) noexcept;

// Row tiles of A that are packed together.
inline constexpr int64_t kGemmStrip = 16;

// Scratch for a strip of A, a multiple of a cache line, and for a group of panels of B. Both grow with every size.
int64_t gemm_a_floats(const GemmKernels& kernels, int64_t m, int64_t n, int64_t k) noexcept;
int64_t gemm_b_floats(const GemmKernels& kernels, int64_t n, int64_t k) noexcept;

}  // namespace quern
