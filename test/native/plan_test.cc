// Memory: what lives at the same time never shares it, and what does not mostly does. Barriers and cuts.
#include "program/plan.h"

#include "check.h"
#include "kernels/dispatch.h"
#include "program/explain.h"
#include "program/placement.h"
#include "program/share.h"
#include "programs.h"
#include "runtime/random.h"

namespace quern::test {

// Quadratic: every pair that meets in time must be apart in memory.
static void check_apart(const std::vector<Lifetime>& blocks, const Placement& placement) {
  for (size_t i = 0; i < blocks.size(); i++) {
    CHECK(placement.offsets[i] % kAlignedFloats == 0);
    CHECK(placement.offsets[i] >= 0);
    CHECK(placement.offsets[i] + blocks[i].size <= placement.size);
    for (size_t j = 0; j < i; j++) {
      const bool apart = placement.offsets[i] + blocks[i].size <= placement.offsets[j] ||
                         placement.offsets[j] + blocks[j].size <= placement.offsets[i];
      if (!apart && blocks[i].meets(blocks[j])) fail(__FILE__, __LINE__, "two blocks that meet overlap");
    }
  }
}

// The most that is alive at any one time: no placement can be smaller.
static int64_t lower_bound(const std::vector<Lifetime>& blocks, int times) {
  int64_t most = 0;
  for (int time = 0; time < times; time++) {
    int64_t alive = 0;
    for (const Lifetime& block : blocks) {
      if (block.first <= time && time <= block.last) alive += align_floats(block.size);
    }
    most = std::max(most, alive);
  }
  return most;
}

TEST(placement_of_random_lifetimes) {
  constexpr int kTimes = 40;
  double worst = 0;
  for (uint32_t round = 0; round < 300; round++) {
    std::vector<uint32_t> words(3 * (1 + round % 60));
    random_words(best_table(), 3, round, 0, words.data(), static_cast<int64_t>(words.size()));
    std::vector<Lifetime> blocks;
    for (size_t i = 0; i < words.size(); i += 3) {
      const int first = static_cast<int>(words[i] % kTimes), length = static_cast<int>(words[i + 1] % 8);
      blocks.push_back({words[i + 2] % 500, first, std::min(kTimes - 1, first + length)});
    }
    const Placement placement = place(blocks);
    check_apart(blocks, placement);
    const int64_t bound = lower_bound(blocks, kTimes);
    if (bound) worst = std::max(worst, static_cast<double>(placement.size) / static_cast<double>(bound));
  }
  CHECK(worst < 1.6);
}

TEST(placement_shares_memory) {
  const Placement placement = place({{100, 0, 1}, {100, 2, 3}, {50, 1, 2}, {50, 3, 4}});
  CHECK_EQUAL(placement.offsets[0], placement.offsets[1]);
  CHECK_EQUAL(placement.size, align_floats(100) + align_floats(50));
  CHECK_EQUAL(place({}).size, 0);
}

TEST(plan_keeps_temporaries_apart_when_asked) {
  Mlp mlp = make_mlp({6, 5, 5, 4}, 8, false);
  PlanOptions options;
  const Plan shared = make_plan(mlp.spec, *mlp.parameters, options);
  options.keep_temporaries = true;
  const Plan kept = make_plan(mlp.spec, *mlp.parameters, options);
  CHECK(shared.arena_floats < kept.arena_floats);
  for (size_t i = 0; i < kept.places.size(); i++) {
    for (size_t j = 0; j < i; j++) {
      const bool slab = kept.places[i].in_slab() || kept.places[j].in_slab();
      CHECK(slab || !kept.places[i].overlaps(kept.places[j]));
    }
  }
}

static Plan plan_of(const ProgramSpec& spec, double worth_sharing, bool keep_temporaries = false) {
  std::shared_ptr<Parameters> none;
  CHECK_EQUAL(Parameters::create({}, 0, &none), "");
  PlanOptions options;
  options.worth_sharing = worth_sharing;
  options.keep_temporaries = keep_temporaries;
  return make_plan(spec, *none, options);
}

TEST(plan_puts_barriers_where_work_crosses_workers) {
  Builder b;
  b.spec.max_rows = 8;
  const BufferId x = b.input({kRows, 4}), y = b.temp("y", {kRows, 4}), z = b.temp("z", {kRows, 4});
  const BufferId sums = b.temp("sums", {4}), other = b.temp("other", {kRows, 4}), row_sums = b.temp("r", {kRows, 1});
  b.emit(kForward, Pointwise{x, y, PointwiseFunction::kTanh, 0});                // 0
  b.emit(kForward, Affine{y, z, 2, 1});                                          // 1 the same rows: none
  b.emit(kForward, Softmax{z, z});                                               // 2 the same rows: none
  b.emit(kForward, Reduce{z, row_sums, ReduceFunction::kSum, false});            // 3 the same rows: none
  b.emit(kForward, Combine{z, row_sums, z, CombineFunction::kDivide});           // 4 the same rows: none
  b.emit(kForward, Reduce{z, sums, ReduceFunction::kSum, true});                 // 5 by columns: barrier
  b.emit(kForward, Pointwise{x, other, PointwiseFunction::kTanh, 0});            // 6 touches nothing of it: none
  b.emit(kForward, Combine{other, sums, other, CombineFunction::kAdd});          // 7 reads sums whole: barrier
  const std::vector<bool> expected{true, false, false, false, false, true, false, true};
  const Plan plan = plan_of(b.spec, 0, true);
  for (size_t i = 0; i < expected.size(); i++) CHECK_EQUAL(plan.apart.segments[kForward][i].barrier, expected[i]);
  // On worker 0 alone there is nobody to wait for, but for the start of the segment.
  const Plan alone = plan_of(b.spec, 1e9);
  for (size_t i = 0; i < expected.size(); i++) {
    CHECK_EQUAL(alone.apart.segments[kForward][i].barrier, i == 0);
    CHECK(alone.apart.segments[kForward][i].cut.kind == Cut::kWorker0);
  }
  CHECK_EQUAL(alone.apart.shared_nanoseconds, 0.0);
}

TEST(plan_gives_memory_away_behind_a_barrier) {
  Builder b;
  b.spec.max_rows = 8;
  const BufferId x = b.input({kRows, 4}), first = b.temp("first", {kRows, 4}), sums = b.temp("sums", {4});
  const BufferId second = b.temp("second", {kRows, 4}), more = b.temp("more", {4}), third = b.temp("third", {kRows, 4});
  b.emit(kForward, Pointwise{x, first, PointwiseFunction::kTanh, 0});
  b.emit(kForward, Reduce{first, sums, ReduceFunction::kSum, true});
  b.emit(kForward, Pointwise{x, second, PointwiseFunction::kTanh, 0});  // others still read `first`
  b.emit(kForward, Reduce{second, more, ReduceFunction::kSum, true});   // behind a barrier
  b.emit(kForward, Pointwise{x, third, PointwiseFunction::kTanh, 0});
  const Plan plan = plan_of(b.spec, 0);
  CHECK(!plan.places[first].overlaps(plan.places[second]));
  CHECK(plan.places[first] == plan.places[third]);
  const std::vector<bool> barriers{false, true, false, true, false};
  for (size_t i = 0; i < barriers.size(); i++) CHECK_EQUAL(plan.whole.segments[kForward][i].barrier, barriers[i]);
  // Worker 0 alone takes it at once.
  const Plan alone = plan_of(b.spec, 1e9);
  CHECK(alone.places[first] == alone.places[second]);
}

// A small loss by rows would stay with worker 0, were it not that its logits are already cut the same way.
TEST(plan_shares_out_what_is_small_where_that_saves_a_barrier) {
  Builder b;
  b.spec.max_rows = 64;
  const BufferId x = b.input({kRows, 256}), w = b.temp("w", {256, 8}), logits = b.temp("logits", {kRows, 8});
  const BufferId out = b.temp("out", {kRows, 8}), sums = b.temp("sums", {8});
  b.emit(kForward, Gemm{x, w, kNoBuffer, logits, false, false, false, PointwiseFunction::kLinear, 0});
  b.emit(kForward, Softmax{logits, out});
  b.emit(kForward, Reduce{out, sums, ReduceFunction::kSum, true});
  const Plan plan = plan_of(b.spec, 1000);
  const auto& planned = plan.whole.segments[kForward];
  CHECK(planned[0].cut.kind == Cut::kRows && planned[1].cut.kind == Cut::kRows && planned[2].cut.kind == Cut::kWorker0);
  CHECK(!planned[1].barrier && planned[2].barrier);
}

static Folding fold(const Mlp& mlp) { return fold_updates(mlp.spec, *mlp.parameters); }

// Of {6, 5, 4}: the gradients are instructions 2 and 4 of the backward segment; each bias is padded to 16 floats.
TEST(folding_gives_weights_to_their_gemms_and_leaves_biases) {
  const Mlp mlp = make_mlp({6, 5, 4}, 8, false);
  const Folding folding = fold(mlp);
  std::vector<int32_t> updates;
  for (const FoldedUpdate& update : folding.update) updates.push_back(update.instruction);
  CHECK(updates == std::vector<int32_t>({-1, -1, 0, -1, 0}));
  CHECK_EQUAL(folding.update[4].floats.begin, 0);
  CHECK_EQUAL(folding.update[4].floats.end, 30);
  CHECK_EQUAL(folding.update[2].floats.begin, mlp.parameters->offset(2));
  CHECK_EQUAL(folding.update[2].floats.size(), 20);
  CHECK_EQUAL(folding.left[0].size(), size_t{2});
  for (size_t i = 0; i < folding.left[0].size(); i++) {
    CHECK_EQUAL(folding.left[0][i].begin, mlp.parameters->offset(2 * static_cast<int>(i) + 1));
    CHECK_EQUAL(folding.left[0][i].size(), kAlignedFloats);
  }
}

TEST(folding_is_for_gradients_that_nobody_else_needs) {
  const auto folded = [](const Mlp& mlp) {
    int count = 0;
    for (const FoldedUpdate& update : fold(mlp).update) count += update.instruction >= 0;
    return count;
  };
  Mlp mlp = make_mlp({6, 5, 4}, 8, false);
  CHECK_EQUAL(folded(mlp), 2);
  const auto backward = mlp.spec.segments[kBackward];
  const BufferId w1 = std::get<Gemm>(backward[1]).b, dw1 = std::get<Gemm>(backward[2]).out;
  const auto with = [&](Segment segment, Instruction instruction) {
    Mlp changed{mlp.parameters, mlp.spec};
    changed.spec.segments[segment].push_back(instruction);
    return folded(changed);
  };
  BufferSpec temp = mlp.spec.buffers[static_cast<size_t>(w1)];
  temp.kind = BufferKind::kTemp;
  mlp.spec.buffers.push_back(temp);
  const BufferId copy = static_cast<BufferId>(mlp.spec.buffers.size() - 1);
  const PointwiseFunction linear = PointwiseFunction::kLinear;
  CHECK_EQUAL(with(kBackward, Pointwise{w1, copy, linear, 0}), 1);   // the weights are read later
  CHECK_EQUAL(with(kForward, Pointwise{w1, copy, linear, 0}), 2);    // earlier
  CHECK_EQUAL(with(kBackward, Pointwise{dw1, copy, linear, 0}), 1);  // the gradient is read
  CHECK_EQUAL(with(kUpdate, mlp.spec.segments[kUpdate][0]), 0);      // updated twice
  std::get<Gemm>(mlp.spec.segments[kBackward][2]).accumulate = true;
  CHECK_EQUAL(folded(mlp), 1);
}

// Of {100, 130, 70, 5}: the last layer is no wider than a panel.
TEST(plan_lays_weights_in_panels_that_are_only_multiplied_by) {
  const Mlp mlp = make_mlp({100, 130, 70, 5}, 8, false);
  const auto panels = [&](const ProgramSpec& spec) {
    std::vector<int32_t> parameters;
    for (const ParameterMatrix& matrix : fold_updates(spec, *mlp.parameters).panels) {
      CHECK_EQUAL(matrix.rows * matrix.cols, mlp.parameters->size(matrix.parameter));
      parameters.push_back(matrix.parameter);
    }
    return parameters;
  };
  CHECK(panels(mlp.spec) == std::vector<int32_t>({2, 0}));
  const BufferId w0 = std::get<Gemm>(mlp.spec.segments[kForward][0]).b;
  ProgramSpec spec = mlp.spec;
  BufferSpec copy = spec.buffers[static_cast<size_t>(w0)];
  copy.kind = BufferKind::kTemp;
  spec.buffers.push_back(copy);
  const BufferId to = static_cast<BufferId>(spec.buffers.size() - 1);
  spec.segments[kForward].push_back(Pointwise{w0, to, PointwiseFunction::kSquare, 0});
  CHECK(panels(spec) == std::vector<int32_t>({2}));
  const Plan plan = make_plan(spec, *mlp.parameters, {});
  CHECK(!plan.in_panels[static_cast<size_t>(w0)]);
  CHECK_EQUAL(std::count(plan.in_panels.begin(), plan.in_panels.end(), true), 1);
}

// The gemm that takes the update over waits until the weights have been read; nothing waits for the gradient.
TEST(plan_of_a_whole_step_has_fewer_barriers) {
  const Mlp mlp = make_mlp({64, 64, 64, 10}, 32, false);
  PlanOptions options;
  options.worth_sharing = 0;
  const Plan plan = make_plan(mlp.spec, *mlp.parameters, options);
  const auto barriers = [](const Schedule& schedule) {
    int count = 0;
    for (const auto& segment : schedule.segments) {
      for (const PlannedInstruction& planned : segment) count += planned.barrier;
    }
    return count;
  };
  CHECK(barriers(plan.whole) < barriers(plan.apart));
  CHECK(!plan.whole.segments[kForward][0].barrier);
  for (size_t i = 0; i < mlp.spec.segments[kBackward].size(); i++) {
    const PlannedInstruction& planned = plan.whole.segments[kBackward][i];
    const bool has_input_gradient = i + 1 < mlp.spec.segments[kBackward].size();
    if (planned.update.instruction >= 0 && has_input_gradient) CHECK(planned.barrier);
  }
  options.keep_temporaries = true;
  const Plan kept = make_plan(mlp.spec, *mlp.parameters, options);
  CHECK_EQUAL(barriers(kept.whole), barriers(kept.apart));
}

// Whatever the number of workers, their parts are disjoint and complete.
TEST(share_covers_everything_once) {
  for (int parts = 1; parts <= 7; parts++) {
    for (int64_t count : {0, 1, 5, 16, 17, 100, 1000}) {
      int64_t rows = 0, floats = 0, columns = 0, slab = 0;
      for (int part = 0; part < parts; part++) {
        const Share by_rows{part, parts, true, count}, by_lines{part, parts, false, 1};
        CHECK_EQUAL(by_rows.rows(count).begin, rows);
        CHECK_EQUAL(by_rows.floats(3 * count).begin, floats);
        CHECK_EQUAL(by_lines.columns(count).begin, columns);
        CHECK_EQUAL(by_lines.floats(count).begin, slab);
        rows = by_rows.rows(count).end, floats = by_rows.floats(3 * count).end;
        columns = by_lines.columns(count).end, slab = by_lines.floats(count).end;
      }
      CHECK_EQUAL(rows, count);
      CHECK_EQUAL(floats, 3 * count);
      CHECK_EQUAL(columns, count);
      CHECK_EQUAL(slab, count);
    }
  }
}

TEST(explain_is_stable_text) {
  Builder b;
  b.spec.name = "small";
  b.spec.max_rows = 8;
  const BufferId x = b.input({kRows, 4}), y = b.temp("y", {kRows, 4});
  b.emit(kForward, Pointwise{x, y, PointwiseFunction::kLeakyRelu, 0.25f});
  CHECK_EQUAL(explain(b.spec, plan_of(b.spec, 1e9), "scalar"),
              "program small, up to 8 rows, scalar\n"
              "forward\n"
              "  0 |1 pointwise           out y [rows, 4] @0 <- x x [rows, 4] leakyRelu alpha=0.25  (64 FLOP)\n"
              "64 FLOP a step, 8 a row; 1 barriers; batch 32 floats, arena 32\n");
}

}  // namespace quern::test
