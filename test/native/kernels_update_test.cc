// Optimizer updates against double formulas, and dropout against the scalar generator.
#include <cmath>

#include "check.h"
#include "guarded.h"

namespace quern::test {
namespace {

constexpr double kSgdRoundings = 4, kAdamRoundings = 12;

struct SgdCase {
  bool momentum, nesterov;
  float decay;
};

void check_sgd(const KernelTable& table, int64_t n, SgdCase c) {
  const SgdScalars s{0.05f, 0.9f, c.decay};
  Floats w(random_floats(n, -1, 1, 31)), g(random_floats(n, -3, 3, 32), 2), m(random_floats(n, -1, 1, 33), 3);
  const std::vector<float> w0(w.data(), w.data() + n), m0(m.data(), m.data() + n);
  table.sgd(w.data(), g.data(), c.momentum ? m.data() : nullptr, n, s, c.nesterov);
  CHECK(w.intact() && m.intact());
  for (int64_t i = 0; i < n; i++) {
    const auto k = static_cast<size_t>(i);
    const double step = double{s.learning_rate} * g[i], weight = w0[k] - double{w0[k]} * s.decay;
    const double velocity = c.momentum ? double{s.momentum} * m0[k] - step : -step;
    const double move = c.momentum && c.nesterov ? s.momentum * velocity - step : velocity;
    const double size = std::fabs(w0[k]) + std::fabs(m0[k]) + 2 * std::fabs(step);
    CHECK_NEAR(w[i], weight + move, kSgdRoundings * kRounding * size);
    if (c.momentum) CHECK_NEAR(m[i], velocity, kSgdRoundings * kRounding * size);
    if (!c.momentum) CHECK_EQUAL(m[i], m0[k]);
  }
}

TEST(sgd_of_every_length) {
  for_each_table([](const KernelTable& table) {
    for (const int64_t n : lengths(table.lanes)) {
      for (const float decay : {0.0f, 0.01f}) {
        check_sgd(table, n, {false, false, decay});
        check_sgd(table, n, {true, false, decay});
        check_sgd(table, n, {true, true, decay});
      }
    }
  });
}

void check_adam(const KernelTable& table, int64_t n, bool amsgrad, float decay) {
  const AdamScalars s{0.01f, 0.9f, 0.999f, 1e-7f, decay};
  Floats w(random_floats(n, -1, 1, 34)), g(random_floats(n, -3, 3, 35), 2), m(random_floats(n, -1, 1, 36), 3);
  Floats v(random_floats(n, 0.01f, 2, 37)), vhat(random_floats(n, 0.01f, 2, 38), 2);
  const std::vector<float> w0(w.data(), w.data() + n), m0(m.data(), m.data() + n), v0(v.data(), v.data() + n),
      vhat0(vhat.data(), vhat.data() + n);
  table.adam(w.data(), g.data(), m.data(), v.data(), amsgrad ? vhat.data() : nullptr, n, s);
  CHECK(w.intact() && m.intact() && v.intact() && vhat.intact());
  for (int64_t i = 0; i < n; i++) {
    const auto k = static_cast<size_t>(i);
    const double share1 = 1 - double{s.beta1}, share2 = 1 - double{s.beta2};
    const double first = m0[k] + (double{g[i]} - m0[k]) * share1;
    const double second = v0[k] + (double{g[i]} * g[i] - v0[k]) * share2;
    const double root = std::sqrt(amsgrad ? std::fmax(vhat0[k], second) : second) + s.epsilon;
    const double exact = w0[k] - double{w0[k]} * decay - s.alpha * first / root;
    const double m_size = std::fabs(m0[k]) + std::fabs(g[i]), v_size = v0[k] + double{g[i]} * g[i] * share2;
    CHECK_NEAR(m[i], first, kSgdRoundings * kRounding * m_size);
    CHECK_NEAR(v[i], second, kSgdRoundings * kRounding * v_size);
    CHECK_EQUAL(vhat[i], amsgrad ? std::fmax(vhat0[k], v[i]) : vhat0[k]);
    CHECK_NEAR(w[i], exact, kAdamRoundings * kRounding * (std::fabs(w0[k]) + s.alpha * m_size / root));
  }
}

TEST(adam_of_every_length) {
  for_each_table([](const KernelTable& table) {
    for (const int64_t n : lengths(table.lanes)) {
      for (const float decay : {0.0f, 0.01f}) {
        check_adam(table, n, false, decay);
        check_adam(table, n, true, decay);
      }
    }
  });
}

TEST(an_update_does_not_depend_on_how_the_range_is_cut) {
  for_each_table([](const KernelTable& table) {
    constexpr int64_t kCount = 203, kCut = 37;
    const std::vector<float> start = random_floats(kCount, -1, 1, 39), g = random_floats(kCount, -1, 1, 40);
    std::vector<float> w = start, m = g, cut_w = start, cut_m = g;
    const SgdScalars s{0.05f, 0.9f, 0.001f};
    table.sgd(w.data(), g.data(), m.data(), kCount, s, true);
    table.sgd(cut_w.data(), g.data(), cut_m.data(), kCut, s, true);
    table.sgd(cut_w.data() + kCut, g.data() + kCut, cut_m.data() + kCut, kCount - kCut, s, true);
    CHECK(w == cut_w && m == cut_m);
  });
}

TEST(weights_that_are_infinite_stay_so_without_decay) {
  for_each_table([](const KernelTable& table) {
    float w = INFINITY;
    const float g = 1;
    table.sgd(&w, &g, nullptr, 1, {0.1f, 0, 0}, false);
    CHECK_EQUAL(w, INFINITY);
  });
}

TEST(an_update_says_whether_its_weights_are_finite) {
  for_each_table([](const KernelTable& table) {
    for (const int64_t n : lengths(table.lanes)) {
      for (int64_t bad = -1; bad < n; bad++) {
        for (const float value : {INFINITY, NAN}) {
          std::vector<float> w(n, 1), g(n), m(n), v(n);
          if (bad >= 0) w[bad] = value;
          CHECK_EQUAL(table.sgd(w.data(), g.data(), nullptr, n, {0.1f, 0, 0}, false), bad < 0);
          CHECK_EQUAL(table.sgd(w.data(), g.data(), m.data(), n, {0.1f, 0.9f, 0.01f}, true), bad < 0);
          const AdamScalars scalars{0.1f, 0.9f, 0.9f, 1e-7f, 0};
          CHECK_EQUAL(table.adam(w.data(), g.data(), m.data(), v.data(), nullptr, n, scalars), bad < 0);
        }
      }
    }
  });
}

// The element's mask as kernel_table.h defines it.
bool is_kept(int64_t element, float rate, uint32_t step, uint32_t stream, RandomKey key) {
  const auto counter = static_cast<uint64_t>(element) / 4;
  const PhiloxBlock block = philox(
      {{static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32), step, stream}}, key.k0, key.k1);
  return block.word[element % 4] >= std::floor(double{rate} * 0x1p32 + 0.5);
}

TEST(dropout_of_every_length_and_first_element) {
  constexpr RandomKey kKey{0x12345678u, 0x9abcdef0u};
  for_each_table([&](const KernelTable& table) {
    for (const int64_t n : lengths(table.lanes)) {
      for (const int64_t first : {int64_t{0}, int64_t{1}, int64_t{6}, int64_t{1023}, int64_t{17179869181}}) {
        for (const float rate : {0.0f, 0.25f, 0.5f, 0.999f, 1.0f}) {
          Floats x(random_floats(n, 1, 2, 41)), y(n, 2);
          table.dropout(x.data(), y.data(), n, first, rate, 7, 3, kKey);
          CHECK(y.intact());
          for (int64_t i = 0; i < n; i++) {
            const bool kept = is_kept(first + i, rate, 7, 3, kKey);
            CHECK_EQUAL(y[i], kept ? x[i] * (1.0f / (1.0f - rate)) : 0.0f);
          }
        }
      }
    }
  });
}

TEST(dropout_keeps_the_share_it_should) {
  constexpr int64_t kCount = 100'000;
  for_each_table([](const KernelTable& table) {
    const std::vector<float> x(kCount, 1.0f);
    std::vector<float> y(kCount);
    table.dropout(x.data(), y.data(), kCount, 0, 0.3f, 0, 0, {1, 2});
    double kept = 0;
    for (const float value : y) kept += value != 0;
    // Six standard deviations of a binomial count.
    CHECK_NEAR(kept / kCount, 0.7, 6 * std::sqrt(0.3 * 0.7 / kCount));
  });
}

TEST(philox_gives_the_published_words) {
  // Known answers of the authors' Random123 library.
  const PhiloxBlock zeros = philox({{0, 0, 0, 0}}, 0, 0);
  const uint32_t expected[4] = {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u};
  for (int i = 0; i < 4; i++) CHECK_EQUAL(zeros.word[i], expected[i]);
  const PhiloxBlock pi = philox({{0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}}, 0xa4093822u, 0x299f31d0u);
  const uint32_t expected_pi[4] = {0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u};
  for (int i = 0; i < 4; i++) CHECK_EQUAL(pi.word[i], expected_pi[i]);
}

}  // namespace
}  // namespace quern::test
