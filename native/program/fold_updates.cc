#include "program/fold_updates.h"

#include <algorithm>
#include <cstring>
#include <variant>

#include "gemm/panels.h"
#include "program/area.h"
#include "program/operands.h"
#include "program/shape.h"

namespace quern {
namespace {

BufferId operand_of(const Instruction& instruction, const char* operand) {
  BufferId found = kNoBuffer;
  for_each_operand(instruction, [&](const char* name, Role, bool, BufferId id) {
    if (!std::strcmp(name, operand)) found = id;
  });
  return found;
}

class Folder {
 public:
  Folder(const ProgramSpec& spec, const Parameters& parameters) : spec_(spec), parameters_(parameters) {}

  Folding fold() {
    folding_ = unfolded(spec_);
    std::vector<bool> folded(static_cast<size_t>(parameters_.count()));
    for (size_t i = 0; i < folding_.update.size(); i++) {
      const int32_t parameter = parameter_of(i);
      if (parameter < 0) continue;
      FoldedUpdate& update = folding_.update[i];
      update = folded_update(parameter);
      folded[static_cast<size_t>(parameter)] = true;
      const BufferId gradient = std::get<Gemm>(spec_.segments[kBackward][i]).out;
      const MatrixSize size = matrix_of(spec_.buffers[gradient].shape);
      update.in_panels = size.cols.factor > kPanelColumns && only_multiplied(gradient, update.instruction);
      if (update.in_panels) folding_.panels.push_back({parameter, size.rows.factor, size.cols.factor});
    }
    for (size_t u = 0; u < folding_.left.size(); u++) folding_.left[u] = left_of(u, folded);
    return std::move(folding_);
  }

 private:
  // The parameter whose update instruction `i` of the backward segment can take over, or -1.
  int32_t parameter_of(size_t i) const {
    const Gemm* const gemm = std::get_if<Gemm>(&spec_.segments[kBackward][i]);
    if (!gemm || gemm->accumulate) return -1;
    const BufferSpec& out = spec_.buffers[gemm->out];
    if (out.kind != BufferKind::kGradient || out.count != 1 || update_of(out.first) < 0) return -1;
    const Area gradient = area_of(spec_, parameters_, gemm->out);
    const Area parameter{Area::kParameters, gradient.begin, gradient.end};
    int gradient_users = 0, updates = 0;
    bool is_read_later = false;
    for (int segment = 0; segment < kSegments; segment++) {
      for (size_t j = 0; j < spec_.segments[segment].size(); j++) {
        const Instruction& other = spec_.segments[segment][j];
        gradient_users += touches(other, gradient);
        if (segment == kUpdate) updates += touches(other, parameter);
        if (segment == kBackward && j >= i) is_read_later |= touches(other, parameter);
      }
    }
    return gradient_users == 2 && updates == 1 && !is_read_later ? out.first : -1;
  }

  // Whether the places of this gradient in all slabs are touched by nothing but its gemm, the update folded into
  // it, and gemms whose `b` is the whole parameter.
  bool only_multiplied(BufferId gradient, int32_t update) const {
    const Area place = area_of(spec_, parameters_, gradient);
    const MatrixSize size = matrix_of(spec_.buffers[gradient].shape);
    bool only = true;
    for (int segment = 0; segment < kSegments; segment++) {
      for (size_t i = 0; i < spec_.segments[segment].size(); i++) {
        if (segment == kUpdate && static_cast<int32_t>(i) == update) continue;
        const Instruction& instruction = spec_.segments[segment][i];
        for_each_operand(instruction, [&](const char* name, Role, bool, BufferId id) {
          if (id == kNoBuffer || id == gradient) return;
          const Area area = area_of(spec_, parameters_, id);
          if (!area.in_slab() || area.end <= place.begin || place.end <= area.begin) return;
          only = only && area.space == Area::kParameters && std::holds_alternative<Gemm>(instruction) &&
                 !std::strcmp(name, "b") && matrix_of(spec_.buffers[id].shape) == size;
        });
      }
    }
    return only && all_from_one_place(spec_.segments[kUpdate][static_cast<size_t>(update)]);
  }

  // Whether the operands of an update lie at the same place of their slabs.
  bool all_from_one_place(const Instruction& update) const {
    const int64_t begin = area_of(spec_, parameters_, updated_parameters(update)).begin;
    bool all = true;
    for_each_operand(update, [&](const char*, Role, bool, BufferId id) {
      if (id == kNoBuffer) return;
      const Area area = area_of(spec_, parameters_, id);
      all = all && (!area.in_slab() || area.begin == begin);
    });
    return all;
  }

  bool touches(const Instruction& instruction, const Area& area) const {
    bool found = false;
    for_each_operand(instruction, [&](const char*, Role, bool, BufferId id) {
      found |= id != kNoBuffer && area_of(spec_, parameters_, id).overlaps(area);
    });
    return found;
  }

  FoldedUpdate folded_update(int32_t parameter) const {
    const int32_t u = update_of(parameter);
    const BufferId id = updated_parameters(spec_.segments[kUpdate][static_cast<size_t>(u)]);
    const int64_t begin = parameters_.offset(parameter) - area_of(spec_, parameters_, id).begin;
    return {u, {begin, begin + parameters_.size(parameter)}};
  }

  // The first update of a parameter by the gradient of the same place, or -1.
  int32_t update_of(int32_t parameter) const {
    for (size_t u = 0; u < spec_.segments[kUpdate].size(); u++) {
      const BufferId parameters = updated_parameters(spec_.segments[kUpdate][u]);
      if (parameters == kNoBuffer) continue;
      const BufferId gradients = operand_of(spec_.segments[kUpdate][u], "gradients");
      const BufferSpec& range = spec_.buffers[root_of(spec_, parameters)];
      const bool in_range = range.first <= parameter && parameter < range.first + range.count;
      const bool same_place =
          area_of(spec_, parameters_, parameters).begin == area_of(spec_, parameters_, gradients).begin;
      if (in_range && same_place) return static_cast<int32_t>(u);
    }
    return -1;
  }

  // The parameters of update `u` that are not folded, neighbours as one range; padding goes with the one before it.
  std::vector<Range> left_of(size_t u, const std::vector<bool>& folded) const {
    const BufferId id = updated_parameters(spec_.segments[kUpdate][u]);
    std::vector<Range> left;
    if (id == kNoBuffer) return left;
    const Range all = folding_.left[u].front();
    const BufferSpec& buffer = spec_.buffers[root_of(spec_, id)];
    for (int32_t p = buffer.first; p < buffer.first + buffer.count; p++) {
      if (folded[static_cast<size_t>(p)]) continue;
      const int64_t begin = parameters_.range_size(buffer.first, p - buffer.first);
      const int64_t end = std::min(all.end, begin + parameters_.range_size(p, 1));
      if (!left.empty() && left.back().end == begin) left.back().end = end;
      else left.push_back({begin, end});
    }
    return left;
  }

  const ProgramSpec& spec_;
  const Parameters& parameters_;
  Folding folding_;
};

}  // namespace

BufferId updated_parameters(const Instruction& instruction) {
  const bool updates = std::holds_alternative<Sgd>(instruction) || std::holds_alternative<Adam>(instruction);
  return updates ? operand_of(instruction, "parameters") : kNoBuffer;
}

Folding unfolded(const ProgramSpec& spec) {
  Folding folding;
  folding.update.resize(spec.segments[kBackward].size());
  for (const Instruction& instruction : spec.segments[kUpdate]) {
    const BufferId id = updated_parameters(instruction);
    folding.left.emplace_back();
    if (id != kNoBuffer) folding.left.back().push_back({0, size_of(spec.buffers[id].shape).factor});
  }
  return folding;
}

Folding fold_updates(const ProgramSpec& spec, const Parameters& parameters) {
  return Folder(spec, parameters).fold();
}

}  // namespace quern
