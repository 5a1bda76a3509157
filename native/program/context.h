// The memory of one running job: arena, gradients, scratch of each worker, batches, accumulators, where buffers are, and
// which of their elements are zeros.
#pragma once
#include <atomic>
#include <cstdint>
#include <vector>

#include "kernels/kernel_table.h"
#include "program/batch_lists.h"
#include "program/pace.h"
#include "program/plan.h"
#include "program/skipping.h"
#include "program/spec.h"
#include "runtime/arena.h"
#include "runtime/barrier.h"

namespace quern {

struct Matrix {
  int64_t rows = 0, cols = 0;
  int64_t size() const { return rows * cols; }
};

// Where the slabs are that the job works on: the live ones or a snapshot's.
struct Slabs {
  float* weights = nullptr;
  std::vector<float*> slots;
};

// Made once, used by one job after another; the workers of a job share it and keep apart by the plan's barriers.
class Context {
 public:
  // False without the memory.
  [[nodiscard]] bool allocate(const ProgramSpec& spec, const Plan& plan);
  // Points every buffer to its memory, for each batch that was provided.
  void bind(const ProgramSpec& spec, const Plan& plan, const Slabs& slabs) noexcept;
  // Sets the number of rows of the steps that follow.
  void set_rows(const Plan& plan, int64_t rows) noexcept;
  // Makes sure that each of `workers` has scratch for every gemm of a batch of `rows`. False without the memory.
  [[nodiscard]] bool provide_scratch(const ProgramSpec& spec, const KernelTable& kernels, int workers, int64_t rows);
  // Memory for so many batches: one that all workers share, or one for each of them; none for inputs of which there
  // are lists. False without the memory.
  [[nodiscard]] bool provide_batches(const Plan& plan, int count);

  // Looks, before a job that may skip zeros, whether all weights are finite: once for every version of them.
  void look_at_weights(const KernelTable& kernels, const float* weights, int64_t floats, uint64_t version) noexcept;
  // Whether all weights are known to be finite: they were before the job, and what any worker wrote since is.
  bool weights_are_finite() const noexcept { return weights_are_finite_.load(std::memory_order_relaxed); }
  void note_not_finite() noexcept { weights_are_finite_.store(false, std::memory_order_relaxed); }

  // Where `worker` finds a buffer; null for an input of which there are lists.
  float* floats(BufferId id, int worker) const {
    return pointers_[own_batches() ? static_cast<size_t>(worker) : 0][id];
  }
  // One that lies at the same place for all workers.
  float* floats(BufferId id) const { return floats(id, 0); }
  bool own_batches() const { return batch_count_ > 1; }
  const Matrix& matrix(BufferId id) const { return matrices_[id]; }
  float* scratch(int worker) const { return scratch_[worker].data(); }
  int64_t rows() const { return rows_; }

  bool uses_panels = false;  // the plan's panels lie as such

  std::vector<double> accumulators;  // total and count of each; worker 0 alone
  RandomKey key{};                   // of the epoch
  uint32_t step = 0;                 // of the epoch
  Pace pace;
  Skipping skipping;
  BatchLists lists;
  Barrier barrier{1};

 private:
  float* batch_data(const Plan& plan, size_t worker, int32_t part) const noexcept;

  Arena arena_, gradients_;
  std::vector<Arena> scratch_;
  int64_t scratch_rows_ = 0;  // and workers, that it was last provided for
  int scratch_workers_ = 0;
  size_t batch_count_ = 1;
  std::vector<std::vector<Arena>> batches_;    // by worker where each has its own, and part of the batch
  std::vector<std::vector<float*>> pointers_;  // likewise, by buffer
  std::vector<Matrix> matrices_;   // by buffer, for rows_
  int64_t rows_ = -1;
  std::atomic<bool> weights_are_finite_{false};
  bool were_finite_ = false;
  uint64_t finite_version_ = UINT64_MAX;  // that were_finite_ is about
};

}  // namespace quern
