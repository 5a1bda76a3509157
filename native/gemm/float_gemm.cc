#include "gemm/float_gemm.h"

#include <algorithm>

#include "gemm/blocking.h"
#include "gemm/bytes_of_a.h"
#include "gemm/epilogue.h"
#include "gemm/panels.h"
#include "gemm/part.h"
#include "gemm/turned.h"
#include "runtime/arena.h"
#include "runtime/range.h"

namespace quern {
namespace {

// C is finished a few tiles at a time, while they are in L1: side by side up to so many columns, so that what is done
// with them works on long rows, or below each other up to as many floats.
constexpr int64_t kFinishedColumns = 128;
constexpr int64_t kFinishedFloats = kGemmMaxRows * kFinishedColumns;

// Rows of a row-major B that are packed at a time, over all panels of a group: whole stretches of a few pages.
constexpr int64_t kRowsPacked = 16;

// One call and what is derived from it; the loops are its methods, from the outermost in: groups of panels of B, blocks
// of k, strips of row tiles of A, tiles, panels; the micro kernel goes over runs of tiles of one size, and over k. A
// transposed B is packed, unless there are so few rows of C that it is turned on the way; other operands are read in
// place unless blocking.cc says that a copy pays.
class Multiplication {
 public:
  Multiplication(const KernelTable& table, const GemmCall& call, int parts, float* scratch) noexcept
      : table_(table), kernels_(table.gemm), call_(call), epilogue_(table, call),
        tiling_(gemm_tiling(table.gemm, call.m, call.n, has_full_panels(parts))),
        updates_(kernel_updates()), packs_a_(call.a_row == 1 && gemm_packs_a(table.gemm, call.n)),
        k_block_(gemm_k_block(call.k, packs_a_)),
        group_(gemm_group(tiling_, k_block_, transposed_b())), a_scratch_(scratch),
        b_scratch_(scratch + gemm_a_floats(kernels_, call.m, call.n, call.k)) {}

  void part(int part, int parts) const noexcept {
    if (parts == 1 && tiling_.panels.count == 1 && tiling_.tiles.count == 1 && !transposed_b()) return only_tile();
    compute_part(tiling_, call_, epilogue_, part, parts, [&](const GemmRegion& tiles) { region(tiles); });
  }

 private:
  // The loops' bookkeeping would take as long as the product.
  void only_tile() const noexcept {
    GemmTile tile{call_.a, call_.a_row, call_.a_col, call_.b, call_.b_row, call_.c, call_.ldc, call_.bias, call_.k,
                  call_.n, call_.accumulate, epilogue_.kernel_applies_relu(), 1, 0, 0, 0, 0};
    tile.a_bytes = call_.a_bytes, tile.table = call_.a_table;
    micro_kernel(tile, tiling_.width(0), tiling_.panels.longest(), call_.m)(tile);
    if (epilogue_.is_needed()) epilogue_.finish({0, call_.m, 0, call_.n}, call_.c, call_.ldc);
    if (call_.column_sums) epilogue_.sum_columns(0, call_.n);
  }

  GemmMicroKernel* micro_kernel(const GemmTile& tile, int64_t width, int64_t vectors, int64_t rows) const noexcept {
    return (tile.a_bytes ? kernels_.micro_of_bytes : kernels_.micro)[tile.cols < width][vectors][rows];
  }

  // Whether kernels make a step of SGD with what they have in registers: full tiles alone do.
  bool kernel_updates() const noexcept {
    return epilogue_.kernel_may_step() && tiling_.panels.longest() == kernels_.vectors &&
           call_.n % (kernels_.vectors * kernels_.lanes) == 0;
  }

  // A group of panels of B in one block of k.
  struct Block {
    Range panels, k;
    bool packs_b;
  };

  // A single row would otherwise be cut into so wide panels that there are few to share out.
  bool has_full_panels(int parts) const noexcept {
    return call_.takes_panels || (call_.b_in_panels && !transposed_b()) || (call_.m == 1 && parts > 1);
  }

  bool transposed_b() const noexcept { return call_.b_col != 1 && call_.n > 1; }

  // Whether a transposed B is turned on the way.
  bool turns_b() const noexcept {
    return transposed_b() && !call_.b_in_panels && !call_.a_bytes && tiling_.tiles.count == 1 &&
           call_.m <= kernels_.turning_rows;
  }

  // A group of panels of B, for one block of k, stays in L2 while the row tiles pass over it.
  void region(const GemmRegion& region) const noexcept {
    const Range tiles{region.first_tile, region.last_tile};
    for (int64_t p = region.first_panel; p < region.last_panel; p += group_) {
      const Range panels{p, std::min(p + group_, region.last_panel)};
      Range k{0, std::min(k_block_, call_.k)};
      do {
        block(panels, tiles, k);
        k = {k.end, std::min(k.end + k_block_, call_.k)};
      } while (k.begin < call_.k);
    }
  }

  void block(Range panels, Range tiles, Range k) const noexcept {
    const bool pays = !call_.b_in_panels && gemm_packs_b(tiles.size(), k.size(), call_.b_row, tiling_.width(0));
    const bool packs_b = transposed_b() ? !turns_b() : pays;
    const bool packs_a = packs_a_ && gemm_packs_a(kernels_, panels.size() * tiling_.width(0));
    if (packs_b) pack_b(panels, k);
    const Block block{panels, k, packs_b};
    const int64_t strip_tiles = packs_a ? kGemmStrip : tiles.size();
    for (int64_t t = tiles.begin; t < tiles.end; t += strip_tiles) {
      const Range strip{t, std::min(t + strip_tiles, tiles.end)};
      GemmTile tile;
      tile.a_row = call_.a_row;
      if (packs_a) {
        tile.a_col = pack_a(strip, k);
        tile.a = a_scratch_;
      } else {
        tile.a_col = call_.a_col;
        tile.a = call_.a, tile.a_bytes = call_.a_bytes, tile.table = call_.a_table;
        move_in_a(&tile, tiling_.tiles.begin(strip.begin) * call_.a_row + k.begin * call_.a_col);
      }
      if (!gemm_goes_down(k.size() * tiling_.width(0))) {
        multiply_strip(block, panels, strip, tile);
        continue;
      }
      for (int64_t p = panels.begin; p < panels.end; p++) multiply_strip(block, {p, p + 1}, strip, tile);
    }
  }

  static void move_in_a(GemmTile* tile, int64_t elements) noexcept {
    if (tile->a_bytes) tile->a_bytes += elements;
    else tile->a += elements;
  }

  // A transposed A has its rows side by side, as a panel of B has its columns. Returns the width of the packed strip.
  int64_t pack_a(Range strip, Range k) const noexcept {
    const int64_t row = tiling_.tiles.begin(strip.begin), rows = tiling_.tiles.begin(strip.end) - row;
    const int64_t width = (rows + tiling_.lanes - 1) / tiling_.lanes * tiling_.lanes;
    if (call_.a_bytes) write_floats_of_a(table_, call_, {row, row + rows}, k, a_scratch_, width);
    else kernels_.pack(call_.a + row + k.begin * call_.a_col, call_.a_col, 1, k.size(), rows, a_scratch_, width);
    return width;
  }

  void pack_b(Range panels, Range k) const noexcept {
    for (int64_t begin = k.begin, end; begin < k.end; begin = end) {
      end = std::min(k.end, call_.b_col == 1 ? begin + kRowsPacked : end_of_stretch(call_, begin));
      const PanelPlace b = step_of_b(call_, begin);
      for (int64_t p = panels.begin; p < panels.end; p++) {
        const int64_t column = tiling_.first_column(p), width = tiling_.width(p);
        kernels_.pack(call_.b + b.offset + column * b.stride, call_.b_row, b.stride, end - begin,
                      tiling_.first_column(p + 1) - column, packed_b(panels, p, k) + (begin - k.begin) * width, width);
      }
    }
  }

  float* packed_b(Range panels, int64_t panel, Range k) const noexcept {
    return b_scratch_ + (tiling_.panels.begin(panel) - tiling_.panels.begin(panels.begin)) * tiling_.lanes * k.size();
  }

  // Where a block reads a panel of B, and the floats from row to row, or from column to column where it is turned.
  struct PanelOfB {
    const float* at;
    int64_t row;
  };
  PanelOfB panel_of_b(const Block& block, int64_t panel) const noexcept {
    if (block.packs_b) return {packed_b(block.panels, panel, block.k), tiling_.width(panel)};
    const int64_t column = tiling_.first_column(panel);
    if (turns_b()) return {call_.b + column * call_.b_col + block.k.begin, call_.b_col};
    const PanelPlace place = place_in_b(call_, column);
    return {call_.b + place.offset + block.k.begin * place.stride, place.stride};
  }

  // Many panels: a row tile's floats of A stay in L1 while it passes over them. A single panel stays there itself, or
  // comes from L2, while the tiles below each other pass along it.
  void multiply_strip(const Block& block, Range all_panels, Range strip, GemmTile tile) const noexcept {
    alignas(kAlignment) float passing[kFinishedFloats];
    const bool is_last = block.k.end == call_.k, finishes = is_last && epilogue_.is_needed();
    const bool passes = epilogue_.passes_on() && block.k.size() == call_.k;
    tile.k = block.k.size();
    if (updates_ && passes) return update_strip(block, all_panels, strip, tile);
    tile.add_c = call_.accumulate || block.k.begin > 0;
    tile.relu = is_last && epilogue_.kernel_applies_relu();
    for (Range tiles = strip; tiles.begin < strip.end; tiles.begin = tiles.end) {
      tiles.end = end_of_tiles(all_panels, {tiles.begin, strip.end}, epilogue_.is_needed());
      const int64_t row = tiling_.tiles.begin(tiles.begin), rows = tiling_.tiles.begin(tiles.end) - row;
      for (Range panels = all_panels; panels.begin < all_panels.end; panels.begin = panels.end) {
        panels.end = finishes ? end_beside(panels.begin, all_panels.end) : all_panels.end;
        const int64_t column = tiling_.first_column(panels.begin);
        const GemmBlock finished{row, rows, column, tiling_.first_column(panels.end) - column};
        float* const c = passes ? passing : call_.c + row * call_.ldc + column;
        tile.ldc = passes ? finished.cols : call_.ldc;
        if (passes && call_.fetch) call_.fetch(call_.taker, finished);
        multiply_tiles(block, panels, tiles, c, tile);
        if (finishes) epilogue_.finish(finished, c, tile.ldc);
      }
      move_in_a(&tile, rows * tile.a_row);
    }
  }

  // Likewise, along a panel all tiles of one height at once, unless what they update is asked for before.
  void update_strip(const Block& block, Range panels, Range strip, GemmTile tile) const noexcept {
    for (Range tiles = strip; tiles.begin < strip.end; tiles.begin = tiles.end) {
      tiles.end = end_of_tiles(panels, {tiles.begin, strip.end}, call_.fetch);
      const int64_t row = tiling_.tiles.begin(tiles.begin), rows = tiling_.tiles.begin(tiles.end) - row;
      const int64_t height = tiling_.tiles.size(tiles.begin);
      tile.count = tiles.size(), tile.a_step = height * tile.a_row, tile.b_step = 0;
      for (int64_t p = panels.begin; p < panels.end; p++) {
        const GemmBlock updated{row, rows, tiling_.first_column(p), tiling_.width(p)};
        const SgdTarget target = call_.sgd(call_.taker, updated);
        if (call_.fetch) call_.fetch(call_.taker, updated);
        const PanelOfB b = panel_of_b(block, p);
        tile.b = b.at, tile.b_row = b.row, tile.update = &target;
        (tile.a_bytes ? kernels_.updating_of_bytes : kernels_.updating)[height](tile);
      }
      move_in_a(&tile, rows * tile.a_row);
    }
  }

  // Where the first of these tiles end that are multiplied together: one by many panels; along a single one those of one
  // height, with `few` only as many as stay in L1.
  int64_t end_of_tiles(Range panels, Range tiles, bool few) const noexcept {
    if (panels.size() > 1) return tiles.begin + 1;
    const int64_t floats = tiling_.tiles.size(tiles.begin) * tiling_.width(panels.begin);
    const int64_t together = few ? tiles.begin + kFinishedFloats / floats : tiles.end;
    return std::min(std::min(tiles.end, together), tiling_.tiles.end_of_size(tiles.begin));
  }

  // Of the panels from `panel` on: where those end that are finished together.
  int64_t end_beside(int64_t panel, int64_t end) const noexcept {
    const int64_t first = tiling_.first_column(panel);
    int64_t last = panel + 1;
    auto joins = [&] {
      return call_.takes_panels ? tiling_.first_column(last) % kPanelColumns != 0
                                : tiling_.first_column(last) - first + tiling_.width(last) <= kFinishedColumns;
    };
    while (last < end && joins()) last++;
    return last;
  }

  // Panels of one row tile, or tiles of one height along one panel: in runs whose tiles are of one size and lie as far
  // from each other in A, B and C.
  void multiply_tiles(const Block& block, Range panels, Range tiles, float* c, GemmTile& tile) const noexcept {
    const int64_t rows = tiling_.tiles.size(tiles.begin);
    c -= tiling_.first_column(panels.begin);
    for (int64_t p = panels.begin, end; p < panels.end; p = end) {
      const int64_t column = tiling_.first_column(p), width = tiling_.width(p);
      const PanelOfB b = panel_of_b(block, p);
      tile.b = b.at, tile.b_row = b.row, tile.c = c + column;
      tile.bias = block.k.begin == 0 && call_.bias ? call_.bias + column : nullptr;
      tile.cols = tiling_.first_column(p + 1) - column;
      end = p + 1;
      if (tiles.size() > 1) {
        tile.count = tiles.size();
        tile.a_step = rows * tile.a_row, tile.b_step = 0, tile.c_step = rows * tile.ldc, tile.bias_step = 0;
      } else {
        end = end_of_run(block, p, panels.end, &tile.b_step);
        tile.count = end - p;
        tile.a_step = 0, tile.c_step = tile.bias_step = width;
      }
      if (turns_b()) kernels_.turning[rows](tile);
      else micro_kernel(tile, width, tiling_.panels.size(p), rows)(tile);
    }
  }

  // Where the run of panels from `panel` on ends, at `end` at most, and the floats of B from one to the next.
  int64_t end_of_run(const Block& block, int64_t panel, int64_t end, int64_t* step) const noexcept {
    const int64_t width = tiling_.width(panel);
    PanelOfB b = panel_of_b(block, panel);
    int64_t last = panel + 1;
    for (*step = 0; last < end; last++) {
      const PanelOfB next = panel_of_b(block, last);
      if (last == panel + 1) *step = next.at - b.at;
      if (next.at - b.at != *step || next.row != b.row) break;
      if (tiling_.first_column(last + 1) - tiling_.first_column(last) != width) break;
      b = next;
    }
    return last;
  }

  const KernelTable& table_;
  const GemmKernels& kernels_;
  const GemmCall& call_;
  const GemmEpilogue epilogue_;
  const GemmTiling tiling_;
  const bool updates_, packs_a_;
  const int64_t k_block_, group_;
  float* const a_scratch_;
  float* const b_scratch_;
};

}  // namespace

int64_t float_gemm_scratch_floats(const KernelTable& table, int64_t m, int64_t n, int64_t k) noexcept {
  const int64_t floats = gemm_a_floats(table.gemm, m, n, k) + gemm_b_floats(table.gemm, n, k);
  return std::max(floats, turned_scratch_floats(table, m, k));
}

void float_gemm(const KernelTable& table, const GemmCall& call, int part, int parts, float* scratch) noexcept {
  if (gemm_turns(table.gemm, call)) return multiply_turned(table, call, part, parts, scratch);
  Multiplication(table, call, parts, scratch).part(part, parts);
}

}  // namespace quern
