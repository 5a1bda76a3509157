#include "program/trainer.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>

#include "runtime/cpu.h"

namespace quern {

double rows_worth_helpers(const ProgramSpec& spec, const Plan& plan, const bool (&segments)[kSegments]) noexcept {
  const double shared = plan.schedule(segments).shared_nanoseconds / static_cast<double>(spec.max_rows);
  return shared > 0 ? plan.worth_helpers / shared : std::numeric_limits<double>::infinity();
}

static bool is_worth_helpers(const ProgramSpec& spec, const Plan& plan, const Span& span) noexcept {
  const double rows = static_cast<double>(std::min(span.batch_size, span.rows) * span.steps);
  return rows >= rows_worth_helpers(spec, plan, span.segments);
}

int workers_wanted(const ProgramSpec& spec, const Plan& plan, const Span& span) noexcept {
  return is_worth_helpers(spec, plan, span) ? span.threads : 1;
}

bool owns_batches(const BatchSource& source, int workers) noexcept {
  constexpr int kWorkers = 4;
  return workers > 1 && workers <= kWorkers && source.batch_bytes() <= cpu().l2 / 8;
}

Trainer::Trainer(const Job& job, int workers_wanted)
    : job_(job), schedule_(job.plan.schedule(job.span.segments)), wanted_(workers_wanted),
      found_(static_cast<size_t>(workers_wanted)) {
  skipped_.resize(static_cast<size_t>(job.span.skipped_length));
  if (job.span.skipped) timings_.skipped = skipped_.data();
  if (!job.span.timings) return;
  seconds_.resize(static_cast<size_t>(job.span.timings_length));
  timings_.instructions = seconds_.data();
  timings_.gather = &seconds_[seconds_.size() - 2];
}

void Trainer::run(SpanResult* result) noexcept {
  // A single step that is not worth helpers is over before another job could make use of the share it leaves.
  if (job_.span.steps == 1 && !is_worth_helpers(job_.spec, job_.plan, job_.span)) {
    run_steps(nullptr, result);
  } else {
    Gang gang(wanted_);
    job_.context.pace.begin(wanted_, !job_.trained);
    run_steps(&gang, result);
    regroup(&gang, 1);
  }
  std::copy(job_.context.accumulators.begin(), job_.context.accumulators.end(), result->accumulators.begin());
  add_timings();
}

// With a gang, or alone.
void Trainer::run_steps(Gang* gang, SpanResult* result) noexcept {
  const Span& span = job_.span;
  while (result->steps < span.steps) {
    result->cancelled = job_.progress.cancelled();
    if (result->cancelled) break;
    if (gang) follow_share(gang);
    if (!run_step(span.first_step + result->steps)) {
      report_bad_data(&result->error);
      break;
    }
    result->steps++;
    job_.progress.publish(result->steps, job_.context.accumulators.data());
  }
}

// Helpers that would not be called are not woken; those that are there are as many as the share says.
void Trainer::follow_share(Gang* gang) noexcept {
  const int share = gang->share();
  if (share != share_ && (workers_ > 1 || !works_alone())) regroup(gang, share);
}

bool Trainer::works_alone() const noexcept { return job_.context.pace.alone() && job_.plan.worth_helpers > 0; }

// Lets the helpers there are go, and starts others.
void Trainer::regroup(Gang* gang, int workers) noexcept {
  share_ = workers;
  job_.context.pace.begin(workers, !job_.trained);
  if (workers_ > 1) {
    dismissed_ = true;
    go_.post();
    gang->finish();
    dismissed_ = false;
  }
  go_seen_ = go_.seen();
  workers_ = 1 + gang->start(workers - 1, &Trainer::help, this);
}

void Trainer::help(void* trainer, int worker) noexcept {
  Trainer& self = *static_cast<Trainer*>(trainer);
  for (uint32_t seen = self.go_seen_;; seen = Signal::next(seen)) {
    self.go_.wait(seen);
    if (self.dismissed_) return;
    self.work({worker, self.workers_, nullptr});
  }
}

int64_t Trainer::rows_of(int64_t step) const noexcept {
  return std::min(job_.span.batch_size, job_.span.rows - step * job_.span.batch_size);
}

// False when its data is bad; nothing has changed then.
bool Trainer::run_step(int64_t step) noexcept {
  step_ = step;
  job_.context.step = static_cast<uint32_t>(step);
  job_.context.set_rows(job_.plan, rows_of(step));
  job_.context.skipping.begin_step(job_.context);
  job_.context.lists.begin_step();
  if (job_.trained) job_.trained->begin_step();
  const int64_t waited = timings_.waiting;
  // Helpers that are not called stay where they wait for the next step.
  const bool alone = workers_ == 1 || works_alone();
  job_.context.barrier.reset(alone ? 1 : workers_);
  if (!alone) go_.post();
  work({0, alone ? 1 : workers_, &timings_});
  if (workers_ > 1 || (wanted_ > 1 && works_alone())) {
    job_.context.pace.step_done(job_.context.rows(), timings_.waiting - waited);
  }
  const bool bad = bad_.load(std::memory_order_acquire);
  if (job_.trained) job_.trained->end_step(!bad);
  return !bad;
}

Range Trainer::rows_of(const Worker& worker) const noexcept {
  return Share{worker.index, worker.count, true, job_.context.rows()}.range();
}

Range Trainer::rows_gathered_by(const Worker& worker) const noexcept {
  return job_.context.own_batches() ? Range{0, job_.context.rows()} : rows_of(worker);
}

void Trainer::gather(const Worker& worker) noexcept {
  const Stopwatch stopwatch(worker.timings ? worker.timings->gather : nullptr);
  if (worker.index == 0) load_scalars();
  BadData& found = found_[static_cast<size_t>(worker.index)];
  job_.source.gather(step_, rows_gathered_by(worker), job_.context, worker.index, &found);
  if (found.error.kind != SpanError::kNone) bad_.store(true, std::memory_order_release);
}

// In the middle of a step: early enough for its rows to have come, late enough for them to be still there.
void Trainer::fetch_next(const Worker& worker) const noexcept {
  const Stopwatch stopwatch(worker.timings ? worker.timings->gather : nullptr);
  job_.source.fetch(step_ + 1, rows_gathered_by(worker));
}

// One worker's part of a step.
void Trainer::work(const Worker& worker) noexcept {
  gather(worker);
  wait_for_workers(job_.context, worker);
  if (!bad_.load(std::memory_order_acquire)) {
    for (int segment = 0; segment < kSegments; segment++) {
      if (!job_.span.segments[segment]) continue;
      if (segment == kBackward) fetch_next(worker);
      run_segment(job_.kernels, job_.spec, job_.plan, schedule_, segment, job_.context, worker);
    }
    if (!job_.span.outputs.empty()) {
      wait_for_workers(job_.context, worker);
      copy_outputs(rows_of(worker));
    }
  }
  wait_for_workers(job_.context, worker);
}

void Trainer::load_scalars() noexcept {
  if (job_.plan.scalars == kNoBuffer || !job_.span.scalars) return;
  const int64_t count = job_.context.matrix(job_.plan.scalars).size();
  const float* const row = job_.span.scalars + (step_ - job_.span.first_step) * count;
  std::copy(row, row + count, job_.context.floats(job_.plan.scalars));
}

void Trainer::copy_outputs(Range rows) noexcept {
  for (size_t i = 0; i < job_.plan.outputs.size(); i++) {
    const BufferId buffer = job_.plan.outputs[i];
    const int64_t row_length = job_.context.matrix(buffer).size() / std::max<int64_t>(job_.context.rows(), 1);
    const float* const from = job_.context.floats(buffer) + rows.begin * row_length;
    float* const to = job_.span.outputs[i].data + (step_ * job_.span.batch_size + rows.begin) * row_length;
    std::copy(from, from + rows.size() * row_length, to);
  }
}

// The first bad row of the batch, whoever met it.
void Trainer::report_bad_data(SpanError* error) noexcept {
  const auto first = std::min_element(found_.begin(), found_.end(), [](const BadData& a, const BadData& b) {
    return a.position < b.position;
  });
  *error = first->error;
}

void Trainer::add_timings() const noexcept {
  for (size_t i = 0; i < skipped_.size(); i++) job_.span.skipped[i] += skipped_[i];
  if (!job_.span.timings) return;
  for (size_t i = 0; i < seconds_.size(); i++) job_.span.timings[i] += seconds_[i];
  job_.span.timings[seconds_.size() - 1] += static_cast<double>(timings_.waiting) * 1e-9;
}

}  // namespace quern
