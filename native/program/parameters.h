// A model's parameters: one slab of floats, one more of the same layout for each optimizer slot, and the gate through
// which others see a consistent state of them while a job trains.
//
// Layout: parameter i starts where i - 1 ended, rounded up to kAlignedFloats floats; the padding stays zero.
//
// Gate. One job at a time may change the slab (try_begin_training, by whoever starts the job; end_training when it is
// over). While it computes a step nobody else touches the slab: `snapshot` waits for the end of the step at hand, where
// the trainer itself makes the copy. When no step runs the copy is made at once, and as long as the slab stays as it is
// everybody gets the same one.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/arena.h"

namespace quern {

struct ParameterLayout {
  std::string name;
  std::vector<int64_t> shape;
};

// A parameter as a matrix.
struct ParameterMatrix {
  int32_t parameter;
  int64_t rows, cols;
  bool operator==(const ParameterMatrix& other) const noexcept {
    return parameter == other.parameter && rows == other.rows && cols == other.cols;
  }
};

// The slabs as they were after some finished step.
struct Snapshot {
  uint64_t version = 0;
  bool with_slots = false;
  Arena weights;
  std::vector<Arena> slots;  // when with_slots
};

class Parameters {
 public:
  // An error sentence, or empty and *out.
  static std::string create(const std::vector<ParameterLayout>& layout, int slots, std::shared_ptr<Parameters>* out);
  ~Parameters();

  int count() const { return static_cast<int>(names_.size()); }
  const std::string& name(int index) const { return names_[index]; }
  const std::vector<int64_t>& shape(int index) const { return shapes_[index]; }
  int64_t size(int index) const { return sizes_[index]; }       // floats, without padding
  int64_t offset(int index) const { return offsets_[index]; }   // floats from the start of the slab; count() is its end
  int64_t slab_size() const { return offsets_.back(); }
  // Floats from the start of parameter `first` to the padded end of `first + count - 1`.
  int64_t range_size(int first, int count) const { return offsets_[first + count] - offsets_[first]; }
  int slots() const { return static_cast<int>(slots_.size()); }

  // The following are for the thread that owns the object (JavaScript's). `index` -1 means the whole slab, padding
  // included: one consistent state where reading parameter by parameter would see several. `slot` -1 is the weights.
  // `read` waits for the end of the step at hand while a job trains; `write` and `reset_slots` answer false then.
  // Without the memory for a copy, `read` answers false.
  [[nodiscard]] bool read(int index, int slot, float* out);
  [[nodiscard]] bool write(int index, int slot, const float* values);
  [[nodiscard]] bool reset_slots(int count);

  // Counts finished training steps and writes.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }

  [[nodiscard]] bool try_begin_training();
  void end_training();
  bool training() const { return training_.load(std::memory_order_acquire); }

  // How the slabs lie, for a job that uses them, between its steps: some parameters in panels, or all row-major. They
  // stay as they are for the next job, as another epoch wants what this one does; everybody else is given row-major
  // floats all the time. Without the memory for it, false, and nothing has changed.
  [[nodiscard]] bool lay_panels(const std::vector<ParameterMatrix>& matrices);
  void lay_rows() noexcept;

  // The state after the last finished step; null without the memory for it. Any thread but the trainer's.
  std::shared_ptr<const Snapshot> snapshot(bool with_slots = false);

  // The live slab (slot -1) or slot, as it lies: for the training job, or for a job that runs while none trains.
  float* slab(int slot) { return slot < 0 ? weights_.data() : slots_[slot].data(); }

  // Called by the training job's driver around each step; a step given up over bad data changed nothing.
  void begin_step() noexcept;
  void end_step(bool weights_changed) noexcept;

  // Living objects of the process: for leak tests.
  static int live() noexcept;

 private:
  Parameters();
  std::string lay_out(const std::vector<ParameterLayout>& layout);
  std::shared_ptr<Snapshot> make_snapshot(bool with_slots) const;
  void fill(Snapshot* snapshot) const noexcept;
  // Of a parameter, or with -1 of all of them and their padding: where it begins in a slab, its floats, and row-major.
  int64_t begin_of(int index) const { return index < 0 ? 0 : offset(index); }
  int64_t floats_of(int index) const { return index < 0 ? slab_size() : size(index); }
  void copy_rows(int index, const float* slab, float* to) const noexcept;
  void make_rows() noexcept;
  template <class Convert>
  void convert_panels(Convert convert) noexcept;
  void changed() noexcept;

  std::vector<std::string> names_;
  std::vector<std::vector<int64_t>> shapes_;
  std::vector<int64_t> sizes_, offsets_;
  Arena weights_;
  std::vector<Arena> slots_;

  std::atomic<uint64_t> version_{0};
  std::atomic<bool> training_{false};
  std::mutex mutex_;  // guards all below, and the slabs while no step runs
  bool in_step_ = false;
  std::vector<ParameterMatrix> panels_;  // the parameters that lie in panels
  Arena spare_;                          // as large as the largest of them
  std::shared_ptr<const Snapshot> latest_;   // of the slab as it is, or null
  std::shared_ptr<Snapshot> pending_[2];     // wanted at the end of the step at hand, without and with slots
  std::condition_variable served_;
};

}  // namespace quern
