// The shapes of matrix products that are timed, and the classes they are reported by.
#pragma once
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace quern {

struct Shape {
  long m, n, k;
  bool transpose_a, transpose_b;

  double flops() const { return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k); }
  const char* form() const { return transpose_a ? (transpose_b ? "tt" : "tn") : (transpose_b ? "nt" : "nn"); }
  std::string name() const {
    return std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k) + form();
  }
  // By what bounds the product: the shortest side where it is 16 or less, the working set otherwise.
  std::string bound() const {
    const long shortest = std::min({m, n, k});
    if (shortest <= 16) return shortest == m ? "short m" : shortest == n ? "narrow n" : "short k";
    return m * n + m * k + n * k <= 8192 ? "fits L1" : m * n + m * k + n * k <= 262144 ? "fits L2" : "beyond L2";
  }
};

// MxNxK, followed by "tn", "nt" or "tt" where A or B is transposed. Ends the program on anything else.
inline Shape parse_shape(const std::string& text) {
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

// Of the seed model, squares, and skinny and small ones.
inline std::vector<Shape> default_shapes() {
  std::vector<Shape> shapes;
  for (const char* text :
       {"128x128x784", "784x128x128tn", "128x784x128nt", "128x784x128", "128x128x128", "128x128x128tn", "128x128x128nt",
        "128x10x128", "128x10x128tn", "128x128x10nt", "32x128x784", "784x128x32tn", "256x1024x784", "256x1024x1024",
        "1024x1024x256tn", "256x1024x1024nt", "512x512x512", "1000x1000x1000", "1024x1024x1024", "1024x1024x1024tn",
        "1024x1024x1024nt", "1024x1024x1024tt", "2048x2048x2048", "1x128x784", "1x128x128", "1x10x128", "1x1024x1024",
        "16x128x784", "1000x1x1000", "1000x3x1000", "3x1000x1000", "32x64x20", "32x64x64", "32x1x64"}) {
    shapes.push_back(parse_shape(text));
  }
  return shapes;
}

// Every combination of twelve sides in all transpositions; of these every `slices`-th from `slice` on.
inline std::vector<Shape> grid(size_t slice, size_t slices) {
  const long sides[] = {1, 3, 8, 10, 16, 31, 64, 100, 128, 256, 784, 1000};
  std::vector<Shape> shapes;
  size_t i = 0;
  for (long m : sides) {
    for (long n : sides) {
      for (long k : sides) {
        if (i++ % slices != slice) continue;
        for (int t = 0; t < 4; t++) shapes.push_back({m, n, k, (t & 1) != 0, (t & 2) != 0});
      }
    }
  }
  return shapes;
}

}  // namespace quern
