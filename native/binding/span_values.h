// SpanSpec and SpanResult of lib/native.ts, from and to JavaScript.
#pragma once
#include <vector>

#include "binding/argument.h"
#include "program/span.h"

namespace quern {

// Reads a SpanSpec into `span`, whose vectors are used again. `arrays`, unless null, gets every typed array the span
// points into. Whether lengths fit the program is for Program::check.
void decode_span(const Argument& value, Span* span, std::vector<napi_value>* arrays);

// Reads the arguments of `predict` into `span`, a forward pass over rows in order.
void decode_prediction(const Napi::CallbackInfo& info, Span* span);

Napi::Object result_to_object(Napi::Env env, const SpanResult& result);
Napi::Error out_of_memory(Napi::Env env);

}  // namespace quern
