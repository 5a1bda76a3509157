#include "binding/decode_spec.h"

#include <limits>
#include <utility>

namespace quern {
namespace {

constexpr int64_t kMaxAxis = int64_t{1} << 40;
constexpr int32_t kMaxInt = std::numeric_limits<int32_t>::max();

constexpr const char* kDTypes[] = {"f32", "i32"};
constexpr const char* kKinds[] = {"input",  "target", "weights", "parameter", "gradient",
                                  "slot",   "scalars", "temp",   "output",    "view"};
static_assert(std::size(kKinds) == static_cast<size_t>(BufferKind::kView) + 1, "a name for every BufferKind");

// Fills the fields of one instruction from an object.
class FieldReader {
 public:
  FieldReader(const Argument& object, int32_t buffers) : object_(object), buffers_(buffers) {}

  void operand(const char* name, Role, bool optional, BufferId& id) {
    Argument value = next(name);
    id = optional && value.missing() ? kNoBuffer : static_cast<BufferId>(value.integer(0, buffers_ - 1));
  }
  void flag(const char* name, bool& flag) { flag = next(name).flag(); }
  void number(const char* name, float& number) { number = static_cast<float>(next(name).number()); }
  void integer(const char* name, int32_t& integer) {
    integer = static_cast<int32_t>(next(name).integer(0, kMaxInt));
  }
  template <class Enum>
  void choice(const char* name, Enum& choice) {
    choice = next(name).choice<Enum>();
  }

 private:
  Argument next(const char* name) const { return object_.get(name); }

  const Argument& object_;
  int32_t buffers_;
};

// Throws for a key of `object` that the instruction does not have.
class UnknownFields {
 public:
  explicit UnknownFields(const Argument& object) : object_(object), keys_(object.object().GetPropertyNames()) {
    for (uint32_t i = 0; i < keys_.Length(); i++) unknown_.push_back(keys_.Get(i).ToString().Utf8Value());
    know("op");
  }
  void operand(const char* name, Role, bool, BufferId) { know(name); }
  void flag(const char* name, bool) { know(name); }
  void number(const char* name, float) { know(name); }
  void integer(const char* name, int32_t) { know(name); }
  template <class Enum>
  void choice(const char* name, Enum) {
    know(name);
  }
  void refuse(const char* op) const {
    if (unknown_.empty()) return;
    throw Napi::TypeError::New(object_.env(), "`" + object_.path() + "`: " + op + " has no field \"" +
                                                  unknown_.front() + "\"");
  }

 private:
  void know(const char* name) {
    for (size_t i = 0; i < unknown_.size(); i++) {
      if (unknown_[i] == name) {
        unknown_.erase(unknown_.begin() + static_cast<std::ptrdiff_t>(i));
        return;
      }
    }
  }

  const Argument& object_;
  Napi::Array keys_;
  std::vector<std::string> unknown_;
};

template <class I>
Instruction decode_fields(const Argument& value, int32_t buffers) {
  I instruction{};
  FieldReader reader(value, buffers);
  I::describe(instruction, reader);
  UnknownFields unknown(value);
  I::describe(std::as_const(instruction), unknown);
  unknown.refuse(I::kOp);
  return instruction;
}

// Tries the alternatives of Instruction in turn.
template <size_t I = 0>
Instruction decode_instruction(const Argument& value, const std::string& op, int32_t buffers) {
  if constexpr (I < std::variant_size_v<Instruction>) {
    using Candidate = std::variant_alternative_t<I, Instruction>;
    if (op == Candidate::kOp) return decode_fields<Candidate>(value, buffers);
    return decode_instruction<I + 1>(value, op, buffers);
  } else {
    throw Napi::TypeError::New(value.env(), "`" + value.path() + ".op` is no instruction: \"" + op + "\"");
  }
}

std::vector<Instruction> decode_segment(const Argument& segment, int32_t buffers) {
  std::vector<Instruction> instructions;
  uint32_t count = segment.length();
  instructions.reserve(count);
  for (uint32_t i = 0; i < count; i++) {
    Napi::HandleScope scope(segment.env());
    Argument value = segment.at(i);
    instructions.push_back(decode_instruction(value, value.get("op").text(), buffers));
  }
  return instructions;
}

std::vector<int64_t> decode_shape(const Argument& value) {
  std::vector<int64_t> shape;
  uint32_t rank = value.length();
  for (uint32_t i = 0; i < rank; i++) {
    Argument axis = value.at(i);
    shape.push_back(axis.is_null() ? kRows : axis.integer(0, kMaxAxis));
  }
  return shape;
}

BufferSpec decode_buffer(const Argument& value, int32_t buffers) {
  BufferSpec buffer;
  buffer.name = value.get("name").text();
  buffer.kind = static_cast<BufferKind>(value.get("kind").choice(kKinds, std::size(kKinds)));
  buffer.dtype = static_cast<DType>(value.get("dtype").choice(kDTypes, std::size(kDTypes)));
  buffer.shape = decode_shape(value.get("shape"));
  auto integer = [&](const char* name, int64_t max) { return static_cast<int32_t>(value.get(name).integer(0, max)); };
  switch (buffer.kind) {
    case BufferKind::kInput:
      buffer.scale = static_cast<float>(value.get("scale").number());
      buffer.offset = static_cast<float>(value.get("offset").number());
      break;
    case BufferKind::kTarget:
      if (!value.get("classes").missing()) buffer.classes = integer("classes", kMaxInt);
      break;
    case BufferKind::kSlot:
      buffer.slot = integer("slot", kMaxInt);
      [[fallthrough]];
    case BufferKind::kParameter:
    case BufferKind::kGradient:
      buffer.first = integer("first", kMaxInt);
      buffer.count = integer("count", kMaxInt);
      break;
    case BufferKind::kView:
      buffer.of = integer("of", buffers - 1);
      break;
    default:
      break;
  }
  return buffer;
}

// Writes one instruction's fields as objects { name, role, optional, choices? }.
class FieldWriter {
 public:
  explicit FieldWriter(Napi::Env env) : env_(env), fields_(Napi::Array::New(env)) {}

  Napi::Array fields() const { return fields_; }

  void operand(const char* name, Role role, bool optional, BufferId) {
    constexpr const char* kRoles[] = {"in", "out", "inOut"};
    add(name, kRoles[static_cast<int>(role)], optional);
  }
  void flag(const char* name, bool) { add(name, "flag", false); }
  void number(const char* name, float) { add(name, "number", false); }
  void integer(const char* name, int32_t) { add(name, "integer", false); }
  template <class Enum>
  void choice(const char* name, Enum) {
    Napi::Array choices = Napi::Array::New(env_);
    for (int i = 0; i < static_cast<int>(Enum::kCount); i++) choices.Set(static_cast<uint32_t>(i), Names<Enum>::list[i]);
    add(name, "choice", false).Set("choices", choices);
  }

 private:
  Napi::Object add(const char* name, const char* role, bool optional) {
    Napi::Object field = Napi::Object::New(env_);
    field.Set("name", name);
    field.Set("role", role);
    field.Set("optional", optional);
    fields_.Set(fields_.Length(), field);
    return field;
  }

  Napi::Env env_;
  Napi::Array fields_;
};

template <class I>
void describe_instruction(Napi::Env env, Napi::Array& list) {
  const I instruction{};
  FieldWriter writer(env);
  I::describe(instruction, writer);
  Napi::Object object = Napi::Object::New(env);
  object.Set("op", I::kOp);
  object.Set("fields", writer.fields());
  list.Set(list.Length(), object);
}

template <size_t... I>
void describe_all(Napi::Env env, Napi::Array& list, std::index_sequence<I...>) {
  (describe_instruction<std::variant_alternative_t<I, Instruction>>(env, list), ...);
}

}  // namespace

ProgramSpec decode_spec(const Argument& value) {
  ProgramSpec spec;
  spec.name = value.get("name").text();
  spec.max_rows = value.get("maxRows").integer(1, kMaxInt);
  Argument precision = value.get("precision");
  if (!precision.missing()) spec.precision = precision.choice<Precision>();
  Argument skips_zeros = value.get("skipsZeros");
  if (!skips_zeros.missing()) spec.skips_zeros = skips_zeros.flag();
  spec.accumulators = static_cast<int32_t>(value.get("accumulators").integer(0, 1 << 16));
  Argument buffers = value.get("buffers");
  uint32_t count = buffers.length();
  if (count > static_cast<uint32_t>(kMaxInt)) buffers.refuse_range("fewer buffers");
  spec.buffers.reserve(count);
  for (uint32_t i = 0; i < count; i++) {
    Napi::HandleScope scope(value.env());
    spec.buffers.push_back(decode_buffer(buffers.at(i), static_cast<int32_t>(count)));
  }
  constexpr const char* kSegmentNames[kSegments] = {"forward", "backward", "update"};
  for (int segment = 0; segment < kSegments; segment++) {
    spec.segments[segment] = decode_segment(value.get(kSegmentNames[segment]), static_cast<int32_t>(count));
  }
  return spec;
}

Napi::Array describe_instructions(Napi::Env env) {
  Napi::Array list = Napi::Array::New(env);
  describe_all(env, list, std::make_index_sequence<std::variant_size_v<Instruction>>());
  return list;
}

}  // namespace quern
