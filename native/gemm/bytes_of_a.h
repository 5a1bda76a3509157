// An A of bytes as floats, for what reads it by vectors.
#pragma once
#include "gemm/gemm.h"
#include "runtime/range.h"

namespace quern {

// Writes a block of it: its rows, or its columns where A is stored transposed, `width` floats apart.
inline void write_floats_of_a(const KernelTable& table, const GemmCall& call, Range rows, Range k, float* to,
                              int64_t width) noexcept {
  const bool transposed = call.a_row == 1;
  const int64_t lines = transposed ? k.size() : rows.size(), length = transposed ? rows.size() : k.size();
  const int64_t stride = transposed ? call.a_col : call.a_row;
  const uint8_t* const bytes = call.a_bytes + rows.begin * call.a_row + k.begin * call.a_col;
  for (int64_t i = 0; i < lines; i++) {
    table.affine_u8(bytes + i * stride, to + i * width, length, call.a_scale, 0);
  }
}

}  // namespace quern
