// Which products may skip the zeros of their left operand, and what a running job knows of those zeros; and which inputs
// stay bytes in it.
//
// Whether a product does is decided in each step, from the density of the batch at hand, and changes no bit. Rows of an
// input are marked as they are gathered, while they are near; other matrices by each worker for itself, which takes two
// or three microseconds for 128 rows of 784, less than waiting for each other's marks.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "gemm/skipping_gemm.h"
#include "program/shape.h"
#include "program/spec.h"
#include "runtime/arena.h"

namespace quern {

// A product that may skip: out = op(matrix) B.
struct SkippingProduct {
  BufferId out;
  bool transposed;
};

// A matrix that may be mostly zeros: an input, or what dropout or a product with a ReLU makes.
struct SkippedMatrix {
  BufferId buffer;  // as the products have it, which may be a view
  std::vector<SkippingProduct> products;
  // The input of which nothing else is read, so that its bytes can stay bytes; kNoBuffer if there is no such.
  BufferId input = kNoBuffer;
  bool is_product = false;  // it is marked as it is made, where tiles are as wide as words of marks
};

struct SkippedMatrices {
  std::vector<SkippedMatrix> matrices;
  // By instruction: the matrix whose zeros it may skip, or -1; and the one that it makes.
  std::vector<int32_t> of[kSegments], made[kSegments];
};

// With `keeps_inputs` every input is wanted as floats.
SkippedMatrices find_skipped(const ProgramSpec& spec, bool keeps_inputs);

class BatchLists;
class Context;
struct Plan;
struct Span;

// What a worker does about the zeros of an input that it gathers.
struct GatheredMarks {
  Nonzeros* nonzeros = nullptr;  // null: nothing
  bool as_bytes = false;         // the input stays bytes
  int64_t rows_each = 1;         // of the matrix, for a row of the batch
  int64_t* count = nullptr;      // takes how many are not 0

  // Notes row i of the batch, which lies in its place or is copied there.
  void mark(const SkippingKernels& kernels, int64_t i) const noexcept { *count += nonzeros->mark(kernels, rows_of(i)); }
  void copy(const SkippingKernels& kernels, const void* from, int64_t i) const noexcept {
    *count += nonzeros->copy(kernels, from, rows_of(i));
  }
  Range rows_of(int64_t i) const noexcept { return {i * rows_each, (i + 1) * rows_each}; }
};

// Of one job.
class Skipping {
 public:
  // Room for `workers` and batches of so many rows, each worker's own or one for all, of what is no list. False without
  // the memory.
  [[nodiscard]] bool provide(const ProgramSpec& spec, const Plan& plan, int workers, int64_t rows, bool own_batches,
                             const BatchLists& lists);
  // Before a job. Inputs that are no bytes in this span are gathered as floats.
  void begin(const KernelTable& kernels, const ProgramSpec& spec, const Plan& plan, const Span& span) noexcept;
  // Whether the job may find zeros, which lists have none of.
  bool may_find_zeros() const noexcept;

  // By the driver, before a step, of whose batch the size is known: what was found in the last one is no more, and
  // decides what is looked for in this one.
  void begin_step(const Context& context) noexcept;

  GatheredMarks gathered(BufferId input, const Context& context, int worker) const noexcept;

  // A of `call` when all of its zeros should be skipped.
  std::optional<SkippedOperand> operand(const KernelTable& kernels, const GemmCall& call, int32_t matrix,
                                        const Context& context, int worker) const noexcept;
  // Where a product marks what it makes; null marks if nobody wants to know.
  MarkedOutput made(int32_t matrix, int worker) const noexcept;
  // Gives `call` its A where that stayed bytes.
  void set_bytes(int32_t matrix, const Context& context, int worker, GemmCall* call) const noexcept;
  // How many elements of a matrix are not 0, where operand() gave one.
  int64_t count(int32_t matrix, int worker) const noexcept {
    return count_of(matrices_[static_cast<size_t>(matrix)], worker);
  }

 private:
  // In a step, written by this worker alone.
  struct alignas(kAlignment) Worker {
    Nonzeros nonzeros;  // but those of an input that all share are the first one's
    Marks of_columns;
    int64_t count = 0;  // in the rows it marked
    int64_t made = 0, made_count = 0;  // elements of a product that it marked as it made them, and those not 0
    bool marked = false, turned = false;
  };
  struct Matrix {
    SkippedMatrix of;
    bool is_list = false, may_be_bytes = false;
    bool is_looked_at = true, is_bytes = false;  // in this step
    int steps_not_looked = 0;
    int64_t size = 0;
    float table[256];  // what a byte stands for
    int worker_count = 0;
    std::unique_ptr<Worker[]> workers;

    bool is_gathered() const noexcept { return of.input != kNoBuffer; }
  };

  bool provide(Matrix* matrix, MatrixSize size, int64_t rows) const;
  // Whether it is marked by all workers, each what it gathers or makes.
  bool is_shared(const Matrix& matrix) const noexcept {
    return matrix.is_gathered() ? !own_batches_ : matrix.of.is_product && is_made(matrix);
  }
  // Whether all of a product was marked as it was made, in this step, or the last one while this is not begun.
  bool is_made(const Matrix& matrix) const noexcept;
  Nonzeros& nonzeros_of(const Matrix& matrix, int worker) const noexcept;
  int64_t count_of(const Matrix& matrix, int worker) const noexcept;
  void choose(Matrix* matrix, const Context& context) const noexcept;
  void choose_by_density(Matrix* matrix) const noexcept;
  static SparseMatrix at_hand(const Matrix& matrix, const Context& context, int worker) noexcept;

  const KernelTable* kernels_ = nullptr;
  Precision precision_ = Precision::kHighest;
  bool skips_zeros_ = true;
  bool own_batches_ = false;
  int workers_ = 0;
  std::vector<Matrix> matrices_;
};

}  // namespace quern
