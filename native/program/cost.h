// What an instruction costs, by its formula and its operands: for explain(), and to decide which are worth sharing out.
#pragma once
#include "program/spec.h"

namespace quern {

struct Cost {
  double flops = 0;  // an exponential or logarithm counts 10, every other operation 1
  double bytes = 0;  // operands read and written
  // Bytes of the operands, each once: what has to come into the caches, whether it is read or written. What goes back
  // from them goes at the same time.
  double operands = 0;
  // On one core, from round figures of a recent x86 core with operands in L2: good to a factor of about 2.
  double nanoseconds() const { return flops / 50 + bytes / 40; }
};

Cost cost_of(const ProgramSpec& spec, const Instruction& instruction, int64_t rows);

}  // namespace quern
