// quern's threads: one pool for the process, made on demand, detached and leaked on purpose, so that the process may
// exit at any time. Idle threads sleep and are used again, so a short job costs a wake-up, not a thread.
//
// A job has a driver, which is worker 0, and a gang of helpers beside it. Two jobs at once share: with J jobs of which
// the largest wants T threads, each gets at most T / J, and at least its driver. A job looks at its share between steps
// and gives helpers back when others came, so all jobs progress and the machine is not overcommitted. The number of
// workers never changes what is computed.
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>

namespace quern {

// `worker` is 0 for a driver and 1, 2, ... for the helpers of a gang.
using Task = void (*)(void* context, int worker);

inline constexpr int kMaxThreads = 256;  // that one job may ask for

class Pool {
 public:
  static Pool& process() noexcept;

  // Runs task(context, 0) on a thread of the pool: at once while fewer than kDrivers run, else in order of arrival.
  // False when the system refuses a thread.
  [[nodiscard]] bool start(Task task, void* context) noexcept;

  // Threads made so far: for tests.
  int threads() const noexcept;

  static constexpr int kDrivers = 16;

 private:
  friend class Gang;
  struct Thread;
  struct Queued;

  Pool() = default;
  // Hands the task to an idle thread or a new one; null when the system refuses a thread.
  Thread* dispatch(Task task, void* context, int worker, bool driver) noexcept;
  Thread* make_thread() noexcept;
  void give_back(Thread* thread) noexcept;
  bool next_job(Thread* driver) noexcept;
  static void* main(void* thread) noexcept;
  void change_jobs(int wanted, int by) noexcept;

  mutable std::mutex mutex_;
  Thread* idle_ = nullptr;
  Queued* first_ = nullptr;  // jobs that wait for a driver
  Queued* last_ = nullptr;
  int made_ = 0, drivers_ = 0, jobs_ = 0;
  int wanting_[kMaxThreads + 1] = {};     // jobs at work that want so many threads
  std::atomic<uint32_t> shared_out_{0};   // jobs << 16 | the most threads one of them wants
};

// A job's place in the pool while it runs. Made and used by the job's driver.
class Gang {
 public:
  // `wanted`: threads, driver included; 1 to kMaxThreads.
  explicit Gang(int wanted) noexcept;
  ~Gang();
  Gang(const Gang&) = delete;
  Gang& operator=(const Gang&) = delete;

  // Workers the job may have now, itself included. It changes as other jobs come and go; reading it is one load.
  int share() const noexcept;
  // Starts `helpers` threads that run task(context, 1), task(context, 2), ...; answers how many it got, fewer only when
  // the system refuses threads. They do not begin to work together before `start` has returned: the task waits for what
  // the driver decides on the answer.
  int start(int helpers, Task task, void* context) noexcept;
  // Waits until all helpers have returned from the task, and gives them back.
  void finish() noexcept;

 private:
  const int wanted_;
  Pool::Thread* helpers_ = nullptr;
};

}  // namespace quern
