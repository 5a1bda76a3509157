// Runs one piece of work on the calling thread and on helpers of the pool, and returns when all have finished.
#pragma once
#include <atomic>

#include "runtime/pool.h"

namespace quern {

// Calls body(part) once for each part in 0 .. parts - 1, on up to `threads` threads; a thread takes the next part when
// it is through with one, so that all are done even if the system refuses helpers.
template <class Body>
void run_parts(int threads, int parts, const Body& body) noexcept {
  struct Shared {
    const Body& body;
    const int parts;
    std::atomic<int> next{0};
    static void work(void* self, int) {
      auto& shared = *static_cast<Shared*>(self);
      for (int part; (part = shared.next.fetch_add(1, std::memory_order_relaxed)) < shared.parts;) shared.body(part);
    }
  } shared{body, parts};
  if (threads > parts) threads = parts;
  if (threads <= 1) return Shared::work(&shared, 0);
  Gang gang(threads);
  gang.start(threads - 1, Shared::work, &shared);
  Shared::work(&shared, 0);
  gang.finish();
}

}  // namespace quern
