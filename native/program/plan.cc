#include "program/plan.h"

#include <algorithm>

#include "program/operands.h"
#include "program/placement.h"

namespace quern {
namespace {

// The cut of each instruction, were it worth sharing.
class Cuts {
 public:
  explicit Cuts(const ProgramSpec& spec) : spec_(spec) {}

  Cut of(const Gemm&) const { return {Cut::kOther, {}}; }
  Cut of(const Pointwise& in) const { return by_elements(in.out); }
  Cut of(const PointwiseGradient& in) const {
    return in.column_sums == kNoBuffer ? by_elements(in.out) : Cut{Cut::kOther, {}};
  }
  Cut of(const Combine& in) const { return by_rows(in.out); }
  Cut of(const Reduce& in) const { return in.over_rows ? Cut{Cut::kOther, {}} : by_rows(in.x); }
  Cut of(const Broadcast& in) const { return by_rows(in.out); }
  Cut of(const Softmax& in) const { return by_rows(in.out); }
  Cut of(const SoftmaxGradient& in) const { return by_rows(in.out); }
  Cut of(const LogitsLoss& in) const { return by_rows(in.logits); }
  Cut of(const Loss& in) const { return by_rows(in.prediction); }
  Cut of(const LossScale&) const { return {}; }
  Cut of(const Accuracy& in) const { return by_rows(in.prediction); }
  Cut of(const Accumulate&) const { return {}; }
  Cut of(const Dropout& in) const { return by_elements(in.out); }
  Cut of(const Affine& in) const { return by_elements(in.out); }
  Cut of(const Sgd&) const { return {Cut::kOther, {}}; }
  Cut of(const Adam&) const { return {Cut::kOther, {}}; }

 private:
  Cut by_rows(BufferId id) const { return {Cut::kRows, matrix_of(spec_.buffers[id].shape).rows}; }
  // By rows, so that it goes with instructions on rows; a single row by its floats.
  Cut by_elements(BufferId id) const {
    const Cut rows = by_rows(id);
    return rows.units == Size{1, false} ? Cut{Cut::kOther, {}} : rows;
  }

  const ProgramSpec& spec_;
};

struct Access {
  Area place;
  Size size;
  bool writes;
  Cut cut;
};

// Whether the two may run without a barrier between them although they touch the same memory: on the same worker, or
// cut into the same rows, of which each worker then touches its own. Only where the buffer grows with the rows of the
// batch: such a one is never read whole by an instruction cut by rows.
bool stays_on_worker(const Access& a, const Access& b) {
  if (a.cut.kind == Cut::kWorker0 && b.cut.kind == Cut::kWorker0) return true;
  const Size units = a.cut.units;
  return a.cut.kind == Cut::kRows && b.cut.kind == Cut::kRows && units == b.cut.units && units.per_row &&
         a.place == b.place && a.size == b.size && a.size.per_row && a.size.factor % units.factor == 0;
}

bool conflicts(const Access& a, const Access& b) {
  return (a.writes || b.writes) && a.place.overlaps(b.place) && !stays_on_worker(a, b);
}

class Planner {
 public:
  Planner(const ProgramSpec& spec, const Parameters& parameters, const PlanOptions& options)
      : spec_(spec), parameters_(parameters), options_(options) {}

  Plan make() {
    plan_.worth_helpers = options_.worth_helpers;
    for (size_t id = 0; id < spec_.buffers.size(); id++) add_buffer(static_cast<BufferId>(id));
    place_arena();
    for (int segment = 0; segment < kSegments; segment++) cut_segment(segment);
    return std::move(plan_);
  }

 private:
  void add_buffer(BufferId id) {
    const BufferSpec& buffer = spec_.buffers[id];
    plan_.matrices.push_back(matrix_of(buffer.shape));
    plan_.places.push_back(area_of(spec_, parameters_, id));
    switch (buffer.kind) {
      case BufferKind::kInput: plan_.inputs.push_back(id); break;
      case BufferKind::kTarget: plan_.targets.push_back(id); break;
      case BufferKind::kWeights: plan_.weights = id; break;
      case BufferKind::kScalars: plan_.scalars = id; break;
      case BufferKind::kOutput: plan_.outputs.push_back(id); break;
      case BufferKind::kGradient: plan_.gradient_floats = parameters_.slab_size(); break;
      case BufferKind::kSlot: plan_.slots = std::max(plan_.slots, buffer.slot + 1); break;
      default: break;
    }
  }

  // What the batch source fills stays for the whole step, so that a segment can be run again on the same batch; so do
  // outputs from when they are written.
  std::vector<Lifetime> lifetimes() const {
    int end = 1;  // 0 is the gather
    for (const auto& segment : spec_.segments) end += static_cast<int>(segment.size());
    std::vector<Lifetime> lifetimes(spec_.buffers.size());
    for (size_t id = 0; id < lifetimes.size(); id++) {
      if (plan_.places[id].in_slab() || spec_.buffers[id].kind == BufferKind::kView) continue;
      lifetimes[id] = {plan_.places[id].end, end, -1};
      const BufferKind kind = spec_.buffers[id].kind;
      if (options_.keep_temporaries || (kind != BufferKind::kTemp && kind != BufferKind::kOutput)) {
        lifetimes[id] = {plan_.places[id].end, 0, end};
      }
      if (kind == BufferKind::kOutput) lifetimes[id].last = end;
    }
    int time = 0;
    for (const auto& segment : spec_.segments) {
      for (const Instruction& instruction : segment) {
        time++;
        for_each_operand(instruction, [&](const char*, Role, bool, BufferId id) {
          if (id == kNoBuffer || plan_.places[id].in_slab()) return;
          Lifetime& lifetime = lifetimes[root_of(spec_, id)];
          lifetime.first = std::min(lifetime.first, time);
          lifetime.last = std::max(lifetime.last, time);
        });
      }
    }
    return lifetimes;
  }

  void place_arena() {
    const Placement placement = place(lifetimes());
    plan_.arena_floats = placement.size;
    for (Area& place : plan_.places) {
      if (place.in_slab()) continue;
      const int64_t offset = placement.offsets[place.space];
      place = {Plan::kArena, offset, offset + place.end};
    }
  }

  void cut_segment(int segment) {
    std::vector<Access> since;  // the last barrier
    for (const Instruction& instruction : spec_.segments[segment]) {
      PlannedInstruction planned{cut_of(instruction), false};
      if (planned.cut.kind != Cut::kWorker0) {
        plan_.shared_nanoseconds += cost_of(spec_, instruction, spec_.max_rows).nanoseconds();
      }
      const std::vector<Access> accesses = accesses_of(instruction, planned.cut);
      // Always at the start of a segment, since segments can be run in any combination.
      planned.barrier = plan_.segments[segment].empty();
      for (const Access& access : accesses) {
        planned.barrier |= std::any_of(since.begin(), since.end(),
                                       [&](const Access& before) { return conflicts(before, access); });
      }
      if (planned.barrier) since.clear();
      since.insert(since.end(), accesses.begin(), accesses.end());
      plan_.segments[segment].push_back(planned);
    }
  }

  Cut cut_of(const Instruction& instruction) const {
    if (cost_of(spec_, instruction, spec_.max_rows).nanoseconds() < options_.worth_sharing) return {};
    const Cuts cuts(spec_);
    return std::visit([&](const auto& in) { return cuts.of(in); }, instruction);
  }

  std::vector<Access> accesses_of(const Instruction& instruction, Cut cut) const {
    std::vector<Access> accesses;
    for_each_operand(instruction, [&](const char*, Role role, bool, BufferId id) {
      if (id == kNoBuffer) return;
      accesses.push_back({plan_.places[id], size_of(spec_.buffers[id].shape), role != Role::kIn, cut});
    });
    return accesses;
  }

  const ProgramSpec& spec_;
  const Parameters& parameters_;
  const PlanOptions& options_;
  Plan plan_;
};

}  // namespace

Plan make_plan(const ProgramSpec& spec, const Parameters& parameters, const PlanOptions& options) {
  return Planner(spec, parameters, options).make();
}

}  // namespace quern
