// Open addressing with linear probing over at most 65,536 levels; at most half of the slots are used.
#include "levels.h"

#include "common/hashfn.h"
#include "hash.h"
#include "utils/memutils.h"

#define FORGE_LEVELS_START 64

ForgeLevels *
forge_levels_create(MemoryContext context)
{
	ForgeLevels *levels = MemoryContextAllocZero(context, sizeof *levels);

	levels->context = context;
	levels->capacity = FORGE_LEVELS_START;
	levels->mask = 2 * FORGE_LEVELS_START - 1;
	levels->slot = MemoryContextAllocZero(context, sizeof(uint32) * (levels->mask + 1));
	levels->lookup = MemoryContextAlloc(context, sizeof(uint32) * levels->capacity);
	levels->hash = MemoryContextAlloc(context, sizeof(uint64) * levels->capacity);
	levels->end = MemoryContextAlloc(context, sizeof(Size) * levels->capacity);
	levels->bytes_capacity = 1024;
	levels->bytes = MemoryContextAlloc(context, levels->bytes_capacity);
	return levels;
}

static void
forge_levels_grow(ForgeLevels *levels)
{
	levels->capacity *= 2;
	levels->mask = 2 * levels->capacity - 1;
	levels->lookup = repalloc(levels->lookup, sizeof(uint32) * levels->capacity);
	levels->hash = repalloc(levels->hash, sizeof(uint64) * levels->capacity);
	levels->end = repalloc(levels->end, sizeof(Size) * levels->capacity);
	pfree(levels->slot);
	levels->slot = MemoryContextAllocZero(levels->context, sizeof(uint32) * (levels->mask + 1));
	for (uint32 level = 0; level < levels->count; level++)
	{
		uint32		at = levels->lookup[level] & levels->mask;

		while (levels->slot[at])
			at = (at + 1) & levels->mask;
		levels->slot[at] = level + 1;
	}
}

static bool
forge_level_equals(const ForgeLevels *levels, uint32 level, uint32 lookup, const char *bytes, int length)
{
	Size		start;

	if (levels->lookup[level] != lookup)
		return false;
	start = forge_level_start(levels, level);
	return levels->end[level] - start == length && memcmp(levels->bytes + start, bytes, length) == 0;
}

static uint32
forge_levels_add(ForgeLevels *levels, uint32 lookup, const char *bytes, int length)
{
	uint32		level = levels->count;
	Size		start = forge_level_start(levels, level);

	if (start + length > levels->bytes_capacity)
	{
		levels->bytes_capacity = Max(levels->bytes_capacity * 2, start + length);
		levels->bytes = repalloc_huge(levels->bytes, levels->bytes_capacity);
	}
	memcpy(levels->bytes + start, bytes, length);
	levels->end[level] = start + length;
	levels->lookup[level] = lookup;
	levels->hash[level] = forge_fnv(FORGE_FNV_BASIS, bytes, length);
	levels->count++;
	return level;
}

uint32
forge_levels_code(ForgeLevels *levels, const char *bytes, int length)
{
	uint32		lookup = hash_bytes((const unsigned char *) bytes, length);
	uint32		at = lookup & levels->mask;

	for (; levels->slot[at]; at = (at + 1) & levels->mask)
		if (forge_level_equals(levels, levels->slot[at] - 1, lookup, bytes, length))
			return levels->slot[at] - 1;
	if (levels->count == FORGE_MAX_LEVELS)
		return FORGE_TOO_MANY_CODE;
	if (levels->count == levels->capacity)
	{
		forge_levels_grow(levels);
		for (at = lookup & levels->mask; levels->slot[at];)
			at = (at + 1) & levels->mask;
	}
	levels->slot[at] = levels->count + 1;
	return forge_levels_add(levels, lookup, bytes, length);
}
