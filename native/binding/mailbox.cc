#include "binding/mailbox.h"

#include <utility>

namespace quern {

std::shared_ptr<Mailbox> Mailbox::create(Napi::Env env, Deliver deliver) {
  std::shared_ptr<Mailbox> mailbox(new Mailbox(deliver));
  napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, Napi::String::New(env, "quern job"), 0, 1, nullptr, nullptr, nullptr, call_js,
      &mailbox->function_);
  NAPI_THROW_IF_FAILED(env, status, mailbox);
  mailbox->hold_open(env, false);
  return mailbox;
}

void Mailbox::post(uint64_t id) noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return;
  posted_.push_back(id);
  auto* self = new std::shared_ptr<Mailbox>(shared_from_this());
  if (napi_call_threadsafe_function(function_, self, napi_tsfn_nonblocking) != napi_ok) delete self;
}

void Mailbox::hold_open(Napi::Env env, bool hold) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return;
  if (hold) {
    napi_ref_threadsafe_function(env, function_);
  } else {
    napi_unref_threadsafe_function(env, function_);
  }
}

void Mailbox::close() noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
}

void Mailbox::call_js(napi_env env, napi_value, void*, void* data) {
  std::unique_ptr<std::shared_ptr<Mailbox>> self(static_cast<std::shared_ptr<Mailbox>*>(data));
  if (env == nullptr) return;
  std::vector<uint64_t> ids;
  {
    std::lock_guard<std::mutex> lock((*self)->mutex_);
    if ((*self)->closed_) return;
    ids.swap((*self)->posted_);
  }
  for (uint64_t id : ids) {
    try {
      (*self)->deliver_(env, id);
    } catch (const Napi::Error&) {
      // Only an environment that is being terminated refuses to settle a promise; nobody waits for it then.
    }
  }
}

}  // namespace quern
