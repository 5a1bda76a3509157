// Where every buffer lies: in a slab, in the batch, or in the arena, where buffers needed at different times share
// memory.
#pragma once
#include <cstdint>
#include <vector>

#include "program/area.h"
#include "program/spec.h"

namespace quern {

struct Layout {
  // What a step makes of its batch is in space kArena, at offset `begin`. Each buffer that the batch source fills has a
  // memory of its own, space kBatch + i for the ith of `batch`, so that one of which lists are enough takes none.
  static constexpr int32_t kArena = 0, kBatch = 1;
  struct BatchPart {
    BufferId buffer;
    int64_t floats;
  };
  std::vector<BatchPart> batch;
  int32_t batch_space(BufferId buffer) const;
  std::vector<Area> places;  // by buffer, views resolved
  int64_t arena_floats = 0, batch_floats = 0;
};

// `kept_until[t]`: time until which what is used at time t must not be given away; times count the instructions of all
// segments from 0 on. Empty: nothing ever is.
Layout lay_out(const ProgramSpec& spec, const Parameters& parameters, const std::vector<int>& kept_until);

}  // namespace quern
