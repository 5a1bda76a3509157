// Splitting floats into planes, packing them, the model of AMX's product, and the self-test.
#include <array>
#include <cmath>
#include <limits>

#include "check.h"
#include "guarded.h"
#include "kernels/plane_self_test.h"
#include "model/table.h"
#include "runtime/arena.h"

#if defined(__x86_64__)

namespace quern::test {
namespace {

float as_float(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
float plane_value(uint16_t word) { return as_float(uint32_t{word} << 16); }

// Where word p of a line is (plane_kernels.h).
int64_t word_of(PlaneOperand operand, int64_t lines, int planes, int64_t line, int64_t p, int plane) {
  const int64_t tiles = (lines + kPlaneLines - 1) / kPlaneLines, step = p / kPlaneStep, within = p % kPlaneStep;
  const int64_t pair = within % kPlaneLines, half = within / kPlaneLines, l = line % kPlaneLines;
  const int64_t tile = (step * planes + plane) * tiles + line / kPlaneLines;
  const int64_t row = operand == PlaneOperand::kA ? l : pair, column = operand == PlaneOperand::kA ? pair : l;
  return tile * kTileWords + row * kPlaneStep + 2 * column + half;
}

// Aligned memory for packed lines, and a guard behind it.
class Packed {
 public:
  Packed(int64_t lines, int64_t k, int planes) : count_(packed_words(lines, k, planes)) {
    if (!memory_.allocate(count_ / 2 + 16)) fail(__FILE__, __LINE__, "no memory");
    words()[count_] = kGuardWord;
  }
  uint16_t* words() { return reinterpret_cast<uint16_t*>(memory_.data()); }
  bool guard_stands() { return words()[count_] == kGuardWord; }

 private:
  static constexpr uint16_t kGuardWord = 0x5555;
  int64_t count_;
  Arena memory_;
};

// Floats of every magnitude, with bits everywhere.
std::vector<float> any_floats(int64_t n, uint32_t stream) {
  std::vector<float> values(static_cast<size_t>(n));
  for (size_t i = 0; i < values.size(); i++) {
    const PhiloxBlock words = philox({{static_cast<uint32_t>(i), 0, 0, stream}}, 1, 2);
    const float fraction = static_cast<float>(words.word[0] | 1) * 0x1p-32f;
    values[i] = std::ldexp(words.word[2] % 2 ? fraction : -fraction, static_cast<int>(words.word[1] % 160) - 80);
  }
  return values;
}

TEST(planes_add_up_to_the_floats_in_every_layout) {
  const ModelTable model;
  if (!model.get()) return;
  for (const PlaneOperand operand : {PlaneOperand::kA, PlaneOperand::kB}) {
    for (const bool along_k : {true, false}) {
      for (const auto& [lines, k] : std::vector<std::pair<int64_t, int64_t>>{{1, 2}, {16, 32}, {17, 33}, {32, 64},
                                                                              {5, 100}, {64, 48}, {31, 17}}) {
        for (int planes = 1; planes <= kMaxPlanes; planes++) {
          const std::vector<float> x = any_floats(lines * k, 1);
          Packed packed(lines, k, planes);
          uint16_t* const words = packed.words();
          const int64_t line_stride = along_k ? k : 1, k_stride = along_k ? 1 : lines;
          const int used = model.get()->planes->pack[planes](operand, x.data(), line_stride, k_stride, lines, k, words);
          CHECK_EQUAL(used, planes);
          const int64_t all_lines = (lines + 15) / 16 * 16, all_k = (k + 31) / 32 * 32;
          bool right = true;
          for (int64_t l = 0; l < all_lines; l++) {
            for (int64_t p = 0; p < all_k; p++) {
              const bool real = l < lines && p < k;
              const float value = real ? x[static_cast<size_t>(l * line_stride + p * k_stride)] : 0;
              float sum = 0;
              for (int plane = planes; plane-- > 0;) {
                sum += plane_value(words[word_of(operand, lines, planes, l, p, plane)]);
              }
              const float error = std::fabs(sum - value);
              right = right && error <= std::ldexp(std::fabs(value), planes == 1 ? -8 : planes == 2 ? -17 : -1000);
            }
          }
          CHECK(right);
          CHECK(packed.guard_stands());
        }
      }
    }
  }
}

// The largest remainders, halves, and what the derivation in plane_kernels.h says of them.
TEST(planes_have_no_more_bits_than_derived) {
  const ModelTable model;
  if (!model.get()) return;
  Packed packed(1, 32, 3);
  for (uint32_t low = 0; low < 0x800000; low += 32 * 7) {
    float x[32];
    for (uint32_t i = 0; i < 32; i++) x[i] = as_float(0x3f800000 | ((low + 7 * i) & 0x7fffff));
    model.get()->planes->pack[3](PlaneOperand::kA, x, 32, 1, 1, 32, packed.words());
    bool right = true;
    for (int64_t p = 0; p < 32; p++) {
      float plane[3];
      for (int i = 0; i < 3; i++) plane[i] = plane_value(packed.words()[word_of(PlaneOperand::kA, 1, 3, 0, p, i)]);
      right = right && plane[0] + plane[1] + plane[2] == x[p] && std::fabs(plane[1]) <= 0x1p-8f &&
              std::fabs(plane[2]) <= 0x1p-17f;
    }
    CHECK(right);
    if (!right) return;
  }
}

TEST(planes_that_are_zero_throughout_are_counted_out) {
  const ModelTable model;
  if (!model.get()) return;
  Packed packed(16, 64, 3);
  const auto planes_of = [&](const std::vector<float>& x) {
    return model.get()->planes->pack[3](PlaneOperand::kA, x.data(), 64, 1, 16, 64, packed.words());
  };
  std::vector<float> x(16 * 64);
  CHECK_EQUAL(planes_of(x), 1);
  for (size_t i = 0; i < x.size(); i++) x[i] = static_cast<float>(i % 257) - 128;
  CHECK_EQUAL(planes_of(x), 1);
  x[1000] = 257;
  CHECK_EQUAL(planes_of(x), 2);
  x[1000] = as_float(0x3f807f3f);
  CHECK_EQUAL(planes_of(x), 3);
  x[1000] = 1.0f / 3;
  CHECK_EQUAL(planes_of(x), 3);
}

TEST(planes_keep_nan_and_inf) {
  const ModelTable model;
  if (!model.get()) return;
  Packed packed(1, 32, 3);
  for (int planes = 1; planes <= kMaxPlanes; planes++) {
    for (const uint32_t bits : {0x7f800000u, 0xff800000u, 0x7fc00000u, 0xffffffffu, 0x7fffffffu, 0x7f800001u}) {
      float x[32] = {as_float(bits)};
      model.get()->planes->pack[planes](PlaneOperand::kA, x, 32, 1, 1, 32, packed.words());
      float sum = 0;
      for (int i = 0; i < planes; i++) {
        sum += plane_value(packed.words()[word_of(PlaneOperand::kA, 1, planes, 0, 0, i)]);
      }
      CHECK(!std::isfinite(sum));
      if (std::isnan(x[0])) CHECK(std::isnan(plane_value(packed.words()[0])));
    }
  }
}

// The model against examples worked out by hand from the manual.
struct DotExample {
  float c, x0, y0, x1, y1;  // the first pair; all others are zero
  float expected;
};
TEST(the_model_multiplies_as_the_manual_says) {
  const ModelTable model;  // it is compiled with the packing, for AVX-512
  if (!model.get()) return;
  const float tiny = 0x1p-126f, inf = std::numeric_limits<float>::infinity();
  const DotExample examples[] = {
      {1, 2, 3, 4, 5, 27},
      {0, 0x1p-127f, 0x1p100f, 0, 0, 0},                // a denormal input is zero
      {0, 0x1p-70f, 0x1p-70f, 0, 0, 0},                 // a denormal result too
      {0, tiny, 1, 0, 0, tiny},
      {-tiny * 1.5f, tiny, 1, 0, 0, 0},                 // and a denormal sum
      {0x1p24f, 1, 1, 1, 1, 0x1p24f + 2},               // the pair is added up before it is added
      {0x1p24f, 1, 1, 0, 0, 0x1p24f},                   // a half goes to the even
      {0x1p24f + 2, 1, 1, 0, 0, 0x1p24f + 4},
      {0, 0x1p127f, 2, 0x1p127f, -2, std::numeric_limits<float>::quiet_NaN()},
      {0, 0x1p127f, 2, 1, 1, inf}};
  for (const DotExample& e : examples) {
    float c[256] = {e.c};
    uint16_t a[512] = {}, b[512] = {};
    const auto word = [](float x) {
      uint32_t bits;
      std::memcpy(&bits, &x, sizeof bits);
      return static_cast<uint16_t>(bits >> 16);
    };
    a[0] = word(e.x0), a[1] = word(e.x1), b[0] = word(e.y0), b[1] = word(e.y1);
    model_dpbf16ps(c, a, b);
    if (std::isnan(e.expected)) CHECK(std::isnan(c[0]));
    else CHECK_EQUAL(c[0], e.expected);
  }
}

TEST(the_model_adds_up_pairs_in_two_chains) {
  const ModelTable model;
  if (!model.get()) return;
  // Even: 2^24 + 1 + 1 stays 2^24, rounded each time; odd: 1 + 1 = 2, exact; so 2^24 + 2.
  float c[256] = {};
  uint16_t a[512] = {}, b[512] = {};
  const uint16_t one = 0x3f80, big = 0x4b80;  // 2^24
  for (int k = 0; k < 3; k++) {
    a[2 * k] = k == 0 ? big : one;
    a[2 * k + 1] = k == 0 ? 0 : one;
    b[32 * k] = b[32 * k + 1] = one;
  }
  model_dpbf16ps(c, a, b);
  CHECK_EQUAL(c[0], 0x1p24f + 2);
}

TEST(the_self_test_accepts_the_model) {
  const ModelTable model;
  if (!model.get()) return;
  const char* const failure = plane_self_test(*model.get());
  CHECK_EQUAL(std::string(failure ? failure : ""), "");
}

// A broken kernel: the model's, and then something goes wrong.
PlaneResult multiply_two_planes(const PlaneBlock& block) noexcept {
  PlaneBlock fewer = block;
  fewer.a_planes = fewer.a_planes < 2 ? fewer.a_planes : 2;
  return kModelPlanes.multiply(fewer);
}
PlaneResult multiply_one_wrong(const PlaneBlock& block) noexcept {
  const PlaneResult result = kModelPlanes.multiply(block);
  block.c[4 * block.ldc + 63] *= 1 + 0x1p-19f;
  return result;
}
PlaneResult multiply_lost(const PlaneBlock& block) noexcept {
  lose_tiles(TileLoss::kData, 100);
  return kModelPlanes.multiply(block);
}
PlaneResult multiply_blindly(const PlaneBlock& block) noexcept {
  const PlaneResult result = kModelPlanes.multiply(block);
  return result == PlaneResult::kNotFinite ? PlaneResult::kDone : result;
}

TEST(the_self_test_refuses_what_is_wrong) {
  const ModelTable model;
  if (!model.get()) return;
  const auto refusal = [&](PlaneResult (*multiply)(const PlaneBlock&) noexcept) {
    PlaneKernels broken = kModelPlanes;
    broken.multiply = multiply;
    KernelTable table = *model.get();
    table.planes = &broken;
    const char* const failure = plane_self_test(table);
    lose_tiles(TileLoss::kNothing, 0);
    return std::string(failure ? failure : "");
  };
  CHECK_EQUAL(refusal(multiply_two_planes), "AMX's products are less exact than AVX-512's");
  CHECK_EQUAL(refusal(multiply_one_wrong), "AMX's products are less exact than AVX-512's");
  CHECK_EQUAL(refusal(multiply_lost), "AMX's tiles got lost in the self-test");
  CHECK_EQUAL(refusal(multiply_blindly), "AMX loses NaN or Inf");
}

TEST(amx_itself_where_there_is_some) {
  const KernelTable* const table = find_supported("amx");
  if (!table) {
    std::printf("skipped: AMX's own instructions (%s)\n",
                amx_state().empty() ? "the processor has none" : amx_state().c_str());
    return;
  }
  const char* const failure = plane_self_test(*table);
  CHECK_EQUAL(std::string(failure ? failure : ""), "");
}

// Numbers of many magnitudes, so that products are flushed, rounded and cancelled, and none is too large.
std::vector<float> tame_floats(int64_t n, uint32_t stream, int down) {
  std::vector<float> values = any_floats(n, stream);
  for (float& x : values) {
    int exponent;
    std::frexp(x, &exponent);
    x = std::ldexp(x, -exponent / 2 - down);
  }
  return values;
}

TEST(the_model_has_the_bits_of_amx_itself) {
  const KernelTable* const table = find_supported("amx");
  if (!table) {
    std::puts("skipped: AMX's model beside the processor");
    return;
  }
  const PlaneKernels& amx = *table->planes;
  for (int planes = 1; planes <= kMaxPlanes; planes++) {
    for (const auto& [rows, cols, k, down] :
         {std::array<int, 4>{64, 64, 160, 0}, {64, 64, 96, 50}, {33, 49, 65, 30}, {7, 16, 31, 0}}) {
      const std::vector<float> a = tame_floats(rows * k, 11, down), b = tame_floats(k * cols, 12, down);
      Packed packed_a(rows, k, planes), packed_b(cols, k, planes);
      PlaneBlock block{};
      block.a = packed_a.words(), block.b = packed_b.words();
      block.planes = block.a_packed = planes, block.scale = 1;
      block.a_planes = amx.pack[planes](PlaneOperand::kA, a.data(), k, 1, rows, k, packed_a.words());
      amx.pack[planes](PlaneOperand::kB, b.data(), 1, cols, cols, k, packed_b.words());
      block.rows = rows, block.cols = cols, block.k = k, block.ldc = cols;
      std::vector<float> c[2];
      for (const bool by_model : {false, true}) {
        c[by_model].resize(static_cast<size_t>(rows * cols));
        block.c = c[by_model].data();
        CHECK((by_model ? kModelPlanes : amx).multiply(block) == PlaneResult::kDone);
      }
      CHECK(std::memcmp(c[0].data(), c[1].data(), c[0].size() * sizeof(float)) == 0);
    }
  }
}

}  // namespace
}  // namespace quern::test

#endif
