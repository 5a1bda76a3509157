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

  // Fills rows `share` of the context's input, target and weights buffers for step `step`, whose rows the context has
  // been set to, checking what it copied. Allocates nothing. Called by all workers at once with different shares.
  virtual void gather(int64_t step, Range share, const Context& context, BadData* bad) const noexcept = 0;
};

}  // namespace quern
