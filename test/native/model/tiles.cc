// Compiled with AVX-512's flags, so it keeps to what units of an instruction set may use.
#include "model/tiles.h"

#include "kernels/simd/avx512.h"

#include "kernels/plane_pack_bytes.inl.h"
#include "kernels/plane_tiles.inl.h"

namespace quern::test {
namespace {

constexpr int kTiles = 8, kMaxRows = 16, kMaxRowBytes = 64;

struct State {
  TileConfig config;
  uint8_t data[kTiles][kMaxRows][kMaxRowBytes];
  int64_t instructions;
  TileLoss loss;
  int64_t lost_before;
};
thread_local State state;
int64_t illegal;

// What every instruction begins with.
void count() {
  if (++state.instructions != state.lost_before || state.loss == TileLoss::kNothing) return;
  __builtin_memset(state.data, 0, sizeof state.data);
  if (state.loss == TileLoss::kDataAndConfiguration) state.config = {};
}

bool is_configured(int tile) {
  const bool fine = state.config.palette == 1 && state.config.rows[tile] > 0 && state.config.row_bytes[tile] > 0;
  if (!fine) __atomic_add_fetch(&illegal, 1, __ATOMIC_RELAXED);
  return fine;
}

// Denormals are zero, as inputs and as results. Whether a result that rounds up to the smallest normal number counts as
// one is below anything that the tests look at.
float flush(float x) { return __builtin_fabsf(x) < 0x1p-126f ? __builtin_copysignf(0.0f, x) : x; }
float fma_flushed(float x, float y, float z) { return flush(__builtin_fmaf(flush(x), flush(y), flush(z))); }
float add_flushed(float x, float y) { return flush(flush(x) + flush(y)); }

float bf16_to_float(uint16_t x) {
  const uint32_t bits = static_cast<uint32_t>(x) << 16;
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

// As the manual of TDPBF16PS says: for each element the even and the odd halves of the pairs are two chains of
// multiply-adds from 0, rounded to nearest even; their sum is added to the element.
void dot_products(float* c, const uint16_t* a, const uint16_t* b, int rows, int cols, int pairs) {
  for (int m = 0; m < rows; m++) {
    for (int n = 0; n < cols; n++) {
      float even = 0, odd = 0;
      for (int k = 0; k < pairs; k++) {
        const uint16_t* const x = a + m * kPlaneStep + 2 * k;
        const uint16_t* const y = b + k * kPlaneStep + 2 * n;
        even = fma_flushed(bf16_to_float(x[0]), bf16_to_float(y[0]), even);
        odd = fma_flushed(bf16_to_float(x[1]), bf16_to_float(y[1]), odd);
      }
      c[m * kMaxRows + n] = add_flushed(c[m * kMaxRows + n], add_flushed(even, odd));
    }
  }
}

struct ModelTiles {
  static void configure(const TileConfig* config) {
    count();
    state.config = *config;
    __builtin_memset(state.data, 0, sizeof state.data);
  }
  static void store_config(TileConfig* config) {
    count();
    *config = state.config;
  }
  static void release() {
    count();
    state.config = {};
    __builtin_memset(state.data, 0, sizeof state.data);
  }
  template <int kTile>
  static void zero() {
    count();
    if (is_configured(kTile)) __builtin_memset(state.data[kTile], 0, sizeof state.data[kTile]);
  }
  template <int kTile>
  static void load(const void* from, int64_t stride) {
    count();
    if (!is_configured(kTile)) return;
    __builtin_memset(state.data[kTile], 0, sizeof state.data[kTile]);
    for (int i = 0; i < state.config.rows[kTile]; i++) {
      __builtin_memcpy(state.data[kTile][i], static_cast<const uint8_t*>(from) + i * stride,
                       state.config.row_bytes[kTile]);
    }
  }
  template <int kTile>
  static void store(void* to, int64_t stride) {
    count();
    if (!is_configured(kTile)) return;
    for (int i = 0; i < state.config.rows[kTile]; i++) {
      __builtin_memcpy(static_cast<uint8_t*>(to) + i * stride, state.data[kTile][i], state.config.row_bytes[kTile]);
    }
  }
  template <int kSum, int kA, int kB>
  static void dpbf16ps() {
    count();
    if (!is_configured(kSum) || !is_configured(kA) || !is_configured(kB)) return;
    static_assert(kSum != kA && kSum != kB && kA != kB, "the processor refuses one tile twice");
    dot_products(reinterpret_cast<float*>(state.data[kSum]), reinterpret_cast<const uint16_t*>(state.data[kA]),
                 reinterpret_cast<const uint16_t*>(state.data[kB]), state.config.rows[kSum],
                 state.config.row_bytes[kSum] / 4, state.config.row_bytes[kA] / 4);
  }
};

}  // namespace

const PlaneKernels kModelPlanes = tile_kernels<ModelTiles>();

void lose_tiles(TileLoss what, int64_t before) {
  state.instructions = 0;
  state.loss = what;
  state.lost_before = before;
}

int64_t tile_instructions() { return state.instructions; }
int64_t illegal_tile_instructions() { return __atomic_load_n(&illegal, __ATOMIC_RELAXED); }

void model_dpbf16ps(float* c, const uint16_t* a, const uint16_t* b) {
  dot_products(c, a, b, kMaxRows, kMaxRows, kMaxRows);
}

}  // namespace quern::test
