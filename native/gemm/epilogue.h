// What gemm does beside the product itself.
#pragma once
#include "gemm/gemm.h"
#include "gemm/nonzeros.h"

namespace quern {

class GemmEpilogue {
 public:
  GemmEpilogue(const KernelTable& table, const GemmCall& call) noexcept : table_(table), call_(call) {}

  bool kernel_applies_relu() const noexcept { return !call_.saved && call_.function == PointwiseFunction::kRelu; }

  // Whether finished tiles are left with something that the micro kernel has not done.
  bool is_needed() const noexcept {
    return call_.take || call_.saved || call_.marked || leaves_function();
  }

  // Whether tiles need not be written where C is. (Those that `saved` is for have its ld.)
  bool passes_on() const noexcept { return call_.take && !call_.accumulate && !call_.saved; }

  // Whether a kernel may make the step of SGD that C is for, as nothing else is done with its sums.
  bool kernel_may_step() const noexcept {
    return call_.sgd && passes_on() && !call_.marked && !call_.bias && call_.function == PointwiseFunction::kLinear;
  }

  // What is left, on tiles that are still in cache.
  void finish(const GemmBlock& block, float* c, int64_t ld) const noexcept {
    const int function = static_cast<int>(call_.function);
    if (call_.saved) {
      const float* const saved = call_.saved + block.row * call_.ldc + block.column;
      table_.pointwise_gradient[function](saved, c, c, block.rows, block.cols, ld, call_.alpha, nullptr);
    } else if (leaves_function()) {
      for (int64_t i = 0; i < block.rows; i++) {
        table_.pointwise[function](c + i * ld, c + i * ld, block.cols, call_.alpha);
      }
    }
    if (call_.marked) mark(*call_.marked, block, c, ld);
    if (call_.take) call_.take(call_.taker, block, c, ld);
  }

  void sum_columns(int64_t first, int64_t columns) const noexcept {
    table_.reduce_rows[static_cast<int>(ReduceFunction::kSum)](call_.b + first, call_.column_sums + first, call_.k,
                                                               columns, call_.b_row);
  }

 private:
  bool leaves_function() const noexcept {
    return call_.function != PointwiseFunction::kLinear && !kernel_applies_relu();
  }

  // Nothing of a block that shares a word of marks with its neighbour.
  void mark(const MarkedOutput& to, const GemmBlock& block, const float* c, int64_t ld) const noexcept {
    const bool ends_word = block.cols % kMarksInWord == 0 || block.column + block.cols == call_.n;
    if (block.column % kMarksInWord != 0 || !ends_word) return;
    const int64_t next = to.marks->next();
    uint64_t* const words = to.marks->of_line(to.first_row + block.row) + block.column / kMarksInWord * next;
    for (int64_t i = 0; i < block.rows; i++) {
      *to.nonzeros += table_.skipping.mark_floats(c + i * ld, block.cols, nullptr, words + i, next);
    }
    *to.elements += block.rows * block.cols;
  }

  const KernelTable& table_;
  const GemmCall& call_;
};

}  // namespace quern
