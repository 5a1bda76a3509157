#include "program/explain.h"

#include <cinttypes>
#include <cstdio>

#include "program/operands.h"
#include "program/shape.h"
#include "program/step_cost.h"

namespace quern {
namespace {

template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[256];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

// Writes settings as "name=value", leaving out those that say nothing: false, and alpha where no function reads it.
struct SettingsWriter {
  std::string text;
  bool with_alpha = false;
  void operand(const char*, Role, bool, BufferId) {}
  void flag(const char* name, bool value) {
    if (value) text += std::string(" ") + name;
  }
  void number(const char* name, float value) {
    if (std::string(name) == "alpha" && !with_alpha) return;
    text += format(" %s=%.9g", name, static_cast<double>(value));
  }
  void integer(const char* name, int32_t value) { text += format(" %s=%d", name, value); }
  template <class Enum>
  void choice(const char*, Enum value) {
    text += std::string(" ") + Names<Enum>::list[static_cast<int>(value)];
  }
  void choice(const char*, PointwiseFunction value) {
    with_alpha = value == PointwiseFunction::kElu || value == PointwiseFunction::kLeakyRelu;
    if (value != PointwiseFunction::kLinear) {
      text += std::string(" ") + Names<PointwiseFunction>::list[static_cast<int>(value)];
    }
  }
};

class Explanation {
 public:
  Explanation(const ProgramSpec& spec, const Plan& plan)
      : spec_(spec), plan_(plan), schedule_(plan.usual_schedule(spec)),
        costs_(step_costs(spec, schedule_, spec.max_rows)) {}

  std::string write(const std::string& isa) {
    text_ = "program " + spec_.name + ", up to " + std::to_string(spec_.max_rows) + " rows, " + isa;
    if (spec_.precision != Precision::kHighest) {
      text_ += std::string(", precision ") + Names<Precision>::list[static_cast<int>(spec_.precision)];
    }
    text_ += "\n";
    for (int segment = 0; segment < kSegments; segment++) {
      if (spec_.segments[segment].empty()) continue;
      text_ += std::string(segment_name(segment)) + "\n";
      for (size_t i = 0; i < spec_.segments[segment].size(); i++) instruction(segment, i);
    }
    totals();
    return std::move(text_);
  }

 private:
  void instruction(int segment, size_t i) {
    const Instruction& instruction = spec_.segments[segment][i];
    const PlannedInstruction& planned = schedule_.segments[segment][i];
    const double flops = costs_[explained_++].flops;
    flops_ += flops;
    barriers_ += planned.barrier;
    SettingsWriter settings;
    std::visit([&](const auto& in) { std::decay_t<decltype(in)>::describe(in, settings); }, instruction);
    text_ += format("%3zu %c%c %-19s ", i, planned.barrier ? '|' : ' ', planned.cut.kind == Cut::kWorker0 ? '1' : ' ',
                    op_name(instruction));
    text_ += operands(instruction) + settings.text + folded(segment, i) + format("  (%.0f FLOP)\n", flops);
  }

  // What was joined with the instruction when it was planned.
  std::string folded(int segment, size_t i) const {
    const PlannedInstruction& planned = schedule_.segments[segment][i];
    std::string text;
    if (planned.update.instruction >= 0) {
      text += std::string(" then ") +
              op_name(spec_.segments[kUpdate][static_cast<size_t>(planned.update.instruction)]);
    }
    if (planned.skipped >= 0 && spec_.skips_zeros) text += ", may skip zeros of a";
    const BufferId parameters = updated_parameters(spec_.segments[segment][i]);
    if (parameters == kNoBuffer) return text;
    const int64_t left = planned.floats_left();
    if (left < plan_.places[parameters].end - plan_.places[parameters].begin) {
      text += ", " + std::to_string(left) + " floats left";
    }
    return text;
  }

  // "out h1 [rows, 128] @0 <- a x [rows, 784], b w1 [784, 128]": what is written, and where; what is read.
  std::string operands(const Instruction& instruction) const {
    std::string written, read;
    for_each_operand(instruction, [&](const char* name, Role role, bool, BufferId id) {
      if (id == kNoBuffer) return;
      std::string& list = role == Role::kIn ? read : written;
      list += (list.empty() ? "" : ", ") + std::string(name) + " " + spec_.buffers[id].name + " " +
              to_string(spec_.buffers[id].shape);
      if (role != Role::kIn) list += " " + place(plan_.places[id]);
    });
    return written.empty() ? "<- " + read : read.empty() ? written : written + " <- " + read;
  }

  static std::string place(const Area& area) {
    const std::string offset = std::to_string(area.begin);
    if (!area.in_slab()) return "@" + offset;
    if (area.space == Area::kParameters) return "@w" + offset;
    if (area.space == Area::kGradients) return "@g" + offset;
    return "@s" + std::to_string(Area::kSlots - area.space) + ":" + offset;
  }

  void totals() {
    text_ += format("%.0f FLOP a step, %.0f a row; %d barriers; batch %" PRId64 " floats, arena %" PRId64, flops_,
                    flops_ / static_cast<double>(spec_.max_rows), barriers_, plan_.batch_floats, plan_.arena_floats);
    if (plan_.gradient_floats) text_ += format(", gradients %" PRId64, plan_.gradient_floats);
    text_ += "\n";
  }

  const ProgramSpec& spec_;
  const Plan& plan_;
  const Schedule& schedule_;
  const std::vector<Cost> costs_;
  size_t explained_ = 0;  // instructions
  std::string text_;
  double flops_ = 0;
  int barriers_ = 0;
};

}  // namespace

std::string explain(const ProgramSpec& spec, const Plan& plan, const std::string& isa) {
  return Explanation(spec, plan).write(isa);
}

}  // namespace quern
