#include "program/batch_lists.h"

#include <algorithm>
#include <new>

#include "program/csr_rows.h"
#include "program/plan.h"
#include "program/span.h"

namespace quern {
namespace {

// Whether the products have the rows of the batch as those of their matrix.
bool has_whole_rows(const ProgramSpec& spec, const SkippedMatrix& matrix) {
  return matrix_of(spec.buffers[matrix.buffer].shape).rows == Size{1, true};
}

const ArrayView& view_of(const Plan& plan, const Span& span, BufferId input) {
  const auto at = std::find(plan.inputs.begin(), plan.inputs.end(), input);
  return span.inputs[static_cast<size_t>(at - plan.inputs.begin())];
}

// Batches that have more than this share of their elements are multiplied quicker dense, in at most five times the
// memory.
constexpr double kDense = 0.1;

// Elements of a span's rows; a row that points outside has none.
struct Measure {
  int64_t all = 0, most = 0;  // together, and of one step
};

Measure measure(const CsrRows& matrix, const Span& span, const uint32_t* rows_in_order) noexcept {
  Measure measured;
  for (int64_t step = span.first_step; step < span.first_step + span.steps; step++) {
    const int64_t end = std::min((step + 1) * span.batch_size, span.rows);
    int64_t elements = 0;
    for (int64_t i = step * span.batch_size; i < end; i++) {
      Range row;
      if (matrix.find(rows_in_order ? rows_in_order[i] : i, &row)) elements += row.size();
    }
    measured.all += elements;
    measured.most = std::max(measured.most, elements);
  }
  return measured;
}

bool is_dense(const Measure& measured, const Span& span, int64_t columns) noexcept {
  const int64_t begin = span.first_step * span.batch_size;
  const int64_t rows = std::min((span.first_step + span.steps) * span.batch_size, span.rows) - begin;
  return static_cast<double>(measured.all) > kDense * static_cast<double>(rows) * static_cast<double>(columns);
}

template <class T>
void grow(size_t count, std::vector<std::unique_ptr<T>>* list) {
  while (list->size() < count) list->push_back(std::make_unique<T>());
}

}  // namespace

bool BatchList::allocate(int64_t rows, int64_t elements) noexcept {
  if (rows > rows_there_) {
    rows_.reset(new (std::nothrow) ListedElements[static_cast<size_t>(rows)]());
    rows_there_ = rows_ ? rows : 0;
  }
  if (elements > elements_there_) {
    indices_.reset(new (std::nothrow) uint32_t[static_cast<size_t>(elements)]);
    values_.reset(new (std::nothrow) float[static_cast<size_t>(elements)]);
    elements_there_ = indices_ && values_ ? elements : 0;
  }
  return rows <= rows_there_ && elements <= elements_there_;
}

bool BatchList::make_row(int64_t row, int64_t count, uint32_t** indices, float** values) noexcept {
  const int64_t begin = used_.fetch_add(count, std::memory_order_relaxed);
  if (count > elements_there_ - begin) return false;
  *indices = indices_.get() + begin;
  *values = values_.get() + begin;
  rows_[row] = {*indices, *values, count};
  return true;
}

bool BatchLists::provide(const ProgramSpec& spec, const Plan& plan, const Span& span, const uint32_t* rows_in_order,
                         int workers, bool own_batches) {
  own_batches_ = own_batches;
  for (Input& input : inputs_) input.is_listed = false;
  if (!spec.skips_zeros) return true;
  for (const SkippedMatrix& matrix : plan.skipped.matrices) {
    if (matrix.input == kNoBuffer || !has_whole_rows(spec, matrix)) continue;
    const ArrayView& view = view_of(plan, span, matrix.input);
    if (!view.indptr) continue;
    const Measure measured = measure(CsrRows(view), span, rows_in_order);
    if (is_dense(measured, span, view.row_length)) continue;
    if (!provide(span, view, measured.most, workers, input_of(matrix.input))) return false;
  }
  return true;
}

// A step has more elements than can be counted if the matrix is changing.
bool BatchLists::provide(const Span& span, const ArrayView& view, int64_t elements, int workers, Input* input) const {
  input->is_listed = true;
  grow(own_batches_ ? static_cast<size_t>(workers) : 1, &input->batches);
  if (span.segments[kBackward]) grow(static_cast<size_t>(workers), &input->columns);
  bool provided = elements <= int64_t{UINT32_MAX};
  for (const auto& batch : input->batches) provided = provided && batch->allocate(span.batch_size, elements);
  for (const auto& lists : input->columns) provided = provided && lists->allocate(view.row_length, elements);
  return provided;
}

void BatchLists::begin_step() noexcept {
  for (const Input& input : inputs_) {
    for (const auto& batch : input.batches) batch->clear();
  }
}

BatchList* BatchLists::batch(BufferId buffer, int worker) const noexcept {
  const Input* const input = find(buffer);
  return input ? input->batches[own_batches_ ? static_cast<size_t>(worker) : 0].get() : nullptr;
}

ColumnLists* BatchLists::columns(BufferId buffer, int worker) const noexcept {
  return find(buffer)->columns[static_cast<size_t>(worker)].get();
}

const BatchLists::Input* BatchLists::find(BufferId buffer) const noexcept {
  for (const Input& input : inputs_) {
    if (input.is_listed && input.buffer == buffer) return &input;
  }
  return nullptr;
}

BatchLists::Input* BatchLists::input_of(BufferId buffer) {
  for (Input& input : inputs_) {
    if (input.buffer == buffer) return &input;
  }
  inputs_.emplace_back();
  inputs_.back().buffer = buffer;
  return &inputs_.back();
}

}  // namespace quern
