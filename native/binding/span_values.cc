#include "binding/span_values.h"

#include <algorithm>

#include "runtime/pool.h"

namespace quern {
namespace {

constexpr int64_t kMaxSafeInteger = (int64_t{1} << 53) - 1;

class SpanReader {
 public:
  SpanReader(const Argument& value, std::vector<napi_value>* arrays) : value_(value), arrays_(arrays) {}

  int64_t integer(const char* name, int64_t min, int64_t max) const { return value_.get(name).integer(min, max); }
  bool flag(const char* name) const { return value_.get(name).flag(); }

  // { data, rowLength } of any of the three element types, or { indptr, indices, values, rowLength }.
  ArrayView array(const Argument& item) const {
    Argument indptr = item.get("indptr");
    if (!indptr.missing()) return csr(item, indptr);
    Argument data = item.get("data");
    return elements(data, item.get("rowLength"));
  }

  ArrayView elements(const Argument& data, const Argument& row_length) const {
    ArrayView view;
    view.row_length = row_length.integer(0, kMaxSafeInteger);
    if (data.raw().IsTypedArray()) {
      switch (data.raw().As<Napi::TypedArray>().TypedArrayType()) {
        case napi_float32_array: return fill(data.array<float>(0), data, ElementType::kF32, view);
        case napi_uint8_array: return fill(data.array<uint8_t>(0), data, ElementType::kU8, view);
        case napi_int32_array: return fill(data.array<int32_t>(0), data, ElementType::kI32, view);
        default: break;
      }
    }
    data.refuse_type("a Float32Array, Uint8Array or Int32Array");
  }

  ArrayView csr(const Argument& item, const Argument& indptr) const {
    Argument values = item.get("values"), indices = item.get("indices");
    ArrayView view;
    view.row_length = item.get("rowLength").integer(0, kMaxSafeInteger);
    view = fill(values.array<float>(0), values, ElementType::kF32, view);
    view.indices = indices.array<uint32_t>(view.length).data;
    keep(indices);
    const Elements<uint32_t> rows = indptr.array<uint32_t>(1);
    keep(indptr);
    view.indptr = rows.data;
    view.indptr_length = rows.length;
    return view;
  }

  void arrays(const char* name, std::vector<ArrayView>* views) const {
    Argument list = value_.get(name);
    uint32_t count = list.length();
    views->clear();
    for (uint32_t i = 0; i < count; i++) views->push_back(array(list.at(i)));
  }

  // A typed array that may be missing.
  template <class T>
  Elements<T> optional(const char* name) const {
    Argument value = value_.get(name);
    if (value.missing()) return {};
    Elements<T> elements = value.array<T>(0);
    keep(value);
    return elements;
  }

  void outputs(std::vector<OutputView>* views) const {
    views->clear();
    Argument list = value_.get("outputs");
    if (list.missing()) return;
    uint32_t count = list.length();
    for (uint32_t i = 0; i < count; i++) {
      Argument item = list.at(i);
      Elements<float> elements = item.array<float>(0);
      keep(item);
      views->push_back({elements.data, elements.length});
    }
  }

  // A running job keeps what it points into. It cannot keep a resizable buffer from shrinking, so it takes none.
  void keep(const Argument& value) const {
    if (!arrays_) return;
    if (value.raw().As<Napi::TypedArray>().ArrayBuffer().Get("resizable").ToBoolean()) {
      value.refuse_type("over a buffer of fixed size");
    }
    arrays_->push_back(value.raw());
  }

 private:
  template <class T>
  ArrayView fill(Elements<T> elements, const Argument& data, ElementType type, ArrayView view) const {
    keep(data);
    view.data = elements.data;
    view.length = elements.length;
    view.type = type;
    return view;
  }

  const Argument& value_;
  std::vector<napi_value>* arrays_;
};

Napi::Object error_to_object(Napi::Env env, const SpanError& error) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("row", static_cast<double>(error.row));
  object.Set("value", error.value);
  if (error.kind == SpanError::kLabel) {
    object.Set("kind", "label");
    object.Set("array", error.index);
    object.Set("classes", error.classes);
  } else if (error.kind == SpanError::kIndices) {
    object.Set("kind", "indices");
    object.Set("array", error.index);
  } else {
    constexpr const char* kArrays[] = {"x", "y", "sampleWeight"};
    object.Set("kind", "finite");
    object.Set("array", kArrays[error.array]);
    object.Set("column", static_cast<double>(error.column));
  }
  return object;
}

}  // namespace

void decode_span(const Argument& value, Span* span, std::vector<napi_value>* arrays) {
  SpanReader reader(value, arrays);
  reader.arrays("inputs", &span->inputs);
  reader.arrays("targets", &span->targets);
  Argument weights = value.get("weights");
  span->weights = weights.missing() ? ArrayView() : reader.array(weights);
  span->rows = reader.integer("rows", 0, kMaxSafeInteger);
  span->batch_size = reader.integer("batchSize", 1, kMaxSafeInteger);
  span->first_step = reader.integer("firstStep", 0, kMaxSafeInteger);
  span->steps = reader.integer("steps", 0, kMaxSafeInteger);
  span->shuffle = reader.flag("shuffle");
  span->seed = static_cast<uint64_t>(reader.integer("seed", 0, kMaxSafeInteger));
  span->epoch = static_cast<uint64_t>(reader.integer("epoch", 0, kMaxSafeInteger));
  span->threads = static_cast<int>(reader.integer("threads", 1, kMaxThreads));
  span->check_finite = reader.flag("checkFinite");
  Argument segments = value.get("segments");
  span->segments[kForward] = segments.get("forward").flag();
  span->segments[kBackward] = segments.get("backward").flag();
  span->segments[kUpdate] = segments.get("update").flag();
  Elements<float> scalars = reader.optional<float>("scalars");
  span->scalars = scalars.data;
  span->scalars_length = scalars.length;
  Elements<double> accumulators = reader.optional<double>("accumulators");
  span->accumulators = accumulators.data;
  span->accumulators_length = accumulators.length;
  reader.outputs(&span->outputs);
  Elements<double> timings = reader.optional<double>("timings");
  span->timings = timings.data;
  span->timings_length = timings.length;
  Elements<double> skipped = reader.optional<double>("skipped");
  span->skipped = skipped.data;
  span->skipped_length = skipped.length;
}

void decode_prediction(const Napi::CallbackInfo& info, Span* span) {
  const Argument x("x", info[0]), row_length("rowLength", info[1]), out("out", info[5]);
  span->inputs.assign(1, SpanReader(x, nullptr).elements(x, row_length));
  span->rows = Argument("rows", info[2]).integer(0, kMaxSafeInteger);
  span->batch_size = Argument("batchSize", info[3]).integer(1, kMaxSafeInteger);
  span->steps = span->steps_of_pass();
  span->threads = static_cast<int>(Argument("threads", info[4]).integer(1, kMaxThreads));
  const Elements<float> result = out.array<float>(0);
  span->outputs.assign(1, {result.data, result.length});
}

Napi::Object result_to_object(Napi::Env env, const SpanResult& result) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("steps", static_cast<double>(result.steps));
  object.Set("cancelled", result.cancelled);
  Napi::Float64Array accumulators = Napi::Float64Array::New(env, result.accumulators.size());
  std::copy(result.accumulators.begin(), result.accumulators.end(), accumulators.Data());
  object.Set("accumulators", accumulators);
  if (result.error.kind != SpanError::kNone && result.error.kind != SpanError::kMemory) {
    object.Set("error", error_to_object(env, result.error));
  }
  return object;
}

Napi::Error out_of_memory(Napi::Env env) {
  return Napi::Error::New(env, "there is not enough memory to run the program");
}

}  // namespace quern
