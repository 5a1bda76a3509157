// The micro kernel: a tile of C in registers, a multiply-add chain for each element, for each tile of a run.
//
// Vectors run along the columns of B and C, A is broadcast. Each step over k loads kVectors vectors of B once and
// broadcasts kRows floats of A, for kRows * kVectors multiply-adds. Register budget: the accumulators, kVectors of B
// and one broadcast, 24 + 4 + 1 of 32 for the full tile of AVX-512 and 12 + 2 + 1 of 16 for AVX2's; kernels of one row
// use B once and take it from memory. A tile with 12 accumulators or more hides the latency of its multiply-adds.
#pragma once

namespace quern {
namespace {

constexpr int kLine = 16;  // floats in a cache line
// Steps over k that A and B are fetched ahead, from L2 for the most part: their rows may be far apart, which the
// hardware does not foresee. 4 and 8 are alike on Sapphire Rapids, 16 is too far.
constexpr int kAhead = 4;

// Makes the compiler forget how x came about.
template <class T>
QUERN_INLINE void hide(T*& x) {
  asm("" : "+r"(x));
}

template <int kVectors, bool kTail>
QUERN_INLINE V load_column(const float* p, int v, int last) {
  return kTail && v == kVectors - 1 ? load_n(p + v * kLanes, last) : load(p + v * kLanes);
}

template <int kVectors, bool kTail>
QUERN_INLINE void store_column(float* p, int v, int last, V x) {
  if (kTail && v == kVectors - 1) {
    store_n(p + v * kLanes, x, last);
  } else {
    store(p + v * kLanes, x);
  }
}

// x < 0 ? 0 : x
QUERN_INLINE V relu_or_nan(V x) { return max(set1(0.0f), x); }

// bias and C, where there are such: not 0 + C, which would turn -0 into 0.
template <int kRows, int kVectors, bool kTail>
QUERN_INLINE void start_tile(V (&sum)[kRows][kVectors], const float* bias, const float* c, int64_t ldc, int last) {
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; v++) {
    V start = bias ? load_column<kVectors, kTail>(bias, v, last) : set1(0.0f);
#pragma GCC unroll 14
    for (int i = 0; i < kRows; i++) {
      sum[i][v] = start;
      if (!c) continue;
      V old = load_column<kVectors, kTail>(c + i * ldc, v, last);
      sum[i][v] = bias ? start + old : old;
    }
  }
}

template <int kRows, int kVectors, bool kTail>
QUERN_INLINE void store_tile(const V (&sum)[kRows][kVectors], bool relu, float* c, int64_t ldc, int last) {
#pragma GCC unroll 14
  for (int i = 0; i < kRows; i++, c += ldc) {
    hide(c);  // else g++ has the address of every vector at hand before the tile is multiplied, most of them spilled
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) {
      V x = relu ? relu_or_nan(sum[i][v]) : sum[i][v];
      store_column<kVectors, kTail>(c, v, last, x);
    }
  }
}

// Adds the products of all steps of k.
template <int kRows, int kVectors, bool kTail, class A>
QUERN_INLINE void multiply_tile(V (&sum)[kRows][kVectors], const GemmTile& t, A all_a, const typename A::Element* tile_a,
                                const float* b, int last) {
  // Rows of A in groups, each with a pointer of its own and the same offsets from it: more offsets would not fit the
  // general registers, and one taken from the stack costs a load.
  constexpr int kGroup = kRows <= 6 ? 6 : 4, kGroups = (kRows + kGroup - 1) / kGroup;
  const typename A::Element* a[kGroups];
#pragma GCC unroll 4
  for (int g = 0; g < kGroups; g++) {
    const typename A::Element* group = tile_a + kGroup * g * t.a_row;
    hide(group);
    a[g] = group;
  }
  const int64_t a_row = t.a_row, a_col = t.a_col, b_row = t.b_row;
  for (int64_t p = t.k; p > 0; p--) {
    if (kLanes > 1 && a_col > 1) __builtin_prefetch(a[0] + kAhead * a_col);
    V column[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) {
      if (kRows > 1 && kVectors > 1 && kLanes > 1 && v * kLanes % kLine == 0) {
        __builtin_prefetch(b + kAhead * b_row + v * kLanes);
      }
      V x = load_column<kVectors, kTail>(b, v, last);
      if (kRows > 1) pin(x);  // else g++ loads it again for every row
      column[v] = x;
    }
#pragma GCC unroll 14
    for (int i = 0; i < kRows; i++) {
      V x = all_a.broadcast(a[i / kGroup][i % kGroup * a_row]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; v++) sum[i][v] = fma(x, column[v], sum[i][v]);
    }
#pragma GCC unroll 4
    for (int g = 0; g < kGroups; g++) a[g] += a_col;
    b += b_row;
  }
}

template <int kVectors, bool kTail>
QUERN_INLINE int last_columns(const GemmTile& t) {
  return kTail ? static_cast<int>(t.cols - (kVectors - 1) * kLanes) : kLanes;
}

// Tiles of short products are as many cycles long as a call and its loop around them, so that loop is in here; the
// stores of one tile go on while the next one is multiplied.
template <int kRows, int kVectors, bool kTail, class A>
void gemm_micro(const GemmTile& run) noexcept {
  const A all_a(run.a, run.a_bytes, run.table);
  const typename A::Element* a = all_a.at;
  const float *b = run.b, *bias = run.bias;
  float* c = run.c;
  for (int64_t i = run.count; i > 0; i--) {
    const int last = last_columns<kVectors, kTail>(run);
    V sum[kRows][kVectors];
    start_tile<kRows, kVectors, kTail>(sum, bias, run.add_c ? c : nullptr, run.ldc, last);
    multiply_tile<kRows, kVectors, kTail>(sum, run, all_a, a, b, last);
    store_tile<kRows, kVectors, kTail>(sum, run.relu, c, run.ldc, last);
    a += run.a_step;
    b += run.b_step;
    c += run.c_step;
    if (bias) bias += run.bias_step;
  }
}

template <int kRows, class A>
void gemm_micro_updating(const GemmTile& run) noexcept {
  constexpr int kVectors = kRegisters / 8;
  const A all_a(run.a, run.a_bytes, run.table);
  const typename A::Element* a = all_a.at;
  const float* b = run.b;
  float *weights = run.update->weights, *momentum = run.update->momentum;
  for (int64_t i = run.count; i > 0; i--) {
    V sum[kRows][kVectors];
    start_tile<kRows, kVectors, false>(sum, nullptr, nullptr, 0, kLanes);
    multiply_tile<kRows, kVectors, false>(sum, run, all_a, a, b, kLanes);
    step_tile(sum, *run.update, weights, momentum);
    a += run.a_step;
    b += run.b_step;
    weights += kRows * run.update->row;
    momentum += kRows * run.update->row;
  }
}

// Rows of the tallest tile of v vectors: accumulators, v of B and one broadcast fit the registers. Tiles wider than 4
// vectors are there for a single row, whose few multiply-adds a step would otherwise wait for each other.
constexpr int rows_of(int v) {
  int rows = v > 4 ? 1 : (kRegisters - 1 - v) / v;
  return rows > kGemmMaxRows ? kGemmMaxRows : rows;
}

}  // namespace
}  // namespace quern
