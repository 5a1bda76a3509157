// Matrix products to test: operands with guards around C and behind the scratch.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "check.h"
#include "gemm/gemm.h"
#include "kernels/dispatch.h"
#include "model/table.h"

namespace quern {

inline constexpr float kGuard = -123456.75f;

struct Shape {
  int64_t m, n, k;
  bool transpose_a, transpose_b;
};

struct Options {
  bool bias = false, accumulate = false;
  PointwiseFunction function = PointwiseFunction::kLinear;
  float alpha = 0.25f;
  int64_t extra = 0;   // columns beyond the matrix in every row of A, B and C
  int64_t offset = 0;  // floats before A, B and C, so that they are not aligned
};

// Operands of one product; C is surrounded by guards, in the gap behind every row too.
struct Product {
  Shape shape;
  Options options;
  int64_t lda, ldb, ldc;
  std::vector<float> a, b, c, bias;

  Product(Shape shape, Options options, std::mt19937& random) : shape(shape), options(options) {
    const auto [m, n, k, transpose_a, transpose_b] = shape;
    lda = (transpose_a ? m : k) + options.extra;
    ldb = (transpose_b ? k : n) + options.extra;
    ldc = n + options.extra;
    a = values(options.offset + (transpose_a ? k : m) * lda, random);
    b = values(options.offset + (transpose_b ? n : k) * ldb, random);
    bias = values(n, random);
    c.assign(options.offset + m * ldc + kMargin, kGuard);
    for (int64_t i = 0; i < m; i++) {
      for (int64_t j = 0; j < n; j++) c[options.offset + i * ldc + j] = uniform(random);
    }
  }

  GemmCall call() {
    GemmCall call;
    call.m = shape.m;
    call.n = shape.n;
    call.k = shape.k;
    call.a = a.data() + options.offset;
    call.a_row = shape.transpose_a ? 1 : lda;
    call.a_col = shape.transpose_a ? lda : 1;
    call.b = b.data() + options.offset;
    call.b_row = shape.transpose_b ? 1 : ldb;
    call.b_col = shape.transpose_b ? ldb : 1;
    call.c = c.data() + options.offset;
    call.ldc = ldc;
    call.bias = options.bias ? bias.data() : nullptr;
    call.accumulate = options.accumulate;
    call.function = options.function;
    call.alpha = options.alpha;
    return call;
  }

  float& at(int64_t i, int64_t j) { return c[options.offset + i * ldc + j]; }

  bool guards_stand() const {
    for (int64_t x = 0; x < static_cast<int64_t>(c.size()); x++) {
      const int64_t y = x - options.offset;
      const bool inside = y >= 0 && y < shape.m * ldc && y % ldc < shape.n;
      if (!inside && c[x] != kGuard) return false;
    }
    return true;
  }

 private:
  static constexpr int64_t kMargin = 64;

  static float uniform(std::mt19937& random) { return std::uniform_real_distribution<float>(-1, 1)(random); }
  static std::vector<float> values(int64_t n, std::mt19937& random) {
    std::vector<float> x(n);
    for (float& v : x) v = uniform(random);
    return x;
  }
};

// Scratch of exactly the size asked for, with guards behind it.
struct Scratch {
  static constexpr int64_t kMargin = 64;
  int64_t floats;
  float* data;

  explicit Scratch(int64_t floats) : floats(floats) {
    const int64_t bytes = (floats + kMargin) * static_cast<int64_t>(sizeof(float));
    data = static_cast<float*>(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
    for (int64_t i = 0; i < floats + kMargin; i++) data[i] = kGuard;
  }
  ~Scratch() { std::free(data); }
  bool guards_stand() const {
    for (int64_t i = floats; i < floats + kMargin; i++) {
      if (data[i] != kGuard) return false;
    }
    return true;
  }
};

// Runs a product with some more fields of its call set, in parts from the last to the first.
template <class Change>
void multiply_changed(const KernelTable& table, Product& product, int parts, Change change) {
  const Shape& s = product.shape;
  for (int part = parts; part-- > 0;) {
    Scratch scratch(gemm_scratch_floats(table, s.m, s.n, s.k));
    GemmCall call = product.call();
    change(call);
    gemm(table, call, part, parts, scratch.data);
    CHECK(scratch.guards_stand());
  }
}

inline void multiply(const KernelTable& table, Product& product, int parts,
                     Precision precision = Precision::kHighest) {
  multiply_changed(table, product, parts, [=](GemmCall& call) { call.precision = precision; });
}

// Those of the machine, and AMX's with a model of its instructions.
template <class Body>
void for_each_table(Body body) {
  for (const KernelTable* const* table = supported_tables(); *table; table++) body(**table);
  const test::ModelTable model;
  if (model.sparing()) body(*model.sparing());
}

// Without what multiplies by planes, which has other bits.
template <class Body>
void for_each_table_without_planes(Body body) {
  for_each_table([&](const KernelTable& table) {
    if (!table.tile_state) body(table);
  });
}

// Collects what a gemm hands over, and how often it handed over each element.
struct Taker {
  int64_t n;
  std::vector<float> c;
  std::vector<int> times;
  static void take(void* taker, const GemmBlock& block, const float* c, int64_t ld) noexcept {
    Taker& self = *static_cast<Taker*>(taker);
    for (int64_t i = 0; i < block.rows; i++) {
      for (int64_t j = 0; j < block.cols; j++) {
        const int64_t to = (block.row + i) * self.n + block.column + j;
        self.c[static_cast<size_t>(to)] = c[i * ld + j];
        self.times[static_cast<size_t>(to)]++;
      }
    }
  }
};

// A step of SGD, of which the product is the gradient.
struct Step {
  const KernelTable& table;
  int64_t cols;
  std::vector<float> weights, momentum;
  bool are_finite = true;

  static constexpr SgdScalars kScalars{0.5f, 0.25f, 0};

  void make(int64_t begin, const float* gradients, int64_t count) {
    are_finite &= table.sgd(&weights[begin], gradients, &momentum[begin], count, kScalars, true);
  }
  static void take(void* taker, const GemmBlock& block, const float* c, int64_t ld) noexcept {
    Step& self = *static_cast<Step*>(taker);
    for (int64_t i = 0; i < block.rows; i++) {
      self.make((block.row + i) * self.cols + block.column, c + i * ld, block.cols);
    }
  }
  static SgdTarget sgd(void* taker, const GemmBlock& block) noexcept {
    Step& self = *static_cast<Step*>(taker);
    const int64_t begin = block.row * self.cols + block.column;
    return {&self.weights[begin], &self.momentum[begin], self.cols, kScalars, true, &self.are_finite};
  }
};

inline int64_t pick(std::mt19937& random, const std::vector<int64_t>& from) { return from[random() % from.size()]; }

inline bool same_bits(const std::vector<float>& x, const std::vector<float>& y) {
  return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0;
}

}  // namespace quern
