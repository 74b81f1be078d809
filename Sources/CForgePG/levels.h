// The dictionary of one category column: levels are numbered in the order they are first seen.
#pragma once
#include "forge_pg.h"

#define FORGE_MAX_CLASSES 65536				// distinct values of a target
#define FORGE_MAX_LEVELS (4 * 1024 * 1024)	// of any other column: texts are mostly distinct
#define FORGE_MAX_LEVEL_BYTES ((Size) 512 * 1024 * 1024)
#define FORGE_NULL_CODE PG_UINT32_MAX
#define FORGE_TOO_MANY_CODE (PG_UINT32_MAX - 1)

// With its length, all of a level of at most 16 bytes: equal keys are equal levels. Of a longer one a hash.
typedef struct ForgeLevelKey
{
	uint64		low;
	uint64		high;
	uint32		length;
} ForgeLevelKey;

typedef struct ForgeLevelSlot
{
	ForgeLevelKey key;
	uint32		level;			// + 1, 0 when empty
} ForgeLevelSlot;

typedef struct ForgeLevels
{
	MemoryContext context;
	uint32		limit;			// of the count
	uint32		count;
	uint32		capacity;		// levels that the arrays hold
	uint32		mask;			// slots - 1
	ForgeLevelSlot *slot;
	uint64	   *hash;			// (levels) hash that the rows' keys are made of
	Size	   *end;			// (levels) where a level's bytes end
	char	   *bytes;
	Size		bytes_capacity;
	uint32		sent;			// levels that earlier blocks hold
} ForgeLevels;

extern ForgeLevels *forge_levels_create(MemoryContext context, uint32 limit);
// The level's number; FORGE_TOO_MANY_CODE for one beyond the limit, in number or in bytes.
extern uint32 forge_levels_code(ForgeLevels *levels, const char *bytes, int length);

static inline Size
forge_level_start(const ForgeLevels *levels, uint32 level)
{
	return level == 0 ? 0 : levels->end[level - 1];
}
