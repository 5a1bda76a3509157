// One aligned, zeroed allocation of floats: the arena of a running program, a slab of parameters, scratch of a worker.
#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>

namespace quern {

inline constexpr int64_t kAlignment = 64;       // bytes: a cache line, and the widest vector
inline constexpr int64_t kAlignedFloats = 16;   // floats in it

// The smallest multiple of kAlignedFloats that holds n floats.
constexpr int64_t align_floats(int64_t n) { return (n + kAlignedFloats - 1) / kAlignedFloats * kAlignedFloats; }

// Owns its memory; empty when made with 0 floats or when the memory could not be had (`allocate` says which). The zeros
// are those of fresh pages. Those of a few MB are provided at once; those of more the system hands out as they are first
// touched: by the workers, all at once, and not at all where a program leaves room unused, such as that of gradients
// that go straight into an update.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  Arena(Arena&& other) noexcept { *this = std::move(other); }
  Arena& operator=(Arena&& other) noexcept;
  ~Arena();

  // Replaces the contents by `floats` zeros. False, and empty, when there is no such memory.
  [[nodiscard]] bool allocate(int64_t floats) noexcept;

  float* data() const { return data_; }
  int64_t size() const { return size_; }  // floats

  // Bytes all living arenas of the process hold: for leak tests.
  static int64_t live_bytes() noexcept;

 private:
  void* memory_ = nullptr;  // as allocated: data_ is the first aligned place in it
  float* data_ = nullptr;
  int64_t size_ = 0;
};

}  // namespace quern
