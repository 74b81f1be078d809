// Hashes that are written down for good: they decide which rows are held out (docs/internals.md, "Blocks").
#pragma once
#include "forge_pg.h"

#define FORGE_FNV_BASIS UINT64CONST(0xcbf29ce484222325)
#define FORGE_FNV_PRIME UINT64CONST(0x100000001b3)

// FNV-1a, 64 bits.
static inline uint64
forge_fnv(uint64 hash, const void *bytes, Size length)
{
	const unsigned char *byte = bytes;

	for (Size i = 0; i < length; i++)
		hash = (hash ^ byte[i]) * FORGE_FNV_PRIME;
	return hash;
}

// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
static inline uint64
forge_splitmix(uint64 x)
{
	x += UINT64CONST(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64CONST(0x94d049bb133111eb);
	return x ^ (x >> 31);
}
