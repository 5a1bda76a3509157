// A program as plain data, as it comes from lib/program/spec.ts; what the fields mean stands there.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "program/instruction.h"

namespace quern {

enum class DType { kF32, kI32 };
enum class BufferKind { kInput, kTarget, kWeights, kParameter, kGradient, kSlot, kScalars, kTemp, kOutput, kView };

inline constexpr int64_t kRows = -1;  // an axis that is the number of rows of the batch at hand

struct BufferSpec {
  std::string name;
  BufferKind kind = BufferKind::kTemp;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;  // kRows only as first axis
  float scale = 1, offset = 0;       // input
  int32_t classes = 0;               // target; 0: unchecked
  int32_t first = 0, count = 0;      // parameter, gradient, slot
  int32_t slot = 0;                  // slot
  BufferId of = kNoBuffer;           // view
};

enum Segment { kForward, kBackward, kUpdate, kSegments };

struct ProgramSpec {
  std::string name;
  int64_t max_rows = 0;
  Precision precision = Precision::kHighest;  // of all gemms
  bool skips_zeros = true;
  int32_t accumulators = 0;
  std::vector<BufferSpec> buffers;
  std::vector<Instruction> segments[kSegments];
};

}  // namespace quern
