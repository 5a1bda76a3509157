// Places blocks of memory that are needed at different times so that they may share it.
#pragma once
#include <cstdint>
#include <vector>

namespace quern {

// `size` floats, needed from time `first` to time `last`, both included.
struct Lifetime {
  int64_t size = 0;
  int first = 0, last = 0;
  bool meets(const Lifetime& other) const { return first <= other.last && other.first <= last; }
};

struct Placement {
  std::vector<int64_t> offsets;  // of each block, multiples of kAlignedFloats
  int64_t size = 0;              // of the arena that holds them all
};

// Largest block first, each at the lowest offset where it meets no block that is there at the same time: the
// greedy-by-size heuristic, within a few percent of the lower bound on the lifetimes of networks. Quadratic in the
// number of blocks, which is that of a program's temporaries.
Placement place(const std::vector<Lifetime>& blocks);

}  // namespace quern
