// What a step costs, with updates folded into gemms and without.
#include "program/step_cost.h"

#include "check.h"
#include "programs.h"

namespace quern::test {

// Of {6, 5, 4}: forward has instructions 0 and up, the gradients of the weights are 2 and 4 of the backward segment.
TEST(step_costs_move_an_update_to_the_gemm_it_is_folded_into) {
  constexpr int64_t kBatch = 8;
  const Mlp mlp = make_mlp({6, 5, 4}, kBatch, false);
  const Plan plan = make_plan(mlp.spec, *mlp.parameters, {});
  const std::vector<Cost> apart = step_costs(mlp.spec, plan.apart, kBatch);
  const std::vector<Cost> whole = step_costs(mlp.spec, plan.whole, kBatch);
  const size_t backward = mlp.spec.segments[kForward].size(), update = backward + mlp.spec.segments[kBackward].size();
  CHECK_EQUAL(apart.size(), update + mlp.spec.segments[kUpdate].size());
  CHECK_EQUAL(whole.size(), apart.size());

  const Instruction& sgd = mlp.spec.segments[kUpdate][0];
  const double floats = static_cast<double>(size_of(mlp.spec.buffers[updated_parameters(sgd)].shape).at(kBatch));
  const double flops_each = apart[update].flops / floats, bytes_each = apart[update].bytes / floats;
  const double operands_each = apart[update].operands / floats;
  CHECK(operands_each < bytes_each);  // weights are read and written
  const auto check_folded = [&](size_t gemm, double weights) {
    CHECK_NEAR(whole[gemm].flops, apart[gemm].flops + weights * flops_each, 1e-9);
    CHECK_NEAR(whole[gemm].bytes, apart[gemm].bytes + weights * (bytes_each - 8), 1e-9);
    CHECK_NEAR(whole[gemm].operands, apart[gemm].operands + weights * (operands_each - 8), 1e-9);
  };
  check_folded(backward + 2, 5 * 4 + 0.0);
  check_folded(backward + 4, 6 * 5 + 0.0);
  const double left = static_cast<double>(plan.whole.segments[kUpdate][0].floats_left());
  CHECK(left > 0 && left < floats);
  CHECK_NEAR(whole[update].flops, left * flops_each, 1e-9);
  CHECK_NEAR(whole[update].bytes, left * bytes_each, 1e-9);
  for (size_t i = 0; i < update; i++) {
    if (i == backward + 2 || i == backward + 4) continue;
    CHECK_EQUAL(whole[i].flops, apart[i].flops);
    CHECK_EQUAL(whole[i].bytes, apart[i].bytes);
  }
}

TEST(step_costs_grow_with_the_rows) {
  const Mlp mlp = make_mlp({6, 5, 4}, 8, false);
  const Plan plan = make_plan(mlp.spec, *mlp.parameters, {});
  const Cost one = step_costs(mlp.spec, plan.apart, 1)[0], eight = step_costs(mlp.spec, plan.apart, 8)[0];
  // The first product with its bias and relu: 2 x 6 + 2 for each of 5 units of a row.
  CHECK_EQUAL(one.flops, 5.0 * (2 * 6 + 2));
  CHECK_EQUAL(eight.flops, 8 * one.flops);
  CHECK(eight.bytes > one.bytes && eight.bytes < 8 * one.bytes);  // the weights are read once
}

}  // namespace quern::test
