// Which memory a buffer is, without yet saying where it lies.
#pragma once
#include <cstdint>

#include "program/parameters.h"
#include "program/spec.h"

namespace quern {

// A range of floats of a space: a slab, or the memory of one buffer of the arena.
struct Area {
  static constexpr int32_t kParameters = -1, kGradients = -2, kSlots = -3;  // slot s is kSlots - s; else a BufferId
  int32_t space = 0;
  int64_t begin = 0, end = 0;

  bool in_slab() const { return space < 0; }
  bool overlaps(const Area& other) const { return space == other.space && begin < other.end && other.begin < end; }
  bool operator==(const Area& other) const {
    return space == other.space && begin == other.begin && end == other.end;
  }
};

// Of a verified buffer, for a batch of the largest number of rows; a view's is that of what it shows.
Area area_of(const ProgramSpec& spec, const Parameters& parameters, BufferId buffer);

}  // namespace quern
