// Where the workers of a gang wait for each other.
#pragma once
#include <atomic>

#include "runtime/arena.h"
#include "runtime/signal.h"

namespace quern {

class Barrier {
 public:
  explicit Barrier(int workers) : workers_(workers) {}
  // Only between the end of a round and the next one's first arrival.
  void reset(int workers) noexcept { workers_ = workers; }
  // Returns when all workers have come: the nanoseconds that took. What each wrote before is seen by all after.
  int64_t wait() noexcept;

 private:
  alignas(kAlignment) std::atomic<int> arrived_{0};
  int workers_;
  alignas(kAlignment) Signal released_;
};

}  // namespace quern
