// A program's way of working is chosen by the time of its steps: here by a clock that the test sets.
#include "program/pace.h"

#include "check.h"

namespace quern::test {
namespace {

using std::chrono::microseconds;

// Steps of so many microseconds together and alone, of which the driver waits a part when it is not alone.
struct Machine {
  int64_t together, alone;
  double waiting;
};

class Run {
 public:
  explicit Run(int workers) { begin(workers); }
  void begin(int workers, bool goes_on = true) { pace_.begin(workers, goes_on, now_); }
  void pass(microseconds time) { now_ += time; }
  bool alone() const { return pace_.alone(); }

  // The share of `count` steps that ran alone.
  double steps(const Machine& machine, int count, int64_t rows = 32) {
    int alone = 0;
    for (int i = 0; i < count; i++) {
      const bool is_alone = pace_.alone();
      const int64_t step = is_alone ? machine.alone : machine.together;
      now_ += microseconds(step);
      alone += is_alone;
      const double waited = is_alone ? 0 : machine.waiting * static_cast<double>(step) * 1000;
      pace_.step_done(rows, static_cast<int64_t>(waited), now_);
    }
    return static_cast<double>(alone) / count;
  }

 private:
  Pace pace_;
  Pace::Clock::time_point now_{};
};

const Machine kQuiet{350, 650, 0.05}, kBusy{3000, 650, 0.7};

}  // namespace

TEST(pace_works_together_where_nobody_waits) { CHECK_EQUAL(Run(2).steps(kQuiet, 5000), 0.0); }

TEST(pace_works_alone_on_a_busy_machine_and_tries_seldom) {
  Run run(2);
  run.steps(kBusy, 50);
  CHECK(run.alone());
  CHECK(run.steps(kBusy, 20000) > 0.99);
}

TEST(pace_comes_back_when_the_machine_is_quiet_again) {
  Run run(2);
  run.steps(kBusy, 5000);
  // A trial is at most 128 blocks of 3 ms away, and then lasts.
  run.steps(kQuiet, 1000);
  CHECK_EQUAL(run.steps(kQuiet, 2000), 0.0);
}

TEST(pace_finds_out_from_spans_of_one_step) {
  Run run(2);
  for (int span = 0; span < 200; span++) {
    run.pass(microseconds(5000));  // that no span had
    run.begin(2);
    run.steps(kBusy, 1);
  }
  CHECK(run.alone());
}

TEST(pace_finds_out_nothing_from_one_step_of_training) {
  Run run(2);
  for (int span = 0; span < 200; span++) {
    run.begin(2, false);
    CHECK_EQUAL(run.steps(kBusy, 1), 0.0);
  }
}

TEST(pace_does_not_count_the_time_between_spans) {
  Run run(2);
  run.steps(kBusy, 50);
  CHECK(run.alone());
  // The first trial comes after two blocks of at least 3 ms.
  double alone = 0;
  for (int span = 0; span < 8; span++) {
    run.pass(microseconds(5000));
    run.begin(2);
    alone += run.steps(kBusy, 1) / 8;
  }
  CHECK_EQUAL(alone, 1.0);
}

TEST(pace_compares_the_times_of_rows) {
  const Machine large{3000, 650, 0.7}, small{600, 160, 0.7};
  Run run(2);
  run.steps(large, 50);
  double alone = 0;
  for (int step = 0; step < 20000; step++) alone += run.alone() ? run.steps(large, 1, 32) : run.steps(small, 1, 8);
  CHECK(alone > 0.98 * 20000);
}

TEST(pace_remembers_for_as_many_workers) {
  Run run(2);
  run.steps(kBusy, 50);
  run.begin(2);
  CHECK(run.alone());
  run.begin(1);  // a span's end; says nothing
  run.begin(2);
  CHECK(run.alone());
  run.begin(3);
  CHECK(!run.alone());
}

}  // namespace quern::test
