#include "program/pace.h"

#include <algorithm>

namespace quern {

void Pace::begin(int workers, Clock::time_point now) noexcept {
  if (workers == 1) return;
  if (workers != workers_) *this = Pace();
  workers_ = workers;
  start_block(now);
}

void Pace::start_block(Clock::time_point now) noexcept {
  start_ = now;
  steps_ = 0;
  waited_ = 0;
}

void Pace::step_done(int64_t waited_nanoseconds, Clock::time_point now) noexcept {
  steps_++;
  waited_ += waited_nanoseconds;
  const Clock::duration time = now - start_;
  if (time < (steps_ < kLeastSteps ? kEnoughTime : kLeastTime)) return;
  const double nanoseconds = static_cast<double>(std::chrono::nanoseconds(time).count());
  judge(nanoseconds / steps_, static_cast<double>(waited_) / nanoseconds);
  start_block(now);
}

void Pace::judge(double step_time, double waiting) noexcept {
  const bool slower = step_time >= step_time_[!alone_];
  step_time_[alone_] = step_time;
  if (trial_) {
    trial_ = false;
    blocks_between_ = slower ? std::min(2 * blocks_between_, kMostBlocks) : kFewestBlocks;
    blocks_left_ = blocks_between_;
    if (slower) alone_ = !alone_;
  } else if (--blocks_left_ <= 0 && (alone_ || waiting > kMuchWaiting)) {
    trial_ = true;
    alone_ = !alone_;
  }
}

}  // namespace quern
