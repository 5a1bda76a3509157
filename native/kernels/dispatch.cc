#include "kernels/dispatch.h"

#include <cstdlib>

#include "kernels/amx.h"
#include "kernels/cpu_features.h"
#include "kernels/tile_state.h"

namespace quern {

extern const KernelTable kScalarKernels;
#if defined(__x86_64__)
extern const KernelTable kAvx2Kernels, kAvx512Kernels;
extern const PlaneKernels kAvx512Bf16Planes;
#endif

namespace {

constexpr int kMaxTables = 4;

struct TableList {
  const KernelTable* tables[kMaxTables + 1] = {};
  int count = 0;
  void add(const KernelTable& table) { tables[count++] = &table; }
};

// QUERN_ISA as the process found it, or "". Leaked, so that nothing is destroyed while another thread may still ask.
const std::string& chosen_name() {
  static const std::string& chosen = *new std::string([] {
    const char* name = std::getenv("QUERN_ISA");
    return name ? name : "";
  }());
  return chosen;
}

#if defined(__x86_64__)
// Whoever chose something else wants no instruction of AMX to run, not even in its self-test.
bool may_use_amx() {
  return cpu_features().amx && (chosen_name().empty() || chosen_name() == "amx");
}

// AVX-512 with what the machine has besides.
const KernelTable& avx512_table() {
  static const KernelTable table = [] {
    KernelTable with_planes = kAvx512Kernels;
    if (cpu_features().avx512bf16) with_planes.planes = &kAvx512Bf16Planes;
    return with_planes;
  }();
  return table;
}
#endif

const TableList& table_list() {
  static const TableList list = [] {
    TableList found;
    found.add(kScalarKernels);
#if defined(__x86_64__)
    if (cpu_features().avx2) found.add(kAvx2Kernels);
    if (cpu_features().avx512) found.add(avx512_table());
    if (may_use_amx() && amx(avx512_table()).table) found.add(*amx(avx512_table()).table);
#endif
    return found;
  }();
  return list;
}

constexpr const char* kTilesLost = "off: the processor's tiles got lost";

std::string no_amx() {
  const std::string state = amx_state();
  return state.empty() ? "" : " AMX is " + state + ".";
}

}  // namespace

const KernelTable* const* supported_tables() { return table_list().tables; }

const KernelTable& best_table() { return *table_list().tables[table_list().count - 1]; }

TableChoice find_table(const std::string& name, const char* source) {
  std::string known;
  for (const KernelTable* const* table = supported_tables(); *table; table++) {
    if (name == (*table)->name) return {*table, ""};
    known += known.empty() ? "" : ", ";
    known += (*table)->name;
  }
  return {nullptr, std::string(source) + " names an instruction set this machine does not have: \"" + name +
                       "\". It has " + known + "." + (name == "amx" ? no_amx() : "")};
}

std::string amx_state() {
#if defined(__x86_64__)
  if (!cpu_features().amx) return "";
  if (!may_use_amx()) return "off: QUERN_ISA is " + chosen_name();
  const Amx& found = amx(avx512_table());
  if (!found.table) return std::string("off: ") + found.refusal;
  return found.table->tile_state->lost() ? kTilesLost : "on";
#else
  return "";
#endif
}

bool tiles_are_lost(const KernelTable& table) { return table.tile_state && table.tile_state->lost(); }

std::string describe(const KernelTable& table) {
  return tiles_are_lost(table) ? std::string("avx512 (AMX is ") + kTilesLost + ")" : table.name;
}

const TableChoice& default_table() {
  static const TableChoice& choice = *new TableChoice(
      chosen_name().empty() ? TableChoice{&best_table(), ""} : find_table(chosen_name(), "QUERN_ISA"));
  return choice;
}

}  // namespace quern
