#include "runtime/cpu.h"

#include <algorithm>
#include <cstring>

#include "runtime/cores.h"
#include "runtime/pool.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace quern {
namespace {

struct CacheSizes {
  int64_t l1d = 32 << 10, l2 = 512 << 10, l3 = 8 << 20;
};

#if defined(__x86_64__)

// Intel's leaf 4 and AMD's leaf 0x8000001d list the caches in the same form.
bool read_caches(uint32_t leaf, CacheSizes* sizes) {
  bool found = false;
  uint32_t a, b, c, d;
  for (uint32_t index = 0; index < 16 && __get_cpuid_count(leaf, index, &a, &b, &c, &d); index++) {
    const uint32_t type = a & 31, level = a >> 5 & 7;
    if (type == 0) break;
    const bool holds_data = type != 2;
    const int64_t ways = (b >> 22) + 1, partitions = (b >> 12 & 1023) + 1, line = (b & 4095) + 1;
    const int64_t bytes = ways * partitions * line * (int64_t{c} + 1);
    int64_t* size = level == 1 ? &sizes->l1d : level == 2 ? &sizes->l2 : level == 3 ? &sizes->l3 : nullptr;
    if (!holds_data || !size) continue;
    *size = bytes;
    found = true;
  }
  return found;
}

CacheSizes cache_sizes() {
  CacheSizes sizes;
  if (!read_caches(0x8000001d, &sizes)) read_caches(4, &sizes);
  return sizes;
}

std::string brand_name() {
  uint32_t words[12];
  for (uint32_t i = 0; i < 3; i++) {
    uint32_t* w = words + 4 * i;
    if (!__get_cpuid(0x80000002 + i, &w[0], &w[1], &w[2], &w[3])) return "";
  }
  char text[sizeof words + 1] = {};
  std::memcpy(text, words, sizeof words);
  const std::string name = text;
  const size_t first = name.find_first_not_of(' ');
  return first == std::string::npos ? "" : name.substr(first, name.find_last_not_of(' ') - first + 1);
}

#else

CacheSizes cache_sizes() { return {}; }
std::string brand_name() { return ""; }

#endif

}  // namespace

const CpuInfo& cpu() {
  static const CpuInfo& info = *new CpuInfo([] {
    const CacheSizes sizes = cache_sizes();
    const int cores = usable_cores();
    return CpuInfo{sizes.l1d, sizes.l2, sizes.l3, brand_name(), cores, std::min(cores, kMaxThreads)};
  }());
  return info;
}

}  // namespace quern
