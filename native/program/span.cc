#include "program/span.h"

namespace quern {

Progress::Progress(int32_t accumulators)
    : values_(new std::atomic<double>[2 * static_cast<size_t>(accumulators)]()),
      size_(2 * static_cast<int64_t>(accumulators)) {}

int64_t Progress::read(double* into) const noexcept {
  for (;;) {
    const uint32_t before = sequence_.load(std::memory_order_acquire);
    const int64_t steps = steps_.load(std::memory_order_acquire);
    for (int64_t i = 0; i < size_; i++) into[i] = values_[i].load(std::memory_order_acquire);
    if (before % 2 == 0 && sequence_.load(std::memory_order_relaxed) == before) return steps;
  }
}

void Progress::publish(int64_t steps, const double* accumulators) noexcept {
  const uint32_t sequence = sequence_.load(std::memory_order_relaxed);
  sequence_.store(sequence + 1, std::memory_order_relaxed);
  steps_.store(steps, std::memory_order_release);
  for (int64_t i = 0; i < size_; i++) values_[i].store(accumulators[i], std::memory_order_release);
  sequence_.store(sequence + 2, std::memory_order_release);
}

}  // namespace quern
