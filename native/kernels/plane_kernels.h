// Products of bf16 planes: what an instruction set that multiplies bf16 brings to matrix multiplication.
//
// A bf16 is the upper half of a float: 8 significant bits. Up to three planes of them add up to a float:
//   hi = x rounded to bf16, mid = x - hi rounded to bf16, lo = x - hi - mid, exactly.
// With 2^e <= |x| < 2^(e+1): |x - hi| <= 2^(e-8), a multiple of 2^(e-23), so it has 15 bits at most; what rounding it
// to 8 leaves over is at most 2^(e-17), so lo has 7 bits: three planes are the float itself. A product of two floats is
// a sum of products of planes (i of A, j of B), of which those with i + j < planes are computed, in f32:
//   3 planes, 6 products: mid lo, lo mid and lo lo are left out, less than 2^-24 of |x y|, of either sign: no more than
//                         one rounding of a float;
//   2 planes, 3 products: 2^-15 of |x y| at most (mid mid 2^-16, and twice 2^-17 for the lo that is not there);
//   1 plane,  1 product:  2^-7 of |x y| at most (twice 2^-8; on average much less).
// A plane of A that is zero throughout, as of integers up to 256, is left out: its products would add zeros. Bytes are
// packed as one plane from the start, of which 3 planes of B make 3 products; what they stand for, a multiple of
// themselves, is put right in the sums.
//
// bf16 instructions take denormals for zero and flush them. So floats under 2^-102 have fewer bits here, those under
// 2^-126 count as zero, and so does a product of planes under 2^-126. Where a value is NaN, Inf or so large that hi
// overflows, every sum it is in comes out NaN or Inf, as does one that overflows on the way; kernels report such a
// block and the caller computes it by multiply-adds. A sum that would overflow in another order may come out finite.
//
// No std, no templates: each instruction set's unit includes this. The loops around it are in gemm/plane_gemm.cc.
#pragma once
#include <stdint.h>

namespace quern {

inline constexpr int kMaxPlanes = 3;
inline constexpr int64_t kPlaneStep = 32;   // of k, that lie together
inline constexpr int64_t kPlaneLines = 16;  // rows of A, or columns of B, in a tile
inline constexpr int64_t kPlaneRows = 64;   // most rows of a block of C: four tiles
inline constexpr int64_t kPlaneCols = 64;   // most columns: four tiles
inline constexpr int64_t kTileWords = kPlaneLines * kPlaneStep;

// Packed lines (rows of A, columns of B) lie as [step of k][plane][tile of lines][16 rows][16 pairs of words], tiles of
// 1 KB as TDPBF16PS reads them: rows are lines and pairs are along k for A, the other way round for B. Pair p of a step
// is words p and 16 + p of it, for A and B alike: which two are added first is free, and so neither is shuffled. Beyond
// the lines and beyond k are zeros.
constexpr int64_t packed_words(int64_t lines, int64_t k, int planes) {
  return (k + kPlaneStep - 1) / kPlaneStep * planes * ((lines + kPlaneLines - 1) / kPlaneLines) * kTileWords;
}

enum class PlaneOperand { kA, kB };

// x(line, p) = x[line * line_stride + p * k_stride], one of the strides being 1. Returns how many planes, from hi on,
// hold all that is not zero: at least 1. `packed` is aligned to 64 bytes.
using PlanePackKernel = int(PlaneOperand operand, const float* x, int64_t line_stride, int64_t k_stride, int64_t lines,
                            int64_t k, uint16_t* packed) noexcept;

// The same for bytes of A, in one plane.
using BytePackKernel = void(const uint8_t* x, int64_t line_stride, int64_t k_stride, int64_t lines, int64_t k,
                            uint16_t* packed) noexcept;

// One block of C: C(i, j) = epilogue(scale * sum over p of A(i, p) B(p, j) + (bias(j) + old C(i, j))), as GemmTile has
// it but added up in another order: the sum over p first, from 0, steps of k ascending.
struct PlaneBlock {
  const uint16_t* a;  // packed rows
  const uint16_t* b;  // packed columns
  int planes;         // that B was packed in; the products of planes i and j are those with i + j less than this
  int a_packed;       // planes that A was packed in
  int a_planes;       // that are not all zero, as packing A returned
  float scale;
  int64_t k;
  int64_t rows, cols;  // at most kPlaneRows, kPlaneCols
  float* c;
  int64_t ldc;
  const float* bias;
  bool add_c;
  bool relu;
};

enum class PlaneResult {
  kDone,
  kNotFinite,  // a sum is NaN or Inf: C is as it was
  kLost,       // the processor's tiles were not as they had been left: C is as it was
};

// When a product pays: multiplying saves time in proportion to m n k, of which packing takes some in proportion to
// (m + n) k and finishing C in proportion to m n: k (m n - packing (m + n)) >= finishing m n. And k must be so much, in
// per cent, of the whole steps it takes, since the rest of them is zeros.
struct PlaneCosts {
  int64_t packing, finishing, filled;
};

struct PlaneKernels {
  // By number of planes; null where the instruction set has no kernel that would win anything.
  PlanePackKernel* pack[kMaxPlanes + 1];
  BytePackKernel* pack_bytes;  // likewise
  PlaneResult (*multiply)(const PlaneBlock&) noexcept;
  PlaneCosts costs[kMaxPlanes + 1], costs_of_bytes[kMaxPlanes + 1];  // by number of planes
};

}  // namespace quern
