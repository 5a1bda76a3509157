// Loops over arrays in vectors, and the only file that knows of tails: a body is written once, for the lanes it is
// handed, which are all of a vector or the first few.
#pragma once

namespace quern {
namespace {

struct AllLanes {
  static constexpr bool kPartial = false;
  QUERN_INLINE V load(const float* p) const { return quern::load(p); }
  QUERN_INLINE V load_u8(const uint8_t* p) const { return quern::load_u8(p); }
  QUERN_INLINE U load_u(const uint32_t* p) const { return quern::load_u(p); }
  QUERN_INLINE void store(float* p, V x) const { quern::store(p, x); }
  // x in the lanes at hand, `others` in the rest: what a sum or a maximum takes.
  QUERN_INLINE V keep(V x, V) const { return x; }
  QUERN_INLINE uint32_t keep_bits(uint32_t mask) const { return mask; }
};

struct FirstLanes {
  static constexpr bool kPartial = true;
  int n;
  QUERN_INLINE V load(const float* p) const { return load_n(p, n); }
  QUERN_INLINE V load_u8(const uint8_t* p) const { return load_u8_n(p, n); }
  QUERN_INLINE U load_u(const uint32_t* p) const { return load_u_n(p, n); }
  QUERN_INLINE void store(float* p, V x) const { store_n(p, x, n); }
  QUERN_INLINE V keep(V x, V others) const { return first_n(x, n, others); }
  QUERN_INLINE uint32_t keep_bits(uint32_t mask) const { return mask & ((1u << n) - 1); }
};

// body(lanes, i) for i = 0, kLanes, 2 kLanes, … over n elements.
template <class Body>
QUERN_INLINE void for_lanes(int64_t n, Body body) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) body(AllLanes{}, i);
  if (i < n) body(FirstLanes{static_cast<int>(n - i)}, i);
}

// As for_lanes, but whole vectors come kCount at a time as body(lanes, i, slot), slot being 0 .. kCount - 1: one
// accumulator a slot breaks the chain of dependent additions. The rest comes with slot 0. body must unroll.
template <int kCount, class Body>
QUERN_INLINE void for_lanes_unrolled(int64_t n, Body body) {
  int64_t i = 0;
  for (; i + kCount * kLanes <= n; i += kCount * kLanes) {
    for (int slot = 0; slot < kCount; slot++) body(AllLanes{}, i + slot * kLanes, slot);
  }
  for (; i + kLanes <= n; i += kLanes) body(AllLanes{}, i, 0);
  if (i < n) body(FirstLanes{static_cast<int>(n - i)}, i, 0);
}

// y[i] = f(x[i]).
template <class F>
QUERN_INLINE void map(const float* x, float* y, int64_t n, F f) {
  for_lanes(n, [&](auto lanes, int64_t i) { lanes.store(y + i, f(lanes.load(x + i))); });
}

// out[i] = f(a[i], b[i]).
template <class F>
QUERN_INLINE void map(const float* a, const float* b, float* out, int64_t n, F f) {
  for_lanes(n, [&](auto lanes, int64_t i) { lanes.store(out + i, f(lanes.load(a + i), lanes.load(b + i))); });
}

// A row of kVectors vectors, the last one perhaps partial, that stays in registers from its first load to its last
// store: where passes over a short row go through memory, each load waits for a masked store.
template <int kVectors>
struct NarrowRow {
  FirstLanes lanes[kVectors];
  QUERN_INLINE explicit NarrowRow(int64_t cols) {
    for (int k = 0; k < kVectors; k++) {
      const int64_t left = cols - k * kLanes;
      lanes[k].n = static_cast<int>(left < kLanes ? left : kLanes);
    }
  }
  // body(lanes, offset of the vector, its number).
  template <class Body>
  QUERN_INLINE void each(Body body) const {
    for (int k = 0; k < kVectors; k++) body(lanes[k], k * kLanes, k);
  }
};

// A sum over one row, in an order that depends on the row's length alone. Lanes are added up in float for kBlock
// vectors, then in double: the error stays near kBlock / 2 roundings however long the row is.
class Sum {
 public:
  QUERN_INLINE void add(V x) {
    partial_ = partial_ + x;
    if (++count_ == kBlock) flush();
  }
  QUERN_INLINE double total() {
    flush();
    return total_;
  }

 private:
  static constexpr int kBlock = 32;
  QUERN_INLINE void flush() {
    total_ += static_cast<double>(sum_lanes(partial_));
    partial_ = set1(0.0f);
    count_ = 0;
  }
  V partial_ = set1(0.0f);
  int count_ = 0;
  double total_ = 0;
};

}  // namespace
}  // namespace quern
