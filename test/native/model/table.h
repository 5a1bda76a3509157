// The table that a machine with AMX has, with the model's instructions in the place of the processor's.
#pragma once
#include <cstdio>
#include <cstring>
#include <optional>

#include "kernels/dispatch.h"
#include "kernels/tile_state.h"
#include "model/tiles.h"

namespace quern::test {

inline const KernelTable* find_supported(const char* name) {
  for (const KernelTable* const* table = supported_tables(); *table; table++) {
    if (std::strcmp((*table)->name, name) == 0) return *table;
  }
  return nullptr;
}

// A table whose planes pay for every shape that has steps of k.
class EagerTable {
 public:
  explicit EagerTable(const KernelTable& table) : table_(table) {
    if (!table.planes) return;
    planes_ = *table.planes;
    for (int i = 0; i <= kMaxPlanes; i++) planes_.costs[i] = planes_.costs_of_bytes[i] = {0, 1, 0};
    table_.planes = &planes_;
  }
  EagerTable(const EagerTable&) = delete;

  const KernelTable& get() const { return table_; }

 private:
  KernelTable table_;
  PlaneKernels planes_{};
};

// A table with a state of its own, eager for planes; `get` is null, said aloud once, on a machine without AVX-512, and
// under ThreadSanitizer, to which each of the model's products is some 16,000 reads of memory to look at.
class ModelTable {
 public:
  ModelTable() {
#if defined(__x86_64__)
#ifdef __SANITIZE_THREAD__
    static const bool said = std::puts("skipped: AMX's model, whose tests take minutes under ThreadSanitizer") >= 0;
    (void)said;
#else
    const KernelTable* const avx512 = find_supported("avx512");
    static const bool said = avx512 || std::puts("skipped: tests of AMX's model, which packs with AVX-512") >= 0;
    (void)said;
    if (!avx512) return;
    table_ = *avx512;
    table_.name = "amx";
    table_.planes = &kModelPlanes;
    table_.tile_state = &tile_state_;
    eager_.emplace(table_);
#endif
#endif
  }
  ModelTable(const ModelTable&) = delete;

  const KernelTable* get() const { return eager_ ? &eager_->get() : nullptr; }
  // The same, but using planes only where they pay.
  const KernelTable* sparing() const { return eager_ ? &table_ : nullptr; }

 private:
  KernelTable table_{};
  TileState tile_state_;
  std::optional<EagerTable> eager_;
};

}  // namespace quern::test
