#include "program/multiply.h"

#include "gemm/gemm.h"
#include "gemm/listed_gemm.h"
#include "gemm/plane_gemm.h"
#include "gemm/skipping_gemm.h"
#include "program/tile_work.h"
#include "program/update.h"
#include "runtime/cpu.h"

namespace quern {
namespace {

class Multiplication {
 public:
  Multiplication(const Gemm& gemm, const InstructionWork& work) noexcept
      : gemm_(gemm), work_(work), call_(call_of(gemm, work)), list_(list_of(work)), skipped_(skipped_of()) {}

  void run() noexcept {
    count_skipped();
    const MarkedOutput marked = marked_output();
    if (marked.marks) call_.marked = &marked;
    if (work_.share.by_units) return multiply_rows(work_.share.rows(call_.m));
    const FoldedUpdate& folded = work_.planned.update;
    if (folded.instruction < 0) return multiply(true);
    const Instruction& update = work_.spec.segments[kUpdate][static_cast<size_t>(folded.instruction)];
    call_.takes_panels = work_.context.uses_panels && folded.in_panels;
    TileWork taker(work_.kernels, work_.context, update, folded.floats.begin, call_.m, call_.n, call_.takes_panels);
    call_.take = &TileWork::take, call_.taker = &taker;
    if (taker.is_momentum_step()) call_.sgd = &TileWork::sgd;
    if (list_ || !updated_stays_near()) call_.fetch = &TileWork::fetch;
    multiply(!keeps_without_gradient(work_.context, update));
  }

 private:
  static GemmCall call_of(const Gemm& in, const InstructionWork& work) noexcept {
    const Matrix &a = work.matrix(in.a), &b = work.matrix(in.b), &out = work.matrix(in.out);
    GemmCall call;
    call.m = out.rows, call.n = out.cols, call.k = in.transpose_a ? a.rows : a.cols;
    call.a = work.floats(in.a), call.b = work.floats(in.b), call.bias = work.floats(in.bias);
    call.c = work.floats(in.out);
    call.a_row = in.transpose_a ? 1 : a.cols, call.a_col = in.transpose_a ? a.cols : 1;
    call.b_row = in.transpose_b ? 1 : b.cols, call.b_col = in.transpose_b ? b.cols : 1;
    call.ldc = out.cols, call.accumulate = in.accumulate, call.function = in.function, call.alpha = in.alpha;
    call.precision = work.spec.precision;
    call.saved = work.floats(in.saved), call.column_sums = work.floats(in.column_sums);
    call.b_is_finite = work.context.weights_are_finite() && work.plan.places[in.b].space == Area::kParameters;
    call.b_in_panels = work.context.uses_panels && work.plan.in_panels[static_cast<size_t>(in.b)];
    const int32_t skipped = work.planned.skipped;
    if (skipped >= 0) work.context.skipping.set_bytes(skipped, work.context, work.worker, &call);
    return call;
  }

  // The input that A is, where its zeros may be skipped.
  static BufferId input_of(const InstructionWork& work) noexcept {
    return work.plan.skipped.matrices[static_cast<size_t>(work.planned.skipped)].input;
  }

  // Of the rows that fall to this worker, where the product is cut by rows.
  MarkedOutput marked_output() const noexcept {
    if (work_.planned.made < 0) return {};
    MarkedOutput marked = work_.context.skipping.made(work_.planned.made, work_.worker);
    if (work_.share.by_units) marked.first_row = work_.share.rows(call_.m).begin;
    return marked;
  }

  // Whether L2 keeps this worker's part of the weights and their momentum from step to step. Where it does not, asking
  // for them early takes 2 to 3 % off a step of two layers of 1024 units; where it does, a step of 32 rows takes up to
  // 3 % longer by it.
  bool updated_stays_near() const noexcept {
    const int64_t bytes = 2 * call_.m * call_.n * static_cast<int64_t>(sizeof(float));
    return bytes / work_.share.parts < cpu().l2 / 2;
  }

  // Of A, if that is an input of which there are lists, else null.
  static const BatchList* list_of(const InstructionWork& work) noexcept {
    return work.planned.skipped < 0 ? nullptr : work.context.lists.batch(input_of(work), work.worker);
  }

  // A if all its zeros are to be skipped.
  std::optional<SkippedOperand> skipped_of() const noexcept {
    if (work_.planned.skipped < 0 || list_) return std::nullopt;
    if (uses_planes(work_.kernels, call_)) return std::nullopt;
    const Context& context = work_.context;
    return context.skipping.operand(work_.kernels, call_, work_.planned.skipped, context, work_.worker);
  }

  void count_skipped() const noexcept {
    if (!work_.skipped || !(list_ || skipped_)) return;
    const int64_t multiplied =
        list_ ? list_->elements() : work_.context.skipping.count(work_.planned.skipped, work_.worker);
    *work_.skipped += 2.0 * static_cast<double>(call_.m * call_.k - multiplied) * static_cast<double>(call_.n);
  }

  // With `passes_on_zeros` off, those rows of the product need not be passed on that are 0 as all of A's column is.
  void multiply(bool passes_on_zeros) const noexcept {
    const int part = work_.share.part, parts = work_.share.parts;
    if (list_) multiply_list(passes_on_zeros);
    else if (skipped_) skipping_gemm(work_.kernels, call_, *skipped_, part, parts);
    else gemm(work_.kernels, call_, part, parts, work_.context.scratch(work_.worker));
  }

  void multiply_list(bool passes_on_zeros) const noexcept {
    const int part = work_.share.part, parts = work_.share.parts;
    if (!gemm_.transpose_a) return listed_gemm(work_.kernels, call_, list_->rows(), part, parts);
    ColumnLists* const columns = work_.context.lists.columns(input_of(work_), work_.worker);
    const ListedMatrix a{list_->rows(), call_.k, call_.m};
    listed_gemm_transposed(work_.kernels, call_, a, passes_on_zeros, columns, part, parts);
  }

  // Of a gemm that is cut by rows.
  void multiply_rows(Range r) noexcept {
    const int64_t first = r.begin * call_.ldc;
    call_.m = r.size(), call_.c += first;
    if (call_.saved) call_.saved += first;
    if (list_) return listed_gemm(work_.kernels, call_, list_->rows() + r.begin, 0, 1);
    if (call_.a_bytes) call_.a_bytes += r.begin * call_.a_row;
    else call_.a += r.begin * call_.a_row;
    if (skipped_) skipped_->first_row = r.begin;
    if (skipped_) skipping_gemm(work_.kernels, call_, *skipped_, 0, 1);
    else gemm(work_.kernels, call_, 0, 1, work_.context.scratch(work_.worker));
  }

  const Gemm& gemm_;
  const InstructionWork& work_;
  GemmCall call_;
  const BatchList* const list_;
  std::optional<SkippedOperand> skipped_;
};

}  // namespace

void multiply(const Gemm& gemm, const InstructionWork& work) noexcept { Multiplication(gemm, work).run(); }

}  // namespace quern
