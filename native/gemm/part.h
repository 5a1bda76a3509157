// The part of a product that falls to one worker, whichever way its tiles are computed.
#pragma once
#include "gemm/blocking.h"
#include "gemm/epilogue.h"

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

}  // namespace quern
