#include "program/verify.h"

#include <cstring>

#include "program/area.h"
#include "program/operands.h"
#include "program/shape.h"
#include "program/shape_rules.h"
#include "program/verify_buffers.h"

namespace quern {
namespace {

// Finds a choice that is no member of its enum, and nothing else.
struct ChoiceVisitor {
  std::string error;
  void operand(const char*, Role, bool, BufferId) {}
  void flag(const char*, bool) {}
  void number(const char*, float) {}
  void integer(const char*, int32_t) {}
  template <class Enum>
  void choice(const char* name, Enum value) {
    if (static_cast<int>(value) < 0 || value >= Enum::kCount) error = std::string("`") + name + "` is unknown";
  }
};

struct Operand {
  const char* name;
  Role role;
  BufferId buffer;
  bool reads() const { return role != Role::kOut; }
  bool writes() const { return role != Role::kIn; }
};

class Verifier {
 public:
  Verifier(const ProgramSpec& spec, const Parameters& parameters)
      : spec_(spec), parameters_(parameters), written_(spec.buffers.size()), gradients_(parameters.count()) {}

  std::string verify() {
    std::string error = verify_buffers(spec_, parameters_);
    if (!error.empty()) return "internal: " + error;
    for (int segment = 0; segment < kSegments; segment++) {
      for (size_t i = 0; i < spec_.segments[segment].size(); i++) {
        const Instruction& instruction = spec_.segments[segment][i];
        error = verify(instruction, segment);
        if (error.empty()) continue;
        return std::string("internal: ") + segment_name(segment) + "[" + std::to_string(i) + "] " +
               op_name(instruction) + ": " + error;
      }
    }
    error = unwritten_output();
    return error.empty() ? error : "internal: " + error;
  }

 private:
  std::string verify(const Instruction& instruction, int segment) {
    std::vector<Operand> operands;
    std::string error;
    for_each_operand(instruction, [&](const char* name, Role role, bool optional, BufferId buffer) {
      if (!error.empty() || (optional && buffer == kNoBuffer)) return;
      operands.push_back({name, role, buffer});
      error = exists(operands.back());
      if (error.empty()) error = allowed(operands.back(), instruction, segment);
    });
    ChoiceVisitor choices;
    std::visit([&](const auto& in) { std::decay_t<decltype(in)>::describe(in, choices); }, instruction);
    if (error.empty()) error = choices.error;
    if (error.empty()) error = shape_rule(spec_, instruction);
    if (error.empty()) error = aliases(operands, instruction);
    if (error.empty()) error = read_before_written(operands);
    if (error.empty()) mark_written(operands);
    return error;
  }

  std::string exists(const Operand& operand) const {
    if (operand.buffer >= 0 && static_cast<size_t>(operand.buffer) < spec_.buffers.size()) return {};
    return std::string("`") + operand.name + "` is buffer " + std::to_string(operand.buffer) + ", which does not exist";
  }

  const BufferSpec& memory(const Operand& operand) const { return spec_.buffers[root_of(spec_, operand.buffer)]; }

  std::string named(const Operand& operand) const {
    const BufferSpec& buffer = spec_.buffers[operand.buffer];
    return std::string("`") + operand.name + "`, buffer `" + buffer.name + "` of shape " + to_string(buffer.shape) +
           ",";
  }

  // Whether the instruction may use that kind of buffer so.
  std::string allowed(const Operand& operand, const Instruction& instruction, int segment) const {
    const bool is_target = !std::strcmp(operand.name, "target");
    if (spec_.buffers[operand.buffer].dtype != DType::kF32 && !is_target) return named(operand) + " must be f32";
    const bool updates = std::holds_alternative<Sgd>(instruction) || std::holds_alternative<Adam>(instruction);
    if (updates && segment != kUpdate) return "it belongs into the update segment";
    switch (memory(operand).kind) {
      case BufferKind::kInput:
      case BufferKind::kTarget:
      case BufferKind::kWeights:
      case BufferKind::kScalars:
        return operand.writes() ? named(operand) + " is filled by the batch source and can't be written" : "";
      case BufferKind::kParameter:
        return operand.writes() && !updates ? named(operand) + " is a parameter, which only sgd and adam write" : "";
      case BufferKind::kSlot:
        return updates ? "" : named(operand) + " is an optimizer slot, which only sgd and adam use";
      default:
        return {};
    }
  }

  // An output may be the whole of an input where the instruction works element by element or row by row, and may not
  // overlap another operand in any other way.
  std::string aliases(const std::vector<Operand>& operands, const Instruction& instruction) const {
    for (size_t i = 0; i < operands.size(); i++) {
      for (size_t j = 0; j < operands.size(); j++) {
        const Operand &out = operands[i], &other = operands[j];
        if (i == j || !out.writes() || (other.writes() && j < i)) continue;
        const Area a = area_of(spec_, parameters_, out.buffer), b = area_of(spec_, parameters_, other.buffer);
        if (!a.overlaps(b) || (a == b && in_place(out, other, instruction))) continue;
        return named(out) + " overlaps `" + other.name + "`";
      }
    }
    return {};
  }

  bool in_place(const Operand& out, const Operand& other, const Instruction& instruction) const {
    if (other.writes() || std::holds_alternative<Gemm>(instruction)) return false;
    if (!(matrix_of(spec_.buffers[out.buffer].shape) == matrix_of(spec_.buffers[other.buffer].shape))) return false;
    const auto is = [](const Operand& operand, const char* name) { return !std::strcmp(operand.name, name); };
    return is(out, "out") || (is(out, "gradient") && (is(other, "logits") || is(other, "prediction")));
  }

  std::string read_before_written(const std::vector<Operand>& operands) const {
    for (const Operand& operand : operands) {
      if (operand.reads() && !is_written(operand.buffer)) return named(operand) + " is read before it is written";
    }
    return {};
  }

  bool is_written(BufferId buffer) const {
    const BufferId root = root_of(spec_, buffer);
    const BufferSpec& memory = spec_.buffers[root];
    switch (memory.kind) {
      case BufferKind::kTemp:
      case BufferKind::kOutput:
        return written_[root];
      case BufferKind::kGradient:
        for (int i = 0; i < memory.count; i++) {
          if (!gradients_[memory.first + i]) return false;
        }
        return true;
      default:
        return true;
    }
  }

  void mark_written(const std::vector<Operand>& operands) {
    for (const Operand& operand : operands) {
      if (!operand.writes()) continue;
      const BufferId root = root_of(spec_, operand.buffer);
      const BufferSpec& memory = spec_.buffers[root];
      written_[root] = true;
      if (memory.kind != BufferKind::kGradient) continue;
      for (int i = 0; i < memory.count; i++) gradients_[memory.first + i] = true;
    }
  }

  std::string unwritten_output() const {
    for (size_t i = 0; i < spec_.buffers.size(); i++) {
      if (spec_.buffers[i].kind == BufferKind::kOutput && !written_[i]) {
        return "output buffer `" + spec_.buffers[i].name + "` is never written";
      }
    }
    return {};
  }

  const ProgramSpec& spec_;
  const Parameters& parameters_;
  std::vector<bool> written_;    // by buffer
  std::vector<bool> gradients_;  // by parameter
};

}  // namespace

std::string verify(const ProgramSpec& spec, const Parameters& parameters) {
  return Verifier(spec, parameters).verify();
}

}  // namespace quern
