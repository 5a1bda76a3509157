// Hardware events of the calling thread and of the threads that it starts after they were opened, by Linux's
// perf_event_open: for the bench suite.
#pragma once
#include <cstdint>
#include <string>

namespace quern {

enum HardwareEvent { kCycles, kInstructions, kL1Misses, kL2Misses, kL3Misses, kHardwareEvents };

// What a counter of the kernel gives: how far it came, and for how long it was wanted and had a register.
struct CounterReading {
  uint64_t value = 0, enabled = 0, running = 0;  // times in nanoseconds
  // The count over all of the time it was wanted, where counters took turns; NaN when it never ran.
  double scaled() const;
};

class HardwareCounters {
 public:
  HardwareCounters() = default;
  ~HardwareCounters();
  HardwareCounters(const HardwareCounters&) = delete;
  HardwareCounters& operator=(const HardwareCounters&) = delete;

  // Starts to count. Empty, or a sentence that says why nothing can be counted.
  std::string open();
  // Counts since `open`, by HardwareEvent; NaN for those that the processor lacks.
  void read(double (&counts)[kHardwareEvents]) const;

 private:
  int files_[kHardwareEvents] = {-1, -1, -1, -1, -1};
};

// What it means that perf_event_open failed with this errno.
std::string counters_problem(int error);

}  // namespace quern
