#include "runtime/hardware_counters.h"

#include <cmath>

#ifdef __linux__
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/cpu.h"
#endif

namespace quern {

double CounterReading::scaled() const {
  if (running == 0) return std::nan("");
  return static_cast<double>(value) * static_cast<double>(enabled) / static_cast<double>(running);
}

#ifdef __linux__

namespace {

struct Event {
  uint32_t type;
  uint64_t config;
};

constexpr Event kNone{PERF_TYPE_MAX, 0};
constexpr Event kL1ReadMisses{PERF_TYPE_HW_CACHE, PERF_COUNT_HW_CACHE_L1D | (PERF_COUNT_HW_CACHE_OP_READ << 8) |
                                                      (PERF_COUNT_HW_CACHE_RESULT_MISS << 16)};
constexpr Event kCacheMisses{PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES};
constexpr Event kIntelL2Misses{PERF_TYPE_RAW, 0x3f24};  // L2_RQSTS.MISS, from Skylake on

// The kernel's "cache misses" are those of the last level on Intel, but those of L2 on AMD, whose L3 counts for all
// cores together only.
Event event_of(HardwareEvent event, bool amd) {
  switch (event) {
    case kCycles: return {PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES};
    case kInstructions: return {PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS};
    case kL1Misses: return kL1ReadMisses;
    case kL2Misses: return amd ? kCacheMisses : kIntelL2Misses;
    default: return amd ? kNone : kCacheMisses;
  }
}

}  // namespace

std::string counters_problem(int error) {
  switch (error) {
    case EACCES:
    case EPERM: return "the kernel does not allow it: kernel.perf_event_paranoid is above 2, or a filter forbids it";
    case ENOENT:
    case ENODEV:
    case EOPNOTSUPP: return "the kernel has no hardware counters here, as in most virtual machines";
    case ENOSYS: return "the kernel has no perf_event_open";
    default: return std::string("perf_event_open failed: ") + std::strerror(error);
  }
}

EventCounter::~EventCounter() {
  if (file_ >= 0) close(file_);
}

int EventCounter::open(uint32_t type, uint64_t config) {
  if (file_ >= 0) close(file_);
  perf_event_attr attributes;
  std::memset(&attributes, 0, sizeof attributes);
  attributes.size = sizeof attributes;
  attributes.type = type;
  attributes.config = config;
  attributes.exclude_kernel = attributes.exclude_hv = 1;
  attributes.inherit = 1;  // threads that are started later
  attributes.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  file_ = static_cast<int>(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
  return file_ < 0 ? errno : 0;
}

double EventCounter::count() const {
  CounterReading reading;
  if (file_ < 0 || read(file_, &reading, sizeof reading) != sizeof reading) return std::nan("");
  return reading.scaled();
}

std::string HardwareCounters::open() {
  const bool amd = cpu().brand.compare(0, 3, "AMD") == 0;
  for (int i = 0; i < kHardwareEvents; i++) {
    const Event event = event_of(static_cast<HardwareEvent>(i), amd);
    const int error = counters_[i].open(event.type, event.config);
    if (i == kCycles && error) return counters_problem(error);
  }
  return {};
}

#else

std::string counters_problem(int) { return "only Linux has perf_event_open"; }
EventCounter::~EventCounter() = default;
int EventCounter::open(uint32_t, uint64_t) { return -1; }
double EventCounter::count() const { return std::nan(""); }
std::string HardwareCounters::open() { return counters_problem(0); }

#endif

void HardwareCounters::read(double (&counts)[kHardwareEvents]) const {
  for (int i = 0; i < kHardwareEvents; i++) counts[i] = counters_[i].count();
}

}  // namespace quern
