#include "runtime/signal.h"

#include <algorithm>
#include <chrono>

namespace quern {

using Clock = std::chrono::steady_clock;

// Tells the core that this is a waiting loop: saves power and leaves a sibling thread its execution units.
static inline void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

void Signal::post() noexcept {
  // Adds one to the count and clears the sleepers' bit in one operation.
  uint32_t word = word_.load(std::memory_order_relaxed);
  while (!word_.compare_exchange_weak(word, (word | 1) + 1, std::memory_order_acq_rel, std::memory_order_relaxed)) {
  }
  if (!(word & 1)) return;
  // A sleeper sets its bit under the mutex, so passing through it means that the sleeper is in wait() by now.
  { std::lock_guard<std::mutex> lock(mutex_); }
  woken_.notify_all();
}

// Spins as long as experience says that it helps: after a wait that a full spin would have covered the next one spins
// in full, after a longer one half as long as this one.
int64_t Signal::wait(uint32_t seen) noexcept {
  if (this->seen() != seen) return 0;
  const auto start = Clock::now();
  const int64_t spin_for = spin_.load(std::memory_order_relaxed);
  if (!spin(seen, spin_for)) sleep(seen);
  const int64_t waited = std::chrono::nanoseconds(Clock::now() - start).count();
  const int64_t next = waited < kSpinNanoseconds ? kSpinNanoseconds : std::max(kShortestSpinNanoseconds, spin_for / 2);
  if (next != spin_for) spin_.store(next, std::memory_order_relaxed);
  return waited;
}

bool Signal::spin(uint32_t seen, int64_t nanoseconds) const noexcept {
  constexpr int kPauses = 8;  // between looks at the clock; a pause takes 10 to 50 ns
  const auto end = Clock::now() + std::chrono::nanoseconds(nanoseconds);
  do {
    for (int i = 0; i < kPauses; i++) {
      if (this->seen() != seen) return true;
      pause();
    }
  } while (Clock::now() < end);
  return false;
}

void Signal::sleep(uint32_t seen) noexcept {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    uint32_t word = word_.load(std::memory_order_acquire);
    if (word >> 1 != seen) return;
    const bool marked = (word & 1) || word_.compare_exchange_strong(word, word | 1, std::memory_order_acq_rel,
                                                                    std::memory_order_acquire);
    if (marked) woken_.wait(lock);
  }
}

}  // namespace quern
