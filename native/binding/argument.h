// A value from JavaScript with the path that led to it, so that every error names what is wrong: `spec.buffers[3].shape`.
// Reading throws Napi::TypeError or Napi::RangeError. The path is a chain of stack objects; only an error spells it out.
#pragma once
#include <napi.h>

#include <cstdint>
#include <string>

#include "kernels/functions.h"

namespace quern {

// The elements of a typed array, in place. Valid while the array is reachable and its buffer is not transferred.
template <class T>
struct Elements {
  T* data = nullptr;
  int64_t length = 0;
};

class Argument {
 public:
  Argument(const char* name, Napi::Value value) : value_(value), name_(name) {}

  // A property of this object, or an element of this array. It points at this value, which must outlive it.
  Argument get(const char* name) const&;
  Argument at(uint32_t index) const&;
  Argument get(const char* name) const&& = delete;
  Argument at(uint32_t index) const&& = delete;
  // Elements of this array.
  uint32_t length() const;

  Napi::Value raw() const { return value_; }
  Napi::Env env() const { return value_.Env(); }
  bool missing() const { return value_.IsUndefined(); }
  bool is_null() const { return value_.IsNull(); }

  std::string text() const;
  bool flag() const;
  double number() const;
  int64_t integer(int64_t min, int64_t max) const;
  // The position of this string among `count` names.
  int choice(const char* const* names, int count) const;
  template <class Enum>
  Enum choice() const {
    return static_cast<Enum>(choice(Names<Enum>::list, static_cast<int>(Enum::kCount)));
  }

  // A typed array of exactly this element type, `at_least` elements long or longer.
  template <class T>
  Elements<T> array(int64_t at_least) const;
  Napi::Object object() const;

  std::string path() const;
  [[noreturn]] void refuse_type(const std::string& expected) const;
  [[noreturn]] void refuse_range(const std::string& expected) const;

 private:
  Argument(const Argument* parent, const char* name, int64_t index, Napi::Value value)
      : value_(value), parent_(parent), name_(name), index_(index) {}
  // What came, as an error sentence shows it.
  std::string shown() const;

  Napi::Value value_;
  const Argument* parent_ = nullptr;
  const char* name_ = nullptr;
  int64_t index_ = -1;
};

}  // namespace quern
