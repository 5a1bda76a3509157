// How quern's threads tell the JavaScript thread of one environment that a job is over.
//
// Thread-safe functions need care when an environment (a Worker) ends: Node may free them while other threads hold
// them, and may deliver queued calls afterwards. So: a post happens under a mutex and never after `close`, which the
// environment's cleanup hook calls before Node frees anything; each queued call owns a reference to the mailbox; and a
// delivery without an environment does nothing.
#pragma once
#include <napi.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace quern {

class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  // `deliver` runs on the JavaScript thread for every posted id.
  using Deliver = void (*)(Napi::Env env, uint64_t id);
  static std::shared_ptr<Mailbox> create(Napi::Env env, Deliver deliver);

  // Any thread. Lost after `close`.
  void post(uint64_t id) noexcept;

  // The JavaScript thread only. While held open the event loop stays alive.
  void hold_open(Napi::Env env, bool hold);
  void close() noexcept;

 private:
  explicit Mailbox(Deliver deliver) : deliver_(deliver) {}
  static void call_js(napi_env env, napi_value function, void* context, void* data);

  const Deliver deliver_;
  std::mutex mutex_;
  bool closed_ = false;
  napi_threadsafe_function function_ = nullptr;
  std::vector<uint64_t> posted_;
};

}  // namespace quern
