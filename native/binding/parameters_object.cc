#include "binding/parameters_object.h"

#include <vector>

namespace quern {
namespace {

constexpr napi_type_tag kTag = {0x9d0c6f5b4f1e4a77, 0xa1d3c28e67b05f10};
constexpr int64_t kMaxAxis = int64_t{1} << 40;
constexpr int kMaxSlots = 64;

std::vector<ParameterLayout> decode_layout(const Argument& value) {
  std::vector<ParameterLayout> layout(value.length());
  for (uint32_t i = 0; i < layout.size(); i++) {
    Napi::HandleScope scope(value.env());
    Argument item = value.at(i);
    layout[i].name = item.get("name").text();
    Argument shape = item.get("shape");
    uint32_t rank = shape.length();
    for (uint32_t axis = 0; axis < rank; axis++) layout[i].shape.push_back(shape.at(axis).integer(0, kMaxAxis));
  }
  return layout;
}

}  // namespace

Napi::Function ParametersObject::define(Napi::Env env) {
  return DefineClass(env, "Parameters", {
      InstanceMethod<&ParametersObject::read>("read"),
      InstanceMethod<&ParametersObject::write>("write"),
      InstanceMethod<&ParametersObject::reset_slots>("resetSlots"),
      InstanceAccessor<&ParametersObject::version>("version"),
  });
}

ParametersObject::ParametersObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ParametersObject>(info) {
  int slots = static_cast<int>(Argument("slots", info[1]).integer(0, kMaxSlots));
  std::string error = Parameters::create(decode_layout(Argument("layout", info[0])), slots, &parameters_);
  if (!error.empty()) throw Napi::Error::New(info.Env(), error);
  count_memory(info.Env());
  info.This().As<Napi::Object>().TypeTag(&kTag);
}

void ParametersObject::Finalize(Napi::Env env) { memory_.set(env, 0); }

void ParametersObject::count_memory(Napi::Env env) {
  memory_.set(env, (1 + parameters_->slots()) * parameters_->slab_size() * static_cast<int64_t>(sizeof(float)));
}

std::shared_ptr<Parameters> ParametersObject::from(const Argument& value) {
  if (!value.raw().IsObject() || !value.object().CheckTypeTag(&kTag)) value.refuse_type("a Parameters object");
  return Unwrap(value.object())->parameters_;
}

ParametersObject::Place ParametersObject::place(const Napi::CallbackInfo& info, const char* array) const {
  Place place;
  place.index = static_cast<int>(Argument("index", info[0]).integer(-1, parameters_->count() - 1));
  place.slot = static_cast<int>(Argument("slot", info[1]).integer(-1, parameters_->slots() - 1));
  int64_t size = place.index < 0 ? parameters_->slab_size() : parameters_->size(place.index);
  place.data = Argument(array, info[2]).array<float>(size).data;
  return place;
}

Napi::Value ParametersObject::read(const Napi::CallbackInfo& info) {
  Place place = ParametersObject::place(info, "out");
  if (!parameters_->read(place.index, place.slot, place.data)) {
    throw Napi::Error::New(info.Env(), "there is not enough memory for a copy of the parameters");
  }
  return info.Env().Undefined();
}

Napi::Value ParametersObject::write(const Napi::CallbackInfo& info) {
  Place place = ParametersObject::place(info, "values");
  if (!parameters_->write(place.index, place.slot, place.data)) {
    throw Napi::Error::New(info.Env(), "parameters cannot be written while a job trains them");
  }
  return info.Env().Undefined();
}

Napi::Value ParametersObject::reset_slots(const Napi::CallbackInfo& info) {
  int count = static_cast<int>(Argument("count", info[0]).integer(0, kMaxSlots));
  if (!parameters_->reset_slots(count)) {
    throw Napi::Error::New(info.Env(), parameters_->training()
                                           ? "slots cannot be reset while a job trains the parameters"
                                           : "there is not enough memory for the optimizer's slots");
  }
  count_memory(info.Env());
  return info.Env().Undefined();
}

Napi::Value ParametersObject::version(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(parameters_->version()));
}

}  // namespace quern
