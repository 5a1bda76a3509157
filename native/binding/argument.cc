#include "binding/argument.h"

#include <cmath>
#include <cstring>

namespace quern {
namespace {

template <class T>
struct ElementOf;
template <>
struct ElementOf<float> {
  static constexpr napi_typedarray_type kType = napi_float32_array;
  static constexpr const char* kName = "Float32Array";
};
template <>
struct ElementOf<double> {
  static constexpr napi_typedarray_type kType = napi_float64_array;
  static constexpr const char* kName = "Float64Array";
};
template <>
struct ElementOf<uint8_t> {
  static constexpr napi_typedarray_type kType = napi_uint8_array;
  static constexpr const char* kName = "Uint8Array";
};
template <>
struct ElementOf<int32_t> {
  static constexpr napi_typedarray_type kType = napi_int32_array;
  static constexpr const char* kName = "Int32Array";
};
template <>
struct ElementOf<uint32_t> {
  static constexpr napi_typedarray_type kType = napi_uint32_array;
  static constexpr const char* kName = "Uint32Array";
};

}  // namespace

Argument Argument::get(const char* name) const& {
  return Argument(this, name, -1, object().Get(name));
}

Argument Argument::at(uint32_t index) const& {
  return Argument(this, nullptr, index, object().Get(index));
}

uint32_t Argument::length() const {
  if (!value_.IsArray()) refuse_type("an array");
  return Napi::Array(value_.Env(), value_).Length();
}

Napi::Object Argument::object() const {
  if (!value_.IsObject()) refuse_type("an object");
  return Napi::Object(value_.Env(), value_);
}

std::string Argument::text() const {
  if (!value_.IsString()) refuse_type("a string");
  return Napi::String(value_.Env(), value_).Utf8Value();
}

bool Argument::flag() const {
  if (!value_.IsBoolean()) refuse_type("true or false");
  return Napi::Boolean(value_.Env(), value_).Value();
}

double Argument::number() const {
  if (!value_.IsNumber()) refuse_type("a number");
  return Napi::Number(value_.Env(), value_).DoubleValue();
}

int64_t Argument::integer(int64_t min, int64_t max) const {
  double number = Argument::number();
  // Written so that NaN is refused as well.
  if (!(number >= static_cast<double>(min) && number <= static_cast<double>(max)) || number != std::floor(number)) {
    refuse_range("an integer from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return static_cast<int64_t>(number);
}

int Argument::choice(const char* const* names, int count) const {
  std::string name = text();
  for (int i = 0; i < count; i++) {
    if (name == names[i]) return i;
  }
  std::string known;
  for (int i = 0; i < count; i++) known += std::string(i ? ", " : "") + names[i];
  refuse_type("one of " + known);
}

template <class T>
Elements<T> Argument::array(int64_t at_least) const {
  if (!value_.IsTypedArray()) refuse_type(std::string("a ") + ElementOf<T>::kName);
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  napi_status status =
      napi_get_typedarray_info(value_.Env(), value_, &type, &length, &data, nullptr, nullptr);
  if (status != napi_ok || type != ElementOf<T>::kType) refuse_type(std::string("a ") + ElementOf<T>::kName);
  if (static_cast<int64_t>(length) < at_least) {
    refuse_range(std::string("a ") + ElementOf<T>::kName + " of at least " + std::to_string(at_least) + " elements");
  }
  return {static_cast<T*>(data), static_cast<int64_t>(length)};
}

template Elements<float> Argument::array<float>(int64_t) const;
template Elements<double> Argument::array<double>(int64_t) const;
template Elements<uint8_t> Argument::array<uint8_t>(int64_t) const;
template Elements<int32_t> Argument::array<int32_t>(int64_t) const;
template Elements<uint32_t> Argument::array<uint32_t>(int64_t) const;

std::string Argument::path() const {
  std::string step = name_ ? name_ : "[" + std::to_string(index_) + "]";
  if (!parent_) return step;
  return parent_->path() + (name_ ? "." : "") + step;
}

std::string Argument::shown() const {
  switch (value_.Type()) {
    case napi_undefined: return "nothing";
    case napi_string: return "\"" + Napi::String(value_.Env(), value_).Utf8Value() + "\"";
    case napi_object:
      if (value_.IsTypedArray()) {
        return "a typed array of " + std::to_string(value_.As<Napi::TypedArray>().ElementLength());
      }
      return value_.IsArray() ? "an array" : "an object";
    case napi_function: return "a function";
    case napi_symbol: return "a symbol";
    case napi_external: return "an external";
    default: return value_.ToString().Utf8Value();
  }
}

void Argument::refuse_type(const std::string& expected) const {
  throw Napi::TypeError::New(env(), "`" + path() + "` must be " + expected + ", received " + shown());
}

void Argument::refuse_range(const std::string& expected) const {
  throw Napi::RangeError::New(env(), "`" + path() + "` must be " + expected + ", received " + shown());
}

}  // namespace quern
