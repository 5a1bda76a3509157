// Whether a span fits a program: everything the trainer relies on when it follows the span's pointers.
#pragma once
#include <string>

#include "program/parameters.h"
#include "program/plan.h"
#include "program/span.h"
#include "program/spec.h"

namespace quern {

// What is wrong, as a sentence ("internal: ..."), or empty.
std::string check_span(const ProgramSpec& spec, const Plan& plan, const Parameters& parameters, const Span& span);

}  // namespace quern
