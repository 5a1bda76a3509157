// The slab's layout, and the gate: whoever looks while a job trains sees the weights of one finished step.
#include "program/parameters.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "check.h"

namespace quern::test {

static std::shared_ptr<Parameters> make(int slots) {
  std::shared_ptr<Parameters> parameters;
  CHECK_EQUAL(Parameters::create({{"w", {3, 7}}, {"none", {0, 5}}, {"b", {16}}, {"c", {}}}, slots, &parameters), "");
  return parameters;
}

TEST(parameters_layout) {
  const auto p = make(0);
  CHECK_EQUAL(p->count(), 4);
  CHECK_EQUAL(p->size(0), 21);
  CHECK_EQUAL(p->offset(1), 32);
  CHECK_EQUAL(p->offset(2), 32);
  CHECK_EQUAL(p->offset(3), 48);
  CHECK_EQUAL(p->size(3), 1);
  CHECK_EQUAL(p->slab_size(), 64);
  CHECK_EQUAL(p->range_size(0, 2), 32);
  CHECK_EQUAL(p->range_size(2, 2), 32);
}

TEST(parameters_refuse_impossible_shapes) {
  std::shared_ptr<Parameters> parameters;
  CHECK(!Parameters::create({{"w", {-1}}}, 0, &parameters).empty());
  CHECK(!Parameters::create({{"w", {INT64_MAX, 2}}}, 0, &parameters).empty());
  const int64_t half = int64_t{1} << 55;
  CHECK(!Parameters::create({{"w", {half}}, {"v", {half}}, {"u", {1}}}, 0, &parameters).empty());
  CHECK(parameters == nullptr);
}

TEST(parameters_read_and_write) {
  const auto p = make(1);
  std::vector<float> values(21, 2.5f), out(21), slab(64, 9.0f);
  const uint64_t version = p->version();
  CHECK(p->write(0, -1, values.data()));
  CHECK(p->version() != version);
  CHECK(p->read(0, -1, out.data()));
  CHECK(out == values);
  CHECK(p->read(0, 0, out.data()));
  CHECK_EQUAL(out[0], 0.0f);
  // Writing the whole slab leaves the padding zero.
  CHECK(p->write(-1, 0, slab.data()));
  CHECK(p->read(-1, 0, slab.data()));
  CHECK_EQUAL(slab[20], 9.0f);
  CHECK_EQUAL(slab[21], 0.0f);
  CHECK_EQUAL(slab[47], 9.0f);
  CHECK_EQUAL(slab[49], 0.0f);
  CHECK(p->reset_slots(2));
  CHECK(p->read(0, 0, out.data()));
  CHECK_EQUAL(out[0], 0.0f);
}

TEST(parameters_snapshots_are_shared_until_something_changes) {
  const auto p = make(0);
  const auto first = p->snapshot(), again = p->snapshot();
  CHECK(first == again);
  const float values[16] = {4};
  CHECK(p->write(2, -1, values));
  const auto later = p->snapshot();
  CHECK(later != first);
  CHECK_EQUAL(later->weights.data()[32], 4.0f);
  CHECK_EQUAL(first->weights.data()[32], 0.0f);
}

// Only jobs that train see the panels, which outlive them; the padding stays where it is.
TEST(parameters_in_panels_are_read_row_major) {
  std::shared_ptr<Parameters> p;
  CHECK_EQUAL(Parameters::create({{"v", {3, 7}}, {"w", {5, 130}}, {"b", {9}}}, 2, &p), "");
  std::vector<float> values(static_cast<size_t>(p->slab_size())), seen(values.size());
  for (int slot = -1; slot < 2; slot++) {
    for (size_t i = 0; i < values.size(); i++) values[i] = static_cast<float>(i) + 1000.0f * static_cast<float>(slot);
    CHECK(p->write(-1, slot, values.data()));
  }
  const auto same = [&](int slot) {
    std::vector<float> expected(values.size());
    CHECK(p->read(-1, slot, expected.data()));
    return expected;
  };
  const std::vector<float> before[] = {same(-1), same(0), same(1)};
  CHECK(p->try_begin_training());
  CHECK(p->lay_panels({{1, 5, 130}}));
  CHECK_EQUAL(p->slab(-1)[p->offset(1) + 64], p->slab(-1)[p->offset(1)] + 130);  // the second row of the first panel
  for (int slot = -1; slot < 2; slot++) CHECK(same(slot) == before[slot + 1]);
  p->begin_step();
  p->slab(-1)[p->offset(1) + 5 * 64] = -7;  // row 0, column 64
  p->end_step(true);
  std::vector<float> changed = before[0];
  changed[static_cast<size_t>(p->offset(1)) + 64] = -7;
  CHECK(same(-1) == changed);
  p->end_training();
  CHECK_EQUAL(p->slab(-1)[p->offset(1) + 5 * 64], -7);
  CHECK(same(-1) == changed);
  CHECK(same(1) == before[2]);
  const auto begin = changed.begin() + p->offset(1);
  std::vector<float> w(5 * 130);
  CHECK(p->read(1, -1, w.data()));
  CHECK(std::equal(w.begin(), w.end(), begin));
  CHECK(p->lay_panels({{1, 130, 5}}));
  CHECK(same(-1) == changed);
  CHECK(p->lay_panels({{1, 5, 130}, {0, 3, 7}}));
  CHECK(same(-1) == changed);
  w[64] = -8, changed[static_cast<size_t>(p->offset(1)) + 64] = -8;
  CHECK(p->write(1, -1, w.data()));
  CHECK(same(-1) == changed);
  CHECK(p->lay_panels({{1, 5, 130}}));
  p->lay_rows();
  CHECK_EQUAL(p->slab(-1)[p->offset(1) + 64], -8);
  CHECK(same(-1) == changed);
  CHECK(same(1) == before[2]);
}

TEST(parameters_refuse_a_second_training) {
  const auto p = make(0);
  CHECK(p->try_begin_training());
  CHECK(!p->try_begin_training());
  const float value = 1;
  CHECK(!p->write(3, -1, &value));
  CHECK(!p->reset_slots(1));
  p->end_training();
  CHECK(p->write(3, -1, &value));
}

// Steps that keep all floats equal: a reader that saw a step half done would see two values. Plain floats, so that the
// thread sanitizer sees a missing edge.
TEST(parameters_are_never_seen_half_a_step) {
  std::shared_ptr<Parameters> p;
  CHECK_EQUAL(Parameters::create({{"w", {10000}}}, 1, &p), "");
  CHECK(p->try_begin_training());
  std::atomic<int> readers{3};
  std::thread trainer([&] {
    for (int step = 1; readers.load(std::memory_order_acquire) > 0; step++) {
      p->begin_step();
      for (int slot = -1; slot < 1; slot++) {
        for (int64_t i = 0; i < p->slab_size(); i++) p->slab(slot)[i] = static_cast<float>(step);
      }
      p->end_step(true);
    }
    p->end_training();
  });
  std::vector<std::thread> threads;
  for (int r = 0; r < 3; r++) {
    threads.emplace_back([&, r] {
      uint64_t last = 0;
      for (int i = 0; i < 200; i++) {
        const auto snapshot = p->snapshot(r == 0);
        const float value = snapshot->weights.data()[0];
        const auto torn = [&](const Arena& slab) {
          return std::any_of(slab.data(), slab.data() + slab.size(), [&](float seen) { return seen != value; });
        };
        CHECK(!torn(snapshot->weights));
        if (r == 0) CHECK(!torn(snapshot->slots[0]));
        CHECK(snapshot->version >= last);
        last = snapshot->version;
      }
      readers.fetch_sub(1, std::memory_order_acq_rel);
    });
  }
  for (std::thread& thread : threads) thread.join();
  trainer.join();
  CHECK(!p->training());
}

// A step that bad data ended has changed nothing.
TEST(parameters_version_counts_finished_steps) {
  const auto p = make(0);
  const uint64_t before = p->version();
  p->begin_step();
  p->end_step(false);
  CHECK_EQUAL(p->version(), before);
  p->begin_step();
  p->end_step(true);
  CHECK_EQUAL(p->version(), before + 1);
}

TEST(parameters_leave_no_memory_behind) {
  const int64_t bytes = Arena::live_bytes();
  const int objects = Parameters::live();
  {
    const auto p = make(3);
    CHECK_EQUAL(Arena::live_bytes() - bytes, 4 * 64 * 4);
    p->snapshot(true);
  }
  CHECK_EQUAL(Arena::live_bytes(), bytes);
  CHECK_EQUAL(Parameters::live(), objects);
}

}  // namespace quern::test
