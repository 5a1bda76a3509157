#include "program/parameters.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "gemm/panels.h"

namespace quern {

static std::atomic<int> live_{0};

static void copy_floats(const float* from, float* to, int64_t count) {
  if (count > 0) std::memcpy(to, from, static_cast<size_t>(count) * sizeof(float));
}

Parameters::Parameters() { live_.fetch_add(1, std::memory_order_relaxed); }
Parameters::~Parameters() { live_.fetch_sub(1, std::memory_order_relaxed); }
int Parameters::live() noexcept { return live_.load(std::memory_order_relaxed); }

std::string Parameters::create(const std::vector<ParameterLayout>& layout, int slots,
                               std::shared_ptr<Parameters>* out) {
  std::shared_ptr<Parameters> parameters(new Parameters);
  std::string error = parameters->lay_out(layout);
  if (!error.empty()) return error;
  if (!parameters->weights_.allocate(parameters->slab_size()) || !parameters->reset_slots(slots)) {
    return "out of memory for " + std::to_string(parameters->slab_size()) + " parameters";
  }
  *out = std::move(parameters);
  return {};
}

std::string Parameters::lay_out(const std::vector<ParameterLayout>& layout) {
  constexpr int64_t kLargest = int64_t{1} << 56;  // floats; rounding up and summing up stay far from overflow
  offsets_.push_back(0);
  for (const ParameterLayout& parameter : layout) {
    int64_t size = 1;
    for (int64_t axis : parameter.shape) {
      if (axis < 0 || __builtin_mul_overflow(size, axis, &size) || size > kLargest) {
        return "internal: parameter `" + parameter.name + "` has an impossible shape";
      }
    }
    const int64_t end = offsets_.back() + align_floats(size);
    if (end > kLargest) return "internal: the parameters are too many to address";
    names_.push_back(parameter.name);
    shapes_.push_back(parameter.shape);
    sizes_.push_back(size);
    offsets_.push_back(end);
  }
  return {};
}

bool Parameters::read(int index, int slot, float* out) {
  if (!training()) {
    std::lock_guard<std::mutex> lock(mutex_);
    copy_rows(index, slab(slot), out);
    return true;
  }
  const std::shared_ptr<const Snapshot> state = snapshot(slot >= 0);
  if (!state) return false;
  copy_floats((slot < 0 ? state->weights : state->slots[slot]).data() + begin_of(index), out, floats_of(index));
  return true;
}

bool Parameters::write(int index, int slot, const float* values) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (training()) return false;
  make_rows();
  if (index >= 0) {
    copy_floats(values, slab(slot) + offset(index), size(index));
  } else {
    // Whatever the padding of the source holds, the slab's stays zero.
    for (int i = 0; i < count(); i++) copy_floats(values + offset(i), slab(slot) + offset(i), size(i));
  }
  changed();
  return true;
}

bool Parameters::reset_slots(int count) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (training()) return false;
  std::vector<Arena> slots(static_cast<size_t>(count));
  for (Arena& slot : slots) {
    if (!slot.allocate(slab_size())) return false;
  }
  slots_ = std::move(slots);
  changed();
  return true;
}

// With the mutex held: the slabs are no longer what the last snapshot says.
void Parameters::changed() noexcept {
  version_.fetch_add(1, std::memory_order_acq_rel);
  latest_.reset();
}

bool Parameters::try_begin_training() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (training()) return false;
  training_.store(true, std::memory_order_release);
  return true;
}

void Parameters::end_training() {
  std::lock_guard<std::mutex> lock(mutex_);
  training_.store(false, std::memory_order_release);
}

void Parameters::begin_step() noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  in_step_ = true;
}

void Parameters::end_step(bool weights_changed) noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  in_step_ = false;
  if (weights_changed) changed();
  for (std::shared_ptr<Snapshot>& pending : pending_) {
    if (!pending) continue;
    fill(pending.get());
    latest_ = std::move(pending);
    pending.reset();
    served_.notify_all();
  }
}

std::shared_ptr<const Snapshot> Parameters::snapshot(bool with_slots) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (latest_ && latest_->version == version() && (!with_slots || latest_->with_slots)) return latest_;
  std::shared_ptr<Snapshot>& pending = pending_[with_slots];
  std::shared_ptr<Snapshot> mine = pending ? pending : make_snapshot(with_slots);
  if (!mine) return nullptr;
  if (in_step_) {
    pending = mine;
    served_.wait(lock, [&] { return pending != mine; });
  } else {
    fill(mine.get());
    latest_ = mine;
  }
  return mine;
}

std::shared_ptr<Snapshot> Parameters::make_snapshot(bool with_slots) const {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->with_slots = with_slots;
  snapshot->slots.resize(with_slots ? slots_.size() : 0);
  bool made = snapshot->weights.allocate(slab_size());
  for (Arena& slot : snapshot->slots) made = made && slot.allocate(slab_size());
  return made ? snapshot : nullptr;
}

void Parameters::fill(Snapshot* snapshot) const noexcept {
  snapshot->version = version();
  copy_rows(-1, weights_.data(), snapshot->weights.data());
  for (size_t i = 0; i < snapshot->slots.size(); i++) copy_rows(-1, slots_[i].data(), snapshot->slots[i].data());
}

void Parameters::copy_rows(int index, const float* slab, float* to) const noexcept {
  copy_floats(slab + begin_of(index), to, floats_of(index));
  for (const ParameterMatrix& matrix : panels_) {
    if (index >= 0 && matrix.parameter != index) continue;
    const int64_t begin = offset(matrix.parameter);
    from_panels(slab + begin, matrix.rows, matrix.cols, to + begin - begin_of(index));
  }
}

// With the mutex held: rewrites the parameters of panels_ in all slabs.
template <class Convert>
void Parameters::convert_panels(Convert convert) noexcept {
  for (const ParameterMatrix& matrix : panels_) {
    for (int slot = -1; slot < slots(); slot++) {
      float* const floats = slab(slot) + offset(matrix.parameter);
      copy_floats(floats, spare_.data(), size(matrix.parameter));
      convert(spare_.data(), matrix.rows, matrix.cols, floats);
    }
  }
}

bool Parameters::lay_panels(const std::vector<ParameterMatrix>& matrices) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (panels_ == matrices) return true;
  make_rows();
  int64_t largest = 0;
  for (const ParameterMatrix& matrix : matrices) largest = std::max(largest, size(matrix.parameter));
  if (spare_.size() < largest && !spare_.allocate(largest)) return false;
  panels_ = matrices;
  convert_panels(to_panels);
  return true;
}

void Parameters::lay_rows() noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  make_rows();
}

// With the mutex held.
void Parameters::make_rows() noexcept {
  convert_panels(from_panels);
  panels_.clear();
}

}  // namespace quern
