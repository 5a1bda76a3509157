#include "program/verify_buffers.h"

#include "program/shape.h"

namespace quern {
namespace {

class Buffers {
 public:
  Buffers(const ProgramSpec& spec, const Parameters& parameters) : spec_(spec), parameters_(parameters) {}

  std::string verify() const {
    constexpr int64_t kMostRows = INT32_MAX;
    if (spec_.max_rows < 1 || spec_.max_rows > kMostRows) {
      return "`maxRows` is " + std::to_string(spec_.max_rows) + ", not from 1 to " + std::to_string(kMostRows);
    }
    if (spec_.accumulators < 0) return "`accumulators` is negative";
    if (spec_.buffers.size() > size_t{1} << 24) return "there are too many buffers";
    int weights = 0, scalars = 0;
    int64_t floats = 0;
    for (size_t i = 0; i < spec_.buffers.size(); i++) {
      const BufferSpec& buffer = spec_.buffers[i];
      const std::string error = verify(buffer);
      if (!error.empty()) {
        return "buffers[" + std::to_string(i) + "] `" + buffer.name + "` of shape " + to_string(buffer.shape) + ": " +
               error;
      }
      floats += align_floats(size_of(buffer.shape).at(spec_.max_rows));
      if (floats > kMostFloats) return "the buffers together are too large to address";
      weights += buffer.kind == BufferKind::kWeights;
      scalars += buffer.kind == BufferKind::kScalars;
    }
    if (weights > 1) return "there are " + std::to_string(weights) + " buffers of sample weights";
    return scalars > 1 ? "there are " + std::to_string(scalars) + " buffers of scalars" : "";
  }

 private:
  std::string verify(const BufferSpec& buffer) const {
    const std::string error = shape_error(buffer.shape, spec_.max_rows);
    if (!error.empty()) return error;
    const bool integers = buffer.kind == BufferKind::kTarget || buffer.kind == BufferKind::kView;
    if (buffer.dtype == DType::kI32 && !integers) return "only targets and their views can be i32";
    const Size size = size_of(buffer.shape);
    switch (buffer.kind) {
      case BufferKind::kInput:
      case BufferKind::kOutput:
        return size.per_row ? "" : "its first axis must be rows";
      case BufferKind::kTarget:
        if (!size.per_row) return "its first axis must be rows";
        if (buffer.classes < 0) return "`classes` is negative";
        return buffer.classes && buffer.dtype != DType::kI32 ? "`classes` is for i32 targets" : "";
      case BufferKind::kWeights:
        return size == Size{1, true} ? "" : "it must have one value a row";
      case BufferKind::kParameter:
      case BufferKind::kGradient:
      case BufferKind::kSlot:
        return range(buffer);
      case BufferKind::kScalars:
        return size.per_row ? "its shape must not depend on rows" : "";
      case BufferKind::kTemp:
        return "";
      case BufferKind::kView:
        return view(buffer);
    }
    return "its kind is unknown";
  }

  std::string range(const BufferSpec& buffer) const {
    if (buffer.first < 0 || buffer.count < 1 || buffer.first >= parameters_.count() ||
        buffer.count > parameters_.count() - buffer.first) {
      return "parameters " + std::to_string(buffer.first) + " to " +
             std::to_string(int64_t{buffer.first} + buffer.count - 1) + " do not exist, the model has " +
             std::to_string(parameters_.count());
    }
    if (buffer.slot < 0 || buffer.slot >= kMostSlots) return "`slot` is " + std::to_string(buffer.slot);
    const int64_t needed = buffer.count == 1 ? parameters_.size(buffer.first)
                                             : parameters_.range_size(buffer.first, buffer.count);
    if (size_of(buffer.shape) == Size{needed, false}) return {};
    return "it must have " + std::to_string(needed) + " values, the size of " +
           (buffer.count == 1 ? "parameter `" + parameters_.name(buffer.first) + "`" : "its range of the slab");
  }

  std::string view(const BufferSpec& view) const {
    const BufferSpec* buffer = &view;
    for (size_t steps = 0; buffer->kind == BufferKind::kView; steps++) {
      if (buffer->of < 0 || static_cast<size_t>(buffer->of) >= spec_.buffers.size()) {
        return "it is a view of buffer " + std::to_string(buffer->of) + ", which does not exist";
      }
      if (steps > spec_.buffers.size()) return "it is a view of itself";
      buffer = &spec_.buffers[buffer->of];
    }
    if (buffer->dtype != view.dtype) return "it shows `" + buffer->name + "`, which is of another type";
    if (!shape_error(buffer->shape, spec_.max_rows).empty() || size_of(buffer->shape) != size_of(view.shape)) {
      return "it shows `" + buffer->name + "` of shape " + to_string(buffer->shape) + ", which is of another size";
    }
    return {};
  }

  static constexpr int32_t kMostSlots = 64;
  static constexpr int64_t kMostFloats = int64_t{1} << 50;
  const ProgramSpec& spec_;
  const Parameters& parameters_;
};

}  // namespace

std::string verify_buffers(const ProgramSpec& spec, const Parameters& parameters) {
  return Buffers(spec, parameters).verify();
}

}  // namespace quern
