#include "runtime/cores.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

namespace quern {
namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

// Logical CPUs of the calling thread's affinity; empty where the system has none to tell.
std::vector<int> allowed_cpus() {
  std::vector<int> cpus;
#if defined(__linux__)
  for (int size = 1024; size <= 1 << 20; size *= 2) {  // the kernel refuses a set smaller than its own
    cpu_set_t* set = CPU_ALLOC(size);
    const size_t bytes = CPU_ALLOC_SIZE(size);
    const bool read = sched_getaffinity(0, bytes, set) == 0;
    for (int i = 0; read && i < size; i++) {
      if (CPU_ISSET_S(static_cast<size_t>(i), bytes, set)) cpus.push_back(i);
    }
    CPU_FREE(set);
    if (read) break;
  }
#endif
  return cpus;
}

// The file's text, "" where there is none. With stdio: streams would link the locales of the standard library in.
std::string read_text(const std::string& path) {
  std::string text;
  std::FILE* file = std::fopen(path.c_str(), "r");
  if (!file) return text;
  char block[4096];
  for (size_t n; (n = std::fread(block, 1, sizeof block, file)) > 0;) text.append(block, n);
  std::fclose(file);
  return text;
}

// What is before the next `end` in text from `at` on, which moves behind it; false at the end of the text.
bool next_part(const std::string& text, char end, size_t* at, std::string* part) {
  if (*at >= text.size()) return false;
  const size_t stop = std::min(text.find(end, *at), text.size());
  *part = text.substr(*at, stop - *at);
  *at = stop + 1;
  return true;
}

double ratio(double quota, double period) { return quota > 0 && period > 0 ? quota / period : kUnlimited; }

// Version 2: "max 100000" or "150000 100000", quota and period in microseconds.
double quota_v2(const std::string& folder) {
  double quota, period;
  const bool limited = std::sscanf(read_text(folder + "/cpu.max").c_str(), "%lf %lf", &quota, &period) == 2;
  return limited ? ratio(quota, period) : kUnlimited;
}

// Version 1: one number a file; -1 is no limit.
double quota_v1(const std::string& folder) {
  double quota, period;
  const bool limited = std::sscanf(read_text(folder + "/cpu.cfs_quota_us").c_str(), "%lf", &quota) == 1 &&
                       std::sscanf(read_text(folder + "/cpu.cfs_period_us").c_str(), "%lf", &period) == 1;
  return limited ? ratio(quota, period) : kUnlimited;
}

// The least quota of a group and those above it. A container may see only the end of its path, or the root.
double least_quota(const std::string& mount, std::string path, double (*quota)(const std::string&)) {
  double least = kUnlimited;
  for (;;) {
    least = std::min(least, quota(mount + path));
    if (path.empty()) return least;
    path.erase(path.find_last_of('/'));
  }
}

bool names_cpu(const std::string& controllers) {
  std::string name;
  for (size_t at = 0; next_part(controllers, ',', &at, &name);) {
    if (name == "cpu") return true;
  }
  return false;
}

}  // namespace

int physical_cores(const std::string& root, const std::vector<int>& cpus) {
  std::vector<std::string> cores;
  for (const int cpu : cpus) {
    const std::string folder = root + "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    std::string siblings = read_text(folder + "core_cpus_list");
    if (siblings.empty()) siblings = read_text(folder + "thread_siblings_list");  // the older name
    cores.push_back(siblings.empty() ? "cpu" + std::to_string(cpu) : siblings);
  }
  std::sort(cores.begin(), cores.end());
  return static_cast<int>(std::unique(cores.begin(), cores.end()) - cores.begin());
}

double quota_cpus(const std::string& root) {
  const std::string mount = root + "/sys/fs/cgroup", groups = read_text(root + "/proc/self/cgroup");
  double least = kUnlimited;
  std::string line;
  for (size_t at = 0; next_part(groups, '\n', &at, &line);) {  // hierarchy:controllers:/path
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    std::string path = line.substr(second + 1);
    while (!path.empty() && path.back() == '/') path.pop_back();
    if (!path.empty() && path.front() != '/') continue;
    if (controllers.empty()) {
      least = std::min(least, least_quota(mount, path, quota_v2));
    } else if (names_cpu(controllers)) {
      least = std::min(least, least_quota(mount + "/" + controllers, path, quota_v1));
      least = std::min(least, least_quota(mount + "/cpu", path, quota_v1));
    }
  }
  return least;
}

int usable_cores() {
  const std::vector<int> cpus = allowed_cpus();
  const int cores = cpus.empty() ? static_cast<int>(std::thread::hardware_concurrency()) : physical_cores("", cpus);
  // Workers wait for each other, so a fraction of a core would hold up all of them: rounded down.
  const double limit = std::max(1.0, quota_cpus(""));
  return limit < cores ? static_cast<int>(limit) : std::max(1, cores);
}

}  // namespace quern
