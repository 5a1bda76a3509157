// NativeProgram of lib/native.ts.
#pragma once
#include <napi.h>

#include <memory>

#include "program/program.h"

namespace quern {

class ProgramObject : public Napi::ObjectWrap<ProgramObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit ProgramObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value run(const Napi::CallbackInfo& info);
  Napi::Value run_sync(const Napi::CallbackInfo& info);
  void predict(const Napi::CallbackInfo& info);
  Napi::Value explain(const Napi::CallbackInfo& info);
  Napi::Value costs(const Napi::CallbackInfo& info);
  Napi::Value read_buffer(const Napi::CallbackInfo& info);

  void check(Napi::Env env, const Span& span) const;
  // Takes the training gate when the span trains; throws when another job has it.
  void claim(Napi::Env env, const Span& span) const;

  void run_now(Napi::Env env, const Span& span, SpanResult* result) const;

  std::shared_ptr<Program> program_;
  Span span_, prediction_;  // run_sync's and predict's, kept for their vectors
};

}  // namespace quern
