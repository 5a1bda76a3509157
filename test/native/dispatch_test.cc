// Which kernel tables there are and how one is chosen.
#include <cstdlib>
#include <string>

#include "check.h"
#include "kernels/cpu_features.h"
#include "kernels/dispatch.h"

namespace quern::test {
namespace {

TEST(supported_tables_start_with_scalar_and_grow) {
  const KernelTable* const* tables = supported_tables();
  CHECK_EQUAL(std::string(tables[0]->name), "scalar");
  int lanes = 0, count = 0;
  for (; tables[count]; count++) {
    CHECK(tables[count]->lanes > lanes || std::string(tables[count]->name) == "amx");
    lanes = tables[count]->lanes;
  }
  CHECK_EQUAL(count, 1 + cpu_features().avx2 + cpu_features().avx512 + (amx_state() == "on"));
  CHECK(&best_table() == tables[count - 1]);
}

TEST(a_table_is_found_by_name) {
  for (const KernelTable* const* table = supported_tables(); *table; table++) {
    const TableChoice choice = find_table((*table)->name, "isa");
    CHECK(choice.table == *table);
    CHECK(choice.error.empty());
  }
}

TEST(an_unknown_name_is_an_error_that_lists_what_there_is) {
  for (const char* name : {"amx", "neon", "AVX2", ""}) {
    if (std::string(name) == "amx" && amx_state() == "on") continue;
    const TableChoice choice = find_table(name, "QUERN_ISA");
    CHECK(choice.table == nullptr);
    CHECK(choice.error.find("QUERN_ISA") == 0);
    CHECK(choice.error.find('"' + std::string(name) + '"') != std::string::npos);
    for (const KernelTable* const* table = supported_tables(); *table; table++) {
      CHECK(choice.error.find((*table)->name) != std::string::npos);
    }
  }
}

TEST(amx_is_on_or_says_why_not) {
  const std::string state = amx_state();
  CHECK_EQUAL(state.empty(), !cpu_features().amx);
  if (state.empty() || state == "on") return;
  CHECK(state.find("off: ") == 0);
  CHECK(find_table("amx", "isa").error.find("AMX is " + state + ".") != std::string::npos);
}

TEST(the_default_table_follows_the_environment) {
  const char* name = std::getenv("QUERN_ISA");
  const TableChoice expected = name && *name ? find_table(name, "QUERN_ISA") : TableChoice{&best_table(), ""};
  CHECK(default_table().table == expected.table);
  CHECK_EQUAL(default_table().error, expected.error);
}

template <class Kernel, int kCount>
bool all_set(Kernel* const (&kernels)[kCount]) {
  for (Kernel* kernel : kernels) {
    if (!kernel) return false;
  }
  return true;
}

TEST(every_table_is_complete) {
  for (const KernelTable* const* entry = supported_tables(); *entry; entry++) {
    const KernelTable& table = **entry;
    CHECK(all_set(table.pointwise) && all_set(table.pointwise_gradient));
    CHECK(all_set(table.combine) && all_set(table.combine_scalar));
    CHECK(all_set(table.reduce_columns) && all_set(table.reduce_rows));
    CHECK(all_set(table.loss) && all_set(table.accuracy));
    CHECK(table.broadcast && table.affine && table.affine_u8 && table.find_not_finite);
    CHECK(table.softmax && table.softmax_gradient && table.softmax_crossentropy && table.sigmoid_crossentropy);
    CHECK(table.dropout && table.sgd && table.adam && table.peak_fma && table.read_sum);
    CHECK_EQUAL(table.gemm.lanes, table.lanes);
  }
}

}  // namespace
}  // namespace quern::test
