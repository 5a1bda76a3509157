// What one JavaScript environment (the main thread, or a Worker) has of the addon: its classes and its running jobs.
// There is nothing global here, so any number of environments come and go in one process.
#pragma once
#include <napi.h>

#include <cstdint>
#include <map>
#include <memory>
#include <new>

#include "binding/job.h"
#include "binding/mailbox.h"
#include "runtime/arena.h"

namespace quern {

class Environment {
 public:
  // Made once, at load. Registers the cleanup hook that ends the environment's jobs before its memory goes.
  static Environment& install(Napi::Env env);
  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  Napi::FunctionReference job_class;

  // Starts the span on quern's threads. `arrays` are the values the span points into; they stay reachable until the job
  // is over. Returns the JavaScript object of lib/native.ts's NativeJob. Throws when no thread can be had.
  Napi::Value run(Napi::Env env, std::shared_ptr<Program> program, Span span, Napi::Array arrays);

  // At least `floats` floats aligned to 64 bytes, good until the next call; null when there is no such memory.
  float* scratch(int64_t floats) noexcept;

  explicit Environment(std::shared_ptr<Mailbox> mailbox) : mailbox_(std::move(mailbox)) {}

 private:
  struct RunningJob {
    std::shared_ptr<Job> job;
    Napi::Promise::Deferred done;
    Napi::ObjectReference arrays;
  };
  static void settle(Napi::Env env, uint64_t id);
  void end_all() noexcept;

  const std::shared_ptr<Mailbox> mailbox_;
  std::map<uint64_t, RunningJob> running_;
  uint64_t next_id_ = 0;

  struct FreeAligned {
    void operator()(float* memory) const { ::operator delete[](memory, std::align_val_t(kAlignment)); }
  };
  std::unique_ptr<float[], FreeAligned> scratch_;
  int64_t scratch_size_ = 0;
};

}  // namespace quern
