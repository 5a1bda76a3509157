#include "program/update.h"

#include <cfloat>

#include "runtime/fetch.h"

namespace quern {
namespace {

SgdScalars scalars_of(const Sgd& in, const Context& context) noexcept {
  const float* const s = context.floats(in.scalars);
  return {s[0], s[1], in.weight_decay ? s[2] : 0.0f};
}

class Update {
 public:
  Update(const KernelTable& kernels, const Context& context, int64_t begin, const float* gradients, int64_t count)
      : kernels_(kernels), context_(context), begin_(begin), gradients_(gradients), count_(count) {}

  bool operator()(const Sgd& in) const noexcept {
    return kernels_.sgd(part(in.parameters), gradients_, part(in.momentum), count_, scalars_of(in, context_),
                        in.nesterov);
  }

  bool operator()(const Adam& in) const noexcept {
    const float* const s = context_.floats(in.scalars);
    const AdamScalars scalars{s[0], s[1], s[2], s[3], in.weight_decay ? s[4] : 0.0f};
    return kernels_.adam(part(in.parameters), gradients_, part(in.m), part(in.v), part(in.vhat), count_, scalars);
  }

  template <class Other>
  bool operator()(const Other&) const noexcept {
    return true;
  }

 private:
  float* part(BufferId id) const { return id == kNoBuffer ? nullptr : context_.floats(id) + begin_; }

  const KernelTable& kernels_;
  const Context& context_;
  const int64_t begin_;
  const float* const gradients_;
  const int64_t count_;
};

}  // namespace

void apply_update(const KernelTable& kernels, Context& context, const Instruction& update, int64_t begin,
                  const float* gradients, int64_t count) noexcept {
  const bool are_finite = std::visit(Update(kernels, context, begin, gradients, count), update);
  if (!are_finite) context.note_not_finite();
}

bool is_momentum_step(const Context& context, const Instruction& update) noexcept {
  const Sgd* const sgd = std::get_if<Sgd>(&update);
  return sgd && sgd->momentum != kNoBuffer && scalars_of(*sgd, context).decay == 0;
}

SgdTarget momentum_target(const Context& context, const Instruction& update, int64_t begin, int64_t row,
                          bool* are_finite) noexcept {
  const Sgd& sgd = std::get<Sgd>(update);
  return {context.floats(sgd.parameters) + begin, context.floats(sgd.momentum) + begin, row,
          scalars_of(sgd, context), sgd.nesterov, are_finite};
}

void fetch_updated(const Context& context, const Instruction& update, int64_t begin, int64_t count) noexcept {
  const Sgd* const sgd = std::get_if<Sgd>(&update);
  if (!sgd) return;
  const int64_t bytes = count * static_cast<int64_t>(sizeof(float));
  fetch_to_l2(context.floats(sgd->parameters) + begin, bytes);
  if (sgd->momentum != kNoBuffer) fetch_to_l2(context.floats(sgd->momentum) + begin, bytes);
}

bool keeps_without_gradient(const Context& context, const Instruction& update) noexcept {
  const Sgd* const sgd = std::get_if<Sgd>(&update);
  if (!sgd || sgd->momentum != kNoBuffer) return false;
  const SgdScalars scalars = scalars_of(*sgd, context);
  // w - rate * 0 is w for any rate that is finite, but for -0 where the rate is negative.
  return scalars.learning_rate >= 0 && scalars.learning_rate <= FLT_MAX && scalars.decay == 0;
}

}  // namespace quern
