#include "program/array_source.h"

#include <algorithm>
#include <cstring>

#include "runtime/cpu.h"
#include "runtime/fetch.h"

namespace quern {
namespace {

// Rows are gathered some at a time, while the next ones are on their way: a page of them, or as many as make it worth
// while to check short ones together.
constexpr int64_t kGroupBytes = 4096, kGroupRows = 16;

int64_t rows_together(int64_t row_bytes) {
  return std::clamp<int64_t>(kGroupBytes / std::max<int64_t>(row_bytes, 1), 1, kGroupRows);
}

}  // namespace

ArraySource::ArraySource(const KernelTable& kernels, const ProgramSpec& spec, const Plan& plan, const Span& span,
                         const uint32_t* rows_in_order)
    : kernels_(kernels), rows_in_order_(rows_in_order), rows_(span.rows), batch_size_(span.batch_size),
      check_finite_(span.check_finite) {
  for (size_t i = 0; i < plan.inputs.size(); i++) {
    add(spec, span.inputs[i], plan.inputs[i], SpanError::kX, static_cast<int>(i));
  }
  for (size_t i = 0; i < plan.targets.size(); i++) {
    add(spec, span.targets[i], plan.targets[i], SpanError::kY, static_cast<int>(i));
  }
  if (plan.weights != kNoBuffer) add(spec, span.weights, plan.weights, SpanError::kSampleWeight, 0);
}

void ArraySource::add(const ProgramSpec& spec, const ArrayView& view, BufferId buffer, SpanError::Array which,
                      int index) {
  const BufferSpec& to = spec.buffers[buffer];
  arrays_.push_back({static_cast<const uint8_t*>(view.data), view.type, view.row_length, buffer, to.dtype, to.scale,
                     to.offset, to.classes, which, index, CsrRows(view)});
  row_bytes_ += arrays_.back().row_bytes();
}

void ArraySource::gather(int64_t step, Range share, const Context& context, int worker,
                         BadData* bad) const noexcept {
  for (const Array& array : arrays_) {
    float* const out = context.floats(array.buffer, worker);
    const int64_t first = step * batch_size_;
    if (BatchList* const list = context.lists.batch(array.buffer, worker)) {
      gather_list(array, first, share, list, bad);
      continue;
    }
    const GatheredMarks marks = context.skipping.gathered(array.buffer, context, worker);
    if (marks.as_bytes) copy_bytes(array, first, share, out, marks);
    else if (!array.csr.empty()) gather_csr(array, first, share, out, marks, bad);
    else gather(array, first, share, out, marks, bad);
  }
}

bool ArraySource::fetches(Range share) const noexcept {
  return rows_in_order_ && share.size() * row_bytes_ <= cpu().l2 / 8;
}

// Permuted rows lie anywhere, so the hardware does not foresee them. Of 128 rows of 784 bytes, fetching takes 4 us and
// saves 10; of as many floats it takes what it saves. Spread over the gemms it costs them as much, and asking again for
// what a core may have dropped of so many requests at once takes what it saves.
void ArraySource::fetch(int64_t step, Range share) const noexcept {
  if (!fetches(share)) return;
  const int64_t end = std::min(step * batch_size_ + share.end, rows_);
  for (const Array& array : arrays_) {
    if (!array.csr.empty()) continue;
    for (int64_t i = step * batch_size_ + share.begin; i < end; i++) {
      fetch_to_l2(array.row(row_at(i)), array.row_bytes());
    }
  }
}

// Permuted rows are asked for, to L1 if fetch() has brought them to L2.
template <class Gather>
void ArraySource::for_each_group(const Array& array, int64_t first, Range share, int64_t group,
                                 Gather gather) const noexcept {
  const bool are_near = fetches(share);
  Range rows{share.begin, std::min(share.begin + group, share.end)};
  while (rows.begin < share.end) {
    const Range next{rows.end, std::min(rows.end + group, share.end)};
    for (int64_t i = next.begin; rows_in_order_ && i < next.end; i++) {
      const void* const row = array.row(row_at(first + i));
      if (are_near) fetch_to_l1(row, array.row_bytes());
      else fetch_to_l2(row, array.row_bytes());
    }
    if (!gather(rows)) return;
    rows = next;
  }
}

void ArraySource::copy_bytes(const Array& array, int64_t first, Range share, void* out,
                             const GatheredMarks& marks) const noexcept {
  for_each_group(array, first, share, rows_together(array.row_bytes()), [&](Range rows) {
    for (int64_t i = rows.begin; i < rows.end; i++) {
      const void* const row = array.row(row_at(first + i));
      if (marks.nonzeros) marks.copy(kernels_.skipping, row, i);
      else std::memcpy(static_cast<uint8_t*>(out) + i * array.row_length, row, static_cast<size_t>(array.row_length));
    }
    return true;
  });
}

// Row by row where they are permuted or marked, else all at once.
void ArraySource::gather(const Array& array, int64_t first, Range share, void* out, const GatheredMarks& marks,
                         BadData* bad) const noexcept {
  const bool by_rows = rows_in_order_ || marks.nonzeros;
  const int64_t group = by_rows ? rows_together(array.row_bytes()) : share.size();
  for_each_group(array, first, share, group, [&](Range rows) {
    float* const to = static_cast<float*>(out) + rows.begin * array.row_length;
    const int64_t count = rows.size() * array.row_length;
    if (!by_rows) copy(array, array.row(row_at(first + rows.begin)), to, count);
    else for (int64_t i = rows.begin; i < rows.end; i++) copy_row(array, first, i, out, marks);
    const int64_t found = find_bad(array, to, count);
    if (found == count) return true;
    SpanError error;
    const bool label = array.dtype == DType::kI32;
    error.kind = label ? SpanError::kLabel : SpanError::kFinite;
    error.column = found % array.row_length;
    error.value = label ? static_cast<double>(reinterpret_cast<const int32_t*>(to)[found])
                        : static_cast<double>(to[found]);
    report(array, first, rows.begin + found / array.row_length, error, bad);
    return false;
  });
}

void ArraySource::copy_row(const Array& array, int64_t first, int64_t i, void* out,
                           const GatheredMarks& marks) const noexcept {
  const void* const from = array.row(row_at(first + i));
  if (marks.nonzeros && array.is_as_wanted()) return marks.copy(kernels_.skipping, from, i);
  copy(array, from, static_cast<float*>(out) + i * array.row_length, array.row_length);
  if (marks.nonzeros) marks.mark(kernels_.skipping, i);
}

void ArraySource::gather_list(const Array& array, int64_t first, Range share, BatchList* list,
                              BadData* bad) const noexcept {
  for (int64_t i = share.begin; i < share.end; i++) {
    Range range;
    uint32_t* columns;
    float* values;
    SpanError error;
    if (!array.csr.find(row_at(first + i), &range) || !list->make_row(i, range.size(), &columns, &values) ||
        !array.csr.to_list(range, array.scale, columns, values)) {
      error.kind = SpanError::kIndices;
      return report(array, first, i, error, bad);
    }
    const int64_t found = find_bad(array, values, range.size());
    if (found == range.size()) continue;
    error.kind = SpanError::kFinite;
    error.column = columns[found];
    error.value = static_cast<double>(values[found]);
    return report(array, first, i, error, bad);
  }
}

void ArraySource::gather_csr(const Array& array, int64_t first, Range share, float* out, const GatheredMarks& marks,
                             BadData* bad) const noexcept {
  for (int64_t i = share.begin; i < share.end; i++) {
    float* const to = out + i * array.row_length;
    SpanError error;
    if (!array.csr.to_floats(row_at(first + i), array.scale, array.offset, to)) {
      error.kind = SpanError::kIndices;
      return report(array, first, i, error, bad);
    }
    if (marks.nonzeros) marks.mark(kernels_.skipping, i);
    error.column = find_bad(array, to, array.row_length);
    if (error.column == array.row_length) continue;
    error.kind = SpanError::kFinite;
    error.value = static_cast<double>(to[error.column]);
    return report(array, first, i, error, bad);
  }
}

void ArraySource::report(const Array& array, int64_t first, int64_t position, const SpanError& error,
                         BadData* bad) const noexcept {
  if (position >= bad->position) return;
  bad->position = position;
  bad->error = error;
  bad->error.array = array.which;
  bad->error.index = array.index;
  bad->error.row = row_at(first + position);
  bad->error.classes = array.classes;
}

// Integer buffers are as wide as floats, so one pointer type serves both.
void ArraySource::copy(const Array& array, const void* from, void* to, int64_t count) const noexcept {
  if (array.dtype == DType::kF32) return to_floats(array, from, static_cast<float*>(to), count);
  if (array.type == ElementType::kI32) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(int32_t));
  } else {
    const uint8_t* const bytes = static_cast<const uint8_t*>(from);
    std::copy(bytes, bytes + count, static_cast<int32_t*>(to));
  }
}

void ArraySource::to_floats(const Array& array, const void* from, float* to, int64_t count) const noexcept {
  switch (array.type) {
    case ElementType::kF32:
      if (array.is_as_wanted()) {
        std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
      } else {
        kernels_.affine(static_cast<const float*>(from), to, count, array.scale, array.offset);
      }
      return;
    case ElementType::kU8:
      return kernels_.affine_u8(static_cast<const uint8_t*>(from), to, count, array.scale, array.offset);
    case ElementType::kI32:
      std::copy(static_cast<const int32_t*>(from), static_cast<const int32_t*>(from) + count, to);
      if (array.scale != 1 || array.offset != 0) kernels_.affine(to, to, count, array.scale, array.offset);
  }
}

int64_t ArraySource::find_bad(const Array& array, const void* copied, int64_t count) const noexcept {
  if (array.dtype == DType::kF32) {
    return check_finite_ ? kernels_.find_not_finite(static_cast<const float*>(copied), count) : count;
  }
  if (array.classes == 0) return count;
  const int32_t* const labels = static_cast<const int32_t*>(copied);
  return std::find_if(labels, labels + count, [&](int32_t label) { return label < 0 || label >= array.classes; }) -
         labels;
}

}  // namespace quern
