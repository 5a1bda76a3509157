#include "gemm/plane_gemm.h"

#include <algorithm>

#include "gemm/blocking.h"
#include "gemm/epilogue.h"
#include "gemm/float_gemm.h"
#include "gemm/panels.h"
#include "gemm/part.h"
#include "kernels/tile_state.h"
#include "runtime/arena.h"
#include "runtime/range.h"

namespace quern {
namespace {

// Longer products are cut into equal blocks of k of whole panels (panels.h). Depends on k alone, as the order of an
// element's sum does.
constexpr int64_t kLongestBlock = 1024;

// Packed B of a group of panels: 1 MB, half of Sapphire Rapids' L2 cache, all of Zen 4's. A is packed again for every
// group, so they are as large as may be.
constexpr int64_t kGroupFloats = 256 * 1024;

static_assert(kPlaneCols == kPanelColumns && kPanelColumns % kPlaneStep == 0, "a block has a panel's columns");

int planes_of(Precision precision) noexcept { return kMaxPlanes - static_cast<int>(precision); }

int64_t k_block(int64_t k) noexcept {
  return divide_up(divide_up(k, divide_up(k, kLongestBlock)), kPanelColumns) * kPanelColumns;
}

bool pays(const PlaneCosts& costs, int64_t m, int64_t n, int64_t k) noexcept {
  return 100 * k >= costs.filled * kPlaneStep * divide_up(k, kPlaneStep) &&
         k * (m * n - costs.packing * (m + n)) >= costs.finishing * m * n;
}

bool pays(const PlaneKernels& kernels, int planes, int64_t m, int64_t n, int64_t k) noexcept {
  return kernels.pack[planes] && pays(kernels.costs[planes], m, n, k);
}

bool pays_as_bytes(const PlaneKernels& kernels, int planes, int64_t m, int64_t n, int64_t k) noexcept {
  return kernels.pack_bytes && pays(kernels.costs_of_bytes[planes], m, n, k);
}

bool has_planes(const KernelTable& table) noexcept {
  return table.planes && !(table.tile_state && table.tile_state->lost());
}

int64_t packed_floats(int64_t lines, int64_t k, int planes) noexcept { return packed_words(lines, k, planes) / 2; }

int64_t panel_floats(int64_t k, int planes) noexcept { return packed_floats(kPlaneCols, k, planes); }

// Panels of B that are packed together.
int64_t group_of(int64_t n, int64_t k, int planes) noexcept {
  const int64_t panels = kGroupFloats / panel_floats(k_block(k), planes);
  return std::min(divide_up(n, kPlaneCols), panels < 1 ? 1 : panels);
}

// Scratch for a strip of A and a group of panels of B: at least what calls of this shape need, and growing with it.
int64_t strip_floats(int64_t m, int64_t k, int planes) noexcept {
  return packed_floats(std::min(m, kPlaneRows), std::min(k, kLongestBlock), planes);
}
int64_t group_floats(int64_t n, int64_t k, int planes) noexcept {
  const int64_t panel = panel_floats(std::min(k, kLongestBlock), planes);
  return std::min(divide_up(n, kPlaneCols) * panel, std::max(panel, kGroupFloats));
}

// Blocks of kPlaneRows rows and kPlaneCols columns, what is left over at the ends.
GemmTiling tiling_of(int64_t m, int64_t n) noexcept {
  return {n, kPlaneLines, GemmPieces::of_length(divide_up(n, kPlaneLines), kPlaneCols / kPlaneLines),
          GemmPieces::of_length(m, kPlaneRows)};
}

// One call; the loops are its methods, from the outermost in: groups of panels of B, blocks of k, strips of rows of A,
// panels; the kernel goes over k.
class PlaneMultiplication {
 public:
  PlaneMultiplication(const KernelTable& table, const GemmCall& call, float* scratch) noexcept
      : table_(table), kernels_(*table.planes), call_(call), epilogue_(table, call), planes_(planes_of(call.precision)),
        a_packed_(call.a_bytes ? 1 : planes_), tiling_(tiling_of(call.m, call.n)),
        k_block_(k_block(call.k)), group_(group_of(call.n, call.k, planes_)),
        a_scratch_(reinterpret_cast<uint16_t*>(scratch)),
        b_scratch_(reinterpret_cast<uint16_t*>(scratch + strip_floats(call.m, call.k, planes_))),
        float_scratch_(scratch + plane_gemm_scratch_floats(table, call.m, call.n, call.k)) {}

  void part(int part, int parts) const noexcept {
    compute_part(tiling_, call_, epilogue_, part, parts, [&](const GemmRegion& tiles) { region(tiles); });
  }

 private:
  // B from (k, column) on, up to row `end`.
  struct Place {
    const float* data;
    int64_t k_stride, column_stride, end;
  };

  void region(const GemmRegion& region) const noexcept {
    for (int64_t p = region.first_panel; p < region.last_panel; p += group_) {
      const Range panels{p, std::min(p + group_, region.last_panel)};
      for (int64_t k = 0; k < call_.k; k += k_block_) {
        block(panels, {region.first_tile, region.last_tile}, {k, std::min(k + k_block_, call_.k)});
      }
    }
  }

  void block(Range panels, Range tiles, Range k) const noexcept {
    for (int64_t p = panels.begin; p < panels.end; p++) pack_b(p, k, packed_b(panels, p, k));
    for (int64_t t = tiles.begin; t < tiles.end; t++) {
      PlaneBlock block;
      block.a = a_scratch_;
      block.planes = planes_, block.a_packed = a_packed_;
      block.scale = call_.a_scale;
      block.rows = tiling_.tiles.size(t);
      block.k = k.size();
      block.a_planes = pack_a(tiling_.tiles.begin(t), block.rows, k);
      for (int64_t p = panels.begin; p < panels.end; p++) {
        block.b = packed_b(panels, p, k);
        multiply(t, p, k, &block);
      }
    }
  }

  void multiply(int64_t tile, int64_t panel, Range k, PlaneBlock* block) const noexcept {
    alignas(kAlignment) float passing[kPlaneRows * kPlaneCols];
    const bool passes = epilogue_.passes_on() && k.size() == call_.k;
    const bool is_last = k.end == call_.k;
    const int64_t row = tiling_.tiles.begin(tile), column = tiling_.first_column(panel);
    block->cols = tiling_.first_column(panel + 1) - column;
    block->c = passes ? passing : call_.c + row * call_.ldc + column;
    block->ldc = passes ? kPlaneCols : call_.ldc;
    block->bias = k.begin == 0 && call_.bias ? call_.bias + column : nullptr;
    block->add_c = call_.accumulate || k.begin > 0;
    block->relu = is_last && epilogue_.kernel_applies_relu();
    const GemmBlock finished{row, block->rows, column, block->cols};
    if (passes && call_.fetch) call_.fetch(call_.taker, finished);
    const PlaneResult result = kernels_.multiply(*block);
    if (result == PlaneResult::kLost) table_.tile_state->lose();
    if (result != PlaneResult::kDone) multiply_floats(row, column, k, *block);
    if (is_last && epilogue_.is_needed()) {
      epilogue_.finish(finished, block->c, block->ldc);
    }
  }

  // The same block by multiply-adds.
  void multiply_floats(int64_t row, int64_t column, Range k, const PlaneBlock& block) const noexcept {
    for (int64_t begin = k.begin, end; begin < k.end; begin = end) {
      const Place b = place(begin, column);
      end = std::min(k.end, b.end);
      GemmCall call{};
      const int64_t from = row * call_.a_row + begin * call_.a_col;
      if (call_.a_bytes) call.a_bytes = call_.a_bytes + from;
      else call.a = call_.a + from;
      call.a_table = call_.a_table, call.a_scale = call_.a_scale;
      call.a_row = call_.a_row, call.a_col = call_.a_col;
      call.m = block.rows, call.n = block.cols, call.k = end - begin;
      call.b = b.data, call.b_row = b.k_stride, call.b_col = b.column_stride;
      call.c = block.c, call.ldc = block.ldc;
      call.bias = begin == k.begin ? block.bias : nullptr;
      call.accumulate = block.add_c || begin > k.begin;
      call.function = block.relu && end == k.end ? PointwiseFunction::kRelu : PointwiseFunction::kLinear;
      float_gemm(table_, call, 0, 1, float_scratch_);
    }
  }

  int pack_a(int64_t row, int64_t rows, Range k) const noexcept {
    const int64_t from = row * call_.a_row + k.begin * call_.a_col;
    if (!call_.a_bytes) {
      return pack(PlaneOperand::kA, call_.a + from, call_.a_row, call_.a_col, rows, k.size(), a_scratch_);
    }
    kernels_.pack_bytes(call_.a_bytes + from, call_.a_row, call_.a_col, rows, k.size(), a_scratch_);
    return 1;
  }

  int pack(PlaneOperand operand, const float* x, int64_t line_stride, int64_t k_stride, int64_t lines, int64_t k,
           uint16_t* packed) const noexcept {
    return kernels_.pack[planes_](operand, x, line_stride, k_stride, lines, k, packed);
  }

  void pack_b(int64_t panel, Range k, uint16_t* packed) const noexcept {
    const int64_t column = tiling_.first_column(panel), columns = tiling_.first_column(panel + 1) - column;
    for (int64_t begin = k.begin, end; begin < k.end; begin = end) {
      const Place b = place(begin, column);
      end = std::min(k.end, b.end);
      pack(PlaneOperand::kB, b.data, b.column_stride, b.k_stride, columns, end - begin,
           packed + packed_words(columns, begin - k.begin, planes_));
    }
  }

  // The columns from `column` on lie alike up to the end of their panel. Of a transposed B in panels, whole panels' k
  // columns as stored do, which are whole steps of packing.
  Place place(int64_t k, int64_t column) const noexcept {
    if (!call_.b_in_panels) {
      return {call_.b + k * call_.b_row + column * call_.b_col, call_.b_row, call_.b_col, call_.k};
    }
    if (call_.b_col == 1 || call_.n == 1) {
      const PanelPlace place = panel_place(call_.k, call_.n, column);
      return {call_.b + place.offset + k * place.stride, place.stride, 1, call_.k};
    }
    const PanelPlace place = panel_place(call_.n, call_.k, k);
    return {call_.b + place.offset + column * place.stride, 1, place.stride, (k / kPanelColumns + 1) * kPanelColumns};
  }

  uint16_t* packed_b(Range panels, int64_t panel, Range k) const noexcept {
    return b_scratch_ + (panel - panels.begin) * packed_words(kPlaneCols, k.size(), planes_);
  }

  const KernelTable& table_;
  const PlaneKernels& kernels_;
  const GemmCall& call_;
  const GemmEpilogue epilogue_;
  const int planes_, a_packed_;
  const GemmTiling tiling_;
  const int64_t k_block_, group_;
  uint16_t* const a_scratch_;
  uint16_t* const b_scratch_;
  float* const float_scratch_;
};

}  // namespace

bool may_use_planes(const KernelTable& table, Precision precision, int64_t n, int64_t k) noexcept {
  constexpr int64_t kManyRows = 1 << 20;
  const int planes = planes_of(precision);
  return table.planes &&
         (pays(*table.planes, planes, kManyRows, n, k) || pays_as_bytes(*table.planes, planes, kManyRows, n, k));
}

bool uses_planes(const KernelTable& table, Precision precision, int64_t m, int64_t n, int64_t k) noexcept {
  return has_planes(table) && pays(*table.planes, planes_of(precision), m, n, k);
}

bool uses_byte_planes(const KernelTable& table, Precision precision, int64_t m, int64_t n, int64_t k) noexcept {
  return has_planes(table) && pays_as_bytes(*table.planes, planes_of(precision), m, n, k);
}

bool uses_planes(const KernelTable& table, const GemmCall& call) noexcept {
  return call.a_bytes ? uses_byte_planes(table, call.precision, call.m, call.n, call.k)
                      : uses_planes(table, call.precision, call.m, call.n, call.k);
}

void plane_gemm(const KernelTable& table, const GemmCall& call, int part, int parts, float* scratch) noexcept {
  PlaneMultiplication(table, call, scratch).part(part, parts);
}

int64_t plane_gemm_scratch_floats(const KernelTable& table, int64_t m, int64_t n, int64_t k) noexcept {
  int64_t floats = 0;
  for (int planes = 1; table.planes && planes <= kMaxPlanes; planes++) {
    const int64_t steps = divide_up(k, kPlaneStep) * kPlaneStep;
    if (!pays(*table.planes, planes, m, n, steps) && !pays_as_bytes(*table.planes, planes, m, n, steps)) continue;
    const int64_t these = strip_floats(m, k, planes) + group_floats(n, k, planes);
    floats = floats < these ? these : floats;
  }
  return floats;
}

}  // namespace quern
