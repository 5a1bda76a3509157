// Hardware counters: what can be said of them on any machine.
#include "runtime/hardware_counters.h"

#ifdef __linux__
#include <linux/perf_event.h>
#endif

#include <cerrno>
#include <memory>
#include <thread>

#include "check.h"

namespace quern::test {

TEST(counter_readings_are_scaled_to_the_time_they_were_wanted) {
  CHECK_EQUAL((CounterReading{100, 50, 50}).scaled(), 100.0);
  CHECK_EQUAL((CounterReading{100, 90, 30}).scaled(), 300.0);
  CHECK_EQUAL((CounterReading{0, 90, 30}).scaled(), 0.0);
  CHECK(std::isnan((CounterReading{7, 90, 0}).scaled()));
}

// Either they count, and then a loop of instructions shows, or they say why not.
TEST(counters_count_or_say_why_not) {
  HardwareCounters counters;
  double before[kHardwareEvents], after[kHardwareEvents];
  counters.read(before);
  for (double count : before) CHECK(std::isnan(count));
  const std::string problem = counters.open();
  counters.read(before);
  volatile uint32_t sum = 0;
  for (uint32_t i = 0; i < 1'000'000; i++) sum = sum + i;
  counters.read(after);
  if (problem.empty()) {
    CHECK(after[kCycles] > before[kCycles]);
    CHECK(after[kInstructions] - before[kInstructions] >= 1e6);
  } else {
    std::printf("hardware counters not tested: %s\n", problem.c_str());
    for (double count : after) CHECK(std::isnan(count));
  }
}

#ifdef __linux__
// New memory: a page fault for each page that is touched.
static void touch_pages(size_t pages) {
  constexpr size_t kPage = 4096;
  const std::unique_ptr<volatile char[]> memory(new volatile char[pages * kPage]);
  for (size_t i = 0; i < pages; i++) memory[i * kPage] = 1;
}

// Page faults are an event of the kernel's own, which virtual machines count too: the way there is the same.
TEST(counters_count_what_this_thread_and_those_it_starts_do) {
  EventCounter faults;
  CHECK(std::isnan(faults.count()));
  const int error = faults.open(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS);
  if (error) {
    std::printf("counters not tested: %s\n", counters_problem(error).c_str());
    return;
  }
  constexpr size_t kPages = 20'000;
  touch_pages(kPages);
  const double own = faults.count();
  CHECK(own >= 1);
  std::thread([] { touch_pages(kPages); }).join();
  const double both = faults.count();
  CHECK(both - own >= own / 2);
#ifndef QUERN_SANITIZED  // whose shadow memory has page faults too
  CHECK(both < 4 * kPages);
#endif
}

TEST(counters_say_what_an_errno_means) {
  CHECK(counters_problem(EACCES).find("perf_event_paranoid") != std::string::npos);
  CHECK(counters_problem(ENOENT).find("virtual machines") != std::string::npos);
  CHECK(counters_problem(ENOSYS).find("no perf_event_open") != std::string::npos);
  CHECK(counters_problem(EMFILE).find("perf_event_open failed: ") == 0);
}
#endif

}  // namespace quern::test
