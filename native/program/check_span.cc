#include "program/check_span.h"

#include "program/shape.h"
#include "runtime/pool.h"

namespace quern {
namespace {

std::string wrong(const std::string& what, int64_t is, const std::string& expected) {
  return "internal: `" + what + "` is " + std::to_string(is) + ", expected " + expected;
}

// An array of the span's, spelled out for errors alone: a dozen strings made for nothing would show in predicting a row.
struct Name {
  const char* list;
  int64_t index = -1;  // in the list, unless it is no list
  std::string text() const { return index < 0 ? list : std::string(list) + "[" + std::to_string(index) + "]"; }
};

class SpanCheck {
 public:
  SpanCheck(const ProgramSpec& spec, const Plan& plan, const Parameters& parameters, const Span& span)
      : spec_(spec), plan_(plan), parameters_(parameters), span_(span) {}

  std::string check() const {
    std::string error = steps();
    if (error.empty()) error = arrays("inputs", span_.inputs, plan_.inputs);
    if (error.empty()) error = arrays("targets", span_.targets, plan_.targets);
    if (error.empty() && plan_.weights != kNoBuffer) error = array({"weights"}, span_.weights, plan_.weights);
    if (error.empty()) error = outputs();
    if (error.empty()) error = tables();
    return error;
  }

 private:
  std::string steps() const {
    if (span_.rows < 0 || span_.rows > int64_t{UINT32_MAX}) return wrong("rows", span_.rows, "0 to 2^32 - 1");
    if (span_.batch_size < 1 || span_.batch_size > spec_.max_rows) {
      return wrong("batchSize", span_.batch_size, "1 to " + std::to_string(spec_.max_rows));
    }
    const int64_t all = span_.steps_of_pass();
    if (span_.first_step < 0 || span_.first_step > all) {
      return wrong("firstStep", span_.first_step, "0 to " + std::to_string(all));
    }
    if (span_.steps < 0 || span_.steps > all - span_.first_step) {
      return wrong("steps", span_.steps, "0 to " + std::to_string(all - span_.first_step));
    }
    if (span_.threads < 1 || span_.threads > kMaxThreads) {
      return wrong("threads", span_.threads, "1 to " + std::to_string(kMaxThreads));
    }
    return {};
  }

  std::string arrays(const char* list, const std::vector<ArrayView>& views,
                     const std::vector<BufferId>& buffers) const {
    if (views.size() != buffers.size()) {
      return wrong(std::string(list) + ".length", static_cast<int64_t>(views.size()), std::to_string(buffers.size()));
    }
    for (size_t i = 0; i < views.size(); i++) {
      const std::string error = array({list, static_cast<int64_t>(i)}, views[i], buffers[i]);
      if (!error.empty()) return error;
    }
    return {};
  }

  std::string array(const Name& name, const ArrayView& view, BufferId buffer) const {
    const int64_t row_length = size_of(spec_.buffers[buffer].shape).factor;
    if (view.row_length != row_length) {
      return wrong(name.text() + ".rowLength", view.row_length, std::to_string(row_length));
    }
    if (spec_.buffers[buffer].dtype == DType::kI32 && view.type == ElementType::kF32) {
      return "internal: `" + name.text() + "` is of floats, expected integers";
    }
    if (view.indptr) return csr(name.text(), view, buffer);
    return holds(name, view.data, view.length, row_length);
  }

  // What indptr and indices hold is checked as rows are copied.
  std::string csr(const std::string& name, const ArrayView& view, BufferId buffer) const {
    if (spec_.buffers[buffer].kind != BufferKind::kInput) return "internal: `" + name + "` is sparse, expected dense";
    if (view.type != ElementType::kF32) return "internal: `" + name + ".values` are not floats";
    if (view.length > 0 && !(view.data && view.indices)) return "internal: `" + name + "` has no values or indices";
    if (view.indptr_length > span_.rows) return {};
    return wrong(name + ".indptr.length", view.indptr_length, std::to_string(span_.rows) + " rows and one more");
  }

  // rows * row_length elements, without overflow.
  std::string holds(const Name& name, const void* data, int64_t length, int64_t row_length) const {
    if (row_length == 0 || span_.rows == 0) return {};
    if (data && length / row_length >= span_.rows) return {};
    const std::string expected = std::to_string(span_.rows) + " rows of " + std::to_string(row_length);
    return wrong(name.text() + ".length", length, expected);
  }

  std::string outputs() const {
    if (span_.outputs.empty()) return {};
    if (span_.shuffle) return "internal: `outputs` need rows in order, but `shuffle` is set";
    if (span_.outputs.size() != plan_.outputs.size()) {
      return wrong("outputs.length", static_cast<int64_t>(span_.outputs.size()), std::to_string(plan_.outputs.size()));
    }
    for (size_t i = 0; i < plan_.outputs.size(); i++) {
      const Name name{"outputs", static_cast<int64_t>(i)};
      const int64_t row_length = size_of(spec_.buffers[plan_.outputs[i]].shape).factor;
      const std::string error = holds(name, span_.outputs[i].data, span_.outputs[i].length, row_length);
      if (!error.empty()) return error;
    }
    return {};
  }

  std::string tables() const {
    const bool updates = span_.segments[kUpdate];
    if (updates && parameters_.slots() < plan_.slots) {
      return wrong("slots", parameters_.slots(), std::to_string(plan_.slots));
    }
    if (plan_.scalars != kNoBuffer && (updates || span_.scalars)) {
      const int64_t each = size_of(spec_.buffers[plan_.scalars].shape).factor;
      if (each > 0 && (!span_.scalars || span_.scalars_length / each < span_.steps)) {
        return wrong("scalars.length", span_.scalars_length,
                     std::to_string(span_.steps) + " rows of " + std::to_string(each));
      }
    }
    const int64_t accumulators = 2 * int64_t{spec_.accumulators};
    if (span_.accumulators && span_.accumulators_length != accumulators) {
      return wrong("accumulators.length", span_.accumulators_length, std::to_string(accumulators));
    }
    int64_t instructions = 0;
    for (const auto& segment : spec_.segments) instructions += static_cast<int64_t>(segment.size());
    if (span_.skipped && span_.skipped_length != instructions) {
      return wrong("skipped.length", span_.skipped_length, std::to_string(instructions));
    }
    if (span_.timings && span_.timings_length != instructions + 2) {
      return wrong("timings.length", span_.timings_length, std::to_string(instructions + 2));
    }
    return {};
  }

  const ProgramSpec& spec_;
  const Plan& plan_;
  const Parameters& parameters_;
  const Span& span_;
};

}  // namespace

std::string check_span(const ProgramSpec& spec, const Plan& plan, const Parameters& parameters, const Span& span) {
  return SpanCheck(spec, plan, parameters, span).check();
}

}  // namespace quern
