// A verified and planned program over a model's parameters, ready to run. Several jobs may run it at once: each has a
// context (memory) of its own, and contexts are kept for the next job, so that a repeated small job allocates nothing.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kernels/kernel_table.h"
#include "program/cost.h"
#include "program/parameters.h"
#include "program/span.h"
#include "program/spec.h"

namespace quern {

struct Context;
struct Plan;

// Which weights a job without update sees. kLive: the slab itself, only while no job trains. kSnapshot: a copy as of a
// finished step, which nothing that happens later can tear.
enum class WeightsAccess { kLive, kSnapshot };

class Program {
 public:
  // An error sentence, or empty and *out. With `keep_temporaries` no two buffers share memory, so that read_buffer may
  // look at all of them, and even the smallest instruction is cut among the workers: for tests.
  static std::string create(ProgramSpec spec, std::shared_ptr<Parameters> parameters, const KernelTable& kernels,
                            bool keep_temporaries, std::unique_ptr<Program>* out);
  ~Program();

  const ProgramSpec& spec() const { return spec_; }
  const std::shared_ptr<Parameters>& parameters() const { return parameters_; }
  bool trains(const Span& span) const;  // whether the span changes parameters
  std::string explain() const;
  // By instruction, all segments in order, of a step of `rows`: see step_costs.
  std::vector<Cost> costs(int64_t rows) const;

  // Rows from which on a prediction or evaluation is worth helpers; infinity where none is.
  double rows_worth_helpers() const;

  // What is wrong with the span for this program (counts, lengths, types), as a sentence; empty when it may run.
  std::string check(const Span& span) const;

  // Runs a span that `check` accepted, the calling thread being worker 0. A span that trains needs the parameters'
  // training gate, which the caller took with try_begin_training and gives back after; its access is always kLive.
  void run(const Span& span, WeightsAccess access, Progress& progress, SpanResult* result) noexcept;

  // After a shuffled span that ended a pass: draws the order of the next epoch, which probably follows.
  void draw_next_order(const Span& span) noexcept;

  // Contents of a buffer after the last finished run, `rows` of that run's last step; null when nothing ran yet or
  // temporaries are not kept. Valid until the next run.
  const void* read_buffer(BufferId buffer, int64_t* elements) const;

  // Living objects of the process: for leak tests.
  static int live() noexcept;

 private:
  Program(ProgramSpec spec, std::shared_ptr<Parameters> parameters, const KernelTable& kernels);
  std::unique_ptr<Context> take_context();
  void give_context(std::unique_ptr<Context> context);
  std::shared_ptr<const Arena> rows_in_order(const Span& span, uint64_t epoch) noexcept;

  const ProgramSpec spec_;
  const std::shared_ptr<Parameters> parameters_;
  const KernelTable& kernels_;
  std::unique_ptr<const Plan> plan_;
  bool keep_temporaries_ = false;

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Context>> contexts_;  // idle ones, the last used at the back
  struct Order {
    int64_t rows = -1;
    uint64_t seed = 0, epoch = 0;
    std::shared_ptr<Arena> rows_in_order;  // as uint32_t; in an arena, since there may be too many for the memory
  } order_;  // the last permutation drawn: an epoch of many one-step jobs draws it once
};

}  // namespace quern
