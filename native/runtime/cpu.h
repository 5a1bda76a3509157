// What the machine is: caches, name, and how many cores the process may use. Instruction sets are kernels/dispatch.h's.
#pragma once
#include <cstdint>
#include <string>

namespace quern {

struct CpuInfo {
  int64_t l1d, l2, l3;  // bytes; of one core, l3 as the core sees it; usual sizes where the machine does not say
  std::string brand;    // "" where the machine does not say
  int cores;            // physical cores the process may use: affinity and cgroup quota, see runtime/cores.h
  int threads;          // the default number of threads: cores, at most kMaxThreads of runtime/pool.h
};

// Read at the first call, for the life of the process.
const CpuInfo& cpu();

}  // namespace quern
