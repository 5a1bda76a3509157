// One worker's part of an instruction, as ranges of its operands.
#pragma once
#include <algorithm>
#include <cstdint>

#include "program/plan.h"
#include "runtime/arena.h"

namespace quern {

// Part `part` of `parts` of an instruction; one part when it is not shared out.
struct Share {
  int part = 0, parts = 1;
  bool by_units = false;  // it is cut into equal units of its operands, else into cache lines
  int64_t units = 1;

  // The units of this part.
  Range range() const { return {units * part / parts, units * (part + 1) / parts}; }

  // Rows of a matrix that has one unit a row.
  Range rows(int64_t count) const { return parts == 1 ? Range{0, count} : range(); }

  // Floats of a buffer.
  Range floats(int64_t count) const {
    if (parts == 1) return {0, count};
    if (!by_units) return aligned(count);
    const Range r = range();
    const int64_t each = units ? count / units : 0;
    return {r.begin * each, r.end * each};
  }

  // Columns, for an instruction that needs all rows of a column; parts end at cache lines.
  Range columns(int64_t count) const { return parts == 1 ? Range{0, count} : aligned(count); }

 private:
  Range aligned(int64_t count) const {
    const int64_t lines = (count + kAlignedFloats - 1) / kAlignedFloats;
    return {std::min(count, lines * part / parts * kAlignedFloats),
            std::min(count, lines * (part + 1) / parts * kAlignedFloats)};
  }
};

inline Share share_of(const Cut& cut, int64_t rows, int worker, int workers) {
  if (cut.kind == Cut::kWorker0) return {worker, 1, false, 1};
  return {worker, workers, cut.kind == Cut::kRows, cut.units.at(rows)};
}

}  // namespace quern
