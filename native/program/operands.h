// Walking the operands of instructions without knowing which instruction it is.
#pragma once
#include <utility>
#include <variant>

#include "program/spec.h"

namespace quern {

template <class F>
struct OperandVisitor {
  F& f;
  void operand(const char* name, Role role, bool optional, BufferId buffer) { f(name, role, optional, buffer); }
  void flag(const char*, bool) {}
  void number(const char*, float) {}
  void integer(const char*, int32_t) {}
  template <class Enum>
  void choice(const char*, Enum) {}
};

// Calls f(name, role, optional, buffer) for every operand; a missing optional one has kNoBuffer.
template <class F>
void for_each_operand(const Instruction& instruction, F&& f) {
  OperandVisitor<F> visitor{f};
  std::visit([&](const auto& in) { std::decay_t<decltype(in)>::describe(in, visitor); }, instruction);
}

inline const char* op_name(const Instruction& instruction) {
  return std::visit([](const auto& in) { return std::decay_t<decltype(in)>::kOp; }, instruction);
}

inline const char* segment_name(int segment) {
  static constexpr const char* kNames[kSegments] = {"forward", "backward", "update"};
  return kNames[segment];
}

// The buffer whose memory a view shows; other buffers are their own. Only for verified buffers.
inline BufferId root_of(const ProgramSpec& spec, BufferId buffer) {
  while (spec.buffers[buffer].kind == BufferKind::kView) buffer = spec.buffers[buffer].of;
  return buffer;
}

}  // namespace quern
