// Random damage to a program: what verify must survive.
#pragma once
#include "kernels/dispatch.h"
#include "program/spec.h"
#include "runtime/random.h"

namespace quern::test {

// Draws from a stream of words.
class Dice {
 public:
  explicit Dice(uint32_t stream) : stream_(stream) {}
  int64_t below(int64_t bound) {
    uint32_t word;
    random_words(best_table(), 11, stream_, drawn_++, &word, 1);
    return word % bound;
  }
  template <class T>
  T& among(std::vector<T>& items) {
    return items[static_cast<size_t>(below(static_cast<int64_t>(items.size())))];
  }

 private:
  const uint32_t stream_;
  uint64_t drawn_ = 0;
};

// Sets one operand to another buffer, or turns one flag over.
struct Exchange {
  int64_t countdown;
  BufferId other;
  void operand(const char*, Role, bool, BufferId& id) {
    if (countdown-- == 0) id = other;
  }
  void flag(const char*, bool& value) { value ^= countdown-- == 0; }
  void number(const char*, float&) {}
  void integer(const char*, int32_t&) {}
  template <class Enum>
  void choice(const char*, Enum&) {}
};

inline void damage_buffer(BufferSpec& buffer, Dice& dice) {
  switch (dice.below(3)) {
    case 0:
      buffer.kind = static_cast<BufferKind>(dice.below(10));
      buffer.of = static_cast<BufferId>(dice.below(40)) - 2;
      break;
    case 1:
      if (!buffer.shape.empty()) dice.among(buffer.shape) = dice.below(9) - 2;
      break;
    default:
      buffer.first = static_cast<int32_t>(dice.below(6)) - 1;
      buffer.count = static_cast<int32_t>(dice.below(6)) - 1;
  }
}

// Drops, repeats, swaps or moves an instruction, exchanges an operand, or damages a buffer.
inline void mutate(ProgramSpec& spec, Dice& dice) {
  if (dice.below(3) == 0) return damage_buffer(dice.among(spec.buffers), dice);
  std::vector<Instruction>& segment = spec.segments[dice.below(kSegments)];
  if (segment.empty()) return;
  Instruction& chosen = dice.among(segment);
  switch (dice.below(5)) {
    case 0: segment.erase(segment.begin() + (&chosen - segment.data())); break;
    case 1: segment.push_back(Instruction(chosen)); break;
    case 2: std::swap(chosen, dice.among(segment)); break;
    case 3: spec.segments[dice.below(kSegments)].push_back(Instruction(chosen)); break;
    default: {
      const BufferId buffers = static_cast<BufferId>(spec.buffers.size());
      Exchange exchange{dice.below(6), static_cast<BufferId>(dice.below(buffers + 3)) - 2};
      std::visit([&](auto& in) { std::decay_t<decltype(in)>::describe(in, exchange); }, chosen);
    }
  }
}

}  // namespace quern::test
