#include "runtime/pool.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <new>

#include "runtime/signal.h"
#include "runtime/wake_apart.h"

namespace quern {

// Never freed. The fields below `mail` are written before a post and read after it.
struct Pool::Thread {
  pthread_t id;
  Signal mail;  // posted with each task
  Signal done;  // posted by a helper when its task has returned
  WakeApart apart;  // from the driver, for a helper
  uint32_t done_seen = 0;
  Task task = nullptr;
  void* context = nullptr;
  int worker = 0;
  bool driver = false;
  Thread* next = nullptr;  // in the idle list, or among the helpers of a gang
};

// Whether this is a thread of the pool. While one of those drives a job, another thread waits for it.
static thread_local bool is_in_pool = false;

struct Pool::Queued {
  Task task;
  void* context;
  Queued* next;
};

Pool& Pool::process() noexcept {
  static Pool* pool = new Pool;
  return *pool;
}

int Pool::threads() const noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  return made_;
}

bool Pool::start(Task task, void* context) noexcept {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (drivers_ == kDrivers) {
      Queued* const queued = new (std::nothrow) Queued{task, context, nullptr};
      if (!queued) return false;
      (last_ ? last_->next : first_) = queued;
      last_ = queued;
      return true;
    }
    drivers_++;
  }
  if (dispatch(task, context, 0, true)) return true;
  std::lock_guard<std::mutex> lock(mutex_);
  drivers_--;
  return false;
}

Pool::Thread* Pool::dispatch(Task task, void* context, int worker, bool driver) noexcept {
  Thread* thread;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    thread = idle_;
    if (thread) idle_ = thread->next;
  }
  if (!thread) thread = make_thread();
  if (!thread) return nullptr;
  thread->task = task;
  thread->context = context;
  thread->worker = worker;
  thread->driver = driver;
  thread->done_seen = thread->done.seen();
  if (!driver && is_in_pool) thread->apart.begin(thread->id);
  thread->mail.post();
  return thread;
}

// With all signals blocked, so that those of the process go to threads that expect them.
Pool::Thread* Pool::make_thread() noexcept {
  Thread* thread = new (std::nothrow) Thread;
  if (!thread) return nullptr;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  const bool made = pthread_create(&thread->id, &attributes, &Pool::main, thread) == 0;
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!made) {
    delete thread;
    return nullptr;
  }
  std::lock_guard<std::mutex> lock(mutex_);
  made_++;
  return thread;
}

void* Pool::main(void* argument) noexcept {
  is_in_pool = true;
  Thread* const self = static_cast<Thread*>(argument);
  Pool& pool = process();
  for (uint32_t seen = 0;; seen = Signal::next(seen)) {
    self->mail.wait(seen);
    self->apart.end();
    self->task(self->context, self->worker);
    if (!self->driver) {
      self->done.post();  // the gang gives the thread back
      continue;
    }
    while (pool.next_job(self)) self->task(self->context, 0);
  }
  return nullptr;
}

// The driver's next job, or false and the thread is idle.
bool Pool::next_job(Thread* driver) noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  Queued* const queued = first_;
  if (!queued) {
    drivers_--;
    driver->next = idle_;
    idle_ = driver;
    return false;
  }
  first_ = queued->next;
  if (!first_) last_ = nullptr;
  driver->task = queued->task;
  driver->context = queued->context;
  delete queued;
  return true;
}

void Pool::give_back(Thread* thread) noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  thread->next = idle_;
  idle_ = thread;
}

void Pool::change_jobs(int wanted, int by) noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  jobs_ += by;
  wanting_[wanted] += by;
  int most = kMaxThreads;
  while (most > 0 && !wanting_[most]) most--;
  shared_out_.store(static_cast<uint32_t>(jobs_) << 16 | static_cast<uint32_t>(most), std::memory_order_release);
}

Gang::Gang(int wanted) noexcept : wanted_(std::clamp(wanted, 1, kMaxThreads)) {
  Pool::process().change_jobs(wanted_, 1);
}

Gang::~Gang() {
  finish();
  Pool::process().change_jobs(wanted_, -1);
}

int Gang::share() const noexcept {
  const uint32_t shared_out = Pool::process().shared_out_.load(std::memory_order_acquire);
  const int jobs = static_cast<int>(shared_out >> 16), most = static_cast<int>(shared_out & 0xffff);
  return std::clamp(most / std::max(jobs, 1), 1, wanted_);
}

int Gang::start(int helpers, Task task, void* context) noexcept {
  for (int worker = 1; worker <= helpers; worker++) {
    Pool::Thread* const thread = Pool::process().dispatch(task, context, worker, false);
    if (!thread) return worker - 1;
    thread->next = helpers_;
    helpers_ = thread;
  }
  return helpers;
}

void Gang::finish() noexcept {
  while (Pool::Thread* const thread = helpers_) {
    helpers_ = thread->next;
    thread->done.wait(thread->done_seen);
    Pool::process().give_back(thread);
  }
}

}  // namespace quern
