// Tells V8 how much memory hangs on a JavaScript object, so that it collects garbage in time. Always balanced.
#pragma once
#include <napi.h>

#include <cstdint>

namespace quern {

class ExternalBytes {
 public:
  // The JavaScript thread only.
  void set(Napi::Env env, int64_t bytes) {
    if (bytes == bytes_) return;
    Napi::MemoryManagement::AdjustExternalMemory(env, bytes - bytes_);
    bytes_ = bytes;
  }

 private:
  int64_t bytes_ = 0;
};

}  // namespace quern
