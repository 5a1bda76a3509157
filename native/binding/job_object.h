// The JavaScript object of a running job: NativeJob of lib/native.ts.
#pragma once
#include <napi.h>

#include <memory>

#include "binding/job.h"

namespace quern {

class JobObject : public Napi::ObjectWrap<JobObject> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Object create(Napi::Env env, std::shared_ptr<Job> job, Napi::Promise done);
  // Only `create` makes one that works.
  explicit JobObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value cancel(const Napi::CallbackInfo& info);
  Napi::Value progress(const Napi::CallbackInfo& info);
  Job& job(Napi::Env env) const;

  std::shared_ptr<Job> job_;
};

}  // namespace quern
