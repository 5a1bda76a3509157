// What a worker does with the tiles of a gemm whose result is a gradient that is used at once.
#pragma once
#include "gemm/gemm.h"
#include "kernels/kernel_table.h"
#include "program/context.h"
#include "program/update.h"

namespace quern {

class TileWork {
 public:
  // `update` takes each tile; the gemm's result is for the floats of its operands from `begin` on.
  TileWork(const KernelTable& kernels, const Context& context, const Instruction& update, int64_t begin,
           int64_t row_length) noexcept
      : kernels_(kernels), context_(context), update_(update), begin_(begin), row_length_(row_length) {}

  static void take(void* work, const GemmBlock& block, const float* c, int64_t ld) noexcept {
    const TileWork& self = *static_cast<TileWork*>(work);
    for (int64_t i = 0; i < block.rows; i++) {
      const int64_t begin = self.begin_ + (block.row + i) * self.row_length_ + block.column;
      apply_update(self.kernels_, self.context_, self.update_, begin, c + i * ld, block.cols);
    }
  }

 private:
  const KernelTable& kernels_;
  const Context& context_;
  const Instruction& update_;
  const int64_t begin_, row_length_;
};

}  // namespace quern
