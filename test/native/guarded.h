// Arrays for kernel tests: out of alignment, between guard words that a kernel must not touch.
#pragma once
#include <cstdint>
#include <cstring>
#include <vector>

#include "kernels/dispatch.h"
#include "kernels/philox.h"

namespace quern::test {

template <class T>
class Guarded {
 public:
  // n elements that start `offset` elements behind a guard.
  explicit Guarded(int64_t n, int offset = 1) : n_(n), first_(kGuard + offset), memory_(first_ + n + kGuard) {
    std::memset(static_cast<void*>(memory_.data()), kPattern, memory_.size() * sizeof(T));
  }
  Guarded(const std::vector<T>& values, int offset = 1) : Guarded(static_cast<int64_t>(values.size()), offset) {
    for (int64_t i = 0; i < n_; i++) data()[i] = values[static_cast<size_t>(i)];
  }
  T* data() { return memory_.data() + first_; }
  T& operator[](int64_t i) { return data()[i]; }
  int64_t size() const { return n_; }
  // Whether everything around the elements is as it was.
  bool intact() const {
    const auto* bytes = reinterpret_cast<const unsigned char*>(memory_.data());
    for (size_t i = 0; i < memory_.size() * sizeof(T); i++) {
      const bool inside = i >= first_ * sizeof(T) && i < (first_ + static_cast<size_t>(n_)) * sizeof(T);
      if (!inside && bytes[i] != kPattern) return false;
    }
    return true;
  }

 private:
  static constexpr size_t kGuard = 32;
  static constexpr unsigned char kPattern = 0xa5;
  int64_t n_;
  size_t first_;
  std::vector<T> memory_;
};

using Floats = Guarded<float>;

// n values spread evenly over [low, high), the same for the same stream.
inline std::vector<float> random_floats(int64_t n, float low, float high, uint32_t stream) {
  std::vector<float> values(static_cast<size_t>(n));
  for (size_t i = 0; i < values.size(); i++) {
    const uint32_t word = philox({{static_cast<uint32_t>(i), 0, 0, stream}}, 1, 2).word[0];
    values[i] = static_cast<float>(low + (double{high} - low) * (word * 0x1p-32));
  }
  return values;
}

// Classes of lengths: none, every tail, whole vectors, several vectors with and without a tail, long.
inline std::vector<int64_t> lengths(int lanes) {
  std::vector<int64_t> all;
  for (int64_t n = 0; n <= 2 * lanes + 1; n++) all.push_back(n);
  for (const int64_t n : {4 * lanes, 4 * lanes + 3, 8 * lanes, 9 * lanes + 1, 70 * lanes + 5}) all.push_back(n);
  return all;
}

template <class Body>
void for_each_table(Body body) {
  for (const KernelTable* const* table = supported_tables(); *table; table++) body(**table);
}

// Half an ULP of 1: the relative error of one rounding.
inline constexpr double kRounding = 0x1p-24;

}  // namespace quern::test
