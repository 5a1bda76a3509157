// THE contract between the core and an instruction set: one table of function pointers for each.
//
// Kernels run on one thread, allocate nothing, never throw, and never index by unchecked data (labels have been
// checked before they come here). Sizes may be 0. Pointers may be unaligned. Matrices are row-major with `ld` elements
// from row to row. Unless said otherwise an output may be the same array as an input, but may not overlap it partly.
// NaN and Inf come through as arithmetic says: relu(NaN) is NaN, a maximum with NaN is NaN.
// The formulas are those of lib/program/instruction.ts; where a kernel rounds differently it says so beside its body.
// A result never depends on how the work was cut among threads: kernels are called on ranges of rows, of columns or of
// elements, and each element of a result is computed by the same sequence of operations whatever the range.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "kernels/functions.h"
#include "kernels/gemm_kernels.h"
#include "kernels/listed_kernels.h"
#include "kernels/plane_kernels.h"
#include "kernels/sgd_step.h"
#include "kernels/skipping_kernels.h"

namespace quern {

// y = f(x) over n elements.
using PointwiseKernel = void(const float* x, float* y, int64_t n, float alpha) noexcept;

// dx = dy * f'(saved) over a rows×cols block of three matrices of the same ld; column_sums[j], unless null, becomes the
// sum over rows of dx[., j], added in ascending order of rows.
using PointwiseGradientKernel = void(const float* saved, const float* dy, float* dx, int64_t rows, int64_t cols,
                                     int64_t ld, float alpha, float* column_sums) noexcept;

// out = a ∘ b over n elements; the second form has one b for all (b[0]).
using CombineKernel = void(const float* a, const float* b, float* out, int64_t n) noexcept;

// Losses of rows elements of cols values each, contiguous. Exactly one of target (rows×cols) and labels (rows) is not
// null for softmax_crossentropy; the others need target, sparse ones labels. Outputs may be null except values.
// gradient (with scale) may be the same array as logits or prediction.
struct LossOperands {
  const float* prediction;  // or logits
  const float* target;
  const int32_t* labels;
  const float* scale;
  float* values;
  float* probabilities;
  float* gradient;
  int64_t rows, cols;
  float label_smoothing;
};
using LossKernel = void(const LossOperands&) noexcept;

// values[i] for rows elements of cols values each.
using AccuracyKernel = void(const float* prediction, const float* target, const int32_t* labels, float threshold,
                            float* values, int64_t rows, int64_t cols) noexcept;

struct AdamScalars { float alpha, beta1, beta2, epsilon, decay; };

// Counter-based random numbers: Philox4x32-10 with key (seed low, seed high ^ epoch-mixed, see runtime/random.h).
struct RandomKey { uint32_t k0, k1; };

class TileState;

struct KernelTable {
  const char* name;  // "scalar", "avx2", "avx512", "amx"
  int lanes;         // floats in a vector

  GemmKernels gemm;  // the loops around them are in gemm/gemm.cc
  SkippingKernels skipping;  // around them gemm/skipping_gemm.cc
  ListedKernel* listed;      // around it gemm/listed_gemm.cc
  const PlaneKernels* planes;  // null where the machine multiplies no bf16
  TileState* tile_state;       // null unless the planes' kernels keep sums in tiles

  PointwiseKernel* pointwise[static_cast<int>(PointwiseFunction::kCount)];
  PointwiseGradientKernel* pointwise_gradient[static_cast<int>(PointwiseFunction::kCount)];
  CombineKernel* combine[static_cast<int>(CombineFunction::kCount)];
  CombineKernel* combine_scalar[static_cast<int>(CombineFunction::kCount)];

  // out[i] = f over cols of x[i, .], in a fixed order that depends on cols alone.
  void (*reduce_columns[static_cast<int>(ReduceFunction::kCount)])(const float* x, float* out, int64_t rows,
                                                                   int64_t cols) noexcept;
  // out[j] = f over rows of x[., j], rows ascending, for a block of cols columns.
  void (*reduce_rows[static_cast<int>(ReduceFunction::kCount)])(const float* x, float* out, int64_t rows, int64_t cols,
                                                                int64_t ld) noexcept;
  // out[i, .] = scale * x[i].
  void (*broadcast)(const float* x, float* out, int64_t rows, int64_t cols, float scale) noexcept;
  // y = x * scale + offset in two roundings; from floats and from bytes.
  void (*affine)(const float* x, float* y, int64_t n, float scale, float offset) noexcept;
  void (*affine_u8)(const uint8_t* x, float* y, int64_t n, float scale, float offset) noexcept;
  // Index of the first value that is not finite, or n.
  int64_t (*find_not_finite)(const float* x, int64_t n) noexcept;

  void (*softmax)(const float* x, float* y, int64_t rows, int64_t cols) noexcept;
  void (*softmax_gradient)(const float* y, const float* dy, float* dx, int64_t rows, int64_t cols) noexcept;
  LossKernel* softmax_crossentropy;
  LossKernel* sigmoid_crossentropy;
  LossKernel* loss[static_cast<int>(LossFunction::kCount)];
  AccuracyKernel* accuracy[static_cast<int>(AccuracyKind::kCount)];

  // y = x * mask / (1 - rate) for elements first .. first + n - 1 of a batch; the mask of an element depends on
  // (key, step, stream, its index) only and is the same in every instruction set: element e is kept when word e % 4 of
  // philox(counter = {e / 4 low, e / 4 high, step, stream}, key) is >= rate * 2^32 (rounded to nearest).
  void (*dropout)(const float* x, float* y, int64_t n, int64_t first, float rate, uint32_t step, uint32_t stream,
                  RandomKey key) noexcept;

  // The words of `blocks` counters {c low, c high, step, stream} of philox from c = first on, four each; first and blocks
  // are multiples of 16. The same in every instruction set.
  void (*random_words)(uint64_t first, int64_t blocks, uint32_t step, uint32_t stream, RandomKey key,
                       uint32_t* words) noexcept;

  // out[i] = start + width * u of [0, 1), in double, u = (27 bits of word 2 i, 26 of word 2 i + 1) * 2^-53; word e is
  // word e % 4 of philox(counter = {e / 4 low, e / 4 high, 0, stream}, key). The same in every instruction set.
  void (*uniform)(float* out, int64_t n, double start, double width, uint32_t stream, RandomKey key) noexcept;

  // Over n parameters, and whether they are all finite then. m null: no momentum.
  bool (*sgd)(float* w, const float* g, float* m, int64_t n, SgdScalars scalars, bool nesterov) noexcept;
  bool (*adam)(float* w, const float* g, float* m, float* v, float* vhat, int64_t n, AdamScalars scalars) noexcept;

  // Runs `iterations` rounds of independent FMAs from registers; returns the FLOPs it did (never 0).
  double (*peak_fma)(int64_t iterations) noexcept;
  // Reads n floats; returns something that depends on all of them.
  float (*read_sum)(const float* x, int64_t n) noexcept;
};

}  // namespace quern
