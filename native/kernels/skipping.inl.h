// Products that skip the zeros of A, by walking over the bits that mark the others.
//
// Vectors run along the columns of B and C, as in gemm_micro.inl.h, but each step over k is one marked element: a
// broadcast of A and one multiply-add for each vector, which takes its row of B from memory. On Zen 4 that is bound by
// loads: four vectors of B and a broadcast in 5.1 cycles, where the multiply-adds take four. A panel of kPanelColumns
// has eight sums, two rows of C with four vectors of 16 each, or one with eight of 8; of 32 registers two rows take 8
// and a broadcast each. With two rows one walk goes on where the other waits for a bit that was not foreseen.
// Two rows that share their marks use each vector of B twice: 8 sums, one vector of B, two broadcasts.
#pragma once

namespace quern {
namespace {

// Vectors of a whole block of columns where rows walk apart and together, and rows that walk apart side by side.
constexpr int kApartVectors = kLanes == 16 ? 4 : 8;
constexpr int kTogetherVectors = 4;
constexpr int kApartRows = kRegisters >= 32 ? 2 : 1;

constexpr int vectors_of(bool together) { return together ? kTogetherVectors : kApartVectors; }

// The marks of a row that are left in two words; one loop over both, as where a loop ends is not foreseen.
constexpr int64_t kMarksInWalk = 2 * kMarksInWord;

struct Walk {
  uint64_t low, high;

  // Of a row that has so many steps left.
  QUERN_INLINE Walk(const uint64_t* marks, int64_t word, int64_t left)
      : low(*marks), high(left > kMarksInWord ? marks[word] : 0) {}
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

QUERN_INLINE M no_lanes() { return set1(0.0f) < set1(0.0f); }

template <int kRows, int kVectors>
QUERN_INLINE M negative_zeros(const V (&sum)[kRows][kVectors]) {
  M negative = no_lanes();
#pragma GCC unroll 2
  for (int i = 0; i < kRows; i++) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) negative = negative | is_negative_zero(sum[i][v]);
  }
  return negative;
}

// Rows of a tile one after another, in the columns from j on that fill kVectors vectors, or the few that are left, in
// one partial vector. What a row needs is found by adding to what the one above needed: walks are short, 25 steps for
// MNIST, and general registers are scarcer than vectors. So of the strides of A the one that is 1 is known here.
template <class A, bool kTransposed, int kVectors, bool kTail, bool kUpdates = false>
class SkippingRows {
 public:
  QUERN_INLINE SkippingRows(const SkippingTile& t, int64_t j)
      : a_(t.floats, t.bytes, t.table), a_row_(kTransposed ? 1 : t.a_row), a_col_(kTransposed ? t.a_col : 1),
        marks_(t.marks), marks_row_(t.marks_row), marks_word_(t.marks_word), b_(t.b + j), b_row_(t.b_row),
        sums_(t.sums ? t.sums + j : nullptr), sums_row_(t.sums_row), c_(t.c + j), ldc_(t.ldc),
        bias_(t.bias ? t.bias + j : nullptr), left_(t.rows), k_(t.k), relu_(t.relu),
        minds_zeros_(t.minds_negative_zeros),
        last_(static_cast<int>(kTail ? t.cols - j : kLanes)),
        update_(t.update), weights_(kUpdates ? t.update->weights : nullptr),
        momentum_(kUpdates ? t.update->momentum : nullptr) {}

  // How many rows are not finished.
  template <bool kTogether>
  QUERN_INLINE int64_t multiply() {
    const int64_t rows = left_;
    M negative = no_lanes();
    while ((kTogether || kApartRows == 2) && left_ >= 2) {
      negative = negative | (kTogether ? two_together() : two_apart());
      if (kUpdates && mask_bits(negative) != 0) return left_;
    }
    while (left_ > 0) {
      negative = negative | one();
      if (kUpdates && mask_bits(negative) != 0) return left_;
    }
    return mask_bits(negative) != 0 ? rows : 0;
  }

 private:
  template <int kRows>
  QUERN_INLINE void start(V (&sum)[kRows][kVectors]) const {
    start_tile<kRows, kVectors, kTail>(sum, bias_, sums_, sums_row_, last_);
  }

  // Stores kRows, or updates by them unless a sum is -0, and goes on to those below. Which sums are -0.
  template <int kRows>
  QUERN_INLINE M finish(const V (&sum)[kRows][kVectors]) {
    const M negative = minds_zeros_ ? negative_zeros(sum) : no_lanes();
    if (!kUpdates) store_tile<kRows, kVectors, kTail>(sum, relu_, c_, ldc_, last_);
    else if (mask_bits(negative) == 0) update(sum);
    else return negative;
    a_.at += kRows * a_row_;
    marks_ += kRows * marks_row_;
    if (sums_) sums_ += kRows * sums_row_;
    c_ += kRows * ldc_;
    left_ -= kRows;
    return negative;
  }

  template <int kRows>
  QUERN_INLINE void update(const V (&sum)[kRows][kVectors]) {
    step_tile(sum, *update_, weights_, momentum_);
    weights_ += kRows * update_->row;
    momentum_ += kRows * update_->row;
  }

  // Where a walk along the row at hand starts, or the one below it, and how many steps there are from there on.
  struct Start {
    A a;
    const uint64_t* marks;
    const float* b;
    int64_t left;
  };
  QUERN_INLINE Start first() const { return {a_, marks_, b_, k_}; }
  QUERN_INLINE void next(Start* start) const {
    start->a.at += kMarksInWalk * a_col_;
    start->marks += kMarksInWalk / kMarksInWord * marks_word_;
    start->b += kMarksInWalk * b_row_;
    start->left -= kMarksInWalk;
  }
  QUERN_INLINE Walk walk_of(const Start& start) const { return Walk(start.marks, marks_word_, start.left); }
  QUERN_INLINE Start below(Start start) const {
    start.a.at += a_row_;
    start.marks += marks_row_;
    return start;
  }

  QUERN_INLINE void add(V (&sum)[kVectors], const Start& at, int64_t p) const {
    const V x = at.a(p * a_col_);
    const float* const b = at.b + p * b_row_;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; v++) sum[v] = fma(x, load_column<kVectors, kTail>(b, v, last_), sum[v]);
  }

  QUERN_INLINE M one() {
    V sum[1][kVectors];
    start(sum);
    for (Start at = first(); at.left > 0; next(&at)) {
      Walk walk = walk_of(at);
      while (walk.any()) add(sum[0], at, walk.take());
    }
    return finish(sum);
  }

  QUERN_INLINE M two_apart() {
    V sum[2][kVectors];
    start(sum);
    for (Start at0 = first(); at0.left > 0; next(&at0)) {
      const Start at1 = below(at0);
      Walk walk0 = walk_of(at0), walk1 = walk_of(at1);
      while (walk0.any() && walk1.any()) {
        const int64_t p0 = walk0.take(), p1 = walk1.take();
        add(sum[0], at0, p0);
        add(sum[1], at1, p1);
      }
      while (walk0.any()) add(sum[0], at0, walk0.take());
      while (walk1.any()) add(sum[1], at1, walk1.take());
    }
    return finish(sum);
  }

  QUERN_INLINE M two_together() {
    V sum[2][kVectors];
    start(sum);
    for (Start at0 = first(); at0.left > 0; next(&at0)) {
      const Start at1 = below(at0);
      Walk walk(walk_of(at0), walk_of(at1));
      while (walk.any()) {
        const int64_t p = walk.take();
        const V x0 = at0.a(p * a_col_), x1 = at1.a(p * a_col_);
        const float* const y = at0.b + p * b_row_;
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; v++) {
          V column = load_column<kVectors, kTail>(y, v, last_);
          pin(column);
          sum[0][v] = fma(x0, column, sum[0][v]);
          sum[1][v] = fma(x1, column, sum[1][v]);
        }
      }
    }
    return finish(sum);
  }

  A a_;
  const int64_t a_row_, a_col_;
  const uint64_t* marks_;
  const int64_t marks_row_, marks_word_;
  const float* const b_;
  const int64_t b_row_;
  const float* sums_;
  const int64_t sums_row_;
  float* c_;
  const int64_t ldc_;
  const float* const bias_;
  int64_t left_;
  const int64_t k_;
  const bool relu_, minds_zeros_;
  const int last_;  // columns in the last vector
  const SgdTarget* const update_;
  float *weights_, *momentum_;
};

template <class A, bool kTransposed, bool kTogether>
QUERN_INLINE int64_t skip_in(const SkippingTile& t) {
  constexpr int kVectors = vectors_of(kTogether);
  if (kTransposed && t.update) {
    return t.rows - SkippingRows<A, true, kVectors, false, true>(t, 0).template multiply<kTogether>();
  }
  int64_t j = 0, left = 0;
  const auto skip = [&](auto rows) {
    const int64_t now_left = rows.template multiply<kTogether>();
    if (now_left > left) left = now_left;
  };
  for (; j + kVectors * kLanes <= t.cols; j += kVectors * kLanes) {
    skip(SkippingRows<A, kTransposed, kVectors, false>(t, j));
  }
  for (; j + kLanes <= t.cols; j += kLanes) skip(SkippingRows<A, kTransposed, 1, false>(t, j));
  if (j < t.cols) skip(SkippingRows<A, kTransposed, 1, true>(t, j));
  return t.rows - left;
}

template <bool kTransposed, bool kTogether>
int64_t skipping(const SkippingTile& t) noexcept {
  return t.floats ? skip_in<FloatsOfA, kTransposed, kTogether>(t) : skip_in<BytesOfA, kTransposed, kTogether>(t);
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

// By bench/native/skipping.cc on Zen 4, over random zeros: 128 and 784 inputs, 64 and 128 columns, batches of 32 and
// 128. The densities at which it takes as long, for rows and columns, were 0.64 to 0.73 and 0.63 to 0.70 with 16 lanes,
// where columns apart are like rows; 0.65 to 0.73 and 0.62 to 0.69 with 8; 0.61 to 0.68 and 0.57 to 0.65 with one.
constexpr double kRowsPay = kLanes == 16 ? 0.7 : kLanes == 8 ? 0.66 : 0.6;
constexpr double kColumnsPay = kLanes == 16 ? 0.65 : kLanes == 8 ? 0.62 : 0.55;
constexpr double kApartPay = kSharesColumns ? kRowsPay : kColumnsPay;

constexpr SkippingKernels skipping_kernels() {
  return {{skipping<false, false>, kRowsPay}, {skipping<true, kSharesColumns>, kColumnsPay},
          {skipping<true, false>, kApartPay}, vectors_of(kSharesColumns) * kLanes, mark_floats, mark_bytes,
          turn_marks, all_finite};
}

}  // namespace
}  // namespace quern
