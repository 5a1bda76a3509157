// Loops that measure the machine: the peak of multiply-adds and the bandwidth of reading.
#pragma once

namespace quern {
namespace {

// Two FMA ports of latency 4 or 5 need ten independent chains. The scalar table's lanes are put into vectors by the
// compiler, four in one; ten such are what its registers hold.
constexpr int kChains = kLanes == 1 ? 40 : 12;

inline double peak_fma(int64_t iterations) noexcept {
  // Read through volatile, so that nothing is known of them; there is no asm on an array's element in the loop, which
  // would send it to memory and back.
  const volatile float unknown[2] = {0.5f, 1.0f};
  const V factor = set1(unknown[0]), term = set1(unknown[1]);
  V chain[kChains];
  for (int j = 0; j < kChains; j++) chain[j] = set1(static_cast<float>(j));
  if (iterations < 1) iterations = 1;
  for (int64_t i = 0; i < iterations; i++) {
#pragma GCC unroll 40
    for (int j = 0; j < kChains; j++) chain[j] = fma(chain[j], factor, term);
  }
  V sum = chain[0];
  for (int j = 1; j < kChains; j++) sum = sum + chain[j];
  volatile float used = sum_lanes(sum);
  (void)used;
  return 2.0 * kChains * kLanes * static_cast<double>(iterations);
}

inline float read_sum(const float* x, int64_t n) noexcept {
  constexpr int kSums = 8;
  V sums[kSums];
  for (int j = 0; j < kSums; j++) sums[j] = zero();
  for_lanes_unrolled<kSums>(n, [&](auto lanes, int64_t i, int slot) { sums[slot] = sums[slot] + lanes.load(x + i); });
  for (int j = 1; j < kSums; j++) sums[0] = sums[0] + sums[j];
  return sum_lanes(sums[0]);
}

}  // namespace
}  // namespace quern
