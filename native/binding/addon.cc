// What the addon exports: interface Native of lib/native.ts.
#include <napi.h>

#include "binding/argument.h"
#include "binding/decode_spec.h"
#include "binding/environment.h"
#include "binding/job_object.h"
#include "binding/kernel_functions.h"
#include "binding/measure.h"
#include "binding/parameters_object.h"
#include "binding/program_object.h"
#include "runtime/arena.h"
#include "runtime/pages.h"

namespace quern {
namespace {

Napi::Value instructions(const Napi::CallbackInfo& info) { return describe_instructions(info.Env()); }

Napi::Value counters(const Napi::CallbackInfo& info) {
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("programs", Program::live());
  object.Set("parameters", Parameters::live());
  object.Set("jobs", Job::live());
  object.Set("bytes", static_cast<double>(Arena::live_bytes()));
  return object;
}

void large_pages(const Napi::CallbackInfo& info) {
  const Elements<float> array = Argument("array", info[0]).array<float>(0);
  use_large_pages(array.data, array.length * static_cast<int64_t>(sizeof(float)));
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  Environment& environment = Environment::install(env);
  environment.job_class = Napi::Persistent(JobObject::define(env));
  exports.Set("Parameters", ParametersObject::define(env));
  exports.Set("Program", ProgramObject::define(env));
  exports.Set("instructions", Napi::Function::New<instructions>(env, "instructions"));
  exports.Set("useLargePages", Napi::Function::New<large_pages>(env, "useLargePages"));
  exports.Set("counters", Napi::Function::New<counters>(env, "counters"));
  export_kernel_functions(env, exports);
  export_measurements(env, exports);
  return exports;
}

}  // namespace
}  // namespace quern

static Napi::Object init(Napi::Env env, Napi::Object exports) { return quern::init(env, exports); }
NODE_API_MODULE(quern, init)
