// Blocks by AMX: C in tiles, two by two, multiplied by the planes of A and B. Written over `Tiles`, the instructions:
//
//   static void configure(const TileConfig*) · store_config(TileConfig*) · release()
//   template static zero<t>() · load<t>(const void*, stride) · store<t>(void*, stride) · dpbf16ps<sum, a, b>()
//
// isa/amx.cc has the processor's, test/native/model/ a model of them as Intel documents them.
//
// Tiles 0 to 3 are sums, 4 is A's, 5 and 6 are B's; 7 is a canary. For each plane of B two of its tiles stay while two
// tiles of each plane of A pass. hi times hi follows in a second pass over k, once the other products are summed up:
// each product rounds the sum it is added to, and five of six would round one that is 2^8 times as large as they are.
// Both passes together load, a step, 20 tiles (8 cycles each) for 24 products (16 cycles each).
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

bool same_line(const void* x, const void* y) {
  const auto *a = static_cast<const uint32_t*>(x), *b = static_cast<const uint32_t*>(y);
  return !any_not_zero(load_u(a) ^ load_u(b));
}

template <class Tiles>
bool tiles_are_intact() {
  TileConfig config = {};
  alignas(64) uint8_t canary[kCanaryBytes] = {};
  Tiles::store_config(&config);
  if (!same_line(&config, &kTileConfig)) return false;  // without one, the next would be fatal
  Tiles::template store<kCanaryTile>(canary, kCanaryBytes);
  return same_line(canary, kCanary);
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

// What the loops need of a block: where A's and B's first tiles of a pair of them are, and how many tiles lie beside
// each other.
struct TilePair {
  const uint16_t *a, *b;
  int64_t a_tiles, b_tiles;
};

// Adds the products of planes i of A and j of B with first <= i + j <= last.
template <class Tiles, int kRowTiles, int kColTiles>
void sum_products(const PlaneBlock& t, TilePair pair, int first, int last) {
  const int64_t a_plane = pair.a_tiles * kTileWords, b_plane = pair.b_tiles * kTileWords;
  for (int64_t p = 0; p < t.k; p += kPlaneStep) {
    for (int j = last; j >= 0; j--) {
      const int least = first > j ? first - j : 0, most = last - j < t.a_planes ? last - j : t.a_planes - 1;
      if (least > most) continue;
      const uint16_t* const b = pair.b + j * b_plane;
      Tiles::template load<kTileB>(b, kTileRowBytes);
      if constexpr (kColTiles > 1) Tiles::template load<kTileB + 1>(b + kTileWords, kTileRowBytes);
      for (int i = most; i >= least; i--) {
        const uint16_t* const a = pair.a + i * a_plane;
        add_products<Tiles, 0, kColTiles>(a);
        if constexpr (kRowTiles > 1) add_products<Tiles, 1, kColTiles>(a + kTileWords);
      }
    }
    pair.a += t.a_packed * a_plane;
    pair.b += t.planes * b_plane;
  }
}

// Adds the products of A's one plane, whose tiles, 4 and 5, stay while B's pass in 6: 8 tiles a step for 12 products of
// three planes. They go into one sum in turn: three roundings a step, where multiply-adds have 32, are no worse.
template <class Tiles, int kRowTiles, int kColTiles>
void sum_one_plane(const PlaneBlock& t, TilePair pair) {
  constexpr int kPassing = kTileA + 2;
  const int64_t a_step = t.a_packed * pair.a_tiles * kTileWords, b_plane = pair.b_tiles * kTileWords;
  for (int64_t p = 0; p < t.k; p += kPlaneStep, pair.a += a_step, pair.b += t.planes * b_plane) {
    Tiles::template load<kTileA>(pair.a, kTileRowBytes);
    if constexpr (kRowTiles > 1) Tiles::template load<kTileA + 1>(pair.a + kTileWords, kTileRowBytes);
    for (int j = t.planes - 1; j >= 0; j--) {
      Tiles::template load<kPassing>(pair.b + j * b_plane, kTileRowBytes);
      Tiles::template dpbf16ps<0, kTileA, kPassing>();
      if constexpr (kRowTiles > 1) Tiles::template dpbf16ps<2, kTileA + 1, kPassing>();
      if constexpr (kColTiles > 1) {
        Tiles::template load<kPassing>(pair.b + j * b_plane + kTileWords, kTileRowBytes);
        Tiles::template dpbf16ps<1, kTileA, kPassing>();
        if constexpr (kRowTiles > 1) Tiles::template dpbf16ps<3, kTileA + 1, kPassing>();
      }
    }
  }
}

template <class Tiles, int kRowTiles, int kColTiles>
void store_sums(float* sums) {
  constexpr int64_t kRow = kPlaneCols * sizeof(float);
  Tiles::template store<0>(sums, kRow);
  if constexpr (kColTiles > 1) Tiles::template store<1>(sums + kPlaneLines, kRow);
  if constexpr (kRowTiles > 1) Tiles::template store<2>(sums + kPlaneLines * kPlaneCols, kRow);
  if constexpr (kRowTiles > 1 && kColTiles > 1) {
    Tiles::template store<3>(sums + kPlaneLines * kPlaneCols + kPlaneLines, kRow);
  }
}

template <class Tiles, int kRowTiles, int kColTiles>
void multiply_pair(const PlaneBlock& t, const TilePair& pair, float* sums) {
  zero_sums<Tiles, kRowTiles, kColTiles>();
  if (t.a_packed == 1) {
    sum_one_plane<Tiles, kRowTiles, kColTiles>(t, pair);
  } else {
    sum_products<Tiles, kRowTiles, kColTiles>(t, pair, 1, t.planes - 1);
    sum_products<Tiles, kRowTiles, kColTiles>(t, pair, 0, 0);
  }
  store_sums<Tiles, kRowTiles, kColTiles>(sums);
}

// Down along a pair of B's columns, which L1 may keep.
template <class Tiles, int kColTiles>
void multiply_column(const PlaneBlock& t, TilePair pair, PlaneSums* sums, int64_t column) {
  for (int64_t i = 0; i < pair.a_tiles; i += 2, pair.a += 2 * kTileWords) {
    float* const to = &sums->rows[i * kPlaneLines][column];
    if (i + 1 < pair.a_tiles) multiply_pair<Tiles, 2, kColTiles>(t, pair, to);
    else multiply_pair<Tiles, 1, kColTiles>(t, pair, to);
  }
}

template <class Tiles>
PlaneResult multiply_by_tiles(const PlaneBlock& t) noexcept {
  PlaneSums sums;
  Tiles::configure(&kTileConfig);
  Tiles::template load<kCanaryTile>(kCanary, kCanaryBytes);
  const int64_t a_tiles = (t.rows + kPlaneLines - 1) / kPlaneLines, b_tiles = (t.cols + kPlaneLines - 1) / kPlaneLines;
  for (int64_t j = 0; j < b_tiles; j += 2) {
    const TilePair pair{t.a, t.b + j * kTileWords, a_tiles, b_tiles};
    if (j + 1 < b_tiles) multiply_column<Tiles, 2>(t, pair, &sums, j * kPlaneLines);
    else multiply_column<Tiles, 1>(t, pair, &sums, j * kPlaneLines);
  }
  const bool intact = tiles_are_intact<Tiles>();
  Tiles::release();
  return intact ? add_sums(t, sums) : PlaneResult::kLost;
}

// Where they pay, measured on a Xeon of 2 MB of L2 a core, by one thread and two. With data that is not all zeros its
// cores multiply a tile in 5.3 ns (16 cycles at the clock they keep then), in 6 to 7 with tiles from L2, where
// multiply-adds take 67 (8192 of them, 32 a cycle): six products leave less than half to gain. Packing 128 columns for
// 128 rows of the seed model takes that: 107 us by multiply-adds, 105 to 111 by planes, and more where two workers pack
// the same rows. Three products gain a half, one three quarters. Bytes are multiplied as three, but what is left of
// them where MNIST's zeros are skipped takes as long: training in batches of 128 by planes takes 10 to 15 % longer than
// that with up to 512 units (and 15 to 20 % less than multiply-adds where nothing is skipped), in batches of 256 it
// takes 5 to 20 % less.
template <class Tiles>
constexpr PlaneKernels tile_kernels() {
  return {{nullptr, pack_planes<1>, pack_planes<2>, pack_planes<3>}, pack_bytes, multiply_by_tiles<Tiles>,
          {{}, {12, 24, 75}, {24, 32, 75}, {80, 100, 90}},
          {{}, {12, 24, 75}, {16, 48, 75}, {48, 112, 75}}};
}

}  // namespace
}  // namespace quern
