// A span on its way through the pool, shared by the thread that drives it and the environment that waits for it.
// Knows nothing of JavaScript.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "program/program.h"

namespace quern {

class Job : public std::enable_shared_from_this<Job> {
 public:
  // `over` is called on the driver's thread when the job is over, unless it was abandoned before it began.
  // When the span trains, the caller has taken the parameters' training gate; the job gives it back, whatever happens.
  Job(std::shared_ptr<Program> program, Span span, std::function<void()> over);
  ~Job();
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  // False when the system refuses a thread; the job is over then.
  [[nodiscard]] bool start();
  void cancel() noexcept { progress_.cancel(); }
  // Cancels, and returns once no thread of quern touches the span's arrays: after the step at hand.
  void abandon() noexcept;

  const Progress& progress() const { return progress_; }
  // Once the job is over.
  const SpanResult& result() const { return result_; }

  // Living jobs of the process: for leak tests.
  static int live() noexcept;

 private:
  enum class State { kWaiting, kRunning, kOver };
  static void drive(void* self, int worker);
  bool begin() noexcept;
  void end() noexcept;

  const std::shared_ptr<Program> program_;
  const Span span_;
  const std::function<void()> over_;
  const bool trains_;
  Progress progress_;
  SpanResult result_;

  std::mutex mutex_;
  std::condition_variable ended_;
  State state_ = State::kWaiting;
};

}  // namespace quern
