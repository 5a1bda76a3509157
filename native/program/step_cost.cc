#include "program/step_cost.h"

#include "program/shape.h"

namespace quern {
namespace {

// The part of an update's cost that falls on `floats` of its parameters.
Cost part_of_update(const ProgramSpec& spec, const Instruction& update, int64_t floats, int64_t rows) {
  const int64_t all = size_of(spec.buffers[updated_parameters(update)].shape).at(rows);
  const double part = all == 0 ? 0 : static_cast<double>(floats) / static_cast<double>(all);
  Cost cost = cost_of(spec, update, rows);
  cost.flops *= part;
  cost.bytes *= part;
  cost.operands *= part;
  return cost;
}

Cost planned_cost(const ProgramSpec& spec, const Instruction& instruction, const PlannedInstruction& planned,
                  int64_t rows) {
  if (updated_parameters(instruction) != kNoBuffer) {
    return part_of_update(spec, instruction, planned.floats_left(), rows);
  }
  Cost cost = cost_of(spec, instruction, rows);
  if (planned.update.instruction < 0) return cost;
  const Instruction& update = spec.segments[kUpdate][static_cast<size_t>(planned.update.instruction)];
  const int64_t floats = planned.update.floats.size();
  const Cost folded = part_of_update(spec, update, floats, rows);
  const double gradient_bytes = sizeof(float) * static_cast<double>(floats);
  cost.flops += folded.flops;
  // Neither does the gemm write it nor does the update read it.
  cost.bytes += folded.bytes - 2 * gradient_bytes;
  cost.operands += folded.operands - 2 * gradient_bytes;
  return cost;
}

}  // namespace

std::vector<Cost> step_costs(const ProgramSpec& spec, const Schedule& schedule, int64_t rows) {
  std::vector<Cost> costs;
  for (int segment = 0; segment < kSegments; segment++) {
    for (size_t i = 0; i < spec.segments[segment].size(); i++) {
      costs.push_back(planned_cost(spec, spec.segments[segment][i], schedule.segments[segment][i], rows));
    }
  }
  return costs;
}

}  // namespace quern
