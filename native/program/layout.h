// Where every buffer lies: in a slab, in the batch, or in the arena, where buffers needed at different times share
// memory.
#pragma once
#include <cstdint>
#include <vector>

#include "program/area.h"
#include "program/spec.h"

namespace quern {

struct Layout {
  // What the batch source fills is in space kBatch, what a step makes of it in kArena, both at offset `begin`.
  static constexpr int32_t kArena = 0, kBatch = 1;
  std::vector<Area> places;  // by buffer, views resolved
  int64_t arena_floats = 0, batch_floats = 0;
};

// `kept_until[t]`: time until which what is used at time t must not be given away; times count the instructions of all
// segments from 0 on. Empty: nothing ever is.
Layout lay_out(const ProgramSpec& spec, const Parameters& parameters, const std::vector<int>& kept_until);

}  // namespace quern
