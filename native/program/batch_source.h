// Where the rows of a step come from. The trainer asks all workers at once, each for its share of the rows.
#pragma once
#include <cstdint>

#include "program/context.h"
#include "program/share.h"
#include "program/span.h"

namespace quern {

// The first bad value a worker met; `position` is the row in the batch.
struct BadData {
  int64_t position = INT64_MAX;
  SpanError error;
};

class BatchSource {
 public:
  virtual ~BatchSource() = default;

  // Bytes the rows of a batch take where they come from.
  virtual int64_t batch_bytes() const noexcept = 0;

  // Fills rows `share` of the worker's input, target and weights buffers for step `step`, whose rows the context has
  // been set to, checking what it copied. Allocates nothing. Called by all workers at once: with different shares of one
  // batch, or each for all rows of its own.
  virtual void gather(int64_t step, Range share, const Context& context, int worker, BadData* bad) const noexcept = 0;

  // Brings rows `share` of a later step near, as far as it has them, so that gather will find them.
  virtual void fetch(int64_t step, Range share) const noexcept = 0;
};

}  // namespace quern
