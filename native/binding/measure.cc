#include "binding/measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <iterator>
#include <mutex>

#include "binding/kernel_functions.h"
#include "binding/measure_ulp.h"
#include "binding/teamwork.h"
#include "kernels/dispatch.h"
#include "runtime/arena.h"
#include "runtime/cpu.h"
#include "runtime/hardware_counters.h"

namespace quern {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kMaxSeconds = 60;
constexpr int64_t kMaxBytes = int64_t{1} << 36;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double read_seconds(const Argument& value) {
  const double seconds = value.number();
  if (!(seconds > 0 && seconds <= kMaxSeconds)) value.refuse_range("more than 0 and at most 60 seconds");
  return seconds;
}

// The sum of what each thread does a second: `work` does one round and says how much that was.
template <class Work>
double rate(int threads, double seconds, const Work& work) {
  double total = 0;
  std::mutex mutex;
  run_parts(threads, threads, [&](int part) {
    work(part);
    const Clock::time_point start = Clock::now();
    double done = 0, elapsed = 0;
    do {
      done += work(part);
      elapsed = seconds_since(start);
    } while (elapsed < seconds);
    std::lock_guard<std::mutex> lock(mutex);
    total += done / elapsed;
  });
  return total;
}

// peakFlops(isa, threads, seconds)
Napi::Value peak_flops(const Napi::CallbackInfo& info) {
  const KernelTable& kernels = kernels_of(Argument("isa", info[0]));
  const int threads = static_cast<int>(Argument("threads", info[1]).integer(1, kMaxThreads));
  const double seconds = read_seconds(Argument("seconds", info[2]));
  constexpr int64_t kIterations = 20'000;
  return Napi::Number::New(info.Env(), rate(threads, seconds, [&](int) { return kernels.peak_fma(kIterations); }));
}

// bandwidth(kind, bytes, threads, seconds)
Napi::Value bandwidth(const Napi::CallbackInfo& info) {
  constexpr const char* kKinds[] = {"read", "copy"};
  const bool copy = Argument("kind", info[0]).choice(kKinds, 2) == 1;
  const int64_t bytes = Argument("bytes", info[1]).integer(128, kMaxBytes);
  const int threads = static_cast<int>(Argument("threads", info[2]).integer(1, kMaxThreads));
  const double seconds = read_seconds(Argument("seconds", info[3]));
  const int64_t floats = bytes / 128 * 32;  // a multiple of two cache lines: copy's halves are aligned
  Arena memory;
  if (!memory.allocate(floats * threads)) throw Napi::Error::New(info.Env(), "there is not enough memory to measure");
  const KernelTable& kernels = best_table();
  // Many passes over what is small for each look at the clock, which takes as long as reading some kilobytes.
  constexpr int64_t kFloatsARound = 1 << 20;
  const int64_t passes = std::max<int64_t>(1, kFloatsARound / floats);
  // What was never written is one page of zeros, read from L1.
  run_parts(threads, threads, [&](int part) { std::fill_n(memory.data() + part * floats, floats, 1.0f); });
  const double result = rate(threads, seconds, [&](int part) {
    [[maybe_unused]] volatile float sink = 0;
    float* mine = memory.data() + part * floats;
    for (int64_t pass = 0; pass < passes; pass++) {
      if (copy) {
        std::memcpy(mine, mine + floats / 2, static_cast<size_t>(floats / 2) * sizeof(float));
      } else {
        sink = kernels.read_sum(mine, floats);
      }
    }
    return static_cast<double>(passes * floats) * sizeof(float);
  });
  return Napi::Number::New(info.Env(), result);
}

// measureUlp(isa, name, first, stride)
Napi::Value measure_ulp(const Napi::CallbackInfo& info) {
  struct Function {
    PointwiseFunction function;
    double (*exact)(double);
  };
  constexpr const char* kNames[] = {"exponential", "log", "tanh", "erf"};
  constexpr Function kFunctions[] = {{PointwiseFunction::kExponential, std::exp},
                                     {PointwiseFunction::kLog, std::log},
                                     {PointwiseFunction::kTanh, std::tanh},
                                     {PointwiseFunction::kErf, std::erf}};
  const KernelTable& kernels = kernels_of(Argument("isa", info[0]));
  const Function& which = kFunctions[Argument("name", info[1]).choice(kNames, 4)];
  const auto first = static_cast<uint32_t>(Argument("first", info[2]).integer(0, 0xffffffff));
  const auto stride = static_cast<uint32_t>(Argument("stride", info[3]).integer(1, 0xffffffff));
  const UlpResult result = quern::measure_ulp(kernels.pointwise[static_cast<int>(which.function)], which.exact, first,
                                              stride, cpu().cores);
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("ulp", result.ulp);
  object.Set("at", static_cast<double>(result.at));
  object.Set("checked", static_cast<double>(result.checked));
  return object;
}

// One for the process: a bench process measures on one thread.
HardwareCounters& hardware_counters() {
  static HardwareCounters& counters = *new HardwareCounters();
  return counters;
}

// openCounters()
Napi::Value open_counters(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), hardware_counters().open());
}

// readCounters()
Napi::Value read_counters(const Napi::CallbackInfo& info) {
  double counts[kHardwareEvents];
  hardware_counters().read(counts);
  auto numbers = Napi::Float64Array::New(info.Env(), kHardwareEvents);
  std::copy(std::begin(counts), std::end(counts), numbers.Data());
  return numbers;
}

Napi::Value describe_cpu(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const CpuInfo& machine = cpu();
  Napi::Array isas = Napi::Array::New(env);
  for (const KernelTable* const* table = supported_tables(); *table; table++) {
    if (!tiles_are_lost(**table)) isas.Set(isas.Length(), (*table)->name);
  }
  const KernelTable& used = kernels_of(Argument("isa", env.Undefined()));
  Napi::Object object = Napi::Object::New(env);
  object.Set("isas", isas);
  object.Set("isa", tiles_are_lost(used) ? "avx512" : used.name);
  const std::string amx = amx_state();
  if (!amx.empty()) object.Set("amx", amx);
  object.Set("cores", machine.cores);
  object.Set("threads", machine.threads);
  object.Set("l1d", static_cast<double>(machine.l1d));
  object.Set("l2", static_cast<double>(machine.l2));
  object.Set("l3", static_cast<double>(machine.l3));
  object.Set("brand", machine.brand);
  return object;
}

}  // namespace

void export_measurements(Napi::Env env, Napi::Object exports) {
  exports.Set("cpu", Napi::Function::New<describe_cpu>(env, "cpu"));
  exports.Set("peakFlops", Napi::Function::New<peak_flops>(env, "peakFlops"));
  exports.Set("bandwidth", Napi::Function::New<bandwidth>(env, "bandwidth"));
  exports.Set("openCounters", Napi::Function::New<open_counters>(env, "openCounters"));
  exports.Set("readCounters", Napi::Function::New<read_counters>(env, "readCounters"));
  exports.Set("measureUlp", Napi::Function::New<measure_ulp>(env, "measureUlp"));
}

}  // namespace quern
