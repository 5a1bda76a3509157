// Signals, barriers, drivers and gangs, with more threads than cores.
#include "runtime/pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <thread>
#include <vector>

#include "check.h"
#include "runtime/barrier.h"
#include "runtime/signal.h"
#include "runtime/wake_apart.h"

namespace quern::test {

static void until(const std::atomic<int>& count, int value) {
  while (count.load(std::memory_order_acquire) < value) std::this_thread::yield();
}

static void count_up(void* count, int) { static_cast<std::atomic<int>*>(count)->fetch_add(1); }

// Every worker adds to plain data in turns that only the barrier keeps apart.
struct Shared {
  static constexpr int kWorkers = 4, kRounds = 2000;
  Barrier barrier{kWorkers};
  int64_t sum = 0;
  void work(int worker) {
    for (int round = 0; round < kRounds; round++) {
      if (round % kWorkers == worker) sum = sum * 3 % 1000003 + worker;
      barrier.wait();
    }
  }
};

TEST(barrier_orders_what_workers_do) {
  Shared shared;
  Gang gang(Shared::kWorkers);
  CHECK_EQUAL(gang.start(Shared::kWorkers - 1, [](void* s, int w) { static_cast<Shared*>(s)->work(w); }, &shared), 3);
  shared.work(0);
  gang.finish();
  int64_t expected = 0;
  for (int round = 0; round < Shared::kRounds; round++) expected = expected * 3 % 1000003 + round % Shared::kWorkers;
  CHECK_EQUAL(shared.sum, expected);
}

TEST(signal_wakes_sleepers) {
  Signal signal;
  std::atomic<int> woken{0};
  std::vector<std::thread> threads;
  const uint32_t seen = signal.seen();
  for (int i = 0; i < 3; i++) {
    threads.emplace_back([&] {
      signal.wait(seen);
      woken.fetch_add(1, std::memory_order_acq_rel);
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK_EQUAL(woken.load(), 0);
  signal.post();
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(woken.load(), 3);
  CHECK_EQUAL(signal.seen(), Signal::next(seen));
}

// Many more jobs than drivers, from several threads: each runs once.
TEST(pool_runs_every_job_once) {
  static std::atomic<int> runs[400];
  static std::atomic<int> done{0};
  for (auto& run : runs) run = 0;
  done = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++) {
    threads.emplace_back([t] {
      for (int i = t; i < 400; i += 4) {
        const bool started = Pool::process().start([](void* run, int worker) {
          static_cast<std::atomic<int>*>(run)->fetch_add(1 + worker);
          done.fetch_add(1, std::memory_order_acq_rel);
        }, &runs[i]);
        CHECK(started);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  until(done, 400);
  for (auto& run : runs) CHECK_EQUAL(run.load(), 1);
}

TEST(pool_uses_threads_again) {
  std::atomic<int> helped{0};
  { Gang gang(4); gang.start(3, count_up, &helped); }
  const int made = Pool::process().threads();
  for (int i = 0; i < 100; i++) {
    Gang gang(4);
    gang.start(3, count_up, &helped);
  }
  CHECK_EQUAL(helped.load(), 303);
  CHECK_EQUAL(Pool::process().threads(), made);
}

TEST(gang_shares_with_others) {
  Gang first(4);
  CHECK_EQUAL(first.share(), 4);
  {
    Gang second(4);
    CHECK_EQUAL(first.share(), 2);
    CHECK_EQUAL(second.share(), 2);
    Gang third(1), fourth(8);
    CHECK_EQUAL(third.share(), 1);
    CHECK_EQUAL(fourth.share(), 2);
  }
  CHECK_EQUAL(first.share(), 4);
  Gang others[8] = {Gang(4), Gang(4), Gang(4), Gang(4), Gang(4), Gang(4), Gang(4), Gang(4)};
  CHECK_EQUAL(first.share(), 1);
}

#ifdef __linux__
// What the thread may use while it waits to be woken, and after.
TEST(wake_apart_keeps_a_thread_from_the_wakers_cpu) {
  cpu_set_t all;
  CHECK_EQUAL(pthread_getaffinity_np(pthread_self(), sizeof all, &all), 0);
  const bool several = CPU_COUNT(&all) > 1;
  if (!several) std::printf("  one CPU: whether others are left to a thread is not tested\n");
  WakeApart apart;
  Signal wake;
  cpu_set_t asleep, awake;
  const uint32_t seen = wake.seen();
  std::thread thread([&] {
    wake.wait(seen);
    apart.end();
    pthread_getaffinity_np(pthread_self(), sizeof awake, &awake);
  });
  cpu_set_t here;  // so that the waker's CPU is known
  CPU_ZERO(&here);
  CPU_SET(sched_getcpu(), &here);
  pthread_setaffinity_np(pthread_self(), sizeof here, &here);
  apart.begin(thread.native_handle());
  pthread_getaffinity_np(thread.native_handle(), sizeof asleep, &asleep);
  wake.post();
  thread.join();
  pthread_setaffinity_np(pthread_self(), sizeof all, &all);
  cpu_set_t common;
  CPU_AND(&common, &asleep, &here);
  CHECK_EQUAL(CPU_COUNT(&common), several ? 0 : 1);
  CHECK_EQUAL(CPU_COUNT(&asleep), std::max(CPU_COUNT(&all) - 1, 1));
  CHECK(CPU_EQUAL(&awake, &all));
}

// A thread that may use one CPU alone, be it the waker's, stays where it is.
TEST(wake_apart_leaves_a_thread_its_only_cpu) {
  std::thread([] {
    cpu_set_t here, after;
    CPU_ZERO(&here);
    CPU_SET(sched_getcpu(), &here);
    pthread_setaffinity_np(pthread_self(), sizeof here, &here);
    WakeApart apart;
    apart.begin(pthread_self());
    pthread_getaffinity_np(pthread_self(), sizeof after, &after);
    CHECK(CPU_EQUAL(&after, &here));
    apart.end();
    pthread_getaffinity_np(pthread_self(), sizeof after, &after);
    CHECK(CPU_EQUAL(&after, &here));
  }).join();
}
#endif

// Idle threads sleep: the process uses next to no CPU while nothing runs.
TEST(pool_is_idle_when_nothing_runs) {
  std::atomic<int> helped{0};
  { Gang gang(4); gang.start(3, count_up, &helped); }
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const std::clock_t before = std::clock();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const double used = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  CHECK(used < 0.02);
}

}  // namespace quern::test
