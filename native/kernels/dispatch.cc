#include "kernels/dispatch.h"

#include <cstdlib>

#include "kernels/cpu_features.h"

namespace quern {

extern const KernelTable kScalarKernels;
#if defined(__x86_64__)
extern const KernelTable kAvx2Kernels, kAvx512Kernels;
#endif

namespace {

constexpr int kMaxTables = 4;

struct TableList {
  const KernelTable* tables[kMaxTables + 1] = {};
  int count = 0;
  void add(const KernelTable& table) { tables[count++] = &table; }
};

const TableList& table_list() {
  static const TableList list = [] {
    TableList found;
    found.add(kScalarKernels);
#if defined(__x86_64__)
    if (cpu_features().avx2) found.add(kAvx2Kernels);
    if (cpu_features().avx512) found.add(kAvx512Kernels);
#endif
    return found;
  }();
  return list;
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
                       "\". It has " + known + "."};
}

const TableChoice& default_table() {
  // Leaked, so that nothing is destroyed while another thread may still ask.
  static const TableChoice& choice = *new TableChoice([] {
    const char* name = std::getenv("QUERN_ISA");
    return name && *name ? find_table(name, "QUERN_ISA") : TableChoice{&best_table(), ""};
  }());
  return choice;
}

}  // namespace quern
