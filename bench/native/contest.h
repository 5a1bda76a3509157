// Times one product by quern and by other libraries in turns.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

#include "blas.h"
#include "gemm/gemm.h"
#include "runtime/barrier.h"
#include "shapes.h"

namespace quern {

using Clock = std::chrono::steady_clock;

class Floats {
 public:
  explicit Floats(size_t n) : data_(static_cast<float*>(std::aligned_alloc(64, (n * sizeof(float) + 64) / 64 * 64))) {
    for (size_t i = 0; i < n; i++) data_[i] = static_cast<float>(i * 37 % 101) / 101 - 0.5f;
  }
  ~Floats() { std::free(data_); }
  Floats(const Floats&) = delete;
  float* data() const { return data_; }

 private:
  float* data_;
};

// Seconds of one call of work(part) by all threads at once, of `repeats` calls with a barrier after each.
inline double time_together(int threads, long repeats, const std::function<void(int)>& work) {
  Barrier barrier(threads);
  double seconds = 0;
  auto walk = [&](int part) {
    work(part);
    barrier.wait();
    const Clock::time_point start = Clock::now();
    for (long i = 0; i < repeats; i++) {
      work(part);
      if (threads > 1) barrier.wait();
    }
    if (part == 0) seconds = std::chrono::duration<double>(Clock::now() - start).count();
  };
  std::vector<std::thread> helpers;
  for (int part = 1; part < threads; part++) helpers.emplace_back(walk, part);
  walk(0);
  for (std::thread& helper : helpers) helper.join();
  return seconds / static_cast<double>(repeats);
}

inline double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

struct Times {
  std::vector<double> quern;               // seconds of each round
  std::vector<std::vector<double>> blas;   // the same, for each library
  double peak = 0;                         // FLOP/s, the best round

  // How many times as long as quern a library takes, by medians.
  double ratio(size_t library) const { return median(blas[library]) / median(quern); }
  double worst_ratio() const {
    double worst = 1e9;
    for (size_t i = 0; i < blas.size(); i++) worst = std::min(worst, ratio(i));
    return worst;
  }
};

// Rounds of `round` seconds each, by everyone in turns, until `seconds` are over but at least `rounds` of them.
struct Effort {
  double round, seconds;
  size_t rounds;
};

inline Times contest(const KernelTable& table, const Shape& s, int threads, const std::vector<Blas>& libraries,
                     Effort effort) {
  const Floats a(s.m * s.k), b(s.k * s.n), c(s.m * s.n);
  const int64_t scratch_floats = (gemm_scratch_floats(table, s.m, s.n, s.k) + 15) / 16 * 16;
  const Floats scratch(scratch_floats * threads);
  const GemmCall call{s.m, s.n, s.k, a.data(), s.transpose_a ? 1 : s.k, s.transpose_a ? s.m : 1, b.data(),
                      s.transpose_b ? 1 : s.n, s.transpose_b ? s.k : 1, c.data(), s.n, nullptr, false,
                      PointwiseFunction::kLinear, 0};
  auto quern = [&](int part) { gemm(table, call, part, threads, scratch.data() + part * scratch_floats); };
  auto sgemm = [&](const Blas& library) {
    constexpr int kRowMajor = 101, kNoTranspose = 111, kTranspose = 112;
    library.sgemm(kRowMajor, s.transpose_a ? kTranspose : kNoTranspose, s.transpose_b ? kTranspose : kNoTranspose,
                  static_cast<int>(s.m), static_cast<int>(s.n), static_cast<int>(s.k), 1, a.data(),
                  static_cast<int>(s.transpose_a ? s.m : s.k), b.data(),
                  static_cast<int>(s.transpose_b ? s.k : s.n), 0, c.data(), static_cast<int>(s.n));
  };
  constexpr int64_t kPeakIterations = 30'000;
  double peak_flops = 0;
  auto peak = [&](int part) {
    const double flops = table.peak_fma(kPeakIterations);
    if (part == 0) peak_flops = flops * threads;
  };

  Times times;
  times.blas.resize(libraries.size());
  time_together(threads, 1, quern);  // pages and caches
  const double once = time_together(threads, 1, quern);
  const long repeats = std::max(1L, static_cast<long>(effort.round / std::max(once, 1e-8)));
  const Clock::time_point start = Clock::now();
  do {
    times.quern.push_back(time_together(threads, repeats, quern));
    for (size_t i = 0; i < libraries.size(); i++) {
      times.blas[i].push_back(time_together(1, repeats, [&](int) { sgemm(libraries[i]); }));
    }
    times.peak = std::max(times.peak, peak_flops / time_together(threads, 1, peak));
  } while (times.quern.size() < effort.rounds ||
           std::chrono::duration<double>(Clock::now() - start).count() < effort.seconds);
  return times;
}

}  // namespace quern
