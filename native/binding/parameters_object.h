// NativeParameters of lib/native.ts.
#pragma once
#include <napi.h>

#include <memory>

#include "binding/external_bytes.h"
#include "binding/argument.h"
#include "program/parameters.h"

namespace quern {

class ParametersObject : public Napi::ObjectWrap<ParametersObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit ParametersObject(const Napi::CallbackInfo& info);
  void Finalize(Napi::Env env) override;

  // The parameters behind a value; throws when it is something else.
  static std::shared_ptr<Parameters> from(const Argument& value);

 private:
  Napi::Value read(const Napi::CallbackInfo& info);
  Napi::Value write(const Napi::CallbackInfo& info);
  Napi::Value reset_slots(const Napi::CallbackInfo& info);
  Napi::Value version(const Napi::CallbackInfo& info);
  // Which parameter, which slot, and an array long enough for it: what read and write are given.
  struct Place {
    int index, slot;
    float* data;
  };
  Place place(const Napi::CallbackInfo& info, const char* array) const;
  void count_memory(Napi::Env env);

  std::shared_ptr<Parameters> parameters_;
  ExternalBytes memory_;
};

}  // namespace quern
