// The generator against the authors' known answers, and what is derived from it.
#include "runtime/random.h"

#include <algorithm>
#include <vector>

#include "check.h"
#include "guarded.h"
#include "kernels/dispatch.h"
#include "kernels/philox.h"

namespace quern::test {

// From kat_vectors of the Random123 distribution: philox4x32, 10 rounds.
TEST(philox_known_answers) {
  const auto check = [](PhiloxBlock counter, uint32_t k0, uint32_t k1, PhiloxBlock expected) {
    const PhiloxBlock words = philox(counter, k0, k1);
    for (int i = 0; i < 4; i++) CHECK_EQUAL(words.word[i], expected.word[i]);
  };
  check({{0, 0, 0, 0}}, 0, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  check({{~0u, ~0u, ~0u, ~0u}}, ~0u, ~0u, {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  check({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0,
        {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

// Also where the low word of the counter wraps.
TEST(random_words_are_those_of_philox) {
  for_each_table([](const KernelTable& table) {
    for (const uint64_t first : {uint64_t{0}, uint64_t{48}, (uint64_t{5} << 32) - 16}) {
      for (const int64_t blocks : {0, 16, 48}) {
        std::vector<uint32_t> words(static_cast<size_t>(4 * blocks + 1), 7);
        table.random_words(first, blocks, 3, 4, {5, 6}, words.data());
        for (int64_t i = 0; i < 4 * blocks; i++) {
          const uint64_t counter = first + static_cast<uint64_t>(i) / 4;
          const PhiloxBlock block =
              philox({{static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32), 3, 4}}, 5, 6);
          CHECK_EQUAL(words[static_cast<size_t>(i)], block.word[i % 4]);
        }
        CHECK_EQUAL(words.back(), 7u);
      }
    }
  });
}

TEST(random_words_can_be_cut_anywhere) {
  for_each_table([](const KernelTable& table) {
    std::vector<uint32_t> whole(601), part(601);
    random_words(table, 9, 3, 5, whole.data(), 601);
    for (int64_t cut : {1, 2, 3, 4, 50, 251, 507}) {
      random_words(table, 9, 3, 5, part.data(), cut);
      random_words(table, 9, 3, 5 + static_cast<uint64_t>(cut), part.data() + cut, 601 - cut);
      CHECK(part == whole);
    }
    random_words(table, 9, 4, 5, part.data(), 601);
    CHECK(part != whole);
  });
}

TEST(random_uniform_is_made_of_the_words_of_its_stream) {
  for_each_table([&](const KernelTable& table) {
    std::vector<uint32_t> words(2 * 1301);
    random_words(table, 9, 3, 0, words.data(), 2 * 1301);
    for (int64_t count : {0, 1, 2, 31, 512, 1301}) {
      std::vector<float> numbers(1302, 7.0f);
      random_uniform(table, 9, 3, -3.0, 5.0, numbers.data(), count);
      for (int64_t i = 0; i < count; i++) {
        const auto at = static_cast<size_t>(i);
        const double unit = ((words[2 * at] >> 5) * 0x1p26 + (words[2 * at + 1] >> 6)) * 0x1p-53;
        CHECK_EQUAL(numbers[at], static_cast<float>(-3.0 + 5.0 * unit));
      }
      CHECK_EQUAL(numbers[static_cast<size_t>(count)], 7.0f);
    }
  });
}

static std::vector<uint32_t> permuted(int64_t rows, uint64_t seed, uint64_t epoch) {
  std::vector<uint32_t> order(static_cast<size_t>(rows));
  permutation(best_table(), rows, seed, epoch, order.data());
  return order;
}

TEST(permutation_visits_every_row_once) {
  for (int64_t rows : {0, 1, 2, 10, 1000}) {
    std::vector<uint32_t> order = permuted(rows, 4, 2);
    std::sort(order.begin(), order.end());
    for (size_t i = 0; i < order.size(); i++) CHECK_EQUAL(order[i], i);
  }
}

TEST(permutation_is_the_same_in_every_instruction_set) {
  const std::vector<uint32_t> expected = permuted(1000, 4, 2);
  for_each_table([&](const KernelTable& table) {
    std::vector<uint32_t> order(1000);
    permutation(table, 1000, 4, 2, order.data());
    CHECK(order == expected);
  });
}

TEST(permutation_depends_on_seed_and_epoch) {
  CHECK(permuted(100, 1, 0) == permuted(100, 1, 0));
  CHECK(permuted(100, 1, 0) != permuted(100, 1, 1));
  CHECK(permuted(100, 1, 0) != permuted(100, 2, 0));
  CHECK(permuted(100, 1, 1) != permuted(100, 2, 0));  // seed and epoch do not merely add up
  CHECK(permuted(100, 1ull << 40, 0) != permuted(100, 0, 0));
}

// All 24 orders of four rows, over many epochs: each is met with its share, within five standard deviations.
TEST(permutation_is_unbiased) {
  constexpr int kEpochs = 24000;
  int met[256] = {};
  for (uint64_t epoch = 0; epoch < kEpochs; epoch++) {
    const std::vector<uint32_t> order = permuted(4, 17, epoch);
    met[order[0] | order[1] << 2 | order[2] << 4 | order[3] << 6]++;
  }
  const double expected = kEpochs / 24.0, deviation = std::sqrt(expected * (1 - 1 / 24.0));
  int orders = 0;
  for (int count : met) {
    if (count == 0) continue;
    orders++;
    CHECK_NEAR(count, expected, 5 * deviation);
  }
  CHECK_EQUAL(orders, 24);
}

}  // namespace quern::test
