// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", 2011): ten rounds turn a
// counter of 128 bits and a key of 64 into 128 random bits, with no state. This is the specification; random.inl.h
// does the same for a vector of counters. static: units of several instruction sets include this.
#pragma once
#include <stdint.h>

namespace quern {

constexpr uint32_t kPhiloxMultiplier0 = 0xD2511F53u, kPhiloxMultiplier1 = 0xCD9E8D57u;
constexpr uint32_t kPhiloxWeyl0 = 0x9E3779B9u, kPhiloxWeyl1 = 0xBB67AE85u;  // golden ratio, sqrt(3) - 1
constexpr int kPhiloxRounds = 10;

struct PhiloxBlock {
  uint32_t word[4];
};

static inline PhiloxBlock philox(PhiloxBlock counter, uint32_t key0, uint32_t key1) {
  uint32_t* c = counter.word;
  for (int round = 0; round < kPhiloxRounds; round++) {
    uint64_t product0 = static_cast<uint64_t>(kPhiloxMultiplier0) * c[0];
    uint64_t product1 = static_cast<uint64_t>(kPhiloxMultiplier1) * c[2];
    uint32_t next0 = static_cast<uint32_t>(product1 >> 32) ^ c[1] ^ key0;
    uint32_t next2 = static_cast<uint32_t>(product0 >> 32) ^ c[3] ^ key1;
    c[0] = next0;
    c[1] = static_cast<uint32_t>(product1);
    c[2] = next2;
    c[3] = static_cast<uint32_t>(product0);
    key0 += kPhiloxWeyl0;
    key1 += kPhiloxWeyl1;
  }
  return counter;
}

}  // namespace quern
