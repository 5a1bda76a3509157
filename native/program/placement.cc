#include "program/placement.h"

#include <algorithm>
#include <numeric>

#include "runtime/arena.h"

namespace quern {

Placement place(const std::vector<Lifetime>& blocks) {
  std::vector<size_t> by_size(blocks.size());
  std::iota(by_size.begin(), by_size.end(), size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](size_t a, size_t b) { return blocks[a].size > blocks[b].size; });
  Placement placement;
  placement.offsets.resize(blocks.size());
  std::vector<size_t> placed;  // by offset
  for (size_t block : by_size) {
    const int64_t size = align_floats(blocks[block].size);
    int64_t offset = 0;
    for (size_t other : placed) {
      if (!blocks[block].meets(blocks[other])) continue;
      if (placement.offsets[other] >= offset + size) break;  // the gap before it is large enough
      offset = std::max(offset, placement.offsets[other] + align_floats(blocks[other].size));
    }
    placement.offsets[block] = offset;
    placement.size = std::max(placement.size, offset + size);
    const auto after = std::find_if(placed.begin(), placed.end(),
                                    [&](size_t other) { return placement.offsets[other] > offset; });
    placed.insert(after, block);
  }
  return placement;
}

}  // namespace quern
