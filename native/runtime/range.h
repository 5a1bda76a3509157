// A range of rows, columns or floats.
#pragma once
#include <cstdint>

namespace quern {

struct Range {
  int64_t begin = 0, end = 0;
  int64_t size() const noexcept { return end - begin; }
};

}  // namespace quern
