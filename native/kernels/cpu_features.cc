#include "kernels/cpu_features.h"

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace quern {
namespace {

#if defined(__x86_64__)

// XCR0: SSE, AVX; and opmask, both halves of zmm; the tiles' configuration and their data.
constexpr uint64_t kYmmState = 0x6, kZmmState = 0xe6, kTileState = 0x60000;

// Which register states the operating system saves. As bytes: the intrinsic would need -mxsave.
uint64_t saved_states() {
  uint32_t low, high;
  __asm__ volatile(".byte 0x0f, 0x01, 0xd0" : "=a"(low), "=d"(high) : "c"(0));  // xgetbv
  return static_cast<uint64_t>(high) << 32 | low;
}

bool has(uint32_t word, int bit) { return word >> bit & 1; }

CpuFeatures detect() {
  CpuFeatures found;
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return found;
  const bool fma = has(c, 12), osxsave = has(c, 27), avx = has(c, 28), f16c = has(c, 29);
  if (!osxsave || !avx || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
  const uint64_t states = saved_states();
  found.avx2 = fma && f16c && has(b, 5) && has(b, 3) && has(b, 8) && (states & kYmmState) == kYmmState;
  const bool avx512 = has(b, 16) && has(b, 17) && has(b, 30) && has(b, 31);  // F, DQ, BW, VL
  found.avx512 = found.avx2 && avx512 && (states & kZmmState) == kZmmState;
  const bool amx = has(d, 22) && has(d, 24);  // BF16, TILE
  found.amx = found.avx512 && amx && (states & kTileState) == kTileState;
  const uint32_t last_subleaf = a;
  if (last_subleaf >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) found.avx512bf16 = found.avx512 && has(a, 5);
  return found;
}

#else

CpuFeatures detect() { return {}; }

#endif

}  // namespace

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = detect();
  return features;
}

}  // namespace quern
