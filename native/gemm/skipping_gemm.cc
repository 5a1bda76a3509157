#include "gemm/skipping_gemm.h"

#include <algorithm>

#include "gemm/blocking.h"
#include "gemm/epilogue.h"
#include "gemm/part.h"
#include "runtime/arena.h"

namespace quern {
namespace {

// Steps of k in one block: of a panel of B, 32 KB, which stays in L1 while the rows of A pass over it.
constexpr int64_t kBlock = 128;
// The last block takes what would be so short a block of its own that passing over the sums once more costs more than
// what L1 does not keep. (784 steps are six blocks, not seven.)
constexpr int64_t kLongestBlock = kBlock + kBlock / 4;
constexpr int64_t kBlockWords = (kLongestBlock + kMarksInWord - 1) / kMarksInWord;

// Rows of C that are finished together, while they are in L1.
constexpr int64_t kStrip = 16;

// Rows of C that a kernel computes at once, at most.
constexpr int64_t kRowsOfWalk = 2;

// Rows of C whose sums are kept between blocks of k, 32 KB of them: not where C is, whose lines lie apart and may be
// with other cores.
constexpr int64_t kRowsKept = 128;

// Rows of C for which a block of B is copied, unless it lies together as it is: rows of B a power of two apart compete
// for the same sets of L1.
constexpr int64_t kWorthPacking = 16;

// Rows of C below which all steps of k are one block, where nobody has to look at it: they use few of B's rows.
constexpr int64_t kFewRows = 32;

// Floats from row to row of a transposed A from which on its columns walk in twos, alike or not: the lines of one
// compete for a few sets of L1, so that each is read once for both.
constexpr int64_t kFarApart = 512;

const SkippingWay& way_of(const SkippingKernels& kernels, const GemmCall& call, bool has_like_columns) noexcept {
  if (call.a_row != 1) return kernels.rows;
  return has_like_columns || call.a_col >= kFarApart ? kernels.columns : kernels.columns_apart;
}

// Below which density all of a batch is quicker. With fewer columns than a panel has, the walk costs as much for less
// work, and the dense kernels have the columns of A in their vectors (turned.h). An A of more than half of L2 comes
// from L3, element by element, for each panel: layers of 1024 units took 10 % less or longer for a density of 0.65, as
// much as others left of L3.
double density_that_pays(const SkippingWay& way, const GemmCall& call) noexcept {
  constexpr double kInNarrow = 0.05, kFromFar = 0.55;
  constexpr int64_t kNear = 128 * 1024;  // floats
  if (call.n < kPanelColumns) return kInNarrow;
  return call.m * call.k > kNear && call.n > kPanelColumns ? std::min(way.pays, kFromFar) : way.pays;
}

// The loops, from the outermost in: panels of B, blocks of k, strips of rows of C. Where skipping could change a bit,
// because B is not finite or a sum ended as -0, all elements are marked, and the same kernels multiply by zeros too.
class SkippingMultiplication {
 public:
  SkippingMultiplication(const KernelTable& table, const GemmCall& call, const SkippedOperand& a) noexcept
      : kernels_(table.skipping), pack_(table.gemm.pack), call_(call), epilogue_(table, call),
        transposed_(a.transposed), kernel_(way_of(kernels_, call, a.has_like_columns).kernel),
        tiling_(gemm_tiling(table.gemm, call.m, call.n, true)),
        is_one_block_(call.m < kFewRows && call.b_is_finite && call.b_col == 1) {
    const SparseMatrix& matrix = a.matrix;
    tile_.a_row = a.transposed ? 1 : matrix.cols, tile_.a_col = a.transposed ? matrix.cols : 1;
    tile_.floats = matrix.floats, tile_.bytes = matrix.bytes, tile_.table = matrix.table;
    tile_.marks = a.marks.of_line(0), tile_.marks_row = 1, tile_.marks_word = a.marks.next();
    move(a.first_row, 0, &tile_);
  }

  void part(int part, int parts) const noexcept {
    compute_part(tiling_, call_, epilogue_, part, parts, [&](const GemmRegion& region) {
      const Range rows = rows_of(tiling_, region);
      for_each_panel(tiling_, region, [&](Range columns) { panel(rows, columns); });
    });
  }

 private:
  struct Block {
    Range columns, k;
    const float* b;
    int64_t b_row;
  };

  // A tile of C, or of the sums so far.
  struct Place {
    float* at;
    int64_t row;
    Place below(int64_t rows) const noexcept { return {at + rows * row, row}; }
  };

  // A transposed A has many rows and few steps, mostly in one block, so that B is read, and copied, once.
  void panel(Range rows, Range columns) const noexcept {
    alignas(kAlignment) float kept[kRowsKept * kPanelColumns];
    if (transposed_) return blocks(rows, columns, c_at(rows.begin, columns.begin));
    for (int64_t begin = rows.begin; begin < rows.end; begin += kRowsKept) {
      blocks({begin, std::min(begin + kRowsKept, rows.end)}, columns, {kept, kPanelColumns});
    }
  }

  void blocks(Range rows, Range columns, Place sums) const noexcept {
    alignas(kAlignment) float packed[kLongestBlock * kPanelColumns];
    for (Range k{0, end_of_block(0)};; k = {k.end, end_of_block(k.end)}) {
      const Block block = block_of(columns, k, !is_one_block_ && rows.size() >= kWorthPacking, packed);
      const bool skips = call_.b_is_finite || kernels_.all_finite(block.b, k.size(), columns.size(), block.b_row);
      if (k.end == call_.k) return finish(block, rows, skips, sums);
      multiply(block, rows, skips, sums, sums);
    }
  }

  int64_t end_of_block(int64_t begin) const noexcept {
    const int64_t longest = is_one_block_ ? call_.k : kLongestBlock;
    return call_.k - begin <= longest ? call_.k : begin + kBlock;
  }

  Place c_at(int64_t row, int64_t column) const noexcept {
    return {call_.c + row * call_.ldc + column, call_.ldc};
  }

  // Where it lies, or in `packed`: as a copy where `copies` says that it pays, or turned if B is stored transposed.
  Block block_of(Range columns, Range k, bool copies, float* packed) const noexcept {
    const int64_t width = divide_up(columns.size(), tiling_.lanes) * tiling_.lanes;
    const Block in_packed{columns, k, packed, width};
    if (call_.b_col != 1) return turn(columns, k, packed, width), in_packed;
    const PanelPlace place = place_in_b(call_, columns.begin);
    const Block block{columns, k, call_.b + place.offset + k.begin * place.stride, place.stride};
    if (!copies || block.b_row <= kPanelColumns) return block;
    pack_(block.b, block.b_row, 1, k.size(), columns.size(), packed, width);
    return in_packed;
  }

  void turn(Range columns, Range k, float* packed, int64_t width) const noexcept {
    for (int64_t begin = k.begin, end; begin < k.end; begin = end) {
      end = std::min(k.end, end_of_stretch(call_, begin));
      const PanelPlace step = step_of_b(call_, begin);
      pack_(call_.b + step.offset + columns.begin * step.stride, call_.b_row, step.stride, end - begin, columns.size(),
            packed + (begin - k.begin) * width, width);
    }
  }

  // The last block of k: strip by strip, or all rows where the kernel makes the update of them itself.
  void finish(const Block& block, Range all_rows, bool skips, Place sums) const noexcept {
    alignas(kAlignment) float passing[kStrip * kPanelColumns];
    const bool passes = epilogue_.passes_on() && block.k.begin == 0;
    const bool updates = kernel_updates(block);
    for (Range rows = all_rows; rows.begin < all_rows.end; rows.begin = rows.end) {
      rows.end = updates || !epilogue_.is_needed() ? all_rows.end : std::min(rows.begin + kStrip, all_rows.end);
      const Place c = passes ? Place{passing, block.columns.size()} : c_at(rows.begin, block.columns.begin);
      const SgdTarget target = updates ? call_.sgd(call_.taker, finished(block, rows)) : SgdTarget{};
      const int64_t done = multiply(block, rows, skips, sums.below(rows.begin - all_rows.begin), c,
                                    updates ? &target : nullptr);
      const bool is_negative_zero = done == 0;
      if (updates) rows.end = rows.begin + (is_negative_zero ? std::min(kRowsOfWalk, rows.size()) : done);
      if (is_negative_zero) multiply_all(block.columns, rows, c);
      if (epilogue_.is_needed() && (is_negative_zero || !updates)) epilogue_.finish(finished(block, rows), c.at, c.row);
    }
  }

  bool kernel_updates(const Block& block) const noexcept {
    return transposed_ && epilogue_.kernel_may_step() && block.columns.size() == kernels_.update_columns;
  }

  static GemmBlock finished(const Block& block, Range rows) noexcept {
    return {rows.begin, rows.size(), block.columns.begin, block.columns.size()};
  }

  // Goes on from `sums` and writes to `to`, which may be the same, or updates. How many rows are finished: not those of
  // the last block in which a sum is -0, if it skips.
  int64_t multiply(const Block& block, Range rows, bool skips, Place sums, Place to,
                   const SgdTarget* update = nullptr) const noexcept {
    SkippingTile tile = tile_;
    move(rows.begin, block.k.begin, &tile);
    uint64_t all[kBlockWords];
    if (!skips) {
      mark_all(block.k.size(), all);
      tile.marks = all, tile.marks_row = 0, tile.marks_word = 1;
    }
    tile.b = block.b, tile.b_row = block.b_row;
    tile.sums = block.k.begin > 0 ? sums.at : nullptr, tile.sums_row = sums.row;
    tile.c = to.at, tile.ldc = to.row;
    tile.bias = block.k.begin == 0 && call_.bias ? call_.bias + block.columns.begin : nullptr;
    tile.rows = rows.size(), tile.cols = block.columns.size(), tile.k = block.k.size();
    const bool is_last = block.k.end == call_.k;
    tile.minds_negative_zeros = skips && is_last, tile.update = update;
    tile.relu = is_last && epilogue_.kernel_applies_relu();
    return kernel_(tile);
  }

  // Without skipping, in all blocks.
  void multiply_all(Range columns, Range rows, Place c) const noexcept {
    alignas(kAlignment) float packed[kBlock * kPanelColumns];
    Range k{0, std::min(kBlock, call_.k)};
    do {
      multiply(block_of(columns, k, false, packed), rows, false, c, c);
      k = {k.end, std::min(k.end + kBlock, call_.k)};
    } while (k.begin < call_.k);
  }

  // Lets a tile begin so many rows and steps further on.
  static void move(int64_t row, int64_t k, SkippingTile* tile) noexcept {
    const int64_t elements = row * tile->a_row + k * tile->a_col;
    if (tile->floats) tile->floats += elements;
    else tile->bytes += elements;
    tile->marks += row * tile->marks_row + k / kMarksInWord * tile->marks_word;
  }

  static void mark_all(int64_t k, uint64_t* marks) noexcept {
    for (int64_t p = 0; p < k; p += kMarksInWord) {
      marks[p / kMarksInWord] = ~uint64_t{0} >> (k - p < kMarksInWord ? kMarksInWord - (k - p) : 0);
    }
  }

  const SkippingKernels& kernels_;
  GemmPackKernel* const pack_;
  const GemmCall& call_;
  const GemmEpilogue epilogue_;
  const bool transposed_;
  SkippingKernel* const kernel_;
  const GemmTiling tiling_;
  const bool is_one_block_;
  SkippingTile tile_{};  // of all of A
};

}  // namespace

// With fewer rows in a batch, what it takes to look at a block of B is shared by fewer; where nobody has to, a handful
// read only the rows of B they need: predicting from 784 or 2048 inputs for 128 or 512 units took as long at a density
// of 0.85 with one row, 0.4 to 0.55 with up to 24.
bool skipping_pays(const KernelTable& table, const GemmCall& call, bool has_like_columns, double density) noexcept {
  constexpr double kPaysForFew = 0.4, kPaysForOne = 0.7;
  const bool transposed = call.a_row == 1;
  const double pays = density_that_pays(way_of(table.skipping, call, has_like_columns), call);
  const int64_t batch = transposed ? call.k : call.m, fewest = transposed ? 16 : 8;
  if (batch >= kFewRows) return density < pays;
  const bool reads_less = call.b_is_finite && !transposed && call.n >= kPanelColumns;
  if (reads_less) return density < (batch == 1 ? kPaysForOne : kPaysForFew);
  return batch >= fewest && density < pays * static_cast<double>(batch) / kFewRows;
}

void skipping_gemm(const KernelTable& table, const GemmCall& call, const SkippedOperand& a, int part,
                   int parts) noexcept {
  if (call.m == 0 || call.n == 0) return gemm(table, call, part, parts, nullptr);
  SkippingMultiplication(table, call, a).part(part, parts);
}

}  // namespace quern
