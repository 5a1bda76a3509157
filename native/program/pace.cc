#include "program/pace.h"

namespace quern {

void Pace::step_done(int64_t waited_nanoseconds) noexcept {
  steps_++;
  waited_ += waited_nanoseconds;
  if (steps_ < kLeastSteps) return;
  const Clock::time_point now = Clock::now();
  if (now - start_ < kLeastTime) return;
  const double nanoseconds = static_cast<double>(std::chrono::nanoseconds(now - start_).count());
  judge(nanoseconds / steps_, static_cast<double>(waited_) / nanoseconds);
  start_ = now;
  steps_ = 0;
  waited_ = 0;
}

void Pace::judge(double step_time, double waiting) noexcept {
  const bool slower = step_time >= step_time_[!alone_];
  step_time_[alone_] = step_time;
  if (trial_) {
    trial_ = false;
    blocks_left_ = kBlocksBetweenTrials;
    if (slower) alone_ = !alone_;
  } else if (--blocks_left_ <= 0 && (alone_ || waiting > kMuchWaiting)) {
    trial_ = true;
    alone_ = !alone_;
  }
}

}  // namespace quern
