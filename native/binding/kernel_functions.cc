#include "binding/kernel_functions.h"

#include <algorithm>

#include "binding/environment.h"
#include "binding/teamwork.h"
#include "gemm/gemm.h"
#include "kernels/dispatch.h"
#include "runtime/arena.h"
#include "runtime/cpu.h"
#include "runtime/random.h"

namespace quern {
namespace {

constexpr int64_t kMaxSafeInteger = (int64_t{1} << 53) - 1;
constexpr int64_t kMaxSize = int64_t{1} << 31;
constexpr int64_t kMaxUint32 = 0xffffffff;
// Fewer FLOPs than this do not pay for waking another thread.
constexpr int64_t kFlopsPerThread = 500'000;

int read_threads(const Argument& value) { return static_cast<int>(value.integer(1, kMaxThreads)); }

// The arguments of gemm, read and checked: arrays long enough, c apart from the others.
GemmCall decode_gemm(const Argument& value) {
  GemmCall call{};
  call.m = value.get("m").integer(0, kMaxSize);
  call.n = value.get("n").integer(0, kMaxSize);
  call.k = value.get("k").integer(0, kMaxSize);
  Elements<float> a = value.get("a").array<float>(call.m * call.k);
  Elements<float> b = value.get("b").array<float>(call.k * call.n);
  Argument c_value = value.get("c");
  Elements<float> c = c_value.array<float>(call.m * call.n);
  call.a = a.data;
  call.b = b.data;
  call.c = c.data;
  call.ldc = call.n;
  const bool transpose_a = value.get("transposeA").flag(), transpose_b = value.get("transposeB").flag();
  call.a_row = transpose_a ? 1 : call.k;
  call.a_col = transpose_a ? call.m : 1;
  call.b_row = transpose_b ? 1 : call.n;
  call.b_col = transpose_b ? call.k : 1;
  Argument bias = value.get("bias");
  if (!bias.missing()) call.bias = bias.array<float>(call.n).data;
  call.accumulate = value.get("accumulate").flag();
  call.function = value.get("function").choice<PointwiseFunction>();
  call.alpha = static_cast<float>(value.get("alpha").number());
  Argument precision = value.get("precision");
  if (!precision.missing()) call.precision = precision.choice<Precision>();
  auto overlaps = [&](const float* data, int64_t length) {
    return data < call.c + call.m * call.n && call.c < data + length;
  };
  if (overlaps(call.a, call.m * call.k) || overlaps(call.b, call.k * call.n) ||
      (call.bias && overlaps(call.bias, call.n))) {
    c_value.refuse_range("an array that does not overlap `a`, `b` or `bias`");
  }
  return call;
}

Napi::Value gemm(const Napi::CallbackInfo& info) {
  Argument value("call", info[0]);
  const GemmCall call = decode_gemm(value);
  const KernelTable& kernels = kernels_of(value.get("isa"));
  // In double: the product of three sizes may exceed 64 bits.
  const double flops = 2.0 * static_cast<double>(call.m) * static_cast<double>(call.n) * static_cast<double>(call.k);
  const double worth = std::min(1.0 * kMaxThreads, 1 + flops / kFlopsPerThread);
  const int threads = std::min(read_threads(value.get("threads")), static_cast<int>(worth));
  const int64_t scratch = align_floats(gemm_scratch_floats(kernels, call.m, call.n, call.k));
  float* memory = Environment::of(info.Env()).scratch(scratch * threads);
  if (!memory) throw Napi::Error::New(info.Env(), "there is not enough memory for gemm's scratch");
  run_parts(threads, threads, [&](int part) { quern::gemm(kernels, call, part, threads, memory + part * scratch); });
  return info.Env().Undefined();
}

// pointwise(isa, name, x, y, alpha)
Napi::Value pointwise(const Napi::CallbackInfo& info) {
  const KernelTable& kernels = kernels_of(Argument("isa", info[0]));
  const int function = static_cast<int>(Argument("name", info[1]).choice<PointwiseFunction>());
  Elements<float> x = Argument("x", info[2]).array<float>(0);
  Elements<float> y = Argument("y", info[3]).array<float>(x.length);
  kernels.pointwise[function](x.data, y.data, x.length, static_cast<float>(Argument("alpha", info[4]).number()));
  return info.Env().Undefined();
}

// pointwiseGradient(isa, name, saved, dy, out, alpha)
Napi::Value pointwise_gradient(const Napi::CallbackInfo& info) {
  const KernelTable& kernels = kernels_of(Argument("isa", info[0]));
  const int function = static_cast<int>(Argument("name", info[1]).choice<PointwiseFunction>());
  Elements<float> saved = Argument("saved", info[2]).array<float>(0);
  Elements<float> dy = Argument("dy", info[3]).array<float>(saved.length);
  Elements<float> out = Argument("out", info[4]).array<float>(saved.length);
  const float alpha = static_cast<float>(Argument("alpha", info[5]).number());
  kernels.pointwise_gradient[function](saved.data, dy.data, out.data, 1, saved.length, saved.length, alpha, nullptr);
  return info.Env().Undefined();
}

// Those of calls that name none.
const KernelTable& default_kernels(Napi::Env env) { return kernels_of(Argument("isa", env.Undefined())); }

// random(seed, stream, first, out)
Napi::Value random(const Napi::CallbackInfo& info) {
  const auto seed = static_cast<uint64_t>(Argument("seed", info[0]).integer(0, kMaxSafeInteger));
  const auto stream = static_cast<uint32_t>(Argument("stream", info[1]).integer(0, kMaxUint32));
  const auto first = static_cast<uint64_t>(Argument("first", info[2]).integer(0, kMaxSafeInteger));
  Elements<uint32_t> out = Argument("out", info[3]).array<uint32_t>(0);
  const KernelTable& kernels = default_kernels(info.Env());
  random_words(kernels, seed, stream, first, out.data, out.length);
  return info.Env().Undefined();
}

// randomUniform(seed, stream, low, width, out)
Napi::Value random_uniform(const Napi::CallbackInfo& info) {
  const auto seed = static_cast<uint64_t>(Argument("seed", info[0]).integer(0, kMaxSafeInteger));
  const auto stream = static_cast<uint32_t>(Argument("stream", info[1]).integer(0, kMaxUint32));
  const double low = Argument("low", info[2]).number();
  const double width = Argument("width", info[3]).number();
  Elements<float> out = Argument("out", info[4]).array<float>(0);
  const KernelTable& kernels = default_kernels(info.Env());
  quern::random_uniform(kernels, seed, stream, low, width, out.data, out.length);
  return info.Env().Undefined();
}

// permutation(rows, seed, epoch, out)
Napi::Value permutation(const Napi::CallbackInfo& info) {
  const int64_t rows = Argument("rows", info[0]).integer(0, kMaxUint32);
  const auto seed = static_cast<uint64_t>(Argument("seed", info[1]).integer(0, kMaxSafeInteger));
  const auto epoch = static_cast<uint64_t>(Argument("epoch", info[2]).integer(0, kMaxSafeInteger));
  Elements<uint32_t> out = Argument("out", info[3]).array<uint32_t>(rows);
  const KernelTable& kernels = default_kernels(info.Env());
  quern::permutation(kernels, rows, seed, epoch, out.data);
  return info.Env().Undefined();
}

}  // namespace

const KernelTable& kernels_of(const Argument& isa) {
  const TableChoice choice = isa.missing() ? default_table() : find_table(isa.text(), "isa");
  if (!choice.table) throw Napi::RangeError::New(isa.env(), choice.error);
  return *choice.table;
}

void export_kernel_functions(Napi::Env env, Napi::Object exports) {
  exports.Set("gemm", Napi::Function::New<gemm>(env, "gemm"));
  exports.Set("pointwise", Napi::Function::New<pointwise>(env, "pointwise"));
  exports.Set("pointwiseGradient", Napi::Function::New<pointwise_gradient>(env, "pointwiseGradient"));
  exports.Set("random", Napi::Function::New<random>(env, "random"));
  exports.Set("randomUniform", Napi::Function::New<random_uniform>(env, "randomUniform"));
  exports.Set("permutation", Napi::Function::New<permutation>(env, "permutation"));
}

}  // namespace quern
