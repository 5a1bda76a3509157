#include "binding/environment.h"

#include <utility>

#include "binding/job_object.h"
#include "binding/span_values.h"

namespace quern {

Environment& Environment::install(Napi::Env env) {
  auto* environment = new Environment(Mailbox::create(env, settle));
  env.SetInstanceData(environment);
  // Hooks run in reverse order: this one before Node's own for the mailbox's function, which was made before.
  env.AddCleanupHook([environment] { environment->end_all(); });
  return *environment;
}

Napi::Value Environment::run(Napi::Env env, std::shared_ptr<Program> program, Span span, Napi::Array arrays) {
  const uint64_t id = next_id_++;
  auto job = std::make_shared<Job>(std::move(program), std::move(span),
                                   [mailbox = mailbox_, id] { mailbox->post(id); });
  Napi::Promise::Deferred done(env);
  Napi::Object object = JobObject::create(env, job, done.Promise());
  // Held before it starts: whatever fails, no thread reads arrays that nobody keeps.
  running_.emplace(id, RunningJob{job, done, Napi::Persistent(arrays.As<Napi::Object>())});
  if (!job->start()) {
    running_.erase(id);
    throw Napi::Error::New(env, "the system refuses a thread for the job");
  }
  if (running_.size() == 1) mailbox_->hold_open(env, true);
  return object;
}

float* Environment::scratch(int64_t floats) noexcept {
  if (floats > scratch_size_ || !scratch_) {
    scratch_.reset(new (std::align_val_t(kAlignment), std::nothrow) float[static_cast<size_t>(floats)]);
    scratch_size_ = scratch_ ? floats : 0;
  }
  return scratch_.get();
}

void Environment::settle(Napi::Env env, uint64_t id) {
  Environment& self = of(env);
  auto node = self.running_.extract(id);
  if (node.empty()) return;
  if (self.running_.empty()) self.mailbox_->hold_open(env, false);
  const SpanResult& result = node.mapped().job->result();
  if (result.error.kind == SpanError::kMemory) {
    node.mapped().done.Reject(out_of_memory(env).Value());
  } else {
    node.mapped().done.Resolve(result_to_object(env, result));
  }
}

void Environment::end_all() noexcept {
  mailbox_->close();
  for (auto& [id, running] : running_) running.job->cancel();
  for (auto& [id, running] : running_) running.job->abandon();
  running_.clear();
}

}  // namespace quern
