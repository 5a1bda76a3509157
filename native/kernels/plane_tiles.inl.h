// Blocks by AMX: C in tiles, two by two, multiplied by the planes of A and B. Written over `Tiles`, the instructions:
//
//   static void configure(const TileConfig*) · store_config(TileConfig*) · release()
//   template static zero<t>() · load<t>(const void*, stride) · store<t>(void*, stride) · dpbf16ps<sum, a, b>()
//
// isa/amx.cc has the processor's, test/native/model/ a model of them as Intel documents them.
//
// Tiles 0 to 3 are sums, 4 is A's, 5 and 6 are B's; 7 is a canary. For each plane of B two of its tiles stay while two
// tiles of each plane of A pass. hi times hi is added up apart from the other products, in a second pass over k: each
// product rounds the sum it is added to, and five of six would round one that is 2^8 times as large as they are. Both
// passes together load, a step, 20 tiles (8 cycles each) for 24 products (16 cycles each).
//
// A virtual machine may drop the tiles of a thread that it takes off its core: their data alone, which leaves partial
// sums, or with the configuration. All tiles' data are one component of the processor's state, so what becomes of the
// sums becomes of the canary. Tiles live in no longer a span than one call, and C is written only after the check.
#pragma once
#include "kernels/plane_sums.inl.h"

namespace quern {
namespace {

// As LDTILECFG reads it.
struct alignas(64) TileConfig {
  uint8_t palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
};
static_assert(sizeof(TileConfig) == 64, "the processor reads 64 bytes");

constexpr int kTileA = 4, kTileB = 5, kCanaryTile = 7, kCanaryBytes = 64;
constexpr int64_t kTileRowBytes = kPlaneStep * sizeof(uint16_t);

// In memory, not on the stack: what inline assembly reads through a pointer the compiler might not write.
const TileConfig kTileConfig = {
    1, 0, {}, {64, 64, 64, 64, 64, 64, 64, kCanaryBytes}, {16, 16, 16, 16, 16, 16, 16, 1}};
alignas(64) const uint8_t kCanary[kCanaryBytes] = {
    0x9e, 0x37, 0x79, 0xb9, 0x7f, 0x4a, 0x7c, 0x15, 0xf3, 0x9c, 0xc0, 0x60, 0x5c, 0xed, 0xc8, 0x34,
    0x10, 0x82, 0x27, 0x6b, 0xf3, 0xa2, 0x72, 0x51, 0xf8, 0x6c, 0x6a, 0x11, 0xd0, 0xc1, 0x8e, 0x95,
    0x27, 0x67, 0xf0, 0xb1, 0x53, 0xd2, 0x7b, 0x7f, 0x03, 0x47, 0x04, 0x5b, 0x5b, 0xf1, 0x82, 0x7f,
    0x01, 0x88, 0x6f, 0x09, 0x28, 0x40, 0x30, 0x02, 0xc1, 0xd6, 0x4b, 0xa4, 0x0f, 0x33, 0x5e, 0x36};

bool same_bytes(const void* x, const void* y, int count) {
  const auto *a = static_cast<const uint8_t*>(x), *b = static_cast<const uint8_t*>(y);
  bool same = true;
  for (int i = 0; i < count; i++) same = same && a[i] == b[i];
  return same;
}

template <class Tiles>
bool tiles_are_intact() {
  TileConfig config = {};
  alignas(64) uint8_t canary[kCanaryBytes] = {};
  Tiles::store_config(&config);
  if (!same_bytes(&config, &kTileConfig, sizeof config)) return false;  // without one, the next would be fatal
  Tiles::template store<kCanaryTile>(canary, kCanaryBytes);
  return same_bytes(canary, kCanary, kCanaryBytes);
}

template <class Tiles, int kRowTiles, int kColTiles>
void zero_sums() {
  Tiles::template zero<0>();
  if constexpr (kColTiles > 1) Tiles::template zero<1>();
  if constexpr (kRowTiles > 1) Tiles::template zero<2>();
  if constexpr (kRowTiles > 1 && kColTiles > 1) Tiles::template zero<3>();
}

// The sums of row tile kRow gain a tile of A times B's tiles.
template <class Tiles, int kRow, int kColTiles>
QUERN_INLINE void add_products(const uint16_t* a) {
  Tiles::template load<kTileA>(a, kTileRowBytes);
  Tiles::template dpbf16ps<2 * kRow, kTileA, kTileB>();
  if constexpr (kColTiles > 1) Tiles::template dpbf16ps<2 * kRow + 1, kTileA, kTileB + 1>();
}

// The products of planes i of A and j of B with first <= i + j <= last.
template <class Tiles, int kRowTiles, int kColTiles>
void sum_products(const PlaneBlock& t, const uint16_t* b, int64_t b_tiles, int first, int last) {
  const uint16_t* a = t.a;
  zero_sums<Tiles, kRowTiles, kColTiles>();
  for (int64_t p = 0; p < t.k; p += kPlaneStep) {
    for (int j = last; j >= 0; j--) {
      const int least = first > j ? first - j : 0, most = last - j < t.a_planes ? last - j : t.a_planes - 1;
      if (least > most) continue;
      const uint16_t* const plane = b + j * b_tiles * kTileWords;
      Tiles::template load<kTileB>(plane, kTileRowBytes);
      if constexpr (kColTiles > 1) Tiles::template load<kTileB + 1>(plane + kTileWords, kTileRowBytes);
      for (int i = most; i >= least; i--) {
        const uint16_t* const rows = a + i * kRowTiles * kTileWords;
        add_products<Tiles, 0, kColTiles>(rows);
        if constexpr (kRowTiles > 1) add_products<Tiles, 1, kColTiles>(rows + kTileWords);
      }
    }
    a += t.planes * kRowTiles * kTileWords;
    b += t.planes * b_tiles * kTileWords;
  }
}

template <class Tiles, int kRowTiles, int kColTiles>
void store_sums(PlaneSums* sums, int64_t column) {
  constexpr int64_t kRow = kPlaneCols * sizeof(float);
  Tiles::template store<0>(&sums->rows[0][column], kRow);
  if constexpr (kColTiles > 1) Tiles::template store<1>(&sums->rows[0][column + kPlaneLines], kRow);
  if constexpr (kRowTiles > 1) Tiles::template store<2>(&sums->rows[kPlaneLines][column], kRow);
  if constexpr (kRowTiles > 1 && kColTiles > 1) {
    Tiles::template store<3>(&sums->rows[kPlaneLines][column + kPlaneLines], kRow);
  }
}

// hi times hi into *sums, the rest into *small.
template <class Tiles, int kRowTiles, int kColTiles>
void multiply_pair(const PlaneBlock& t, int64_t tile, int64_t tiles, PlaneSums* sums, PlaneSums* small) {
  const uint16_t* const b = t.b + tile * kTileWords;
  if (t.planes > 1) {
    sum_products<Tiles, kRowTiles, kColTiles>(t, b, tiles, 1, t.planes - 1);
    store_sums<Tiles, kRowTiles, kColTiles>(small, tile * kPlaneLines);
  }
  sum_products<Tiles, kRowTiles, kColTiles>(t, b, tiles, 0, 0);
  store_sums<Tiles, kRowTiles, kColTiles>(sums, tile * kPlaneLines);
}

template <class Tiles, int kRowTiles>
void multiply_rows(const PlaneBlock& t, PlaneSums* sums, PlaneSums* small) {
  const int64_t tiles = (t.cols + kPlaneLines - 1) / kPlaneLines;
  for (int64_t j = 0; j < tiles; j += 2) {
    if (j + 1 < tiles) multiply_pair<Tiles, kRowTiles, 2>(t, j, tiles, sums, small);
    else multiply_pair<Tiles, kRowTiles, 1>(t, j, tiles, sums, small);
  }
}

// sums += small, in whole vectors.
void add_small(const PlaneBlock& t, const PlaneSums& small, PlaneSums* sums) {
  for (int64_t i = 0; i < t.rows; i++) {
    for (int64_t j = 0; j < t.cols; j += kLanes) {
      store(&sums->rows[i][j], load(&sums->rows[i][j]) + load(&small.rows[i][j]));
    }
  }
}

template <class Tiles>
PlaneResult multiply_by_tiles(const PlaneBlock& t) noexcept {
  PlaneSums sums, small;
  Tiles::configure(&kTileConfig);
  Tiles::template load<kCanaryTile>(kCanary, kCanaryBytes);
  if (t.rows > kPlaneLines) multiply_rows<Tiles, 2>(t, &sums, &small);
  else multiply_rows<Tiles, 1>(t, &sums, &small);
  const bool intact = tiles_are_intact<Tiles>();
  Tiles::release();
  if (!intact) return PlaneResult::kLost;
  if (t.planes > 1) add_small(t, small, &sums);
  return add_sums(t, sums);
}

// Where they pay, by calculation, not by measurement: Sapphire Rapids' two FMA units take 1/32 cycle for a multiply-add,
// six products of tiles 6 * 16 / (16 * 16 * 32), 0.0195 less, and splitting and packing an element takes up to a cycle:
// 0.0195 m n k > (m + n) k, or m n / (m + n) > 51. Three products and one save 0.025 and 0.029 and split less. Shorter
// products than two steps of k would spend their time on configuring and storing.
template <class Tiles>
constexpr PlaneKernels tile_kernels() {
  return {{nullptr, pack_planes<1>, pack_planes<2>, pack_planes<3>}, multiply_by_tiles<Tiles>,
          {0, 16, 32, 52}, {0, 64, 64, 64}};
}

}  // namespace
}  // namespace quern
