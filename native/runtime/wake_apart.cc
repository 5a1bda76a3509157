#include "runtime/wake_apart.h"

namespace quern {

#ifdef __linux__

// A machine with more CPUs than cpu_set_t has bits refuses to tell; it has no want of idle ones either.
void WakeApart::begin(pthread_t thread) noexcept {
  const int here = sched_getcpu();
  if (here < 0 || here >= CPU_SETSIZE || pthread_getaffinity_np(thread, sizeof allowed_, &allowed_) != 0) return;
  cpu_set_t others = allowed_;
  CPU_CLR(here, &others);
  if (CPU_COUNT(&others) == 0 || CPU_EQUAL(&others, &allowed_)) return;
  changed_ = pthread_setaffinity_np(thread, sizeof others, &others) == 0;
}

void WakeApart::end() noexcept {
  if (!changed_) return;
  changed_ = false;
  pthread_setaffinity_np(pthread_self(), sizeof allowed_, &allowed_);
}

#else

void WakeApart::begin(pthread_t) noexcept {}
void WakeApart::end() noexcept {}

#endif

}  // namespace quern
