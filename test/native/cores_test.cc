// Which cores a process may use, on machines made of files.
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>

#include "check.h"
#include "runtime/cores.h"
#include "runtime/cpu.h"
#include "runtime/pool.h"

namespace quern::test {
namespace {

// A folder with the files a test puts there.
class Machine {
 public:
  Machine() {
    char name[] = "/tmp/quern-machine-XXXXXX";
    root_ = mkdtemp(name);
  }
  ~Machine() { [[maybe_unused]] const int status = std::system(("rm -r '" + root_ + "'").c_str()); }
  const std::string& root() const { return root_; }
  void file(const std::string& path, const std::string& text) {
    for (size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
      mkdir((root_ + path.substr(0, at)).c_str(), 0700);
    }
    std::ofstream(root_ + path) << text << "\n";
  }
  void cpu(int number, const std::string& siblings, const char* file_name = "core_cpus_list") {
    file("/sys/devices/system/cpu/cpu" + std::to_string(number) + "/topology/" + file_name, siblings);
  }

 private:
  std::string root_;
};

TEST(hyperthreads_of_a_core_count_once) {
  Machine machine;
  for (const int number : {0, 4}) machine.cpu(number, "0,4");
  for (const int number : {1, 5}) machine.cpu(number, "1,5", "thread_siblings_list");
  CHECK_EQUAL(physical_cores(machine.root(), {0, 1, 4, 5}), 2);
  CHECK_EQUAL(physical_cores(machine.root(), {0, 4}), 1);
  CHECK_EQUAL(physical_cores(machine.root(), {4, 5}), 2);
}

TEST(without_topology_every_cpu_is_a_core) {
  Machine machine;
  CHECK_EQUAL(physical_cores(machine.root(), {0, 1, 2}), 3);
}

TEST(quota_of_cgroup_version_2) {
  Machine machine;
  CHECK(std::isinf(quota_cpus(machine.root())));
  machine.file("/proc/self/cgroup", "0::/pod/box");
  CHECK(std::isinf(quota_cpus(machine.root())));
  machine.file("/sys/fs/cgroup/pod/box/cpu.max", "max 100000");
  CHECK(std::isinf(quota_cpus(machine.root())));
  machine.file("/sys/fs/cgroup/pod/cpu.max", "350000 100000");
  CHECK_EQUAL(quota_cpus(machine.root()), 3.5);
  machine.file("/sys/fs/cgroup/pod/box/cpu.max", "150000 100000");
  CHECK_EQUAL(quota_cpus(machine.root()), 1.5);
}

TEST(quota_at_the_root_of_a_container) {
  Machine machine;
  machine.file("/proc/self/cgroup", "0::/");
  machine.file("/sys/fs/cgroup/cpu.max", "200000 100000");
  CHECK_EQUAL(quota_cpus(machine.root()), 2.0);
}

TEST(quota_of_cgroup_version_1) {
  Machine machine;
  machine.file("/proc/self/cgroup", "5:cpuset:/x\n4:cpu,cpuacct:/docker/abc\n0::/ignored");
  machine.file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1");
  machine.file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000");
  CHECK(std::isinf(quota_cpus(machine.root())));
  machine.file("/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "400000");
  machine.file("/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000");
  CHECK_EQUAL(quota_cpus(machine.root()), 4.0);
}

TEST(cpu_of_this_machine_is_plausible) {
  CHECK(cpu().cores >= 1 && cpu().threads >= 1 && cpu().threads <= kMaxThreads);
  CHECK(cpu().l1d >= 4 << 10 && cpu().l2 >= cpu().l1d && cpu().l3 > 0);
  CHECK_EQUAL(cpu().cores, usable_cores());
}

}  // namespace
}  // namespace quern::test
