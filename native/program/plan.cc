#include "program/plan.h"

#include <algorithm>

#include "gemm/panels.h"
#include "gemm/plane_gemm.h"
#include "program/operands.h"

namespace quern {
namespace {

// The cut of each instruction, were it worth sharing.
class Cuts {
  static constexpr int64_t kShortRow = 16;  // floats: a cache line

 public:
  Cuts(const ProgramSpec& spec, const PlanOptions& options) : spec_(spec), options_(options) {}

  // By rows where one panel holds all columns, so that it goes with what follows on its result; and where a row of A is
  // short, so that it goes with what made A, such as the loss of a narrow last layer, and with what is saved by rows.
  Cut of(const Gemm& in) const {
    const MatrixSize a = matrix_of(spec_.buffers[in.a].shape), out = matrix_of(spec_.buffers[in.out].shape);
    const bool is_narrow = !out.cols.per_row && out.cols.factor <= kPanelColumns;
    const bool is_short = !in.transpose_a && !a.cols.per_row && a.cols.factor <= kShortRow;
    const bool by_rows_pays = out.rows.per_row && (is_narrow || is_short) && in.column_sums == kNoBuffer;
    return by_rows_pays && !may_use_planes(a, out) ? by_rows(in.out) : Cut{Cut::kOther, {}};
  }
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
  // The product of this A, whose rows are the batch's, to this matrix.
  bool may_use_planes(const MatrixSize& a, const MatrixSize& out) const {
    return options_.kernels &&
           quern::may_use_planes(*options_.kernels, spec_.precision, out.cols.factor, a.cols.factor);
  }
  Cut by_rows(BufferId id) const { return {Cut::kRows, matrix_of(spec_.buffers[id].shape).rows}; }
  // By rows, so that it goes with instructions on rows; a single row by its floats.
  Cut by_elements(BufferId id) const {
    const Cut rows = by_rows(id);
    return rows.units == Size{1, false} ? Cut{Cut::kOther, {}} : rows;
  }

  const ProgramSpec& spec_;
  const PlanOptions& options_;
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
    plan_.in_panels.resize(spec_.buffers.size());
    lay_out({});
    plan_.skipped = find_skipped(spec_, options_.keep_temporaries);
    if (options_.keep_temporaries) {
      plan_.whole = plan_.apart = schedule(unfolded(spec_), true);
      return std::move(plan_);
    }
    const Folding folding = fold_updates(spec_, parameters_);
    lay_out(kept_until(schedule(folding, false)));
    plan_.apart = schedule(unfolded(spec_), true);
    plan_.whole = schedule(folding, false);
    mark_panels(folding);
    return std::move(plan_);
  }

 private:
  void add_buffer(BufferId id) {
    const BufferSpec& buffer = spec_.buffers[id];
    plan_.matrices.push_back(matrix_of(buffer.shape));
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

  // When what is used at a time may be given away: where only worker 0 is at work, at once, else behind the next
  // barrier, so that sharing memory never makes workers wait.
  static std::vector<int> kept_until(const Schedule& schedule) {
    std::vector<int> until;
    bool all_alone = true;  // since the last barrier
    size_t phase = 0;       // where that was
    const auto end_phase = [&] {
      if (!all_alone) std::fill(until.begin() + static_cast<int64_t>(phase), until.end(), until.size() - 1);
      phase = until.size(), all_alone = true;
    };
    for (const auto& segment : schedule.segments) {
      for (const PlannedInstruction& planned : segment) {
        if (planned.barrier) end_phase();
        until.push_back(static_cast<int>(until.size()));
        all_alone &= planned.cut.kind == Cut::kWorker0;
      }
    }
    end_phase();
    return until;
  }

  void lay_out(const std::vector<int>& kept_until) {
    static_cast<Layout&>(plan_) = quern::lay_out(spec_, parameters_, kept_until);
  }

  void mark_panels(const Folding& folding) {
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
        const Instruction& instruction = spec_.segments[segment][i];
        PlannedInstruction planned = plan_instruction(segment, i, folding, &schedule.shared_nanoseconds);
        std::vector<Access> accesses = accesses_of(instruction, planned);
        planned.barrier = meets(since, accesses);
        // What is too small to be shared out is all the same where that saves the barrier.
        if (planned.barrier && planned.cut.kind == Cut::kWorker0 && cut_of(instruction).kind == Cut::kRows) {
          PlannedInstruction shared = planned;
          shared.cut = cut_of(instruction);
          const std::vector<Access> its = accesses_of(instruction, shared);
          if (!meets(since, its)) planned = shared, planned.barrier = false, accesses = its;
        }
        planned.barrier |= apart && i == 0;
        if (planned.barrier) since.clear();
        since.insert(since.end(), accesses.begin(), accesses.end());
        schedule.segments[segment].push_back(std::move(planned));
      }
    }
    return schedule;
  }

  static bool meets(const std::vector<Access>& since, const std::vector<Access>& accesses) {
    return std::any_of(accesses.begin(), accesses.end(), [&](const Access& access) {
      return std::any_of(since.begin(), since.end(), [&](const Access& before) { return conflicts(before, access); });
    });
  }

  Cut cut_of(const Instruction& instruction) const {
    const Cuts cuts(spec_, options_);
    return std::visit([&](const auto& in) { return cuts.of(in); }, instruction);
  }

  PlannedInstruction plan_instruction(int segment, size_t i, const Folding& folding, double* shared) const {
    const Instruction& instruction = spec_.segments[segment][i];
    PlannedInstruction planned;
    double nanoseconds = cost_of(spec_, instruction, spec_.max_rows).nanoseconds();
    planned.skipped = plan_.skipped.of[segment][i], planned.made = plan_.skipped.made[segment][i];
    if (segment == kBackward) planned.update = folding.update[i];
    if (segment == kUpdate) {
      planned.left = folding.left[i];
      nanoseconds *= share_left(instruction, planned);
    }
    if (nanoseconds < options_.worth_sharing) return planned;
    planned.cut = cut_of(instruction);
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
