#include "program/plan.h"

#include <algorithm>

#include "program/operands.h"
#include "program/placement.h"
#include "runtime/arena.h"

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
    place_arena_and_batch();
    plan_.apart = schedule(unfolded(spec_), true);
    plan_.in_panels.resize(spec_.buffers.size());
    plan_.whole = plan_.apart;
    if (!options_.keep_temporaries) fold();
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

  // Whether the batch source fills it: such a buffer is never written otherwise, and stays for the whole step.
  bool in_batch(BufferId id) const {
    const BufferKind kind = spec_.buffers[id].kind;
    return kind == BufferKind::kInput || kind == BufferKind::kTarget || kind == BufferKind::kWeights;
  }

  // Of what has memory in the arena. Outputs stay from when they are written.
  std::vector<Lifetime> lifetimes() const {
    int end = 1;  // 0 is the gather
    for (const auto& segment : spec_.segments) end += static_cast<int>(segment.size());
    std::vector<Lifetime> lifetimes(spec_.buffers.size());
    for (size_t id = 0; id < lifetimes.size(); id++) {
      const BufferKind kind = spec_.buffers[id].kind;
      if (plan_.places[id].in_slab() || kind == BufferKind::kView || in_batch(static_cast<BufferId>(id))) continue;
      lifetimes[id] = {plan_.places[id].end, end, -1};
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
          if (id == kNoBuffer || plan_.places[id].in_slab() || in_batch(root_of(spec_, id))) return;
          Lifetime& lifetime = lifetimes[root_of(spec_, id)];
          lifetime.first = std::min(lifetime.first, time);
          lifetime.last = std::max(lifetime.last, time);
        });
      }
    }
    return lifetimes;
  }

  void place_arena_and_batch() {
    Placement placement = place(lifetimes());
    plan_.arena_floats = placement.size;
    for (size_t id = 0; id < spec_.buffers.size(); id++) {
      if (!in_batch(static_cast<BufferId>(id))) continue;
      placement.offsets[id] = plan_.batch_floats;
      plan_.batch_floats += align_floats(plan_.places[id].end);
    }
    for (Area& place : plan_.places) {
      if (place.in_slab()) continue;
      const int64_t offset = placement.offsets[place.space];
      place = {in_batch(place.space) ? Plan::kBatch : Plan::kArena, offset, offset + place.end};
    }
  }

  void fold() {
    const Folding folding = fold_updates(spec_, parameters_);
    plan_.whole = schedule(folding, false);
    plan_.panels = folding.panels;
    for (const ParameterMatrix& matrix : folding.panels) {
      const int64_t begin = parameters_.offset(matrix.parameter);
      const Area parameter{Area::kParameters, begin, begin + matrix.rows * matrix.cols};
      for (size_t id = 0; id < spec_.buffers.size(); id++) {
        if (plan_.places[id] == parameter) plan_.in_panels[id] = true;
      }
    }
  }

  // With `apart`, workers meet at the start of every segment, since segments can be run in any combination; otherwise
  // the first one starts when all of the batch is there, and the others follow on it.
  Schedule schedule(const Folding& folding, bool apart) const {
    Schedule schedule;
    std::vector<Access> since;  // the last barrier
    for (int segment = 0; segment < kSegments; segment++) {
      for (size_t i = 0; i < spec_.segments[segment].size(); i++) {
        PlannedInstruction planned = plan_instruction(segment, i, folding, &schedule.shared_nanoseconds);
        const std::vector<Access> accesses = accesses_of(spec_.segments[segment][i], planned);
        planned.barrier = apart && i == 0;
        for (const Access& access : accesses) {
          planned.barrier |= std::any_of(since.begin(), since.end(),
                                         [&](const Access& before) { return conflicts(before, access); });
        }
        if (planned.barrier) since.clear();
        since.insert(since.end(), accesses.begin(), accesses.end());
        schedule.segments[segment].push_back(std::move(planned));
      }
    }
    return schedule;
  }

  PlannedInstruction plan_instruction(int segment, size_t i, const Folding& folding, double* shared) const {
    const Instruction& instruction = spec_.segments[segment][i];
    PlannedInstruction planned;
    double nanoseconds = cost_of(spec_, instruction, spec_.max_rows).nanoseconds();
    if (segment == kBackward) planned.update = folding.update[i];
    if (segment == kUpdate) {
      planned.left = folding.left[i];
      nanoseconds *= share_left(instruction, planned);
    }
    if (nanoseconds < options_.worth_sharing) return planned;
    const Cuts cuts(spec_);
    planned.cut = std::visit([&](const auto& in) { return cuts.of(in); }, instruction);
    if (planned.cut.kind != Cut::kWorker0) *shared += nanoseconds;
    return planned;
  }

  double share_left(const Instruction& instruction, const PlannedInstruction& planned) const {
    const BufferId id = updated_parameters(instruction);
    if (id == kNoBuffer) return 1;
    return static_cast<double>(planned.floats_left()) / static_cast<double>(size_of(spec_.buffers[id].shape).factor);
  }

  // What the instruction touches of which memory. A gemm that takes an update over does not write its result, but all
  // that the update writes.
  std::vector<Access> accesses_of(const Instruction& instruction, const PlannedInstruction& planned) const {
    std::vector<Access> accesses;
    if (updated_parameters(instruction) != kNoBuffer) {
      for (const Range& left : planned.left) add_accesses(instruction, &left, planned.cut, &accesses);
      return accesses;
    }
    add_accesses(instruction, nullptr, planned.cut, &accesses);
    if (planned.update.instruction < 0) return accesses;
    const Area result = plan_.places[std::get<Gemm>(instruction).out];
    const auto is_result = [&](const Access& access) { return access.place == result; };
    accesses.erase(std::remove_if(accesses.begin(), accesses.end(), is_result), accesses.end());
    const Instruction& update = spec_.segments[kUpdate][static_cast<size_t>(planned.update.instruction)];
    add_accesses(update, &planned.update.floats, planned.cut, &accesses);
    return accesses;
  }

  // With `part`, of those floats of an update's operands; the scalars are no part of the slabs.
  void add_accesses(const Instruction& instruction, const Range* part, Cut cut, std::vector<Access>* accesses) const {
    for_each_operand(instruction, [&](const char*, Role role, bool, BufferId id) {
      if (id == kNoBuffer) return;
      Area place = plan_.places[id];
      if (part && place.in_slab()) place = {place.space, place.begin + part->begin, place.begin + part->end};
      accesses->push_back({place, size_of(spec_.buffers[id].shape), role != Role::kIn, cut});
    });
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
