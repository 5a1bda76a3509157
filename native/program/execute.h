// Runs the instructions of a segment. Every worker walks the same list and does its part of each; the plan says which
// instructions are shared out and where the workers wait for each other.
#pragma once
#include <chrono>

#include "kernels/kernel_table.h"
#include "program/context.h"
#include "program/plan.h"
#include "program/spec.h"

namespace quern {

// Where worker 0's time goes, and what need not be done in it.
struct Timings {
  int64_t waiting = 0;             // nanoseconds at barriers
  double* instructions = nullptr;  // seconds in each, of all segments in order; null: not measured
  double* gather = nullptr;        // seconds; null: not measured
  double* skipped = nullptr;       // FLOPs with zeros left out in each instruction, by all workers; null: not counted
};

// Adds the time until its end to *seconds, unless that is null.
class Stopwatch {
 public:
  explicit Stopwatch(double* seconds) : seconds_(seconds) {
    if (seconds_) start_ = Clock::now();
  }
  ~Stopwatch() {
    if (seconds_) *seconds_ += std::chrono::duration<double>(Clock::now() - start_).count();
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  double* const seconds_;
  Clock::time_point start_;
};

// One of the workers of a step.
struct Worker {
  int index = 0, count = 1;
  Timings* timings = nullptr;  // worker 0 has them
};

// Allocates nothing and cannot fail: the program was verified. The schedule is the plan's for the segments that run.
void run_segment(const KernelTable& kernels, const ProgramSpec& spec, const Plan& plan, const Schedule& schedule,
                 int segment, Context& context, const Worker& worker) noexcept;

// Waits for the other workers.
void wait_for_workers(Context& context, const Worker& worker) noexcept;

}  // namespace quern
