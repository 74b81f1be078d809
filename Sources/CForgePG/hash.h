// Hashes that are written down for good: they decide which rows are held out (docs/internals.md, "Blocks").
#pragma once
#include "forge_pg.h"
#include "forge_splitmix.h"

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
