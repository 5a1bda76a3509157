#include "gemm/listed_gemm.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "gemm/blocking.h"
#include "gemm/epilogue.h"
#include "gemm/part.h"
#include "runtime/arena.h"

namespace quern {
namespace {

// Rows of C that are finished together, while they are in L1.
constexpr int64_t kStrip = 16;

// Floats of B from which on its rows are fetched: 512 KB, half of Zen 4's L2 cache.
constexpr int64_t kFar = 128 * 1024;

// Rows of C that what takes them is told of ahead.
constexpr int64_t kAhead = 8;

// Loops over panels of B, then over rows of C; each of these is one call of the kernel, over its list.
class ListedMultiplication {
 public:
  ListedMultiplication(const KernelTable& table, const GemmCall& call) noexcept
      : kernel_(table.listed), call_(call), epilogue_(table, call),
        tiling_(gemm_tiling(table.gemm, call.m, call.n, true)) {}

  void rows(const ListedElements* rows_of_a, int part, int parts) const noexcept {
    compute_part(tiling_, call_, epilogue_, part, parts, [&](const GemmRegion& region) {
      for_each_panel(tiling_, region, [&](Range columns) {
        strips(panel_of(columns), rows_of(tiling_, region), [&](int64_t i) { return rows_of_a[i]; });
      });
    });
  }

  void columns(const ListedMatrix& matrix, bool passes_on_zeros, ColumnLists* lists, int part,
               int parts) const noexcept {
    compute_part(tiling_, call_, epilogue_, part, parts, [&](const GemmRegion& region) {
      const Range rows = rows_of(tiling_, region);
      lists->turn(matrix, rows);
      for_each_panel(tiling_, region, [&](Range columns) {
        const Panel panel = panel_of(columns);
        if (passes_on_zeros || !call_.take) strips(panel, rows, [&](int64_t i) { return lists->of(i); });
        else only_listed(panel, *lists);
      });
      lists->clear();
    });
  }

 private:
  struct Panel {
    Range columns;
    const float* b;
    int64_t b_row;
  };

  Panel panel_of(Range columns) const noexcept {
    const PanelPlace place = place_in_b(call_, columns.begin);
    return {columns, call_.b + place.offset, place.stride};
  }

  // All rows.
  template <class ElementsOf>
  void strips(const Panel& panel, Range all_rows, ElementsOf elements_of) const noexcept {
    alignas(kAlignment) float passing[kStrip * kPanelColumns];
    const bool passes = epilogue_.passes_on();
    const int64_t width = panel.columns.size(), ld = passes ? width : call_.ldc;
    for (Range rows = all_rows; rows.begin < all_rows.end; rows.begin = rows.end) {
      rows.end = std::min(rows.begin + kStrip, all_rows.end);
      float* const c = passes ? passing : call_.c + rows.begin * ld + panel.columns.begin;
      for (int64_t i = rows.begin; i < rows.end; i++) multiply(panel, elements_of(i), c + (i - rows.begin) * ld);
      if (epilogue_.is_needed()) epilogue_.finish({rows.begin, rows.size(), panel.columns.begin, width}, c, ld);
    }
  }

  // Rows whose column occurs, one by one.
  void only_listed(const Panel& panel, const ColumnLists& lists) const noexcept {
    alignas(kAlignment) float passing[kPanelColumns];
    for (int64_t i = 0; i < lists.count(); i++) {
      const int64_t row = lists.column(i);
      if (call_.fetch && i + kAhead < lists.count()) {
        call_.fetch(call_.taker, {lists.column(i + kAhead), 1, panel.columns.begin, panel.columns.size()});
      }
      float* const c = epilogue_.passes_on() ? passing : call_.c + row * call_.ldc + panel.columns.begin;
      multiply(panel, lists.elements(i), c);
      epilogue_.finish({row, 1, panel.columns.begin, panel.columns.size()}, c, call_.ldc);
    }
  }

  void multiply(const Panel& panel, const ListedElements& a, float* c) const noexcept {
    const float* const bias = call_.bias ? call_.bias + panel.columns.begin : nullptr;
    const ListedTile tile{a, panel.b, panel.b_row, c, bias, panel.columns.size(), epilogue_.kernel_applies_relu(),
                          call_.k * panel.b_row > kFar};
    if (kernel_(tile)) settle_zeros(panel, a, c);
  }

  // A sum that ended as -0 is what all elements would have made it, in which some are 0 that were left out.
  void settle_zeros(const Panel& panel, const ListedElements& a, float* c) const noexcept {
    const bool fused = fuses();
    for (int64_t j = 0; j < panel.columns.size(); j++) {
      if (c[j] == 0 && std::signbit(c[j]) && meets_positive_zero(a, panel.b + j, panel.b_row, fused)) c[j] = 0;
    }
  }

  // Whether the kernel rounds once: then a product that underflows to -0 makes -0 of the sum 0.
  bool fuses() const noexcept {
    const uint32_t first = 0;
    const float x = 1e-30f, b = -1e-30f;
    float sum;
    return kernel_({{&first, &x, 1}, &b, 1, &sum, nullptr, 1, false, false});
  }

  // Whether a product is +0 that follows on the last which decided the sum's sign: -0 becomes 0 there, and stays it.
  bool meets_positive_zero(const ListedElements& a, const float* b, int64_t b_row, bool fused) const noexcept {
    const auto decides = [&](int64_t e) {
      const float x = a.values[e], y = b[a.indices[e] * b_row];
      return fused ? x != 0 && y != 0 : x * y != 0;
    };
    int64_t next = a.count;
    while (next > 0 && !decides(next - 1)) next--;
    for (int64_t p = next > 0 ? int64_t{a.indices[next - 1]} + 1 : 0; p < call_.k; p++) {
      const bool is_listed = next < a.count && a.indices[next] == p;
      const float x = is_listed ? a.values[next++] : 0;
      if (!std::signbit(x * b[p * b_row])) return true;
    }
    return false;
  }

  ListedKernel* const kernel_;
  const GemmCall& call_;
  const GemmEpilogue epilogue_;
  const GemmTiling tiling_;
};

}  // namespace

void listed_gemm(const KernelTable& table, const GemmCall& call, const ListedElements* rows_of_a, int part,
                 int parts) noexcept {
  if (call.m == 0 || call.n == 0) return gemm(table, call, part, parts, nullptr);
  ListedMultiplication(table, call).rows(rows_of_a, part, parts);
}

void listed_gemm_transposed(const KernelTable& table, const GemmCall& call, const ListedMatrix& matrix,
                            bool passes_on_zeros, ColumnLists* lists, int part, int parts) noexcept {
  if (call.m == 0 || call.n == 0) return gemm(table, call, part, parts, nullptr);
  ListedMultiplication(table, call).columns(matrix, passes_on_zeros, lists, part, parts);
}

}  // namespace quern
