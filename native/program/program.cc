#include "program/program.h"

#include <algorithm>
#include <atomic>

#include "gemm/plane_gemm.h"
#include "kernels/dispatch.h"
#include "program/array_source.h"
#include "program/check_span.h"
#include "program/context.h"
#include "program/explain.h"
#include "program/plan.h"
#include "program/step_cost.h"
#include "program/trainer.h"
#include "program/verify.h"
#include "runtime/random.h"

namespace quern {

static std::atomic<int> live_{0};

int Program::live() noexcept { return live_.load(std::memory_order_relaxed); }

Program::Program(ProgramSpec spec, std::shared_ptr<Parameters> parameters, const KernelTable& kernels)
    : spec_(std::move(spec)), parameters_(std::move(parameters)), kernels_(kernels) {
  live_.fetch_add(1, std::memory_order_relaxed);
}

Program::~Program() { live_.fetch_sub(1, std::memory_order_relaxed); }

std::string Program::create(ProgramSpec spec, std::shared_ptr<Parameters> parameters, const KernelTable& kernels,
                            bool keep_temporaries, std::unique_ptr<Program>* out) {
  std::string error = verify(spec, *parameters);
  if (!error.empty()) return error;
  std::unique_ptr<Program> program(new Program(std::move(spec), std::move(parameters), kernels));
  PlanOptions options;
  options.keep_temporaries = program->keep_temporaries_ = keep_temporaries;
  options.kernels = &kernels;
  if (keep_temporaries) options.worth_sharing = options.worth_helpers = 0;
  program->plan_ = std::make_unique<const Plan>(make_plan(program->spec_, *program->parameters_, options));
  *out = std::move(program);
  return {};
}

bool Program::trains(const Span& span) const { return span.segments[kUpdate] && !spec_.segments[kUpdate].empty(); }
std::string Program::explain() const { return quern::explain(spec_, *plan_, describe(kernels_)); }
std::vector<Cost> Program::costs(int64_t rows) const { return step_costs(spec_, plan_->usual_schedule(spec_), rows); }
double Program::rows_worth_helpers() const { return quern::rows_worth_helpers(spec_, *plan_, {true, false, false}); }
std::string Program::check(const Span& span) const { return check_span(spec_, *plan_, *parameters_, span); }

// An idle context, or a new one; null without the memory.
std::unique_ptr<Context> Program::take_context() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!contexts_.empty()) {
      std::unique_ptr<Context> context = std::move(contexts_.back());
      contexts_.pop_back();
      return context;
    }
  }
  auto context = std::make_unique<Context>();
  if (!context->allocate(spec_, *plan_)) return nullptr;
  return context;
}

void Program::give_context(std::unique_ptr<Context> context) {
  std::lock_guard<std::mutex> lock(mutex_);
  contexts_.push_back(std::move(context));
}

// Which row comes when; null without the memory.
std::shared_ptr<const Arena> Program::rows_in_order(const Span& span, uint64_t epoch) noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  if (order_.rows == span.rows && order_.seed == span.seed && order_.epoch == epoch) return order_.rows_in_order;
  // Room that no job reads any more is used again, as fresh pages take time.
  std::shared_ptr<Arena> rows = std::move(order_.rows_in_order);
  order_.rows = -1;
  if (!rows || rows.use_count() > 1 || rows->size() != span.rows) {
    rows = std::make_shared<Arena>();
    static_assert(sizeof(uint32_t) == sizeof(float), "an index in the place of a float");
    if (!rows->allocate(span.rows)) return nullptr;
  }
  permutation(kernels_, span.rows, span.seed, epoch, reinterpret_cast<uint32_t*>(rows->data()));
  order_ = {span.rows, span.seed, epoch, rows};
  return rows;
}

void Program::draw_next_order(const Span& span) noexcept {
  const bool ends_pass = span.first_step + span.steps == span.steps_of_pass();
  if (span.shuffle && ends_pass) rows_in_order(span, span.epoch + 1);
}

void Program::run(const Span& span, WeightsAccess access, Progress& progress, SpanResult* result) noexcept {
  result->accumulators.assign(2 * static_cast<size_t>(spec_.accumulators), 0.0);
  if (span.accumulators) {
    std::copy(span.accumulators, span.accumulators + result->accumulators.size(), result->accumulators.begin());
  }
  std::unique_ptr<Context> context = take_context();
  std::shared_ptr<const Snapshot> snapshot;
  if (access == WeightsAccess::kSnapshot) snapshot = parameters_->snapshot();
  const int workers = workers_wanted(spec_, *plan_, span);
  const auto order = span.shuffle ? rows_in_order(span, span.epoch) : nullptr;
  const uint32_t* const rows = order ? reinterpret_cast<const uint32_t*>(order->data()) : nullptr;
  const ArraySource source(kernels_, spec_, *plan_, span, rows);
  const bool own_batches = owns_batches(source, workers);
  const bool provided = context && context->provide_scratch(spec_, kernels_, workers, span.batch_size) &&
                        context->provide_scratch(spec_, kernels_, workers, span.rows % span.batch_size) &&
                        context->lists.provide(spec_, *plan_, span, rows, workers, own_batches) &&
                        context->skipping.provide(spec_, *plan_, workers, span.batch_size, own_batches,
                                                          context->lists) &&
                        context->provide_batches(*plan_, own_batches ? workers : 1);
  if (!provided || (access == WeightsAccess::kSnapshot && !snapshot) || (span.shuffle && !order)) {
    result->error.kind = SpanError::kMemory;
    return;
  }
  Slabs slabs;
  slabs.weights = snapshot ? snapshot->weights.data() : parameters_->slab(-1);
  for (int slot = 0; trains(span) && slot < parameters_->slots(); slot++) {
    slabs.slots.push_back(parameters_->slab(slot));
  }
  context->bind(spec_, *plan_, slabs);
  const uint64_t version = snapshot ? snapshot->version : parameters_->version();
  context->skipping.begin(kernels_, spec_, *plan_, span);
  context->look_at_weights(kernels_, slabs.weights, parameters_->slab_size(), version);
  context->accumulators = result->accumulators;
  context->key = epoch_key(span.seed, span.epoch);

  Parameters* const trained = trains(span) ? parameters_.get() : nullptr;
  const bool lays_panels = trained && !plan_->panels.empty() && Plan::is_whole(span.segments) &&
                           span.steps >= kWorthPanels;
  context->uses_panels = lays_panels && parameters_->lay_panels(plan_->panels);
  if (!snapshot && !context->uses_panels) parameters_->lay_rows();
  Trainer trainer({kernels_, spec_, *plan_, span, source, *context, trained, progress}, workers);
  trainer.run(result);
  give_context(std::move(context));
}

const void* Program::read_buffer(BufferId buffer, int64_t* elements) const {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!keep_temporaries_ || contexts_.empty() || contexts_.back()->rows() < 0) return nullptr;
  const Context& context = *contexts_.back();
  *elements = context.matrix(buffer).size();
  // Parameters and slots as they are now: the slabs the run saw may be gone.
  const Area& place = plan_->places[buffer];
  if (place.in_slab()) parameters_->lay_rows();
  if (place.space == Area::kParameters) return parameters_->slab(-1) + place.begin;
  if (place.space > Area::kSlots) return context.floats(buffer);
  const int slot = Area::kSlots - place.space;
  return slot < parameters_->slots() ? parameters_->slab(slot) + place.begin : nullptr;
}

}  // namespace quern
