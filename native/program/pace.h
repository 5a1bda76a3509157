// Finds out while a job runs whether its steps are faster with helpers or without: small programs may lose more by
// waiting than they gain, and where other processes keep the cores busy a helper only comes late. Decides nothing but
// who computes, so no result depends on it.
#pragma once
#include <chrono>
#include <cstdint>

namespace quern {

class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  // Before the first step of a span with so many workers: what was found out with as many holds on.
  void begin(int workers, Clock::time_point now = Clock::now()) noexcept;
  // Whether the next step should run on the driver alone.
  bool alone() const { return alone_; }

  // After each step: how long the driver waited for helpers in it.
  void step_done(int64_t waited_nanoseconds, Clock::time_point now = Clock::now()) noexcept;

 private:
  void start_block(Clock::time_point now) noexcept;
  void judge(double step_time, double waiting) noexcept;

  // Steps are timed in blocks, long enough to even out one preemption; a way of working that lost a comparison is tried
  // again after some blocks, twice as many each time up to about half a second, so trials cost little. Together is only
  // questioned when the driver waits for a good part of its time.
  static constexpr int kLeastSteps = 8, kFewestBlocks = 16, kMostBlocks = 128;
  static constexpr std::chrono::milliseconds kLeastTime{3}, kEnoughTime{12};
  static constexpr double kMuchWaiting = 0.3;

  bool alone_ = false, trial_ = false;
  double step_time_[2] = {};  // of the last block together, alone
  int blocks_left_ = 1;       // before the next trial
  int blocks_between_ = kFewestBlocks;
  int workers_ = 0;
  int steps_ = 0;
  int64_t waited_ = 0;
  Clock::time_point start_;
};

}  // namespace quern
