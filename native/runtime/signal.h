// A counter that threads wait on: they spin briefly, then sleep. The pool's mailboxes and the barrier are made of it.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace quern {

// The longest time a waiting thread spins before it sleeps. Workers mostly reach a barrier within a few microseconds of
// each other, but one that is held up for some tens, by an interrupt or another virtual machine, would find the others
// asleep; waking one takes as long again, so one delay would lead to the next. With 20 microseconds the median epoch of
// the seed model was 3 to 10 % longer on a shared machine, with 400 no shorter.
inline constexpr int64_t kSpinNanoseconds = 100'000;

// A thread that waits in vain spins less and less, down to this: where two workers have to share a core, because other
// programs keep the rest busy, a spinning one keeps the other from its work.
inline constexpr int64_t kShortestSpinNanoseconds = 500;

// The low bit of the word says that somebody sleeps, the rest counts. Because both live in one word, read-modify-write
// operations with acquire and release order suffice: a poster either sees the sleeper's bit or the sleeper the post.
class Signal {
 public:
  // The count so far. Take it before giving the cause for a post that is to be waited for.
  uint32_t seen() const noexcept { return word_.load(std::memory_order_acquire) >> 1; }
  // The count after one more post.
  static uint32_t next(uint32_t seen) noexcept { return (seen + 1) & (UINT32_MAX >> 1); }
  // Counts one more and wakes all who wait. What was written before is seen by them.
  void post() noexcept;
  // Returns once the count differs from `seen`: the nanoseconds that took.
  int64_t wait(uint32_t seen) noexcept;

 private:
  bool spin(uint32_t seen, int64_t nanoseconds) const noexcept;
  void sleep(uint32_t seen) noexcept;

  std::atomic<uint32_t> word_{0};
  std::atomic<int64_t> spin_{kSpinNanoseconds};  // how long the next wait spins
  std::mutex mutex_;
  std::condition_variable woken_;
};

}  // namespace quern
