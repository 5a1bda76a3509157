// How near matrix multiplication comes to the peak of multiply-adds measured in the same run, and how it stands beside
// other libraries.
//
//   gemm [--isa avx512] [--threads 1] [--seconds 0.3] [--blas path[,prefix]]... [shape ...]
//   gemm ... --grid [--slice i/n]
//
// A shape is MxNxK, followed by "tn", "nt" or "tt" where A or B is transposed: 784x128x128tn. Without shapes: those of
// default_shapes(). A BLAS library is named by its path and the prefix of its symbols: libscipy_openblas.so,scipy_.
// Each shape is timed in rounds in which quern, the libraries and the peak loop take turns, and its times are printed
// as shares of the best peak.
//
// --grid takes every combination of twelve sides in all transpositions, or the i-th of n slices of them. A shape is
// behind when a library's median is under 0.95 of ours, in a short contest and in a longer one after all the short
// ones; those are listed by class.
#include <map>

#include "contest.h"
#include "kernels/dispatch.h"

namespace quern {
namespace {

constexpr double kBehind = 0.95;
constexpr Effort kShort{100e-6, 0, 5}, kLonger{1e-3, 0, 9};

struct Settings {
  std::vector<const KernelTable*> tables;
  int threads = 1;
  double seconds = 0.3;
  std::vector<Blas> libraries;
  std::vector<Shape> shapes;
  bool grid = false;
  size_t slice = 0, slices = 1;
};

double best(const std::vector<double>& seconds) { return *std::min_element(seconds.begin(), seconds.end()); }

void print(const Shape& shape, const Times& times, double peak) {
  auto share = [&](double seconds) { return 100 * shape.flops() / seconds / peak; };
  std::printf("  %-18s %10.2f us  best %5.1f %%  median %5.1f %%", shape.name().c_str(), best(times.quern) * 1e6,
              share(best(times.quern)), share(median(times.quern)));
  for (size_t i = 0; i < times.blas.size(); i++) {
    std::printf("  | %5.1f %% ratio %5.2f", share(median(times.blas[i])), times.ratio(i));
  }
  std::printf("\n");
}

void run_shapes(const KernelTable& table, const Settings& settings) {
  double peak = 0;
  std::vector<Times> all;
  for (const Shape& shape : settings.shapes) {
    all.push_back(contest(table, shape, settings.threads, settings.libraries, {2e-3, settings.seconds, 1}));
    peak = std::max(peak, all.back().peak);
  }
  std::printf("%s, %d threads, peak %.1f GFLOP/s\n", table.name, settings.threads, peak / 1e9);
  for (size_t i = 0; i < all.size(); i++) print(settings.shapes[i], all[i], peak);
}

// Of one class of shapes: how many there are, the ratios to the nearest library, and which are behind.
struct ClassResult {
  std::vector<double> ratios;
  std::vector<std::string> behind;
};

void run_grid(const KernelTable& table, const Settings& settings) {
  std::map<std::string, ClassResult> classes;
  std::vector<Shape> again;
  for (const Shape& shape : settings.shapes) {
    const double ratio = contest(table, shape, settings.threads, settings.libraries, kShort).worst_ratio();
    classes[shape.bound() + " " + shape.form()].ratios.push_back(ratio);
    if (ratio < kBehind) again.push_back(shape);
  }
  for (const Shape& shape : again) {
    const Times times = contest(table, shape, settings.threads, settings.libraries, kLonger);
    if (times.worst_ratio() >= kBehind) continue;
    char text[100];
    int length = std::snprintf(text, sizeof text, "%s %.2f us", shape.name().c_str(), median(times.quern) * 1e6);
    for (size_t i = 0; i < times.blas.size(); i++) {
      length += std::snprintf(text + length, sizeof text - static_cast<size_t>(length), " %.2f", times.ratio(i));
    }
    classes[shape.bound() + " " + shape.form()].behind.push_back(text);
  }
  std::printf("%s, %d threads: shapes, median ratio to the nearest library, behind\n", table.name, settings.threads);
  for (const auto& [name, result] : classes) {
    std::printf("%-14s %5zu %6.2f %5zu\n", name.c_str(), result.ratios.size(), median(result.ratios),
                result.behind.size());
    for (const std::string& text : result.behind) std::printf("    %s\n", text.c_str());
  }
}

const KernelTable* find(const char* isa) {
  const TableChoice choice = find_table(isa, "--isa");
  if (choice.table) return choice.table;
  std::fprintf(stderr, "%s\n", choice.error.c_str());
  std::exit(1);
}

Settings parse(int argc, char** argv) {
  Settings settings;
  std::vector<const char*> libraries;
  for (const KernelTable* const* table = supported_tables(); *table; table++) settings.tables.push_back(*table);
  for (int i = 1; i < argc; i++) {
    const std::string option = argv[i];
    if (option == "--grid") {
      settings.grid = true;
    } else if (option.rfind("--", 0) == 0 && i + 1 < argc) {
      const char* value = argv[++i];
      if (option == "--threads") settings.threads = std::max(1, std::atoi(value));
      if (option == "--seconds") settings.seconds = std::atof(value);
      if (option == "--isa") settings.tables = {find(value)};
      if (option == "--blas") libraries.push_back(value);
      if (option == "--slice") std::sscanf(value, "%zu/%zu", &settings.slice, &settings.slices);
    } else {
      settings.shapes.push_back(parse_shape(option));
    }
  }
  set_blas_threads(settings.threads);
  for (const char* library : libraries) settings.libraries.push_back(load_blas(library));
  if (settings.shapes.empty()) {
    settings.shapes = settings.grid ? grid(settings.slice, settings.slices) : default_shapes();
  }
  return settings;
}

void run(const Settings& settings) {
  for (const Blas& library : settings.libraries) std::printf("beside %s\n", library.name.c_str());
  for (const KernelTable* table : settings.tables) {
    if (settings.grid) run_grid(*table, settings);
    else run_shapes(*table, settings);
  }
}

}  // namespace
}  // namespace quern

int main(int argc, char** argv) { quern::run(quern::parse(argc, argv)); }
