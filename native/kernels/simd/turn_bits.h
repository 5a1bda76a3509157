// Included by the instruction sets whose vectors hold bytes.
//
// Bit j of word i becomes bit i of word j, for 64 words. Each byte of a word is 8 columns of bits: once vector c has
// byte c of all words in their order, its bytes' top bits are the word of column 8c + 7, and doubling them brings up the
// next. Interleaving the lower and upper halves of vectors i and i + 4, to vectors 2i and 2i + 1, rotates the bits of a
// byte's place, vector and position in its lane, by one; after four rounds words and bytes have changed places.
#pragma once

namespace quern {
namespace {

QUERN_INLINE void turn_bits(const uint64_t* words, uint64_t* turned) {
  for (int part = 0; part < 64 / kBytes; part++) {
    B x[8], y[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) x[i] = load_lanes(words + part * kBytes + 2 * i);
#pragma GCC unroll 4
    for (int round = 0; round < 4; round++) {
      B* const from = round % 2 ? y : x;
      B* const to = round % 2 ? x : y;
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) {
        to[2 * i] = interleave_low(from[i], from[i + 4]);
        to[2 * i + 1] = interleave_high(from[i], from[i + 4]);
      }
    }
#pragma GCC unroll 8
    for (int c = 0; c < 8; c++) {
#pragma GCC unroll 8
      for (int bit = 7; bit >= 0; bit--, x[c] = twice(x[c])) {
        const uint64_t marks = top_bits(x[c]);
        __builtin_memcpy(reinterpret_cast<char*>(turned + 8 * c + bit) + part * kBytes / 8, &marks, kBytes / 8);
      }
    }
  }
}

}  // namespace
}  // namespace quern
