// Batches from arrays in memory: rows in order or permuted, converted to the buffers' types and scaled on the way.
#pragma once
#include <cstdint>
#include <vector>

#include "kernels/kernel_table.h"
#include "program/batch_source.h"
#include "program/csr_rows.h"
#include "program/plan.h"
#include "program/skipping.h"
#include "program/span.h"

namespace quern {

class ArraySource : public BatchSource {
 public:
  // The span has been checked against the program. `rows_in_order`: which row comes when; null: as they lie. All
  // pointers stay valid as long as the source is used.
  ArraySource(const KernelTable& kernels, const ProgramSpec& spec, const Plan& plan, const Span& span,
              const uint32_t* rows_in_order);

  int64_t batch_bytes() const noexcept override { return batch_size_ * row_bytes_; }
  void gather(int64_t step, Range share, const Context& context, int worker, BadData* bad) const noexcept override;
  void fetch(int64_t step, Range share) const noexcept override;

 private:
  struct Array {
    const uint8_t* data;
    ElementType type;
    int64_t row_length;
    BufferId buffer;
    DType dtype;
    float scale, offset;
    int32_t classes;  // labels are checked to be below; 0: no check
    SpanError::Array which;
    int index;
    CsrRows csr;  // instead of data, where there are any

    // Of a CSR row as it is copied: that costs more than to read it.
    int64_t row_bytes() const { return row_length * (type == ElementType::kU8 ? 1 : 4); }
    // Floats that need no scaling.
    bool is_as_wanted() const { return type == ElementType::kF32 && scale == 1 && offset == 0; }
    const void* row(int64_t i) const { return data + i * row_bytes(); }
  };

  void add(const ProgramSpec& spec, const ArrayView& view, BufferId buffer, SpanError::Array which, int index);
  // Whether fetch() brings such a share of a batch near.
  bool fetches(Range share) const noexcept;
  // Calls gather(rows) for `group` rows of the share at a time, while the next ones come near, until it returns false.
  template <class Gather>
  void for_each_group(const Array& array, int64_t first, Range share, int64_t group, Gather gather) const noexcept;
  int64_t row_at(int64_t position) const { return rows_in_order_ ? rows_in_order_[position] : position; }
  void gather(const Array& array, int64_t first, Range share, void* out, const GatheredMarks& marks,
              BadData* bad) const noexcept;
  void copy_row(const Array& array, int64_t first, int64_t i, void* out, const GatheredMarks& marks) const noexcept;
  void copy_bytes(const Array& array, int64_t first, Range share, void* out, const GatheredMarks& marks) const noexcept;
  void gather_list(const Array& array, int64_t first, Range share, BatchList* list, BadData* bad) const noexcept;
  void gather_csr(const Array& array, int64_t first, Range share, float* out, const GatheredMarks& marks,
                  BadData* bad) const noexcept;
  // Unless an earlier row was bad, or this one in an earlier array.
  void report(const Array& array, int64_t first, int64_t position, const SpanError& error, BadData* bad) const noexcept;
  void copy(const Array& array, const void* from, void* to, int64_t count) const noexcept;
  void to_floats(const Array& array, const void* from, float* to, int64_t count) const noexcept;
  // Index of the first bad one of `count` copied values, or count.
  int64_t find_bad(const Array& array, const void* copied, int64_t count) const noexcept;

  const KernelTable& kernels_;
  const uint32_t* const rows_in_order_;
  const int64_t rows_, batch_size_;
  int64_t row_bytes_ = 0;  // of all arrays together
  const bool check_finite_;
  std::vector<Array> arrays_;
};

}  // namespace quern
