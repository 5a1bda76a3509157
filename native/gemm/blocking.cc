#include "gemm/blocking.h"

#include <algorithm>

namespace quern {
namespace {

constexpr int64_t kLine = 16;  // floats in a cache line

// Up to this length, loading and storing C once more costs more than a longer block does. Of a packed strip of A, a row
// tile uses a line for each step of k: those should stay in L1 (16 KB) while the tile passes over the panels.
constexpr int64_t kLongestBlock = 1024;
constexpr int64_t kLongestPackedBlock = 256;

// Floats of B in one group of panels: 512 KB, half of Zen 4's L2 cache and a quarter of Sapphire Rapids'.
constexpr int64_t kGroupFloats = 128 * 1024;

// 32 KB: the L1 cache of Zen 4, two thirds of Sapphire Rapids'.
constexpr int64_t kL1Floats = 8 * 1024;

// C is shared out by rows when it has this many times as many rows as columns.
constexpr int64_t kTall = 4;

// The widest panel of which all m rows fit into one tile, since B is then read only once; the full tile otherwise.
int panel_vectors(const GemmKernels& kernels, int64_t m) noexcept {
  for (int width = kGemmMaxVectors; width > kernels.vectors; width--) {
    if (kernels.rows[width] >= m) return width;
  }
  return kernels.vectors;
}

// Where part `part` begins going down panel after panel, in whole tiles from the first: work is counted in rows of one
// vector and rounded to the nearest tile.
int64_t begin_of(const GemmTiling& tiling, int part, int parts) noexcept {
  const int64_t m = tiling.tiles.length(), tiles = tiling.tiles.count;
  if (part == parts) return tiling.panels.count * tiles;
  const int64_t position = m * tiling.panels.length() * part / parts;
  const int64_t panel = tiling.panels.at(position / m);
  const int64_t within = position - tiling.panels.begin(panel) * m, work = tiling.panels.size(panel) * m;
  return panel * tiles + (2 * within * tiles + work) / (2 * work);
}

}  // namespace

GemmTiling gemm_tiling(const GemmKernels& kernels, int64_t m, int64_t n, bool within_panels) noexcept {
  const int64_t vectors = divide_up(n, kernels.lanes);
  const GemmPieces panels = within_panels ? GemmPieces::of_length(vectors, kernels.vectors)
                                          : GemmPieces(vectors, panel_vectors(kernels, m));
  return {n, kernels.lanes, panels, GemmPieces(m, kernels.rows[panels.longest()])};
}

int gemm_regions(const GemmTiling& tiling, bool by_columns, int part, int parts, GemmRegion* regions) noexcept {
  const int64_t tiles = tiling.tiles.count;
  if (parts == 1) {
    regions[0] = {0, tiling.panels.count, 0, tiles};
    return 1;
  }
  int count = 0;
  auto add = [&](GemmRegion region) {
    if (region.first_panel < region.last_panel && region.first_tile < region.last_tile) regions[count++] = region;
  };
  if (!by_columns && tiling.tiles.length() >= kTall * tiling.n) {
    add({0, tiling.panels.count, tiles * part / parts, tiles * (part + 1) / parts});
    return count;
  }
  const int64_t begin = begin_of(tiling, part, parts), end = begin_of(tiling, part + 1, parts);
  const int64_t first_whole = divide_up(begin, tiles), last_whole = end / tiles;
  if (first_whole > last_whole) {  // within one panel
    add({last_whole, first_whole, begin - last_whole * tiles, end - last_whole * tiles});
    return count;
  }
  add({first_whole - 1, first_whole, begin - (first_whole - 1) * tiles, first_whole * tiles == begin ? 0 : tiles});
  add({first_whole, last_whole, 0, tiles});
  add({last_whole, last_whole + 1, 0, end - last_whole * tiles});
  return count;
}

bool gemm_packs_a(const GemmKernels& kernels, int64_t columns) noexcept {
  return columns >= 4 * kernels.vectors * kernels.lanes;
}

// From a grid of shapes (bench/native/gemm.cc): what a copy of B costs against what reading it in place costs.
bool gemm_packs_b(int64_t tiles, int64_t k, int64_t b_row, int64_t width) noexcept {
  const bool aliased = b_row % 512 == 0 && k > 256;  // rows 2 KB apart compete for the same sets of the caches
  const bool narrow = width < 64 && b_row > 128;     // one line of each row of B is used at a time
  const bool split = b_row % kLine != 0;             // vectors cross lines
  const bool large = k * b_row > 256 * 1024;         // beyond L2
  return tiles > (aliased ? 3 : narrow ? 16 : split || large ? 32 : tiles);
}

int64_t gemm_k_block(int64_t k, bool packs_a) noexcept {
  const int64_t longest = packs_a ? kLongestPackedBlock : kLongestBlock;
  return k > longest ? divide_up(k, divide_up(k, longest)) : k;
}

int64_t gemm_group(const GemmTiling& tiling, int64_t k_block, bool packs_b) noexcept {
  if (tiling.panels.count == 1) return 1;
  const int64_t panel_floats = tiling.panels.longest() * tiling.lanes * (k_block > 0 ? k_block : 1);
  // All of A then passes by from L2 for every panel, so it must be small.
  const bool fits_l1 = panel_floats <= kL1Floats && 2 * panel_floats > kL1Floats;
  if (packs_b && fits_l1 && tiling.tiles.length() * k_block < kGroupFloats) return 1;
  const int64_t panels = kGroupFloats / panel_floats;
  return std::clamp<int64_t>(panels, 1, tiling.panels.count);
}

bool gemm_goes_down(int64_t panel_floats) noexcept { return 2 * panel_floats <= kL1Floats; }

int64_t gemm_a_floats(const GemmKernels& kernels, int64_t m, int64_t n, int64_t k) noexcept {
  if (!gemm_packs_a(kernels, n)) return 0;
  const int64_t rows = kGemmStrip * std::min<int64_t>(m, kGemmMaxRows);
  return divide_up(rows, kLine) * kLine * std::min(k, kLongestPackedBlock);
}

// A group has at most kGroupFloats, unless it is a single panel; and never more than the whole of B.
int64_t gemm_b_floats(const GemmKernels& kernels, int64_t n, int64_t k) noexcept {
  const int64_t k_block = std::min(k, kLongestBlock), columns = divide_up(n, kernels.lanes) * kernels.lanes;
  const int64_t panel = k_block * kGemmMaxVectors * kernels.lanes;
  return std::min(k_block * columns, std::max(panel, kGroupFloats));
}

}  // namespace quern
