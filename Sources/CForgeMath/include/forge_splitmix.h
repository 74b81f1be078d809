// SplitMix64 (Steele, Lea and Flood: "Fast splittable pseudorandom number generators", 2014). Written down for good: it decides
// which rows are held out and what is drawn from a seed.
#pragma once
#include <stdint.h>

#define FORGE_SPLITMIX_STEP 0x9E3779B97F4A7C15ull

// The number of state x.
static inline uint64_t forge_splitmix64(uint64_t x) {
    x += FORGE_SPLITMIX_STEP;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ x >> 27) * 0x94D049BB133111EBull;
    return x ^ x >> 31;
}

// The next number of a stream.
static inline uint64_t forge_splitmix64_next(uint64_t *state) {
    uint64_t number = forge_splitmix64(*state);
    *state += FORGE_SPLITMIX_STEP;
    return number;
}
