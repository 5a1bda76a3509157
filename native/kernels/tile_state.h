// Whether the processor's tiles have kept what was put into them, which not every virtual machine sees to.
#pragma once
#include <atomic>

namespace quern {

class TileState {
 public:
  void lose() noexcept { lost_.store(true, std::memory_order_relaxed); }
  bool lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> lost_{false};
};

}  // namespace quern
