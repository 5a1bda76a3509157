#include "program/context.h"

#include <algorithm>

#include "gemm/gemm.h"

namespace quern {

bool Context::allocate(const ProgramSpec& spec, const Plan& plan) {
  matrices_.resize(spec.buffers.size());
  accumulators.resize(2 * static_cast<size_t>(spec.accumulators));
  return arena_.allocate(plan.arena_floats) && gradients_.allocate(plan.gradient_floats);
}

void Context::bind(const ProgramSpec& spec, const Plan& plan, const Slabs& slabs) noexcept {
  for (size_t worker = 0; worker < batch_count_; worker++) {
    pointers_[worker].resize(spec.buffers.size());
    for (size_t id = 0; id < spec.buffers.size(); id++) {
      const Area& place = plan.places[id];
      float* base = arena_.data();
      if (place.space >= Plan::kBatch) base = batch_data(plan, worker, place.space - Plan::kBatch);
      else if (place.space == Area::kParameters) base = slabs.weights;
      else if (place.space == Area::kGradients) base = gradients_.data();
      else if (place.in_slab()) base = slabs.slots.empty() ? nullptr : slabs.slots[Area::kSlots - place.space];
      pointers_[worker][id] = base ? base + place.begin : nullptr;
    }
  }
}

bool Context::provide_batches(const Plan& plan, int count) {
  batch_count_ = static_cast<size_t>(count);
  if (batches_.size() < batch_count_) batches_.resize(batch_count_), pointers_.resize(batch_count_);
  for (size_t worker = 0; worker < batch_count_; worker++) {
    batches_[worker].resize(plan.batch.size());
    for (size_t i = 0; i < plan.batch.size(); i++) {
      const auto [buffer, floats] = plan.batch[i];
      Arena& part = batches_[worker][i];
      if (!lists.has(buffer) && part.size() < floats && !part.allocate(floats)) return false;
    }
  }
  return true;
}

void Context::look_at_weights(const KernelTable& kernels, const float* weights, int64_t floats,
                              uint64_t version) noexcept {
  const bool matters = skipping.may_find_zeros();
  if (matters && version != finite_version_) {
    were_finite_ = kernels.find_not_finite(weights, floats) == floats;
    finite_version_ = version;
  }
  weights_are_finite_.store(matters && were_finite_, std::memory_order_relaxed);
}

float* Context::batch_data(const Plan& plan, size_t worker, int32_t part) const noexcept {
  const auto i = static_cast<size_t>(part);
  return lists.has(plan.batch[i].buffer) ? nullptr : batches_[worker][i].data();
}

void Context::set_rows(const Plan& plan, int64_t rows) noexcept {
  if (rows == rows_) return;
  rows_ = rows;
  for (size_t id = 0; id < matrices_.size(); id++) {
    matrices_[id] = {plan.matrices[id].rows.at(rows), plan.matrices[id].cols.at(rows)};
  }
}

bool Context::provide_scratch(const ProgramSpec& spec, const KernelTable& kernels, int workers, int64_t rows) {
  if (rows == 0 || (rows == scratch_rows_ && workers <= scratch_workers_)) return true;
  int64_t floats = 0;
  for (const auto& segment : spec.segments) {
    for (const Instruction& instruction : segment) {
      const Gemm* const gemm = std::get_if<Gemm>(&instruction);
      if (!gemm) continue;
      const MatrixSize a = matrix_of(spec.buffers[gemm->a].shape), out = matrix_of(spec.buffers[gemm->out].shape);
      const Size depth = gemm->transpose_a ? a.rows : a.cols;
      floats = std::max(floats, gemm_scratch_floats(kernels, out.rows.at(rows), out.cols.at(rows), depth.at(rows)));
    }
  }
  if (scratch_.size() < static_cast<size_t>(workers)) scratch_.resize(workers);
  for (int worker = 0; worker < workers; worker++) {
    if (scratch_[worker].size() < floats && !scratch_[worker].allocate(floats)) return false;
  }
  scratch_rows_ = rows, scratch_workers_ = workers;
  return true;
}

}  // namespace quern
