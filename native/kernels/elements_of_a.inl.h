// How the left operand of a product is read, an element at a time: as it is, or as bytes by a look into a table. Batches
// of bytes then need not be turned to floats, four times as much to write and to read twice: steps of dense rows of 784
// take 5 % less of 128 rows and 10 % less of 1024.
#pragma once

namespace quern {
namespace {

// Beside 24 multiply-adds, of which Zen 4 makes one of 512 bits a cycle, there is time for 6 loads of bytes, 6 broadcasts
// and 4 loads of B. Beside 12 of 256 bits, two a cycle, 14 loads are too many: 3 % slower.
constexpr bool kBytesPay = kLanes == 16;

struct FloatsOfA {
  using Element = float;
  const float* at;
  QUERN_INLINE FloatsOfA(const float* floats, const uint8_t*, const float*) : at(floats) {}
  QUERN_INLINE V broadcast(float x) const { return set1(x); }
  QUERN_INLINE V operator()(int64_t i) const { return broadcast(at[i]); }
};

struct BytesOfA {
  using Element = uint8_t;
  const uint8_t* at;
  const float* table;
  QUERN_INLINE BytesOfA(const float*, const uint8_t* bytes, const float* table) : at(bytes), table(table) {}
  QUERN_INLINE V broadcast(uint8_t x) const { return set1(table[x]); }
  QUERN_INLINE V operator()(int64_t i) const { return broadcast(at[i]); }
};

}  // namespace
}  // namespace quern
