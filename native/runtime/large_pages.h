// Large pages behind arrays whose rows are read in any order: with small ones, nearly every row needs one looked up.
#pragma once
#include <cstdint>

namespace quern {

// Asks the system to back this memory by large pages as it is first written to. Nothing happens where it does not know
// them, or where there is no whole one in it.
void use_large_pages(void* data, int64_t bytes) noexcept;

}  // namespace quern
