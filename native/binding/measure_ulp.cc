#include "binding/measure_ulp.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <mutex>

#include "binding/teamwork.h"

namespace quern {
namespace {

constexpr int64_t kPatterns = int64_t{1} << 32;
constexpr int64_t kBlock = 1024;       // arguments given to the kernel at once
constexpr int64_t kPartBlocks = 1024;  // blocks that a thread takes at once

double ulp_error(float got, double exact) {
  if (std::isnan(exact) || std::isnan(got)) {
    return std::isnan(exact) == std::isnan(got) ? 0 : std::numeric_limits<double>::infinity();
  }
  constexpr double kOverflow = 0x1p128;
  const double bounded = std::clamp(exact, -kOverflow, kOverflow);
  const double value = std::clamp(static_cast<double>(got), -kOverflow, kOverflow);
  if (value == bounded) return 0;
  const int exponent = bounded == 0 ? -126 : std::clamp(std::ilogb(bounded), -126, 127);
  return std::fabs(value - bounded) / std::ldexp(1.0, exponent - 23);
}

// Arguments number begin .. end - 1 of the sequence.
UlpResult measure_range(PointwiseKernel* function, double (*exact)(double), uint32_t first, uint32_t stride,
                        int64_t begin, int64_t end) {
  UlpResult worst{0, 0, end - begin};
  float x[kBlock], y[kBlock];
  for (int64_t block = begin; block < end; block += kBlock) {
    const int64_t n = std::min(kBlock, end - block);
    for (int64_t i = 0; i < n; i++) {
      const auto bits = static_cast<uint32_t>(first + (block + i) * stride);
      std::memcpy(&x[i], &bits, sizeof bits);
    }
    function(x, y, n, 0);
    for (int64_t i = 0; i < n; i++) {
      const double error = ulp_error(y[i], exact(static_cast<double>(x[i])));
      if (error > worst.ulp) worst.ulp = error, worst.at = x[i];
    }
  }
  return worst;
}

}  // namespace

UlpResult measure_ulp(PointwiseKernel* function, double (*exact)(double), uint32_t first, uint32_t stride,
                      int threads) noexcept {
  const int64_t count = (kPatterns - first + stride - 1) / stride;
  constexpr int64_t kPart = kBlock * kPartBlocks;
  const int parts = static_cast<int>((count + kPart - 1) / kPart);
  UlpResult worst{0, 0, 0};
  int worst_part = parts;
  std::mutex mutex;
  run_parts(threads, parts, [&](int part) {
    const int64_t begin = part * kPart;
    const UlpResult result = measure_range(function, exact, first, stride, begin, std::min(count, begin + kPart));
    std::lock_guard<std::mutex> lock(mutex);
    worst.checked += result.checked;
    if (result.ulp > worst.ulp || (result.ulp == worst.ulp && result.ulp > 0 && part < worst_part)) {
      worst.ulp = result.ulp, worst.at = result.at, worst_part = part;
    }
  });
  return worst;
}

}  // namespace quern
