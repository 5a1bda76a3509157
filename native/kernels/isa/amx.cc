// Plane kernels for AMX; compiled for it and AVX-512, so nothing here may leak a shared symbol.
#include "kernels/simd/avx512.h"

#include "kernels/plane_pack_bytes.inl.h"
#include "kernels/plane_tiles.inl.h"

namespace quern {
namespace {

// As assembly rather than intrinsics: g++'s do not say that they read and write memory, and take numbers of tiles as
// text alone. The compiler keeps nothing in tiles.
struct Tiles {
  static void configure(const TileConfig* config) { asm volatile("ldtilecfg %0" : : "m"(*config) : "memory"); }
  static void store_config(TileConfig* config) { asm volatile("sttilecfg %0" : "=m"(*config) : : "memory"); }
  static void release() { asm volatile("tilerelease" : : : "memory"); }

  template <int kTile>
  static void zero() {
    asm volatile("tilezero %%tmm%c0" : : "i"(kTile));
  }
  template <int kTile>
  static void load(const void* from, int64_t stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride), "i"(kTile) : "memory");
  }
  template <int kTile>
  static void store(void* to, int64_t stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(stride), "i"(kTile) : "memory");
  }
  template <int kSum, int kA, int kB>
  static void dpbf16ps() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kSum), "i"(kA), "i"(kB));
  }
};

}  // namespace

extern const PlaneKernels kAmxPlanes;
const PlaneKernels kAmxPlanes = tile_kernels<Tiles>();

}  // namespace quern
