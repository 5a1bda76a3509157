#include "binding/program_object.h"

#include <cstring>
#include <utility>
#include <vector>

#include "binding/decode_spec.h"
#include "binding/environment.h"
#include "binding/kernel_functions.h"
#include "binding/parameters_object.h"
#include "binding/span_values.h"

namespace quern {

Napi::Function ProgramObject::define(Napi::Env env) {
  return DefineClass(env, "Program", {
      InstanceMethod<&ProgramObject::run>("run"),
      InstanceMethod<&ProgramObject::run_sync>("runSync"),
      InstanceMethod<&ProgramObject::predict>("predict"),
      InstanceMethod<&ProgramObject::explain>("explain"),
      InstanceMethod<&ProgramObject::costs>("costs"),
      InstanceMethod<&ProgramObject::read_buffer>("readBuffer"),
  });
}

ProgramObject::ProgramObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ProgramObject>(info) {
  Argument options("options", info[2]);
  Argument keep = options.get("keepTemporaries");
  bool keep_temporaries = !keep.missing() && keep.flag();
  const KernelTable& kernels = kernels_of(options.get("isa"));
  std::shared_ptr<Parameters> parameters = ParametersObject::from(Argument("parameters", info[1]));
  std::unique_ptr<Program> program;
  std::string error =
      Program::create(decode_spec(Argument("spec", info[0])), std::move(parameters), kernels, keep_temporaries, &program);
  if (!error.empty()) throw Napi::Error::New(info.Env(), error);
  program_ = std::move(program);
  const auto from = Napi::Number::New(info.Env(), program_->rows_worth_helpers());
  info.This().As<Napi::Object>().DefineProperty(Napi::PropertyDescriptor::Value("helpersFrom", from, napi_enumerable));
}

void ProgramObject::check(Napi::Env env, const Span& span) const {
  std::string error = program_->check(span);
  if (!error.empty()) throw Napi::RangeError::New(env, error);
}

void ProgramObject::claim(Napi::Env env, const Span& span) const {
  if (program_->trains(span) && !program_->parameters()->try_begin_training()) {
    throw Napi::Error::New(env, "another job trains these parameters already");
  }
}

Napi::Value ProgramObject::run(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Span span;
  std::vector<napi_value> pointed_into;
  decode_span(Argument("span", info[0]), &span, &pointed_into);
  check(env, span);
  Napi::Array arrays = Napi::Array::New(env, pointed_into.size());
  for (uint32_t i = 0; i < pointed_into.size(); i++) arrays.Set(i, pointed_into[i]);
  claim(env, span);
  return Environment::of(env).run(env, program_, std::move(span), arrays);
}

Napi::Value ProgramObject::run_sync(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  // Taken and given back, so that a getter which runs another span meanwhile does no harm.
  Span span = std::exchange(span_, Span());
  decode_span(Argument("span", info[0]), &span, nullptr);
  SpanResult result;
  run_now(env, span, &result);
  span_ = std::move(span);
  return result_to_object(env, result);
}

// Positional arguments, since reading a span's properties takes longer than predicting one row.
void ProgramObject::predict(const Napi::CallbackInfo& info) {
  Span span = std::exchange(prediction_, Span());
  decode_prediction(info, &span);
  SpanResult result;
  run_now(info.Env(), span, &result);
  prediction_ = std::move(span);
}

void ProgramObject::run_now(Napi::Env env, const Span& span, SpanResult* result) const {
  check(env, span);
  claim(env, span);
  const std::shared_ptr<Parameters>& parameters = program_->parameters();
  const bool trains = program_->trains(span);
  // A running job changes the live weights only between the steps at which snapshots are taken.
  const bool live = trains || !parameters->training();
  Progress progress(program_->spec().accumulators);
  program_->run(span, live ? WeightsAccess::kLive : WeightsAccess::kSnapshot, progress, result);
  if (trains) parameters->end_training();
  if (result->error.kind == SpanError::kMemory) throw out_of_memory(env);
}

Napi::Value ProgramObject::explain(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), program_->explain());
}

Napi::Value ProgramObject::costs(const Napi::CallbackInfo& info) {
  const int64_t rows = Argument("rows", info[0]).integer(1, program_->spec().max_rows);
  const std::vector<Cost> costs = program_->costs(rows);
  auto numbers = Napi::Float64Array::New(info.Env(), 2 * costs.size());
  for (size_t i = 0; i < costs.size(); i++) {
    numbers[2 * i] = costs[i].flops;
    numbers[2 * i + 1] = costs[i].operands;
  }
  return numbers;
}

Napi::Value ProgramObject::read_buffer(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  const std::vector<BufferSpec>& buffers = program_->spec().buffers;
  int64_t last = static_cast<int64_t>(buffers.size()) - 1;
  BufferId buffer = static_cast<BufferId>(Argument("buffer", info[0]).integer(0, last));
  int64_t elements = 0;
  const void* contents = program_->read_buffer(buffer, &elements);
  if (!contents) throw Napi::Error::New(env, "no contents: run the program first, made with keepTemporaries");
  auto length = static_cast<size_t>(elements);
  auto memory = Napi::ArrayBuffer::New(env, length * sizeof(float));
  if (length) std::memcpy(memory.Data(), contents, length * sizeof(float));
  if (buffers[static_cast<size_t>(buffer)].dtype == DType::kI32) return Napi::Int32Array::New(env, length, memory, 0);
  return Napi::Float32Array::New(env, length, memory, 0);
}

}  // namespace quern
