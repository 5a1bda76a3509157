// Finds out while jobs run whether their steps are faster with helpers or without: small programs may lose more by
// waiting than they gain, and where other processes keep the cores busy, or waking a thread takes long, a helper only
// comes late. Decides nothing but who computes, so no result depends on it.
#pragma once
#include <chrono>
#include <cstdint>

namespace quern {

class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  // Before the first step of a span that so many workers may have, and before helpers are woken for it: that is part of
  // what they cost. What was found out with as many workers holds on. The block at hand goes on where it may, since many
  // a prediction is one short step; not in training: a helper may sleep between the first steps of a loop of
  // trainOnBatch, and a verdict on those would keep it from the later ones, when it no longer does.
  void begin(int workers, bool goes_on, Clock::time_point now = Clock::now()) noexcept;
  // Whether the next step should run on the driver alone.
  bool alone() const { return alone_; }

  // After each step: its rows, and how long the driver waited for helpers in it.
  void step_done(int64_t rows, int64_t waited_nanoseconds, Clock::time_point now = Clock::now()) noexcept;

 private:
  void start_block() noexcept;
  void judge(double row_time, double waiting) noexcept;

  // Steps are timed in blocks, long enough to even out one preemption; a way of working that lost a comparison is tried
  // again after some blocks, twice as many each time up to about half a second, so trials cost little. Together is only
  // questioned when the driver waits for a good part of its time. The first steps of a way of working are not timed:
  // they wake helpers that slept, or fill caches.
  static constexpr int kUnsettledSteps = 4, kLeastSteps = 8, kFewestBlocks = 2, kMostBlocks = 128;
  static constexpr std::chrono::milliseconds kLeastTime{3}, kEnoughTime{12};
  static constexpr double kMuchWaiting = 0.45;

  bool alone_ = false, trial_ = false;
  double row_time_[2] = {};   // of the last block together, alone
  int blocks_left_ = 1;       // before the next trial
  int blocks_between_ = kFewestBlocks;
  int workers_ = 0;
  int unsettled_ = kUnsettledSteps;  // steps to come before the block at hand
  int steps_ = 0;
  int64_t rows_ = 0, waited_ = 0;
  Clock::duration time_{};
  Clock::time_point last_;  // up to which time_ counts
};

}  // namespace quern
