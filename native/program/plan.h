// Decides once, for a verified program, where everything lies and who computes what when.
#pragma once
#include <cstdint>
#include <vector>

#include "program/cost.h"
#include "program/fold_updates.h"
#include "program/layout.h"
#include "program/shape.h"
#include "program/skipping.h"
#include "program/spec.h"
#include "runtime/range.h"

namespace quern {

// Estimated nanoseconds below which an instruction stays on worker 0. Sharing it out saves half of that at best with
// two workers, and costs lines that move between their caches: about 0.1 microseconds each way for a few dozen lines.
inline constexpr double kWorthSharing = 1500;

// Estimated nanoseconds of shared work in a whole job below which it runs without helpers: what waking one may cost.
inline constexpr double kWorthHelpers = 50'000;

// Steps of a job from which on it pays to lay weights in panels first, and in rows again when others need them so.
inline constexpr int64_t kWorthPanels = 16;

// How an instruction's work is cut among workers. Which cut it is depends on shapes alone, never on their number, and
// no result depends on the cut.
struct Cut {
  enum Kind {
    kWorker0,  // not at all
    kRows,     // worker p of P computes rows n * p / P to n * (p + 1) / P - 1 of each operand, n being `units`
    kOther     // by tiles, columns or floats
  };
  Kind kind = kWorker0;
  Size units;
};

struct PlannedInstruction {
  Cut cut;
  // Workers wait for each other before it: it touches what another worker may have touched since the last barrier.
  bool barrier = false;
  FoldedUpdate update;  // of a gemm: what is done with each of its tiles
  // Of an update: the floats of its operands that no gemm took over.
  std::vector<Range> left;
  int32_t skipped = -1;  // of a gemm: the matrix of Plan::skipped whose zeros it may skip
  int32_t made = -1;     // likewise, that it makes

  int64_t floats_left() const {
    int64_t floats = 0;
    for (const Range& range : left) floats += range.size();
    return floats;
  }
};

struct Schedule {
  std::vector<PlannedInstruction> segments[kSegments];
  double shared_nanoseconds = 0;  // estimate for the instructions that run on all workers, in a step of max_rows
};

struct Plan : Layout {
  std::vector<MatrixSize> matrices;  // by buffer
  Schedule apart;  // of steps that run some of the segments, and leave gradients to be read
  Schedule whole;  // of steps that run them all: updates are folded into the gemms that they wait for
  std::vector<ParameterMatrix> panels;  // that may lie in panels while whole steps run
  std::vector<bool> in_panels;          // by buffer: whether it is one of these parameters
  SkippedMatrices skipped;
  int64_t gradient_floats = 0;  // 0 when the program has no gradients
  int32_t slots = 0;            // optimizer slots the program needs
  BufferId scalars = kNoBuffer, weights = kNoBuffer;
  std::vector<BufferId> inputs, targets, outputs;  // in order of the spec
  double worth_helpers = 0;  // PlanOptions'

  static bool is_whole(const bool (&runs)[kSegments]) noexcept {
    return runs[kForward] && runs[kBackward] && runs[kUpdate];
  }
  const Schedule& schedule(const bool (&runs)[kSegments]) const noexcept { return is_whole(runs) ? whole : apart; }
  // Of the steps that the program is made for: whole ones if it trains.
  const Schedule& usual_schedule(const ProgramSpec& spec) const noexcept {
    return spec.segments[kUpdate].empty() ? apart : whole;
  }
};

struct PlanOptions {
  bool keep_temporaries = false;  // no two buffers share memory, and none is left unwritten
  const KernelTable* kernels = nullptr;  // whose planes keep gemms from being cut by rows (plane_gemm.h); null: of none
  double worth_sharing = kWorthSharing, worth_helpers = kWorthHelpers;
};

Plan make_plan(const ProgramSpec& spec, const Parameters& parameters, const PlanOptions& options);

}  // namespace quern
