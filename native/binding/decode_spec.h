// A ProgramSpec from its JavaScript form, field by field under the names of lib/program/{spec,instruction}.ts.
// Whether the program makes sense is verify's business; here only types and names are checked.
#pragma once
#include "binding/argument.h"
#include "program/spec.h"

namespace quern {

ProgramSpec decode_spec(const Argument& value);

// What the core declares of its instructions, as lib/native.ts describes `instructions()`.
Napi::Array describe_instructions(Napi::Env env);

}  // namespace quern
