// Which products may skip the zeros of their left operand, and what a running job knows of those zeros.
//
// Whether a product does is decided in each step, from the density of the batch at hand, and changes no bit. Every
// worker finds the zeros of a batch for itself: marking 128 rows of 784 takes two or three microseconds, less than
// waiting for each other's marks.
#pragma once
#include <cstdint>
#include <vector>

#include "gemm/gemm.h"
#include "gemm/nonzeros.h"
#include "program/spec.h"

namespace quern {

// A matrix that may be mostly zeros: an input, or what dropout makes.
struct SkippedMatrix {
  BufferId buffer;  // as the products have it, which may be a view
  // The input of which nothing else is read, so that its bytes can stay bytes; kNoBuffer if there is no such.
  BufferId input = kNoBuffer;
};

struct SkippedMatrices {
  std::vector<SkippedMatrix> matrices;
  std::vector<int32_t> of[kSegments];  // by instruction: the matrix whose zeros it may skip, or -1
};

// With `keeps_inputs` every input is wanted as floats.
SkippedMatrices find_skipped(const ProgramSpec& spec, bool keeps_inputs);

class BatchLists;
class Context;
struct Plan;
struct Span;

// Of one job. Each worker has marks of its own; what is gathered as bytes, the driver decides between steps.
class Skipping {
 public:
  // Room for `workers` and batches of so many rows, of what is no list. False without the memory.
  [[nodiscard]] bool provide(const ProgramSpec& spec, const Plan& plan, int workers, int64_t rows,
                             const BatchLists& lists);
  // Before a job. Inputs that are no bytes in this span are gathered as floats.
  void begin(const KernelTable& kernels, const ProgramSpec& spec, const Plan& plan, const Span& span) noexcept;

  // By the driver, before a step: chooses whether inputs are gathered as bytes.
  void choose_form() noexcept;
  // By each worker, before it gathers: what it knew of the last batch is no more.
  void begin_step(int worker) noexcept;

  // Whether the floats of this input are not wanted, but its bytes, in their place.
  bool takes_bytes(BufferId input) const noexcept;

  // The nonzeros of a matrix of the batch at hand, when `call` should skip all others; else null.
  Nonzeros* nonzeros(const KernelTable& kernels, const GemmCall& call, int32_t matrix, const Context& context,
                     int worker) noexcept;

 private:
  struct Marks {
    Nonzeros nonzeros;
    bool are_found = false;
    bool paid = false;  // in each product of the batch
    int steps_not_looked = 0;
  };
  struct Matrix {
    SkippedMatrix of;
    bool may_be_bytes = false, is_bytes = false;
    float table[256];         // what a byte stands for
    std::vector<Marks> marks;  // by worker
  };

  std::vector<Matrix> matrices_;
};

}  // namespace quern
