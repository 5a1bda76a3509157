// Where skipping zeros begins to pay: the products of a first layer, dense and skipped, for densities from 1 to 100 %, in
// every instruction set, on one thread.
//   bench_skipping [columns [rows [k [images.idx]]]]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <vector>

#include "contest.h"
#include "gemm/skipping_gemm.h"
#include "kernels/dispatch.h"

namespace quern {
namespace {

// Of calls that come after prepare(0), prepare(1), ..., the one at a tenth.
double time_of(int rounds, const std::function<void(int)>& prepare, const std::function<void()>& work) {
  std::vector<double> times;
  for (int i = 0; i < rounds; i++) {
    prepare(i);
    const auto start = Clock::now();
    work();
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  const auto tenth = times.begin() + rounds / 10;
  std::nth_element(times.begin(), tenth, times.end());
  return *tenth;
}

struct Sizes {
  int64_t rows, k, columns;
};

using Bytes = std::vector<uint8_t>;
constexpr int kBatches = 200;

Bytes random_bytes(size_t count, double density) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> uniform(0, 1);
  Bytes bytes(count);
  for (uint8_t& byte : bytes) byte = uniform(random) < density ? static_cast<uint8_t>(1 + random() % 255) : 0;
  return bytes;
}

// The first images of an IDX file, of which 16 bytes are no pixels.
Bytes bytes_of_file(const char* path, size_t count) {
  Bytes bytes(count);
  std::FILE* const file = std::fopen(path, "rb");
  const bool read = file && std::fseek(file, 16, SEEK_SET) == 0 && std::fread(bytes.data(), 1, count, file) == count;
  if (file) std::fclose(file);
  if (!read) std::fprintf(stderr, "cannot read %s\n", path), std::exit(1);
  return bytes;
}

// X of rows×k, W of k×columns, Y of rows×columns: Y = X W, and X^T Y. Each call is of another batch: in one it has seen,
// the processor foresees where walks end.
void measure(const KernelTable& table, Sizes sizes, const Bytes& bytes) {
  const auto [rows, k, columns] = sizes;
  const int64_t each = rows * k, batches = static_cast<int64_t>(bytes.size()) / each;
  const Floats x(each), w(k * columns), y(rows * columns);
  Bytes x_bytes(static_cast<size_t>(each));
  const Floats scratch(gemm_scratch_floats(table, std::max(rows, k), columns, std::max(rows, k)));
  float values[256];
  for (int i = 0; i < 256; i++) values[i] = static_cast<float>(i) / 255;
  GemmCall forward{};
  forward.m = rows, forward.n = columns, forward.k = k;
  forward.a = x.data(), forward.a_row = k, forward.a_col = 1;
  forward.b = w.data(), forward.b_row = columns, forward.b_col = 1, forward.c = y.data(), forward.ldc = columns;
  forward.b_in_panels = true;
  GemmCall gradient = forward;
  gradient.b_in_panels = false;
  gradient.m = k, gradient.k = rows, gradient.a_row = 1, gradient.a_col = k;
  gradient.b = y.data(), gradient.c = w.data();
  Nonzeros nonzeros;
  Marks of_columns;
  if (!nonzeros.allocate(rows, k) || !of_columns.allocate(k, rows)) std::exit(1);
  const SparseMatrix matrix{x.data(), nullptr, nullptr, rows, k};
  const SparseMatrix matrix_of_bytes{nullptr, x_bytes.data(), values, rows, k};
  const int rounds = table.lanes == 1 ? 20 : 200;
  const auto load = [&](int i) {
    std::copy_n(&bytes[static_cast<size_t>(i % batches * each)], each, x_bytes.data());
    for (int64_t e = 0; e < each; e++) x.data()[e] = values[x_bytes[static_cast<size_t>(e)]];
  };
  const double dense = time_of(rounds / 4, load, [&] { gemm(table, forward, 0, 1, scratch.data()); });
  const double dense_gradient = time_of(rounds / 4, load, [&] { gemm(table, gradient, 0, 1, scratch.data()); });
  const double zeros = static_cast<double>(std::count(bytes.begin(), bytes.end(), 0));
  std::printf("%-8s %5.2f  dense %7.1f %7.1f", table.name, 1 - zeros / static_cast<double>(bytes.size()), dense,
              dense_gradient);
  for (const SparseMatrix& of : {matrix, matrix_of_bytes}) {
    const auto mark_all = [&] { nonzeros.begin(of), nonzeros.mark(table.skipping, {0, of.rows}); };
    const auto turn_all = [&] { nonzeros.turn(table.skipping, &of_columns); };
    const auto find = [&](int i) { load(i), mark_all(); };
    const auto turn = [&](int i) { find(i), turn_all(); };
    const SkippedOperand a{of, nonzeros.of_rows(), false, 0}, turned_a{of, of_columns, true, 0};
    const double mark = time_of(rounds, load, mark_all);
    const double turned = time_of(rounds, find, turn_all);
    const double skipped = time_of(rounds, find, [&] { skipping_gemm(table, forward, a, 0, 1); });
    const double skipped_gradient = time_of(rounds, turn, [&] { skipping_gemm(table, gradient, turned_a, 0, 1); });
    const SkippedOperand apart{of, of_columns, true, 0, false};
    const double skipped_apart = time_of(rounds, turn, [&] { skipping_gemm(table, gradient, apart, 0, 1); });
    std::printf(" | mark %5.1f turn %5.1f, %7.1f %7.1f %7.1f = %.2f %.2f %.2f", mark, turned, skipped, skipped_gradient,
                skipped_apart, (skipped + mark) / dense, (skipped_gradient + turned) / dense_gradient,
                (skipped_apart + turned) / dense_gradient);
  }
  std::printf("\n");
}

}  // namespace
}  // namespace quern

int main(int argc, char** argv) {
  using namespace quern;
  const Sizes sizes{argc > 2 ? std::atoll(argv[2]) : 128, argc > 3 ? std::atoll(argv[3]) : 784,
                    argc > 1 ? std::atoll(argv[1]) : 128};
  const auto count = static_cast<size_t>(kBatches * sizes.rows * sizes.k);
  std::printf("microseconds: dense forward and gradient; skipped, from floats and from bytes: forward, gradient of "
              "columns that are alike and of others\n");
  for (const KernelTable* const* table = supported_tables(); *table; table++) {
    if (argc > 4) {
      measure(**table, sizes, bytes_of_file(argv[4], count));
      continue;
    }
    for (const double density : {0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0}) {
      measure(**table, sizes, random_bytes(count, density));
    }
  }
}
