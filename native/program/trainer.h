// Runs a span: for each step gathers its rows, runs the segments, accumulates, publishes. The driver is worker 0;
// helpers of the pool walk the same steps beside it. A step is atomic: it is either not begun or finished, whatever
// cancels the job or turns out to be wrong with the data.
#pragma once
#include <atomic>
#include <cstdint>
#include <vector>

#include "program/batch_source.h"
#include "program/context.h"
#include "program/execute.h"
#include "program/parameters.h"
#include "program/plan.h"
#include "program/span.h"
#include "runtime/pool.h"
#include "runtime/signal.h"

namespace quern {

// What a job runs on; everything outlives it.
struct Job {
  const KernelTable& kernels;
  const ProgramSpec& spec;
  const Plan& plan;
  const Span& span;
  const BatchSource& source;
  Context& context;    // bound, with scratch for the workers wanted
  Parameters* trained;  // whose steps are announced; null when the span does not train
  Progress& progress;
};

// Rows from which on the work of a span, all steps together, pays for waking helpers; infinity where nothing is shared.
double rows_worth_helpers(const ProgramSpec& spec, const Plan& plan, const bool (&segments)[kSegments]) noexcept;

// Workers a span is to have at most: span.threads, or 1 where it is not worth helpers.
int workers_wanted(const ProgramSpec& spec, const Plan& plan, const Span& span) noexcept;

// Whether each worker is to gather all rows for itself. It converts more of them, but writes to lines that no other
// core has, and reads none later that another core wrote. With two workers and 128 rows of 784 bytes a step takes 4 %
// less; with more bytes, such as those of floats, it takes longer.
bool owns_batches(const BatchSource& source, int workers) noexcept;

class Trainer {
 public:
  Trainer(const Job& job, int workers_wanted);

  // Returns when all steps are done, or the job was cancelled, or bad data was met.
  void run(SpanResult* result) noexcept;

 private:
  static void help(void* trainer, int worker) noexcept;
  void run_steps(Gang* gang, SpanResult* result) noexcept;
  void follow_share(Gang* gang) noexcept;
  bool works_alone() const noexcept;
  void regroup(Gang* gang, int workers) noexcept;
  int64_t rows_of(int64_t step) const noexcept;
  bool run_step(int64_t step) noexcept;
  void work(const Worker& worker) noexcept;
  void gather(const Worker& worker) noexcept;
  void fetch_next(const Worker& worker) const noexcept;
  void load_scalars() noexcept;
  void copy_outputs(Range rows) noexcept;
  Range rows_of(const Worker& worker) const noexcept;
  Range rows_gathered_by(const Worker& worker) const noexcept;
  void report_bad_data(SpanError* error) noexcept;
  void add_timings() const noexcept;

  const Job job_;
  const Schedule& schedule_;
  const int wanted_;
  int64_t step_ = 0;  // at hand, of the epoch
  int workers_ = 1;
  int share_ = 1;             // workers asked for when these were started; the system may have given fewer
  std::vector<BadData> found_;  // by worker
  std::atomic<bool> bad_{false};
  std::vector<double> seconds_, skipped_;
  Timings timings_;

  // Helpers wait for the next step or to be dismissed.
  Signal go_;
  uint32_t go_seen_ = 0;  // when the helpers were started
  bool dismissed_ = false;
};

}  // namespace quern
