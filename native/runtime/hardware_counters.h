// Hardware events of the calling thread and of the threads that it starts after they were opened, by Linux's
// perf_event_open: for the bench suite.
#pragma once
#include <cstdint>
#include <string>

namespace quern {

// What a counter of the kernel gives: how far it came, and for how long it was wanted and had a register.
struct CounterReading {
  uint64_t value = 0, enabled = 0, running = 0;  // times in nanoseconds
  // The count over all of the time it was wanted, where counters took turns; NaN when it never ran.
  double scaled() const;
};

// One event, counted in user mode from `open` on.
class EventCounter {
 public:
  EventCounter() = default;
  ~EventCounter();
  EventCounter(const EventCounter&) = delete;
  EventCounter& operator=(const EventCounter&) = delete;

  // `type` and `config` as perf_event_attr has them. 0, or an errno.
  int open(uint32_t type, uint64_t config);
  // NaN when it is not open.
  double count() const;

 private:
  int file_ = -1;
};

enum HardwareEvent { kCycles, kInstructions, kL1Misses, kL2Misses, kL3Misses, kHardwareEvents };

class HardwareCounters {
 public:
  // Starts to count. Empty, or a sentence that says why nothing can be counted.
  std::string open();
  // Counts since `open`, by HardwareEvent; NaN for those that the processor lacks.
  void read(double (&counts)[kHardwareEvents]) const;

 private:
  EventCounter counters_[kHardwareEvents];
};

// What it means that perf_event_open failed with this errno.
std::string counters_problem(int error);

}  // namespace quern
