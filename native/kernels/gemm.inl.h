// Matrix multiplication for one instruction set: gathers the micro kernels and packing into kGemmKernels.
// Included by make_table.inl.h after simd/<isa>.h.
#pragma once
#include "kernels/gemm_kernels.h"
#include "kernels/simd/inline.h"

#include "kernels/elements_of_a.inl.h"
#include "kernels/sgd_tile.inl.h"
#include "kernels/gemm_micro.inl.h"
#include "kernels/gemm_pack.inl.h"
#include "kernels/gemm_turning.inl.h"

namespace quern {
namespace {

template <int kVectors, int kRows>
constexpr void add_tiles(GemmKernels& kernels) {
  if constexpr (kVectors <= kGemmMaxVectors && kRows <= rows_of(kVectors)) {
    kernels.rows[kVectors] = kRows;
    kernels.micro[0][kVectors][kRows] = gemm_micro<kRows, kVectors, false, FloatsOfA>;
    kernels.micro[1][kVectors][kRows] = gemm_micro<kRows, kVectors, true, FloatsOfA>;
    kernels.micro_of_bytes[0][kVectors][kRows] = gemm_micro<kRows, kVectors, false, BytesOfA>;
    kernels.micro_of_bytes[1][kVectors][kRows] = gemm_micro<kRows, kVectors, true, BytesOfA>;
    add_tiles<kVectors, kRows + 1>(kernels);
  } else if constexpr (kVectors <= kGemmMaxVectors) {
    add_tiles<kVectors + 1, 1>(kernels);
  }
}

template <int kRows>
constexpr void add_updating_tiles(GemmKernels& kernels) {
  if constexpr (kRows <= rows_of(kRegisters / 8)) {
    kernels.updating[kRows] = gemm_micro_updating<kRows, FloatsOfA>;
    kernels.updating_of_bytes[kRows] = gemm_micro_updating<kRows, BytesOfA>;
    add_updating_tiles<kRows + 1>(kernels);
  }
}

template <int kRows>
constexpr void add_turning_tiles(GemmKernels& kernels) {
  if constexpr (kRows <= turning_rows()) {
    kernels.turning_rows = kRows;
    kernels.turning[kRows] = gemm_micro_turning<kRows>;
    add_turning_tiles<kRows + 1>(kernels);
  }
}

constexpr GemmKernels gemm_kernels() {
  GemmKernels kernels{};
  kernels.lanes = kLanes;
  kernels.vectors = kRegisters / 8;  // 4 of 32 registers, 2 of 16: tiles of 6 rows
  static_assert(kPanelColumns % (kRegisters / 8 * kLanes) == 0, "full tiles fill a panel of weights");
  kernels.bytes_pay = kBytesPay;
  add_tiles<1, 1>(kernels);
  add_updating_tiles<1>(kernels);
  add_turning_tiles<1>(kernels);
  kernels.pack = gemm_pack;
  kernels.turn = gemm_turn;
  return kernels;
}

constexpr GemmKernels kGemmKernels = gemm_kernels();

}  // namespace
}  // namespace quern
