// How near matrix multiplication comes to the peak of multiply-adds measured in the same run.
//
//   gemm [--isa avx512] [--threads 1] [--seconds 0.3] [--blas libopenblas.so.0] [shape ...]
//
// A shape is MxNxK, followed by "tn", "nt" or "tt" where A or B is transposed: 784x128x128tn. Without shapes: those of
// the seed model, squares and skinny ones; --grid takes every combination of twelve sides instead. Each shape is timed
// in rounds in which quern, the BLAS library (if any, through cblas_sgemm; it sets its own threads) and the peak loop
// take turns; the best and the median of the rounds are printed as shares of the best peak.
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "gemm/gemm.h"
#include "kernels/dispatch.h"
#include "runtime/barrier.h"

namespace quern {
namespace {

using Clock = std::chrono::steady_clock;
using Sgemm = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int);

struct Shape {
  long m, n, k;
  bool transpose_a, transpose_b;

  double flops() const { return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k); }
  std::string name() const {
    const char* flags = transpose_a ? (transpose_b ? "tt" : "tn") : (transpose_b ? "nt" : "");
    return std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k) + flags;
  }
};

struct Settings {
  std::vector<const KernelTable*> tables;
  int threads = 1;
  double seconds = 0.3;
  Sgemm sgemm = nullptr;
  std::vector<Shape> shapes;
};

Shape parse_shape(const std::string& text) {
  Shape shape{};
  char flags[3] = "";
  if (std::sscanf(text.c_str(), "%ldx%ldx%ld%2s", &shape.m, &shape.n, &shape.k, flags) < 3) {
    std::fprintf(stderr, "not a shape: %s\n", text.c_str());
    std::exit(1);
  }
  shape.transpose_a = flags[0] == 't';
  shape.transpose_b = flags[0] && flags[1] == 't';
  return shape;
}

std::vector<Shape> default_shapes() {
  std::vector<Shape> shapes;
  for (const char* text :
       {"128x128x784", "784x128x128tn", "128x784x128nt", "128x784x128", "128x128x128", "128x128x128tn", "128x128x128nt",
        "128x10x128", "128x10x128tn", "128x128x10nt", "32x128x784", "784x128x32tn", "256x1024x784", "256x1024x1024",
        "1024x1024x256tn", "256x1024x1024nt", "512x512x512", "1000x1000x1000", "1024x1024x1024", "1024x1024x1024tn",
        "1024x1024x1024nt", "1024x1024x1024tt", "2048x2048x2048", "1x128x784", "1x1024x1024", "16x128x784",
        "1000x1x1000", "1000x3x1000", "3x1000x1000", "32x64x20", "32x64x64", "32x1x64"}) {
    shapes.push_back(parse_shape(text));
  }
  return shapes;
}

std::vector<Shape> grid() {
  const long sides[] = {1, 3, 8, 10, 16, 31, 64, 100, 128, 256, 784, 1000};
  std::vector<Shape> shapes;
  for (long m : sides) {
    for (long n : sides) {
      for (long k : sides) {
        for (int t = 0; t < 4; t++) shapes.push_back({m, n, k, (t & 1) != 0, (t & 2) != 0});
      }
    }
  }
  return shapes;
}

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
double time_together(int threads, long repeats, const std::function<void(int)>& work) {
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

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

struct Times {
  std::vector<double> quern, blas;
  double peak = 0;  // FLOP/s
};

Times measure(const KernelTable& table, const Shape& s, const Settings& settings) {
  const Floats a(s.m * s.k), b(s.k * s.n), c(s.m * s.n);
  const int64_t scratch_floats = (gemm_scratch_floats(table, s.m, s.n, s.k) + 15) / 16 * 16;
  const Floats scratch(scratch_floats * settings.threads);
  const GemmCall call{s.m, s.n, s.k, a.data(), s.transpose_a ? 1 : s.k, s.transpose_a ? s.m : 1, b.data(),
                      s.transpose_b ? 1 : s.n, s.transpose_b ? s.k : 1, c.data(), s.n, nullptr, false,
                      PointwiseFunction::kLinear, 0};
  auto quern = [&](int part) { gemm(table, call, part, settings.threads, scratch.data() + part * scratch_floats); };
  auto blas = [&](int) {
    constexpr int kRowMajor = 101, kNoTranspose = 111, kTranspose = 112;
    settings.sgemm(kRowMajor, s.transpose_a ? kTranspose : kNoTranspose, s.transpose_b ? kTranspose : kNoTranspose,
                   static_cast<int>(s.m), static_cast<int>(s.n), static_cast<int>(s.k), 1, a.data(),
                   static_cast<int>(s.transpose_a ? s.m : s.k), b.data(),
                   static_cast<int>(s.transpose_b ? s.k : s.n), 0, c.data(), static_cast<int>(s.n));
  };
  constexpr int64_t kPeakIterations = 100'000;
  double peak_flops = 0;
  auto peak = [&](int part) {
    const double flops = table.peak_fma(kPeakIterations);
    if (part == 0) peak_flops = flops * settings.threads;
  };

  Times times;
  const double once = time_together(settings.threads, 1, quern);
  const long repeats = std::max(1L, static_cast<long>(2e-3 / std::max(once, 1e-8)));
  const Clock::time_point start = Clock::now();
  do {
    times.quern.push_back(time_together(settings.threads, repeats, quern));
    if (settings.sgemm) times.blas.push_back(time_together(1, repeats, blas));
    times.peak = std::max(times.peak, peak_flops / time_together(settings.threads, 1, peak));
  } while (std::chrono::duration<double>(Clock::now() - start).count() < settings.seconds);
  return times;
}

void print(const Shape& shape, const Times& times, double peak) {
  const double best = *std::min_element(times.quern.begin(), times.quern.end());
  std::printf("  %-18s %10.2f us  best %5.1f %%  median %5.1f %%", shape.name().c_str(), best * 1e6,
              100 * shape.flops() / best / peak, 100 * shape.flops() / median(times.quern) / peak);
  if (!times.blas.empty()) {
    std::printf("  blas median %5.1f %%  ratio %.2f", 100 * shape.flops() / median(times.blas) / peak,
                median(times.blas) / median(times.quern));
  }
  std::printf("\n");
}

Settings parse(int argc, char** argv) {
  Settings settings;
  for (const KernelTable* const* table = supported_tables(); *table; table++) settings.tables.push_back(*table);
  for (int i = 1; i < argc; i++) {
    const std::string option = argv[i];
    if (option == "--grid") {
      settings.shapes = grid();
    } else if (option.rfind("--", 0) == 0 && i + 1 < argc) {
      const char* value = argv[++i];
      if (option == "--threads") settings.threads = std::max(1, std::atoi(value));
      if (option == "--seconds") settings.seconds = std::atof(value);
      if (option == "--isa") {
        const TableChoice choice = find_table(value, "--isa");
        if (!choice.table) {
          std::fprintf(stderr, "%s\n", choice.error.c_str());
          std::exit(1);
        }
        settings.tables = {choice.table};
      }
      if (option == "--blas") {
        void* library = dlopen(value, RTLD_NOW);
        settings.sgemm = library ? reinterpret_cast<Sgemm>(dlsym(library, "cblas_sgemm")) : nullptr;
        if (!settings.sgemm) {
          std::fprintf(stderr, "no cblas_sgemm in %s\n", value);
          std::exit(1);
        }
      }
    } else {
      settings.shapes.push_back(parse_shape(option));
    }
  }
  if (settings.shapes.empty()) settings.shapes = default_shapes();
  return settings;
}

void run(const Settings& settings) {
  for (const KernelTable* table : settings.tables) {
    double peak = 0;
    std::vector<Times> all;
    for (const Shape& shape : settings.shapes) {
      all.push_back(measure(*table, shape, settings));
      peak = std::max(peak, all.back().peak);
    }
    std::printf("%s, %d threads, peak %.1f GFLOP/s\n", table->name, settings.threads, peak / 1e9);
    for (size_t i = 0; i < all.size(); i++) print(settings.shapes[i], all[i], peak);
  }
}

}  // namespace
}  // namespace quern

int main(int argc, char** argv) { quern::run(quern::parse(argc, argv)); }
