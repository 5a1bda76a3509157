// What an instruction set brings to matrix multiplication: micro kernels for small tiles of C, and packing.
//
// The loops around them, the choice of tiles and the work split are in gemm/; the bodies in kernels/gemm.inl.h.
// No std, no templates: each instruction set's unit includes this.
#pragma once
#include <stdint.h>

#include "kernels/sgd_step.h"

namespace quern {

// A run of tiles of C of one size, each at most as many vectors wide as the kernel:
//   C(i, j) = epilogue(init(i, j) + sum over p = 0 .. k-1 of A(i, p) B(p, j))
// where init is bias(j), unless bias is null, plus the old C(i, j), if add_c is set; 0 if there is neither.
// Every element is one chain of multiply-adds over ascending p, whatever the kernel and the tile, so cutting C into
// other tiles, or k into blocks (the first with bias, later ones with add_c), changes no bit.
struct GemmTile {
  const float* a;  // A(i, p) = a[i * a_row + p * a_col]; read by broadcasts, so both strides are free
  int64_t a_row, a_col;
  const float* b;  // B(p, j) = b[p * b_row + j]
  int64_t b_row;
  float* c;  // C(i, j) = c[i * ldc + j]
  int64_t ldc;
  const float* bias;
  int64_t k;
  int64_t cols;  // columns of the tile; B and bias are not read, C not touched beyond them
  bool add_c;
  bool relu;  // epilogue: x < 0 ? 0 : x (NaN stays), else none
  // What is above says where the first tile is; there are `count` of them, each so many floats further on.
  int64_t count, a_step, b_step, c_step, bias_step;
  // For kernels of bytes, in place of `a`: A(i, p) = table[a_bytes[i * a_row + p * a_col]].
  const uint8_t* a_bytes = nullptr;
  const float* table = nullptr;
  // For kernels that update: whose step C, which is not stored, is the gradient of; those of the first tile, the other
  // ones' are below. bias, add_c and relu are not read then.
  const SgdTarget* update = nullptr;
};

using GemmMicroKernel = void(const GemmTile&) noexcept;

// packed[p * width + j] = x[p * row + j * col] for j < cols, anything up to width; p < k. One of the strides is 1, width
// is cols, rounded up to a multiple of the lanes.
using GemmPackKernel = void(const float* x, int64_t row, int64_t col, int64_t k, int64_t cols, float* packed,
                            int64_t width) noexcept;

// Columns of weights that may lie together (gemm/panels.h): full tiles of every instruction set fill them.
inline constexpr int64_t kPanelColumns = 64;

inline constexpr int kGemmMaxVectors = 8;
inline constexpr int kGemmMaxRows = 14;
inline constexpr int kGemmMaxTurningRows = 8;

// to[i * to_row + j] = x[j * x_row + i] for i < rows, j < cols; nothing else is touched.
using GemmTurnKernel = void(const float* x, int64_t x_row, int64_t rows, int64_t cols, float* to,
                            int64_t to_row) noexcept;

struct GemmKernels {
  int lanes;    // floats in a vector
  int vectors;  // width of the full tile; its columns are nr = vectors * lanes
  // rows[v]: rows of the tallest tile of v vectors, as many as the registers hold; never 0 up to the widest tile.
  int rows[kGemmMaxVectors + 1];
  // micro[tail][v][r]: the tile of r rows and v vectors; with tail set the last vector may be partly outside (cols is
  // then checked), without it cols must be v * lanes. Null beyond rows[v].
  GemmMicroKernel* micro[2][kGemmMaxVectors + 1][kGemmMaxRows + 1];
  GemmMicroKernel* micro_of_bytes[2][kGemmMaxVectors + 1][kGemmMaxRows + 1];
  // updating[r]: full tiles of r rows that make the step themselves. Null beyond rows[vectors].
  GemmMicroKernel* updating[kGemmMaxRows + 1];
  GemmMicroKernel* updating_of_bytes[kGemmMaxRows + 1];
  bool bytes_pay;  // a product of bytes takes no longer than one of floats
  // turning[r]: tiles of r rows of a B whose columns are contiguous, B(p, j) = b[j * b_row + p]; any cols. For products
  // that use each vector of B once only, so that packing it does not pay. Null beyond turning_rows.
  int turning_rows;
  GemmMicroKernel* turning[kGemmMaxTurningRows + 1];
  GemmPackKernel* pack;
  GemmTurnKernel* turn;
};

}  // namespace quern
