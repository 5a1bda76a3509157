// Marks of what is not 0: skipping_kernels.h says how they lie.
#pragma once

namespace quern {
namespace {

// Words of marks by mark(first element, elements), which are 64 but for the last.
template <class Mark>
QUERN_INLINE int64_t mark_words(int64_t n, uint64_t* marks, int64_t next, Mark mark) {
  int64_t count = 0;
  for (int64_t i = 0; i < n; i += kMarksInWord, marks += next) {
    *marks = mark(i, n - i < kMarksInWord ? n - i : kMarksInWord);
    count += __builtin_popcountll(*marks);
  }
  return count;
}

int64_t mark_floats(const float* x, int64_t n, float* copy, uint64_t* marks, int64_t next) noexcept {
  return mark_words(n, marks, next, [&](int64_t first, int64_t count) {
    uint64_t word = 0;
    for_lanes(count, [&](auto lanes, int64_t i) {
      const V lane = lanes.load(x + first + i);
      if (copy) lanes.store(copy + first + i, lane);
      word |= static_cast<uint64_t>(mask_bits(!(lane == set1(0.0f)))) << i;
    });
    return word;
  });
}

// The last bytes of a long row are marked, and copied, once more, as part of 64.
int64_t mark_bytes(const uint8_t* x, int64_t n, uint8_t* copy, uint64_t* marks, int64_t next) noexcept {
  const auto mark = [&](int64_t first) {
    const uint64_t word = nonzero_bytes(x + first);
    if (copy) __builtin_memcpy(copy + first, x + first, kMarksInWord);
    return word;
  };
  return mark_words(n, marks, next, [&](int64_t first, int64_t count) {
    if (count == kMarksInWord) return mark(first);
    if (first > 0) return mark(n - kMarksInWord) >> (kMarksInWord - count);
    uint64_t word = 0;
    for (int64_t i = 0; i < count; i++) word |= static_cast<uint64_t>(x[i] != 0) << i;
    if (copy) __builtin_memcpy(copy, x, static_cast<size_t>(count));
    return word;
  });
}

void turn_marks(const uint64_t* marks, uint64_t* turned) noexcept { turn_bits(marks, turned); }

}  // namespace
}  // namespace quern
