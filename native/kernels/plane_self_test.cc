#include "kernels/plane_self_test.h"

#include <cmath>
#include <cstring>
#include <memory>

namespace quern {
namespace {

constexpr int64_t kRows = kPlaneRows, kCols = kPlaneCols, kDepth = 128;
constexpr int64_t kFirstChecked = 4, kCheckedStep = 17;  // a row of each tile: the time is in the sums in double

enum class Kind { kUniform, kPositive, kWideRange, kCancelling, kMostLeftOut, kBytes, kCount };

float as_float(uint64_t word) {
  const auto bits = static_cast<uint32_t>(word);
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

class Trial {
 public:
  explicit Trial(const KernelTable& table) : table_(table) {}

  const char* run() {
    for (int kind = 0; kind < static_cast<int>(Kind::kCount); kind++) {
      fill(static_cast<Kind>(kind));
      const PlaneResult result = multiply_planes(static_cast<Kind>(kind));
      if (result == PlaneResult::kLost) return "AMX's tiles got lost in the self-test";
      if (result != PlaneResult::kDone) return "AMX takes finite sums for infinite ones";
      multiply_floats();
      if (!planes_are_as_exact()) return "AMX's products are less exact than AVX-512's";
    }
    fill(Kind::kUniform);
    constexpr uint32_t kHard[] = {0x7f800000, 0xff800000, 0x7fc00000, 0x7fffffff, 0x7f800001, 0x7f7fffff};
    for (const uint32_t bits : kHard) {
      const float kept = a_[5 * kDepth + 77];
      a_[5 * kDepth + 77] = as_float(bits);
      b_[77 * kCols + 3] = 2;  // times the largest number: too large
      if (multiply_planes(Kind::kUniform) != PlaneResult::kNotFinite) return "AMX loses NaN or Inf";
      a_[5 * kDepth + 77] = kept;
    }
    return nullptr;
  }

 private:
  // Different bits of one word for the value, its sign, its exponent and its middle: the upper ones of a linear
  // congruential generator (Knuth's MMIX), quick as most of the test is spent here.
  float next(Kind kind, bool in_a) {
    const uint64_t word = state_ = state_ * 6364136223846793005 + 1442695040888963407;
    const float uniform = static_cast<float>(static_cast<int32_t>(word >> 40)) * 0x1p-24f;
    const float sign = word >> 39 & 1 ? 1.0f : -1.0f;
    switch (kind) {
      case Kind::kPositive: return uniform;
      case Kind::kWideRange: return sign * (1 + uniform) * as_float(((word >> 33 & 63) + 95) << 23);
      case Kind::kMostLeftOut: return sign * as_float(0x3f807f3f | (word >> 40 & 0x7f0000));  // mid lo is largest
      case Kind::kBytes: return in_a ? static_cast<float>(word >> 56) : sign * uniform;
      default: return sign * uniform;
    }
  }

  void fill(Kind kind) {
    for (float& x : a_) x = next(kind, true);
    for (float& x : b_) x = next(kind, false);
    if (kind != Kind::kCancelling) return;
    for (int64_t i = 0; i < kRows; i++) {  // the second half takes away the first but for a millionth
      for (int64_t p = 0; p < kDepth / 2; p++) a_[i * kDepth + kDepth - 1 - p] = -a_[i * kDepth + p] * 1.000001f;
    }
    for (int64_t p = 0; p < kDepth / 2; p++) {
      std::memcpy(b_ + (kDepth - 1 - p) * kCols, b_ + p * kCols, kCols * sizeof(float));
    }
  }

  PlaneResult multiply_planes(Kind kind) {
    const auto pack = table_.planes->pack[kMaxPlanes];
    PlaneBlock block{};
    if (kind == Kind::kBytes) {
      for (int64_t i = 0; i < kRows * kDepth; i++) bytes_[i] = static_cast<uint8_t>(a_[i]);
      table_.planes->pack_bytes(bytes_, kDepth, 1, kRows, kDepth, packed_a_);
      block.a_packed = block.a_planes = 1;
    } else {
      block.a_planes = pack(PlaneOperand::kA, a_, kDepth, 1, kRows, kDepth, packed_a_);
      block.a_packed = kMaxPlanes;
    }
    pack(PlaneOperand::kB, b_, 1, kCols, kCols, kDepth, packed_b_);
    block.a = packed_a_, block.b = packed_b_, block.planes = kMaxPlanes, block.scale = 1;
    block.rows = kRows, block.cols = kCols, block.k = kDepth;
    block.c = planes_c_, block.ldc = kCols;
    return table_.planes->multiply(block);
  }

  void multiply_floats() {
    const GemmKernels& kernels = table_.gemm;
    const int64_t width = kernels.vectors * kernels.lanes, height = kernels.rows[kernels.vectors];
    for (int64_t i = 0; i < kRows; i += height) {
      const int64_t rows = kRows - i < height ? kRows - i : height;
      for (int64_t j = 0; j < kCols; j += width) {
        GemmTile tile{};
        tile.a = a_ + i * kDepth, tile.a_row = kDepth, tile.a_col = 1;
        tile.b = b_ + j, tile.b_row = kCols;
        tile.c = floats_c_ + i * kCols + j, tile.ldc = kCols;
        tile.k = kDepth, tile.cols = width, tile.count = 1;
        kernels.micro[0][kernels.vectors][rows](tile);
      }
    }
  }

  bool planes_are_as_exact() const {
    double planes = 0, floats = 0;
    bool finite = true;
    for (int64_t i = kFirstChecked; i < kRows; i += kCheckedStep) {
      double sum[kCols] = {}, magnitudes[kCols] = {};
      for (int64_t p = 0; p < kDepth; p++) {
        const double x = a_[i * kDepth + p];
        for (int64_t j = 0; j < kCols; j++) {
          const double product = x * b_[p * kCols + j];
          sum[j] += product;
          magnitudes[j] += std::fabs(product);
        }
      }
      for (int64_t j = 0; j < kCols; j++) {
        const double of_planes = std::fabs(planes_c_[i * kCols + j] - sum[j]) / magnitudes[j];
        const double of_floats = std::fabs(floats_c_[i * kCols + j] - sum[j]) / magnitudes[j];
        finite = finite && of_planes < 1;
        planes = std::fmax(planes, of_planes);
        floats = std::fmax(floats, of_floats);
      }
    }
    return finite && planes <= floats;
  }

  const KernelTable& table_;
  uint64_t state_ = 1;
  alignas(64) float a_[kRows * kDepth];
  alignas(64) float b_[kDepth * kCols];
  uint8_t bytes_[kRows * kDepth];
  alignas(64) float planes_c_[kRows * kCols];
  alignas(64) float floats_c_[kRows * kCols];
  alignas(64) uint16_t packed_a_[packed_words(kRows, kDepth, kMaxPlanes)];
  alignas(64) uint16_t packed_b_[packed_words(kCols, kDepth, kMaxPlanes)];
};

}  // namespace

const char* plane_self_test(const KernelTable& table) { return std::make_unique<Trial>(table)->run(); }

}  // namespace quern
