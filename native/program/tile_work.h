// What a worker does with the tiles of a gemm whose result is a gradient that is used at once.
#pragma once
#include "gemm/gemm.h"
#include "gemm/panels.h"
#include "kernels/kernel_table.h"
#include "program/context.h"
#include "program/update.h"

namespace quern {

class TileWork {
 public:
  // `update` takes each block; the gemm's result, a matrix of rows by cols, is for the floats of its operands from
  // `begin` on, which lie row-major or in panels.
  TileWork(const KernelTable& kernels, Context& context, const Instruction& update, int64_t begin, int64_t rows,
           int64_t cols, bool in_panels) noexcept
      : kernels_(kernels), context_(context), update_(update), begin_(begin), rows_(rows), cols_(cols),
        in_panels_(in_panels) {}

  static void take(void* work, const GemmBlock& block, const float* c, int64_t ld) noexcept {
    const TileWork& self = *static_cast<TileWork*>(work);
    const PanelPlace place = self.place_of(block);
    const int64_t begin = self.begin_of(block);
    if (place.stride == ld && block.cols == ld) return self.apply(begin, c, block.rows * ld);
    for (int64_t i = 0; i < block.rows; i++) self.apply(begin + i * place.stride, c + i * ld, block.cols);
  }

  static void fetch(const void* work, const GemmBlock& block) noexcept {
    const TileWork& self = *static_cast<const TileWork*>(work);
    const int64_t stride = self.place_of(block).stride, begin = self.begin_of(block);
    for (int64_t i = 0; i < block.rows; i++) {
      fetch_updated(self.context_, self.update_, begin + i * stride, block.cols);
    }
  }

  // Whether nothing but a step of SGD with momentum is made of a block.
  bool is_momentum_step() const noexcept { return quern::is_momentum_step(context_, update_); }
  static SgdTarget sgd(void* work, const GemmBlock& block) noexcept {
    TileWork& self = *static_cast<TileWork*>(work);
    return momentum_target(self.context_, self.update_, self.begin_of(block), self.place_of(block).stride,
                           &self.are_finite_);
  }

  ~TileWork() {
    if (!are_finite_) context_.note_not_finite();
  }

 private:
  PanelPlace place_of(const GemmBlock& block) const noexcept {
    return in_panels_ ? panel_place(rows_, cols_, block.column) : PanelPlace{block.column, cols_};
  }
  int64_t begin_of(const GemmBlock& block) const noexcept {
    const PanelPlace place = place_of(block);
    return begin_ + place.offset + block.row * place.stride;
  }
  void apply(int64_t begin, const float* gradients, int64_t count) const noexcept {
    apply_update(kernels_, context_, update_, begin, gradients, count);
  }

  const KernelTable& kernels_;
  Context& context_;
  const Instruction& update_;
  const int64_t begin_, rows_, cols_;
  const bool in_panels_;
  bool are_finite_ = true;  // what kernels wrote themselves
};

}  // namespace quern
