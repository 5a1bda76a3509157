// The part of verify that concerns buffers alone.
#pragma once
#include <string>

#include "program/parameters.h"
#include "program/spec.h"

namespace quern {

// What is wrong with the buffers of a program, as a sentence without its beginning ("internal: "), or empty.
std::string verify_buffers(const ProgramSpec& spec, const Parameters& parameters);

}  // namespace quern
