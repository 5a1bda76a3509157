#include "kernels/amx.h"

#include "kernels/cpu_features.h"
#include "kernels/plane_self_test.h"
#include "kernels/tile_state.h"

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace quern {

#if defined(__x86_64__)

extern const PlaneKernels kAmxPlanes;

namespace {

#if defined(__linux__)
// Tiles are 8 KB a thread, which the kernel saves only for processes that asked. It holds for all threads, those that
// run included, and is refused where a thread's alternative signal stack would be too small for the larger frame.
bool permitted() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}
#else
bool permitted() { return false; }
#endif

Amx try_out(const KernelTable& avx512) {
  if (!cpu_features().amx) return {};
  if (!permitted()) return {nullptr, "the system does not permit AMX"};
  static TileState tile_state;
  static const KernelTable table = [&] {
    KernelTable with_tiles = avx512;
    with_tiles.name = "amx";
    with_tiles.planes = &kAmxPlanes;
    with_tiles.tile_state = &tile_state;
    return with_tiles;
  }();
  if (const char* failure = plane_self_test(table)) return {nullptr, failure};
  return {&table, nullptr};
}

}  // namespace

const Amx& amx(const KernelTable& avx512) {
  static const Amx result = try_out(avx512);
  return result;
}

#else

const Amx& amx(const KernelTable&) {
  static const Amx none;
  return none;
}

#endif

}  // namespace quern
