#include "runtime/barrier.h"

namespace quern {

int64_t Barrier::wait() noexcept {
  // Taken before arriving: the count cannot move on without this worker.
  const uint32_t seen = released_.seen();
  const int workers = workers_;  // before arriving too: afterwards it may be reset for the next round
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 < workers) return released_.wait(seen);
  arrived_.store(0, std::memory_order_relaxed);  // published by the post
  released_.post();
  return 0;
}

}  // namespace quern
