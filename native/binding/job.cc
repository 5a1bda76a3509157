#include "binding/job.h"

#include <utility>

#include "runtime/pool.h"

namespace quern {
namespace {
std::atomic<int> live_jobs{0};
}  // namespace

Job::Job(std::shared_ptr<Program> program, Span span, std::function<void()> over)
    : program_(std::move(program)),
      span_(std::move(span)),
      over_(std::move(over)),
      trains_(program_->trains(span_)),
      progress_(program_->spec().accumulators) {
  live_jobs.fetch_add(1, std::memory_order_relaxed);
}

Job::~Job() {
  if (state_ == State::kWaiting) end();
  live_jobs.fetch_sub(1, std::memory_order_relaxed);
}

int Job::live() noexcept { return live_jobs.load(std::memory_order_relaxed); }

bool Job::start() {
  auto* self = new std::shared_ptr<Job>(shared_from_this());
  if (Pool::process().start(drive, self)) return true;
  delete self;
  end();
  return false;
}

void Job::drive(void* self, int) {
  std::unique_ptr<std::shared_ptr<Job>> owned(static_cast<std::shared_ptr<Job>*>(self));
  Job& job = **owned;
  if (!job.begin()) return;
  // Only the live slab may be written; everything else reads a copy that later writes cannot tear.
  WeightsAccess access = job.trains_ ? WeightsAccess::kLive : WeightsAccess::kSnapshot;
  job.program_->run(job.span_, access, job.progress_, &job.result_);
  job.end();
  job.over_();
  // While JavaScript takes the results in.
  job.program_->draw_next_order(job.span_);
}

bool Job::begin() noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  if (state_ != State::kWaiting) return false;
  state_ = State::kRunning;
  return true;
}

void Job::end() noexcept {
  if (trains_) program_->parameters()->end_training();
  std::lock_guard<std::mutex> lock(mutex_);
  state_ = State::kOver;
  ended_.notify_all();
}

void Job::abandon() noexcept {
  cancel();
  // A job that still waits for its turn never begins, so that nobody waits for the jobs before it.
  if (begin()) return end();
  std::unique_lock<std::mutex> lock(mutex_);
  ended_.wait(lock, [this] { return state_ == State::kOver; });
}

}  // namespace quern
