#include "binding/job_object.h"

#include <utility>

#include "binding/environment.h"
#include "binding/argument.h"

namespace quern {

Napi::Function JobObject::define(Napi::Env env) {
  return DefineClass(env, "Job", {
      InstanceMethod<&JobObject::cancel>("cancel"),
      InstanceMethod<&JobObject::progress>("progress"),
  });
}

JobObject::JobObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<JobObject>(info) {}

Napi::Object JobObject::create(Napi::Env env, std::shared_ptr<Job> job, Napi::Promise done) {
  Napi::Object object = Environment::of(env).job_class.New({});
  Unwrap(object)->job_ = std::move(job);
  object.DefineProperty(Napi::PropertyDescriptor::Value("done", done, napi_enumerable));
  return object;
}

Napi::Value JobObject::cancel(const Napi::CallbackInfo& info) {
  job(info.Env()).cancel();
  return info.Env().Undefined();
}

Napi::Value JobObject::progress(const Napi::CallbackInfo& info) {
  const Progress& progress = job(info.Env()).progress();
  Elements<double> into = Argument("into", info[0]).array<double>(progress.size());
  return Napi::Number::New(info.Env(), static_cast<double>(progress.read(into.data)));
}

Job& JobObject::job(Napi::Env env) const {
  if (!job_) throw Napi::TypeError::New(env, "a Job is made by Program's run only");
  return *job_;
}

}  // namespace quern
