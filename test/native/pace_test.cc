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
  void begin(int workers) { pace_.begin(workers, now_); }
  bool alone() const { return pace_.alone(); }

  // The share of `count` steps that ran alone.
  double steps(const Machine& machine, int count) {
    int alone = 0;
    for (int i = 0; i < count; i++) {
      const bool is_alone = pace_.alone();
      const int64_t step = is_alone ? machine.alone : machine.together;
      now_ += microseconds(step);
      alone += is_alone;
      pace_.step_done(is_alone ? 0 : static_cast<int64_t>(machine.waiting * static_cast<double>(step) * 1000), now_);
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
