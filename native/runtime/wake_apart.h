// Keeps a helper from waking on the CPU of the one who wakes it, while there are others that it may use.
//
// Left to itself Linux may put both on one CPU, because the thread that waits for the job has not gone to sleep yet and
// the other CPU looks busy. There they hand the CPU to each other at every barrier, so rarely runnable at once that the
// scheduler sees nothing to balance: on two cores the first 10 to 50 steps of a loop of trainOnBatch took three times
// as long. Only the wake-up is steered, which takes some microseconds; then the thread is the scheduler's again.
#pragma once
#include <pthread.h>

#ifdef __linux__
#include <sched.h>
#endif

namespace quern {

class WakeApart {
 public:
  // By the one who wakes, before it does: keeps `thread`, which waits to be woken, from the CPU of the caller.
  void begin(pthread_t thread) noexcept;
  // By the thread once awake: it may use all its CPUs again. Nothing after a begin that changed nothing.
  void end() noexcept;

 private:
#ifdef __linux__
  cpu_set_t allowed_;
#endif
  bool changed_ = false;
};

}  // namespace quern
