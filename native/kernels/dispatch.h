// The kernel tables this machine can run, and which one is used.
#pragma once
#include <string>

#include "kernels/kernel_table.h"

namespace quern {

// Slowest first, ended by a null pointer; the first is always the scalar one.
const KernelTable* const* supported_tables();

// The fastest of them.
const KernelTable& best_table();

struct TableChoice {
  const KernelTable* table;  // null: see error
  std::string error;         // a sentence that lists the names this machine has
};

// The table of that name; `source` says in the error where the name came from ("isa", "QUERN_ISA").
TableChoice find_table(const std::string& name, const char* source);

// What is used unless a call says otherwise: QUERN_ISA's if that is set and not empty, else the fastest. Decided at the
// first call, for the life of the process.
const TableChoice& default_table();

// What became of AMX: "" where the processor has none, "on", or "off: " and why.
std::string amx_state();

// Whether the table's tiles got lost: it works as AVX-512's then, for the rest of the process.
bool tiles_are_lost(const KernelTable& table);

// The table's name, with what became of its tiles.
std::string describe(const KernelTable& table);

}  // namespace quern
