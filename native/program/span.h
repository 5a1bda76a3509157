// What a job is asked to do, what it answers, and how it is watched. Mirrors SpanSpec and SpanResult of lib/native.ts,
// where the fields are explained; arrays are pointers that stay valid until the job is over.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "program/spec.h"

namespace quern {

enum class ElementType { kF32, kU8, kI32 };

// Row i starts at element i * row_length of `length`. Or, where there is an indptr, a matrix in CSR form: `data` holds
// `length` values, floats; those of row i are at indptr[i] to indptr[i + 1] - 1, each in the column that `indices` has
// there, and all other columns of the row are 0.
struct ArrayView {
  const void* data = nullptr;
  ElementType type = ElementType::kF32;
  int64_t length = 0, row_length = 0;
  const uint32_t* indptr = nullptr;
  const uint32_t* indices = nullptr;  // as many as values
  int64_t indptr_length = 0;
};

struct OutputView {
  float* data = nullptr;
  int64_t length = 0;
};

struct Span {
  std::vector<ArrayView> inputs, targets;
  ArrayView weights;  // data null: none
  int64_t rows = 0, batch_size = 0, first_step = 0, steps = 0;
  bool shuffle = false;
  uint64_t seed = 0, epoch = 0;
  const float* scalars = nullptr;
  int64_t scalars_length = 0;
  int threads = 1;
  bool check_finite = false;
  bool segments[kSegments] = {true, false, false};
  const double* accumulators = nullptr;  // where they start; null: zeros
  int64_t accumulators_length = 0;
  std::vector<OutputView> outputs;       // empty: not wanted
  double* timings = nullptr;
  int64_t timings_length = 0;
  double* skipped = nullptr;
  int64_t skipped_length = 0;

  // Of a whole pass over the rows, the last one of what is left.
  int64_t steps_of_pass() const noexcept { return (rows + batch_size - 1) / batch_size; }
};

struct SpanError {
  // kIndices: a CSR row points outside its matrix. kMemory: none left to begin the job.
  enum Kind { kNone, kLabel, kFinite, kIndices, kMemory };
  enum Array { kX, kY, kSampleWeight };
  Kind kind = kNone;
  Array array = kX;
  int index = 0;       // which of the inputs or targets
  int64_t row = 0;     // in the user's arrays
  int64_t column = 0;
  double value = 0;
  int32_t classes = 0;
};

struct SpanResult {
  int64_t steps = 0;
  bool cancelled = false;
  std::vector<double> accumulators;  // total and count of each
  SpanError error;
};

// The job publishes here after every step; any thread may read and cancel. Nothing allocates after construction.
class Progress {
 public:
  explicit Progress(int32_t accumulators);

  void cancel() noexcept { cancelled_.store(true, std::memory_order_release); }
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_acquire); }

  int64_t size() const noexcept { return size_; }  // doubles: 2 * accumulators
  // Copies the accumulators as they were after the number of finished steps it answers.
  int64_t read(double* into) const noexcept;
  // For the job's driver alone.
  void publish(int64_t steps, const double* accumulators) noexcept;

 private:
  // A sequence lock: odd while being written. Every word is an atomic stored with release and loaded with acquire, so a
  // reader that met a new word also meets the new sequence number and tries again.
  std::atomic<uint32_t> sequence_{0};
  std::atomic<int64_t> steps_{0};
  std::unique_ptr<std::atomic<double>[]> values_;
  const int64_t size_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace quern
