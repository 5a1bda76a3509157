// What running programs ask of the allocator, and what they do when it has nothing left. glibc's functions are replaced
// by ones that count and refuse; sanitizers bring their own, so there is nothing to test under them.
#include <cstdlib>  // says whether this is glibc

#if defined(__GLIBC__) && !defined(QUERN_SANITIZED)
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "check.h"
#include "programs.h"

static std::atomic<int64_t> calls{0};
static std::atomic<size_t> refused_from{SIZE_MAX};  // bytes

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

void* malloc(size_t bytes) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(bytes);
}
void* calloc(size_t count, size_t bytes) {
  calls.fetch_add(1, std::memory_order_relaxed);
  if (count * bytes >= refused_from.load(std::memory_order_relaxed)) {
    errno = ENOMEM;
    return nullptr;
  }
  return __libc_calloc(count, bytes);
}
void* realloc(void* memory, size_t bytes) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(memory, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) {
  calls.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(alignment, bytes);
}
}

namespace quern::test {

// The same program on spans of different lengths, after one that made threads and memory.
TEST(memory_steps_allocate_nothing) {
  const Data data = make_data(64 * 32, 20, 5, 1);
  for (int threads : {1, 3}) {
    for (bool keeps : {true, false}) {
      Mlp mlp = make_mlp({20, 48, 5}, 32, true, 0.2f);
      const auto program = make_program(mlp.spec, mlp.parameters, keeps);
      TrainingSpan training(data, 32, true, threads);
      const auto calls_of = [&](int64_t steps) {
        training.span.steps = steps;
        const int64_t before = calls.load();
        train(*program, training.span);
        return calls.load() - before;
      };
      calls_of(64);
      const int64_t few = calls_of(4);
      CHECK_EQUAL(calls_of(64), few);
      CHECK(few > 0);  // or nothing is counted
    }
  }
}

// Whatever there is no memory for, the job says so, has done nothing, and the next one runs.
TEST(memory_may_run_out_before_a_job_begins) {
  const Data data = make_data(16384, 20, 5, 1);
  Mlp mlp = make_mlp({20, 48, 5}, 32, true);
  const TrainingSpan training(data, 32, true, 2);
  const std::vector<float> before = weights_of(*mlp.parameters);
  for (size_t bytes : {size_t{1} << 10, size_t{4} * 16384}) {  // all arenas; only the largest, the order of the rows
    const auto program = make_program(mlp.spec, mlp.parameters);
    refused_from = bytes;
    const SpanResult result = train(*program, training.span);
    refused_from = SIZE_MAX;
    CHECK(result.error.kind == SpanError::kMemory);
    CHECK_EQUAL(result.steps, 0);
    CHECK(weights_of(*mlp.parameters) == before);
  }
  const auto program = make_program(mlp.spec, mlp.parameters);
  CHECK_EQUAL(train(*program, training.span).steps, training.span.steps);
}

}  // namespace quern::test
#endif
