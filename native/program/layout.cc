#include "program/layout.h"

#include <algorithm>

#include "program/operands.h"
#include "program/placement.h"
#include "program/shape.h"
#include "runtime/arena.h"

namespace quern {
namespace {

// The batch source fills it; it is never written otherwise, and stays for the whole step, so that a segment can be run
// again on the same batch.
bool in_batch(const BufferSpec& buffer) {
  return buffer.kind == BufferKind::kInput || buffer.kind == BufferKind::kTarget ||
         buffer.kind == BufferKind::kWeights;
}

class Lifetimes {
 public:
  Lifetimes(const ProgramSpec& spec, const std::vector<Area>& areas, const std::vector<int>& kept_until)
      : spec_(spec), areas_(areas), kept_until_(kept_until) {
    for (const auto& segment : spec.segments) end_ += static_cast<int>(segment.size());
  }

  // By buffer; empty for those that have no memory of their own in the arena.
  std::vector<Lifetime> of_arena() const {
    std::vector<Lifetime> lifetimes(spec_.buffers.size());
    for (size_t id = 0; id < lifetimes.size(); id++) {
      if (is_in_arena(static_cast<BufferId>(id))) lifetimes[id] = initial(static_cast<BufferId>(id));
    }
    int time = 0;
    for (const auto& segment : spec_.segments) {
      for (const Instruction& instruction : segment) use(instruction, time++, &lifetimes);
    }
    return lifetimes;
  }

 private:
  bool is_in_arena(BufferId id) const {
    return !areas_[id].in_slab() && spec_.buffers[id].kind != BufferKind::kView && !in_batch(spec_.buffers[id]);
  }

  // Outputs stay from when they are written, the scalars from the start.
  Lifetime initial(BufferId id) const {
    const BufferKind kind = spec_.buffers[id].kind;
    const bool is_made = kind == BufferKind::kTemp || kind == BufferKind::kOutput;
    if (kept_until_.empty() || !is_made) return {areas_[id].end, 0, end_};
    return {areas_[id].end, end_, kind == BufferKind::kOutput ? end_ : 0};
  }

  void use(const Instruction& instruction, int time, std::vector<Lifetime>* lifetimes) const {
    if (kept_until_.empty()) return;
    for_each_operand(instruction, [&](const char*, Role, bool, BufferId id) {
      if (id == kNoBuffer || !is_in_arena(root_of(spec_, id))) return;
      Lifetime& lifetime = (*lifetimes)[root_of(spec_, id)];
      lifetime.first = std::min(lifetime.first, time);
      lifetime.last = std::max(lifetime.last, kept_until_[static_cast<size_t>(time)]);
    });
  }

  const ProgramSpec& spec_;
  const std::vector<Area>& areas_;
  const std::vector<int>& kept_until_;
  int end_ = 0;
};

}  // namespace

int32_t Layout::batch_space(BufferId buffer) const {
  const auto is_its = [&](const BatchPart& part) { return part.buffer == buffer; };
  const auto at = std::find_if(batch.begin(), batch.end(), is_its);
  return kBatch + static_cast<int32_t>(at - batch.begin());
}

Layout lay_out(const ProgramSpec& spec, const Parameters& parameters, const std::vector<int>& kept_until) {
  Layout layout;
  for (size_t id = 0; id < spec.buffers.size(); id++) {
    layout.places.push_back(area_of(spec, parameters, static_cast<BufferId>(id)));
  }
  Placement placement = place(Lifetimes(spec, layout.places, kept_until).of_arena());
  layout.arena_floats = placement.size;
  for (size_t id = 0; id < spec.buffers.size(); id++) {
    if (!in_batch(spec.buffers[id])) continue;
    layout.batch.push_back({static_cast<BufferId>(id), layout.places[id].end});
    layout.batch_floats += align_floats(layout.places[id].end);
  }
  for (Area& place : layout.places) {
    if (place.in_slab()) continue;
    const auto root = static_cast<size_t>(place.space);
    if (in_batch(spec.buffers[root])) place.space = layout.batch_space(place.space);
    else place = {Layout::kArena, placement.offsets[root], placement.offsets[root] + place.end};
  }
  return layout;
}

}  // namespace quern
