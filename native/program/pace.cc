#include "program/pace.h"

#include <algorithm>

namespace quern {

void Pace::begin(int workers, bool goes_on, Clock::time_point now) noexcept {
  if (workers == 1) return;
  if (workers != workers_) *this = Pace();
  workers_ = workers;
  last_ = now;
  if (!goes_on) start_block();
}

void Pace::start_block() noexcept {
  steps_ = 0;
  rows_ = waited_ = 0;
  time_ = {};
}

void Pace::step_done(int64_t rows, int64_t waited_nanoseconds, Clock::time_point now) noexcept {
  const Clock::duration time = now - last_;
  last_ = now;
  if (unsettled_ > 0) {
    unsettled_--;
    return;
  }
  steps_++;
  rows_ += rows;
  waited_ += waited_nanoseconds;
  time_ += time;
  if (time_ < (steps_ < kLeastSteps ? kEnoughTime : kLeastTime)) return;
  const double nanoseconds = static_cast<double>(std::chrono::nanoseconds(time_).count());
  judge(nanoseconds / static_cast<double>(rows_), static_cast<double>(waited_) / nanoseconds);
  start_block();
}

void Pace::judge(double row_time, double waiting) noexcept {
  const bool before = alone_;
  const bool slower = row_time >= row_time_[!alone_];
  row_time_[alone_] = row_time;
  if (trial_) {
    trial_ = false;
    blocks_between_ = slower ? std::min(2 * blocks_between_, kMostBlocks) : kFewestBlocks;
    blocks_left_ = blocks_between_;
    if (slower) alone_ = !alone_;
  } else if (--blocks_left_ <= 0 && (alone_ || waiting > kMuchWaiting)) {
    trial_ = true;
    alone_ = !alone_;
  }
  if (alone_ != before) unsettled_ = kUnsettledSteps;
}

}  // namespace quern
