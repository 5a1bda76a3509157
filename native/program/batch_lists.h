// Batches of inputs in CSR form that stay lists: where nothing reads the input but products that can skip its zeros,
// and these are most of it, they are never in memory.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "gemm/column_lists.h"
#include "program/spec.h"

namespace quern {

struct ArrayView;
struct Plan;
struct Span;

// The rows of one batch, filled by several workers at once. Which of them comes first decides where a row lies, so that
// nobody has to know how long the others are.
class BatchList {
 public:
  [[nodiscard]] bool allocate(int64_t rows, int64_t elements) noexcept;
  void clear() noexcept { used_.store(0, std::memory_order_relaxed); }

  // Memory for the elements of a row, which the caller writes. False when there is no room for so many: then the batch
  // is not what it was measured as.
  [[nodiscard]] bool make_row(int64_t row, int64_t count, uint32_t** indices, float** values) noexcept;

  const ListedElements* rows() const noexcept { return rows_.get(); }
  int64_t elements() const noexcept { return used_.load(std::memory_order_relaxed); }

 private:
  int64_t rows_there_ = 0, elements_there_ = 0;  // that there is room for
  std::unique_ptr<ListedElements[]> rows_;
  std::unique_ptr<uint32_t[]> indices_;
  std::unique_ptr<float[]> values_;
  std::atomic<int64_t> used_{0};
};

// Of one job.
class BatchLists {
 public:
  // Chooses the inputs, and makes room for every step of the span, of whose rows the lengths are looked up: one batch
  // that all workers share, or one for each; and where it goes backward, for the columns each worker turns them to.
  // False without the memory.
  [[nodiscard]] bool provide(const ProgramSpec& spec, const Plan& plan, const Span& span,
                             const uint32_t* rows_in_order, int workers, bool own_batches);

  // By the driver, before a step.
  void begin_step() noexcept;

  bool has(BufferId input) const noexcept { return find(input) != nullptr; }
  // Null for an input that is dense.
  BatchList* batch(BufferId input, int worker) const noexcept;
  ColumnLists* columns(BufferId input, int worker) const noexcept;

 private:
  struct Input {
    BufferId buffer = kNoBuffer;
    bool is_listed = false;
    std::vector<std::unique_ptr<BatchList>> batches;    // one, or by worker
    std::vector<std::unique_ptr<ColumnLists>> columns;  // by worker
  };

  const Input* find(BufferId input) const noexcept;
  Input* input_of(BufferId buffer);
  bool provide(const Span& span, const ArrayView& view, int64_t elements, int workers, Input* input) const;

  std::vector<Input> inputs_;
  bool own_batches_ = false;
};

}  // namespace quern
