// How many physical cores the process may use. The parts read files below `root` ("" for the real ones), so that tests
// can show them any machine.
#pragma once
#include <string>
#include <vector>

namespace quern {

// At least 1: the physical cores behind the CPUs of the process's affinity, but no more than its cgroups' quota.
int usable_cores();

// Distinct cores of these logical CPUs: hyperthreads of one core count once. All of them where sysfs does not say.
int physical_cores(const std::string& root, const std::vector<int>& cpus);

// CPUs' worth of time the process's cgroup, or one above it, allows (versions 1 and 2); infinity without a limit.
double quota_cpus(const std::string& root);

}  // namespace quern
