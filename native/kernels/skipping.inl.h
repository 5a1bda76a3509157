// Products that skip the zeros of A, by walking over the bits that mark the others.
//
// Vectors run along the columns of B and C, as in gemm_micro.inl.h, but each step over k is one marked element: a
// broadcast of A and one multiply-add for each vector, which takes its row of B from memory. On Zen 4 that is bound by
// loads: four vectors of B and a broadcast in 5.1 cycles, where the multiply-adds take four. A panel of kPanelColumns
// has kSums sums, two rows of C with four vectors of 16 each, or one with eight of 8; of 32 registers two rows take 8
// and a broadcast each. With two rows one walk goes on where the other waits for a bit that was not foreseen.
// Two rows that share their marks use each vector of B twice: 8 sums, one vector of B, two broadcasts.
#pragma once

namespace quern {
namespace {

// Vectors of a whole block of columns where rows walk apart and together, and rows that walk apart side by side.
constexpr int kApartVectors = kLanes == 16 ? 4 : 8;
constexpr int kTogetherVectors = 4;
constexpr int kApartRows = kRegisters >= 32 ? 2 : 1;

struct FloatsOfA {
  const float* x;
  QUERN_INLINE explicit FloatsOfA(const SkippingTile& t, int64_t row) : x(t.floats + row * t.a_row) {}
  QUERN_INLINE V operator()(int64_t i) const { return set1(x[i]); }
};

struct BytesOfA {
  const uint8_t* x;
  const float* table;
  QUERN_INLINE explicit BytesOfA(const SkippingTile& t, int64_t row) : x(t.bytes + row * t.a_row), table(t.table) {}
  QUERN_INLINE V operator()(int64_t i) const { return set1(table[x[i]]); }
};

// The marks of a row that are left in two words; one loop over both, as where a loop ends is not foreseen.
constexpr int64_t kMarksInWalk = 2 * kMarksInWord;

struct Walk {
  uint64_t low, high;

  // From step `first` on.
  QUERN_INLINE Walk(const SkippingTile& t, const uint64_t* marks, int64_t first)
      : low(marks[first / kMarksInWord * t.marks_word]),
        high(t.k - first > kMarksInWord ? marks[(first / kMarksInWord + 1) * t.marks_word] : 0) {}
  QUERN_INLINE Walk(Walk a, Walk b) : low(a.low | b.low), high(a.high | b.high) {}

  QUERN_INLINE bool any() const { return (low | high) != 0; }
  // The position of the first one, which is not left then. (Without a branch each one would wait for the one before.)
  QUERN_INLINE int64_t take() {
    const uint64_t word = low ? low : high, rest = word & (word - 1);
    const int64_t first = __builtin_ctzll(word);
    if (low) {
      low = rest;
      return first;
    }
    high = rest;
    return kMarksInWord + first;
  }
};

template <int kRows, int kVectors>
QUERN_INLINE bool has_negative_zero(const V (&sum)[kRows][kVectors]) {
  M negative = set1(0.0f) < set1(0.0f);
#pragma GCC unroll 2
  for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) {
      negative = negative | (at_least(bits(sum[i][v]), set1_u(0x80000000u)) & (sum[i][v] == set1(0.0f)));
    }
  }
  return mask_bits(negative) != 0;
}

// The columns of a tile from j on that fill kVectors vectors, or the few that are left, in one partial vector.
template <class A, int kVectors, bool kTail>
struct SkippingColumns {
  const SkippingTile& t;
  const int64_t j;
  const int last;  // columns in the last vector

  QUERN_INLINE SkippingColumns(const SkippingTile& tile, int64_t first)
      : t(tile), j(first), last(static_cast<int>(kTail ? tile.cols - first : kLanes)) {}

  template <int kRows>
  QUERN_INLINE void start(V (&sum)[kRows][kVectors], int64_t row) const {
    const float* const bias = t.bias ? t.bias + j : nullptr;
    start_tile<kRows, kVectors, kTail>(sum, bias, t.sums ? t.sums + row * t.sums_row + j : nullptr, t.sums_row, last);
  }

  template <int kRows>
  QUERN_INLINE bool finish(const V (&sum)[kRows][kVectors], int64_t row) const {
    store_tile<kRows, kVectors, kTail>(sum, t.relu, t.c + row * t.ldc + j, t.ldc, last);
    return t.is_last && has_negative_zero(sum);
  }

  QUERN_INLINE void add(V (&sum)[kVectors], V x, int64_t p) const {
    const float* const b = t.b + p * t.b_row + j;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) sum[v] = fma(x, load_column<kVectors, kTail>(b, v, last), sum[v]);
  }

  QUERN_INLINE void walk(V (&sum)[kVectors], const A& a, Walk marks, int64_t first) const {
    while (marks.any()) {
      const int64_t p = first + marks.take();
      add(sum, a(p * t.a_col), p);
    }
  }

  QUERN_INLINE bool row(int64_t i) const {
    V sum[1][kVectors];
    start<1>(sum, i);
    const A a(t, i);
    const uint64_t* const marks = t.marks + i * t.marks_row;
    for (int64_t p = 0; p < t.k; p += kMarksInWalk) walk(sum[0], a, Walk(t, marks, p), p);
    return finish<1>(sum, i);
  }

  QUERN_INLINE bool two_rows_apart(int64_t i) const {
    V sum[2][kVectors];
    start<2>(sum, i);
    const A a0(t, i), a1(t, i + 1);
    const uint64_t *const marks0 = t.marks + i * t.marks_row, *const marks1 = marks0 + t.marks_row;
    for (int64_t p = 0; p < t.k; p += kMarksInWalk) {
      Walk walk0(t, marks0, p), walk1(t, marks1, p);
      while (walk0.any() && walk1.any()) {
        const int64_t p0 = p + walk0.take(), p1 = p + walk1.take();
        add(sum[0], a0(p0 * t.a_col), p0);
        add(sum[1], a1(p1 * t.a_col), p1);
      }
      walk(sum[0], a0, walk0, p);
      walk(sum[1], a1, walk1, p);
    }
    return finish<2>(sum, i);
  }

  QUERN_INLINE bool two_rows_together(int64_t i) const {
    V sum[2][kVectors];
    start<2>(sum, i);
    const A a0(t, i), a1(t, i + 1);
    const uint64_t *const marks0 = t.marks + i * t.marks_row, *const marks1 = marks0 + t.marks_row;
    for (int64_t first = 0; first < t.k; first += kMarksInWalk) {
      Walk marks(Walk(t, marks0, first), Walk(t, marks1, first));
      while (marks.any()) {
        const int64_t p = first + marks.take();
        const float* const b = t.b + p * t.b_row + j;
        const V x0 = a0(p * t.a_col), x1 = a1(p * t.a_col);
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; v++) {
          V y = load_column<kVectors, kTail>(b, v, last);
          pin(y);
          sum[0][v] = fma(x0, y, sum[0][v]);
          sum[1][v] = fma(x1, y, sum[1][v]);
        }
      }
    }
    return finish<2>(sum, i);
  }
};

template <bool kTogether, class Columns>
QUERN_INLINE bool skip_rows(const SkippingTile& t, const Columns& columns) {
  bool negative = false;
  int64_t i = 0;
  for (; (kTogether || kApartRows == 2) && i + 2 <= t.rows; i += 2) {
    negative |= kTogether ? columns.two_rows_together(i) : columns.two_rows_apart(i);
  }
  for (; i < t.rows; i++) negative |= columns.row(i);
  return negative;
}

template <class A, bool kTogether>
QUERN_INLINE bool skip_in(const SkippingTile& t) {
  constexpr int kVectors = kTogether ? kTogetherVectors : kApartVectors;
  bool negative = false;
  int64_t j = 0;
  for (; j + kVectors * kLanes <= t.cols; j += kVectors * kLanes) {
    negative |= skip_rows<kTogether>(t, SkippingColumns<A, kVectors, false>(t, j));
  }
  for (; j + kLanes <= t.cols; j += kLanes) negative |= skip_rows<kTogether>(t, SkippingColumns<A, 1, false>(t, j));
  if (j < t.cols) negative |= skip_rows<kTogether>(t, SkippingColumns<A, 1, true>(t, j));
  return negative;
}

template <bool kTogether>
bool skipping(const SkippingTile& t) noexcept {
  return t.floats ? skip_in<FloatsOfA, kTogether>(t) : skip_in<BytesOfA, kTogether>(t);
}

// 0 times what is not finite is NaN.
bool all_finite(const float* x, int64_t rows, int64_t cols, int64_t ld) noexcept {
  if (cols == ld) cols *= rows, rows = 1;
  V sum[4] = {set1(0.0f), set1(0.0f), set1(0.0f), set1(0.0f)};
  for (int64_t i = 0; i < rows; i++) {
    for_lanes_unrolled<4>(cols, [&](auto lanes, int64_t j, int slot) {
      sum[slot] = fma(lanes.load(x + i * ld + j), set1(0.0f), sum[slot]);
    });
  }
  return mask_bits(is_nan(sum[0] + sum[1]) | is_nan(sum[2] + sum[3])) == 0;
}

// With 16 registers two rows together hold half as many columns, and take a quarter longer on MNIST's batches than each
// by itself; with 32 they take a fifth less.
constexpr bool kSharesColumns = kRegisters >= 32;

// By bench/native/skipping.cc on Zen 4, over random zeros: 784 inputs, 64 and 128 columns, batches of 32 and 128. The
// densities at which it takes as long, for rows and columns, were 0.65 to 0.71 and 0.63 to 0.64 with 16 lanes, 0.61 to
// 0.67 and 0.57 with 8, 0.8 and 0.75 with one.
constexpr double kPays = kLanes == 8 ? 0.55 : 0.6;

constexpr SkippingKernels skipping_kernels() {
  return {kPays, skipping<false>, skipping<kSharesColumns>, mark_floats, mark_bytes, turn_marks, all_finite};
}

}  // namespace
}  // namespace quern
