// The part of a product that falls to one worker, whichever way its tiles are computed.
#pragma once
#include "gemm/blocking.h"
#include "gemm/epilogue.h"
#include "gemm/panels.h"
#include "runtime/range.h"

namespace quern {

// Calls compute(region) for each region of the part, and sums up the columns that begin in it.
template <class Compute>
void compute_part(const GemmTiling& tiling, const GemmCall& call, const GemmEpilogue& epilogue, int part, int parts,
                  Compute compute) noexcept {
  GemmRegion regions[3];
  const int count = gemm_regions(tiling, call.takes_panels, part, parts, regions);
  for (int i = 0; i < count; i++) {
    compute(regions[i]);
    if (call.column_sums && regions[i].first_tile == 0) {
      const int64_t column = tiling.first_column(regions[i].first_panel);
      epilogue.sum_columns(column, tiling.first_column(regions[i].last_panel) - column);
    }
  }
}

inline Range rows_of(const GemmTiling& tiling, const GemmRegion& region) noexcept {
  return {tiling.tiles.begin(region.first_tile), tiling.tiles.begin(region.last_tile)};
}

// Calls what(columns) for the columns of a region, those of each of panels.h's panels together.
template <class What>
void for_each_panel(const GemmTiling& tiling, const GemmRegion& region, What what) noexcept {
  const int64_t end = tiling.first_column(region.last_panel);
  for (int64_t begin = tiling.first_column(region.first_panel), next; begin < end; begin = next) {
    next = begin / kPanelColumns * kPanelColumns + kPanelColumns;
    if (next > end) next = end;
    what(Range{begin, next});
  }
}

// Where step `k` of a B that is row-major or stored transposed begins: B(k, 0), and the floats from there to B(k, 1).
inline PanelPlace step_of_b(const GemmCall& call, int64_t k) noexcept {
  return call.b_in_panels ? panel_place(call.n, call.k, k) : PanelPlace{k * call.b_row, call.b_col};
}

// Of one that is stored transposed, whose steps are contiguous up to here.
inline int64_t end_of_stretch(const GemmCall& call, int64_t k) noexcept {
  return call.b_in_panels ? (k / kPanelColumns + 1) * kPanelColumns : call.k;
}

// Where column `column` of a B that is not transposed begins.
inline PanelPlace place_in_b(const GemmCall& call, int64_t column) noexcept {
  return call.b_in_panels ? panel_place(call.k, call.n, column) : PanelPlace{column, call.b_row};
}

}  // namespace quern
