// verify accepts what lowering makes, refuses each kind of fault with its sentence, and never crashes on any program.
#include "program/verify.h"

#include <functional>
#include <set>

#include "check.h"
#include "mutate.h"
#include "programs.h"

namespace quern::test {

static bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// What verify says of the two-layer network after `spoil`.
static std::string said_of(const std::function<void(ProgramSpec&)>& spoil, bool integer_labels = false) {
  Mlp mlp = make_mlp({6, 5, 4}, 8, integer_labels);
  spoil(mlp.spec);
  return verify(mlp.spec, *mlp.parameters);
}

static BufferId find(const ProgramSpec& spec, const std::string& name) {
  for (size_t i = 0; i < spec.buffers.size(); i++) {
    if (spec.buffers[i].name == name) return static_cast<BufferId>(i);
  }
  return kNoBuffer;
}

// An empty sentence expects to hear nothing.
static void expect(const std::function<void(ProgramSpec&)>& spoil, const std::string& sentence) {
  const std::string said = said_of(spoil);
  if (sentence.empty() ? said.empty() : contains(said, sentence)) return;
  fail(__FILE__, __LINE__, "\"" + said + "\" does not contain \"" + sentence + "\"");
}

TEST(verify_accepts_networks) {
  CHECK_EQUAL(said_of([](ProgramSpec&) {}), "");
  CHECK_EQUAL(said_of([](ProgramSpec&) {}, true), "");
  Mlp mlp = make_mlp({6, 5, 5, 4}, 8, true, 0.5f);
  CHECK_EQUAL(verify(mlp.spec, *mlp.parameters), "");
}

// Instructions of the network, by what they are called below.
static Gemm& first_gemm(ProgramSpec& s) { return std::get<Gemm>(s.segments[kForward][0]); }
static Gemm& second_gemm(ProgramSpec& s) { return std::get<Gemm>(s.segments[kForward][1]); }
static SoftmaxCrossentropy& loss(ProgramSpec& s) { return std::get<SoftmaxCrossentropy>(s.segments[kForward][3]); }
static Accumulate& accumulate(ProgramSpec& s) { return std::get<Accumulate>(s.segments[kForward][4]); }
static Gemm& input_gradient(ProgramSpec& s) { return std::get<Gemm>(s.segments[kBackward][1]); }
static Gemm& weight_gradient(ProgramSpec& s) { return std::get<Gemm>(s.segments[kBackward][4]); }
static PointwiseGradient& bias_gradient(ProgramSpec& s) {
  return std::get<PointwiseGradient>(s.segments[kBackward][0]);
}
static Sgd& sgd(ProgramSpec& s) { return std::get<Sgd>(s.segments[kUpdate][0]); }

TEST(verify_names_instruction_operand_and_shapes) {
  CHECK_EQUAL(said_of([](ProgramSpec& s) { second_gemm(s).b = find(s, "w0"); }),
              "internal: forward[1] gemm: `b` of shape [6, 5] does not fit `a` of shape [rows, 5]: "
              "op(a) has 5 columns, op(b) 6 rows");
}

TEST(verify_refuses_bad_buffers) {
  expect([](ProgramSpec& s) { s.max_rows = 0; }, "`maxRows` is 0");
  expect([](ProgramSpec& s) { s.buffers[find(s, "h0")].shape = {-3}; }, "an axis is negative");
  expect([](ProgramSpec& s) { s.buffers[find(s, "h0")].shape = {5, kRows}; }, "only the first axis can be rows");
  expect([](ProgramSpec& s) { s.buffers[find(s, "h0")].shape = {kRows, INT64_MAX / 2, 3}; }, "too large to address");
  expect([](ProgramSpec& s) { s.buffers[find(s, "x")].shape = {8, 6}; }, "its first axis must be rows");
  expect([](ProgramSpec& s) { s.buffers[find(s, "w0")].first = 4; }, "do not exist, the model has 4");
  expect([](ProgramSpec& s) { s.buffers[find(s, "w0")].count = INT32_MAX; }, "do not exist");
  expect([](ProgramSpec& s) { s.buffers[find(s, "w0")].shape = {5, 5}; }, "it must have 30 values");
  expect([](ProgramSpec& s) { s.buffers[find(s, "m")].shape[0]--; }, "the size of its range of the slab");
  expect([](ProgramSpec& s) { s.buffers[find(s, "h0")].dtype = DType::kI32; }, "only targets and their views");
  expect([](ProgramSpec& s) { s.buffers.push_back(s.buffers[find(s, "scalars")]); }, "2 buffers of scalars");
}

TEST(verify_refuses_bad_views) {
  const auto with_view = [](BufferId of, std::vector<int64_t> shape) {
    return [of, shape](ProgramSpec& s) {
      BufferSpec view;
      view.name = "view";
      view.kind = BufferKind::kView;
      view.of = of;
      view.shape = shape;
      s.buffers.push_back(view);
    };
  };
  expect(with_view(0, {kRows, 2, 3}), "");
  expect(with_view(0, {kRows, 7}), "is of another size");
  expect(with_view(-1, {kRows, 6}), "does not exist");
  Mlp mlp = make_mlp({6, 5, 4}, 8, false);
  expect(with_view(static_cast<BufferId>(mlp.spec.buffers.size()), {kRows, 6}), "a view of itself");
}

TEST(verify_refuses_bad_operands) {
  expect([](ProgramSpec& s) { first_gemm(s).a = 1000; }, "`a` is buffer 1000, which does not exist");
  expect([](ProgramSpec& s) { first_gemm(s).a = kNoBuffer; }, "`a` is buffer -1, which does not exist");
  expect([](ProgramSpec& s) { first_gemm(s).function = PointwiseFunction::kCount; }, "`function` is unknown");
  expect([](ProgramSpec& s) { first_gemm(s).saved = first_gemm(s).a; }, "`saved` goes with no sum before it");
  expect([](ProgramSpec& s) { input_gradient(s).saved = find(s, "h0"); }, "");
  expect([](ProgramSpec& s) { input_gradient(s).saved = find(s, "x"); },
         "`saved` of shape [rows, 6] does not fit `out`");
  expect([](ProgramSpec& s) { input_gradient(s).column_sums = find(s, "db0"); }, "a `b` that is not transposed");
  expect([](ProgramSpec& s) { weight_gradient(s).column_sums = find(s, "db0"); }, "");
  expect([](ProgramSpec& s) { weight_gradient(s).column_sums = find(s, "db1"); },
         "`columnSums` of shape [4] does not fit `b`");
  expect([](ProgramSpec& s) { first_gemm(s).accumulate = true; }, "is read before it is written");
  expect([](ProgramSpec& s) { first_gemm(s).out = find(s, "x"); }, "filled by the batch source and can't be written");
  expect([](ProgramSpec& s) { bias_gradient(s).column_sums = find(s, "b1"); }, "which only sgd and adam write");
  expect([](ProgramSpec& s) { loss(s).probabilities = find(s, "dz"); }, "overlaps `gradient`");
  expect([](ProgramSpec& s) { loss(s).scale = kNoBuffer; }, "`gradient` needs `scale`");
  expect([](ProgramSpec& s) { accumulate(s).into = 2; }, "`into` is 2");
  expect([](ProgramSpec& s) { accumulate(s).into = -1; }, "`into` is -1");
  expect([](ProgramSpec& s) { sgd(s).momentum = find(s, "dw"); }, "is not an optimizer slot");
  expect([](ProgramSpec& s) { sgd(s).parameters = find(s, "dw"); }, "is not a buffer of parameters");
  expect([](ProgramSpec& s) { s.buffers[find(s, "scalars")].shape = {2}; }, "3 are needed");
}

TEST(verify_refuses_bad_order) {
  expect([](ProgramSpec& s) { s.segments[kForward].push_back(s.segments[kUpdate][0]); },
         "belongs into the update segment");
  expect([](ProgramSpec& s) { s.segments[kForward].erase(s.segments[kForward].begin()); },
         "is read before it is written");
  expect([](ProgramSpec& s) { s.segments[kBackward].pop_back(); }, "`gradients`, buffer `dw`");
  expect([](ProgramSpec& s) { s.buffers[find(s, "p")].kind = BufferKind::kOutput; }, "");
  const auto add_output = [](ProgramSpec& s) {
    s.buffers.push_back(s.buffers[find(s, "p")]);
    s.buffers.back().kind = BufferKind::kOutput;
  };
  expect(add_output, "output buffer `p` is never written");
}

TEST(verify_refuses_unchecked_labels) {
  const auto classes = [](int32_t count) {
    return said_of([count](ProgramSpec& s) { s.buffers[find(s, "y")].classes = count; }, true);
  };
  CHECK_EQUAL(classes(4), "");
  CHECK_EQUAL(classes(2), "");
  CHECK(contains(classes(0), "its labels must be checked"));
  CHECK(contains(classes(5), "its labels must be checked"));
}

// Whatever verify lets through must also run: nothing is read or written out of bounds (sanitizers watch).
TEST(verify_survives_mutated_programs) {
  const Data data = make_data(20, 6, 4, 3);
  std::set<std::string> sentences;
  int accepted = 0;
  for (uint32_t round = 0; round < 3000; round++) {
    const bool integers = round % 2;
    Mlp mlp = make_mlp({6, 5, 4}, 8, integers);
    Dice dice(round);
    for (int64_t changes = 1 + dice.below(3); changes > 0; changes--) mutate(mlp.spec, dice);
    const std::string said = verify(mlp.spec, *mlp.parameters);
    sentences.insert(said);
    if (!said.empty()) continue;
    accepted++;
    const auto program = make_program(mlp.spec, mlp.parameters, round % 3 == 0);
    program->explain();
    TrainingSpan training(data, 8, integers, 1 + static_cast<int>(round % 2));
    if (!program->check(training.span).empty()) continue;
    train(*program, training.span);
  }
  CHECK(accepted > 100);
  CHECK(sentences.size() > 100);
}

}  // namespace quern::test
