// Open addressing with linear probing; at most half of the slots are used.
#include "levels.h"

#include "common/hashfn.h"
#include "hash.h"
#include "utils/memutils.h"

#define FORGE_LEVELS_START 64

ForgeLevels *
forge_levels_create(MemoryContext context, uint32 limit)
{
	ForgeLevels *levels = MemoryContextAllocZero(context, sizeof *levels);

	levels->context = context;
	levels->limit = limit;
	levels->capacity = FORGE_LEVELS_START;
	levels->mask = 2 * FORGE_LEVELS_START - 1;
	levels->slot = MemoryContextAllocZero(context, sizeof(ForgeLevelSlot) * (levels->mask + 1));
	levels->hash = MemoryContextAlloc(context, sizeof(uint64) * levels->capacity);
	levels->end = MemoryContextAlloc(context, sizeof(Size) * levels->capacity);
	levels->bytes_capacity = 1024;
	levels->bytes = MemoryContextAlloc(context, levels->bytes_capacity);
	return levels;
}

static inline uint64
forge_load(const char *bytes, int length)
{
	uint64		value = 0;

	memcpy(&value, bytes, length);
	return value;
}

// Two overlapping words hold any 4 to 16 bytes.
static inline ForgeLevelKey
forge_level_key(const char *bytes, int length)
{
	if (length > 16)
		return (ForgeLevelKey) {hash_bytes_extended((const unsigned char *) bytes, length, 0), forge_load(bytes + length - 8, 8), length};
	if (length >= 8)
		return (ForgeLevelKey) {forge_load(bytes, 8), forge_load(bytes + length - 8, 8), length};
	if (length >= 4)
		return (ForgeLevelKey) {forge_load(bytes, 4), forge_load(bytes + length - 4, 4), length};
	if (length == 0)
		return (ForgeLevelKey) {0, 0, 0};
	return (ForgeLevelKey) {(uint8) bytes[0] | (uint8) bytes[length / 2] << 8, (uint8) bytes[length - 1], length};
}

// Where to look first: a product of 128 bits folded, as in wyhash. Nothing that is kept depends on it.
static inline uint32
forge_level_place(const ForgeLevels *levels, const ForgeLevelKey *key)
{
	unsigned __int128 product = (unsigned __int128) (key->low ^ UINT64CONST(0xa0761d6478bd642f))
		* (key->high ^ key->length ^ UINT64CONST(0xe7037ed1a0b428db));

	return (uint32) ((uint64) product ^ (uint64) (product >> 64)) & levels->mask;
}

// The slot of the key's level, or the empty one where it would go.
static inline ForgeLevelSlot *
forge_level_find(const ForgeLevels *levels, const ForgeLevelKey *key, const char *bytes)
{
	for (uint32 at = forge_level_place(levels, key);; at = (at + 1) & levels->mask)
	{
		ForgeLevelSlot *slot = &levels->slot[at];

		if (slot->level == 0)
			return slot;
		if (slot->key.low == key->low && slot->key.high == key->high && slot->key.length == key->length
			&& (key->length <= 16 || memcmp(levels->bytes + forge_level_start(levels, slot->level - 1), bytes, key->length) == 0))
			return slot;
	}
}

static void
forge_levels_grow(ForgeLevels *levels)
{
	ForgeLevelSlot *old = levels->slot;
	uint32		slots = levels->mask + 1;

	levels->capacity *= 2;
	levels->mask = 2 * levels->capacity - 1;
	levels->hash = repalloc(levels->hash, sizeof(uint64) * levels->capacity);
	levels->end = repalloc(levels->end, sizeof(Size) * levels->capacity);
	levels->slot = MemoryContextAllocZero(levels->context, sizeof(ForgeLevelSlot) * (levels->mask + 1));
	for (uint32 i = 0; i < slots; i++)
	{
		uint32		at = forge_level_place(levels, &old[i].key);

		if (old[i].level == 0)
			continue;
		while (levels->slot[at].level)
			at = (at + 1) & levels->mask;
		levels->slot[at] = old[i];
	}
	pfree(old);
}

static uint32
forge_levels_add(ForgeLevels *levels, const char *bytes, int length)
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
	levels->hash[level] = forge_fnv(FORGE_FNV_BASIS, bytes, length);
	levels->count++;
	return level;
}

uint32
forge_levels_code(ForgeLevels *levels, const char *bytes, int length)
{
	ForgeLevelKey key = forge_level_key(bytes, length);
	ForgeLevelSlot *slot = forge_level_find(levels, &key, bytes);

	if (likely(slot->level))
		return slot->level - 1;
	if (levels->count == levels->limit || forge_level_start(levels, levels->count) + length > FORGE_MAX_LEVEL_BYTES)
		return FORGE_TOO_MANY_CODE;
	if (levels->count == levels->capacity)
	{
		forge_levels_grow(levels);
		slot = forge_level_find(levels, &key, bytes);
	}
	slot->key = key;
	slot->level = levels->count + 1;
	return forge_levels_add(levels, bytes, length);
}
