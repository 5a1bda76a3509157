// How the system provides the pages behind memory.
#pragma once
#include <cstdint>

namespace quern {

// Asks for large pages behind this memory as it is first written to: for arrays whose rows are read in any order, where
// with small ones nearly every row needs one looked up. Nothing happens where the system does not know them, or where
// there is no whole one in it.
void use_large_pages(void* data, int64_t bytes) noexcept;

// Asks for the pages behind fresh memory all at once: one call takes a fraction of the faults at their first writes.
// Nothing happens where the system cannot.
void provide_pages(void* data, int64_t bytes) noexcept;

}  // namespace quern
