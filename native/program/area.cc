#include "program/area.h"

#include "program/operands.h"
#include "program/shape.h"

namespace quern {

Area area_of(const ProgramSpec& spec, const Parameters& parameters, BufferId buffer) {
  const BufferId root = root_of(spec, buffer);
  const BufferSpec& memory = spec.buffers[root];
  const int64_t size = size_of(memory.shape).at(spec.max_rows);
  const auto in_slab = [&](int32_t space) {
    const int64_t begin = parameters.offset(memory.first);
    return Area{space, begin, begin + size};
  };
  switch (memory.kind) {
    case BufferKind::kParameter: return in_slab(Area::kParameters);
    case BufferKind::kGradient: return in_slab(Area::kGradients);
    case BufferKind::kSlot: return in_slab(Area::kSlots - memory.slot);
    default: return {root, 0, size};
  }
}

}  // namespace quern
