#include "gemm/turned.h"

#include <algorithm>

#include "gemm/blocking.h"
#include "gemm/bytes_of_a.h"
#include "gemm/epilogue.h"
#include "runtime/arena.h"

namespace quern {
namespace {

// A block of rows of A that has to be turned itself is 16 KB: it is written and read while it is in L1.
constexpr int64_t kBlockFloats = 4096;

// Floats in the largest tile of any instruction set.
constexpr int64_t kTileFloats = 32 * 16;

// Panels are as wide as leaves registers for all n columns of C, or for many: the more a tile has, the longer are the
// stretches of C's rows that are written.
GemmTiling tiling_of(const GemmKernels& kernels, int64_t m, int64_t n) noexcept {
  int vectors = kGemmMaxVectors;
  while (vectors > kernels.vectors / 2 && kernels.rows[vectors] < n) vectors--;
  const GemmPieces panels(divide_up(m, kernels.lanes), vectors);
  return {m, kernels.lanes, panels, GemmPieces(n, kernels.rows[panels.longest()])};
}

// The columns of C are cut into tiles, its rows into panels: gemm.cc's, of the transpose. A tile is computed in L1 and
// written to C, or handed over, turned. B is broadcast in place however it is stored; so is A read, by vectors, where it
// is stored transposed, otherwise blocks of it are turned first, or on the way if C has very few columns.
class TurnedMultiplication {
 public:
  TurnedMultiplication(const KernelTable& table, const GemmCall& call, float* scratch) noexcept
      : table_(table), kernels_(table.gemm), call_(call), epilogue_(table, call),
        tiling_(tiling_of(table.gemm, call.m, call.n)), scratch_(scratch) {}

  void part(int part, int parts) const noexcept {
    const int64_t panels = tiling_.panels.count;
    const int64_t begin = panels * part / parts, end = panels * (part + 1) / parts;
    for (int64_t p = begin; p < end; p++) {
      for (int64_t t = 0; t < tiling_.tiles.count; t++) tile(p, t);
    }
    if (call_.column_sums && begin == 0 && end > 0) epilogue_.sum_columns(0, call_.n);
  }

 private:
  void tile(int64_t panel, int64_t t) const noexcept {
    alignas(kAlignment) float turned[kTileFloats], passing[kTileFloats];
    const int64_t row = tiling_.first_column(panel), column = tiling_.tiles.begin(t);
    const GemmBlock block{row, tiling_.first_column(panel + 1) - row, column, tiling_.tiles.size(t)};
    const int64_t width = tiling_.width(panel);
    GemmTile tile;
    tile.a_row = call_.b_col, tile.a_col = call_.b_row;
    tile.c = turned, tile.ldc = width;
    tile.bias = nullptr;
    tile.count = 1;
    tile.a_step = tile.b_step = tile.c_step = tile.bias_step = 0;
    tile.add_c = start(block, turned, width);
    const bool in_place = !call_.a_bytes && (call_.a_row == 1 || call_.n <= kernels_.turning_rows);
    const bool turns_a = in_place && call_.a_row != 1;
    const int64_t longest = in_place ? call_.k : kBlockFloats / width;
    int64_t begin = 0;
    do {
      tile.k = std::min(longest, call_.k - begin);
      tile.a = call_.b + begin * call_.b_row + column * call_.b_col;
      read_a(block, begin, width, turns_a, &tile);
      tile.relu = begin + tile.k == call_.k && epilogue_.kernel_applies_relu();
      if (turns_a) kernels_.turning[block.cols](tile);
      else kernels_.micro[tile.cols < width][tiling_.panels.size(panel)][block.cols](tile);
      tile.add_c = true;
      begin += tile.k;
    } while (begin < call_.k);
    write(block, turned, width, passing);
  }

  // Puts bias + C, or the one of them that there is, into a tile; false if there is neither.
  bool start(const GemmBlock& block, float* turned, int64_t width) const noexcept {
    const float* const bias = call_.bias ? call_.bias + block.column : nullptr;
    if (call_.accumulate) {
      const float* const c = call_.c + block.row * call_.ldc + block.column;
      kernels_.pack(c, 1, call_.ldc, block.cols, block.rows, turned, width);
      const auto add = table_.combine_scalar[static_cast<int>(CombineFunction::kAdd)];
      for (int64_t j = 0; bias && j < block.cols; j++) {
        add(turned + j * width, bias + j, turned + j * width, block.rows);
      }
    } else if (bias) {
      table_.broadcast(bias, turned, block.cols, width, 1);
    }
    return call_.accumulate || bias;
  }

  // Lets the micro kernel read the block's rows of A from step `begin` on.
  void read_a(const GemmBlock& block, int64_t begin, int64_t width, bool turns_a, GemmTile* tile) const noexcept {
    if (call_.a_bytes) return read_bytes(block, begin, width, tile);
    const float* const a = call_.a + block.row * call_.a_row + begin * call_.a_col;
    if (call_.a_row == 1) {
      tile->b = a, tile->b_row = call_.a_col, tile->cols = block.rows;
    } else if (turns_a) {
      tile->b = a, tile->b_row = call_.a_row, tile->cols = block.rows;
    } else {
      kernels_.pack(a, 1, call_.a_row, tile->k, block.rows, scratch_, width);
      tile->b = scratch_, tile->b_row = width, tile->cols = width;
    }
  }

  // As floats, which vectors are loaded from.
  void read_bytes(const GemmBlock& block, int64_t begin, int64_t width, GemmTile* tile) const noexcept {
    const Range rows{block.row, block.row + block.rows}, k{begin, begin + tile->k};
    tile->b = scratch_, tile->b_row = width, tile->cols = block.rows;
    if (call_.a_row == 1) return write_floats_of_a(table_, call_, rows, k, scratch_, width);
    alignas(kAlignment) float floats[kBlockFloats];
    write_floats_of_a(table_, call_, rows, k, floats, tile->k);
    kernels_.pack(floats, 1, tile->k, tile->k, block.rows, scratch_, width);
  }

  void write(const GemmBlock& block, const float* turned, int64_t width, float* passing) const noexcept {
    const bool passes = epilogue_.passes_on();
    float* const c = passes ? passing : call_.c + block.row * call_.ldc + block.column;
    const int64_t ld = passes ? block.cols : call_.ldc;
    kernels_.turn(turned, width, block.rows, block.cols, c, ld);
    if (epilogue_.is_needed()) epilogue_.finish(block, c, ld);
  }

  const KernelTable& table_;
  const GemmKernels& kernels_;
  const GemmCall& call_;
  const GemmEpilogue epilogue_;
  const GemmTiling tiling_;
  float* const scratch_;
};

}  // namespace

// In tenths of a cycle, where a vector of multiply-adds takes one: turning an element takes 3, writing it down and
// reading it again as much, and a row of C 30.
bool gemm_turns(const GemmKernels& kernels, const GemmCall& call) noexcept {
  const bool a_transposed = call.a_row == 1, b_transposed = call.b_col != 1 && call.n > 1;
  const int64_t m = call.m, n = call.n, k = call.k, lanes = kernels.lanes;
  if (call.b_in_panels || call.takes_panels || m == 1) return false;
  if (n > kGemmMaxRows + 2 && !(a_transposed && b_transposed && m * n + k * n < 256 * 1024)) return false;
  const int64_t tiles = divide_up(n, kGemmMaxRows), down = divide_up(m, lanes), along = divide_up(n, lanes);
  const int64_t turning_b = !b_transposed ? 0 : m <= kernels.turning_rows ? 3 : 6;
  const int64_t turning_a = a_transposed ? 0 : n <= kernels.turning_rows ? 3 : 6;
  const int64_t direct = k * (10 * m * along + turning_b * n);
  const int64_t turned = k * (10 * n * down + turning_a * m * tiles) + 30 * m * tiles;
  return 20 * turned < 19 * direct;
}

void multiply_turned(const KernelTable& table, const GemmCall& call, int part, int parts, float* scratch) noexcept {
  TurnedMultiplication(table, call, scratch).part(part, parts);
}

int64_t turned_scratch_floats(const KernelTable& table, int64_t m, int64_t k) noexcept {
  return std::min(kBlockFloats, k * divide_up(m, table.gemm.lanes) * table.gemm.lanes);
}

}  // namespace quern
