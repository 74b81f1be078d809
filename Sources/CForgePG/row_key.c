// Keys of rows. They do not depend on the order of rows or columns, on settings, or on the machine, so a row stays in
// its part through every retraining, and rows that are equal stay together.
#include "row_key.h"

#include "catalog/pg_type.h"
#include "forge_math.h"
#include "hash.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

static uint64
forge_tagged_key(char tag, const void *bytes, Size length)
{
	return forge_splitmix64(forge_fnv(forge_fnv(FORGE_FNV_BASIS, &tag, 1), bytes, length));
}

static uint64
forge_integer_key(int64 value)
{
	return forge_tagged_key('i', &value, sizeof value);
}

uint64
forge_id_key(Oid type, Datum value, bool isnull)
{
	Oid			output;
	bool		varlena;
	char	   *text;

	if (isnull)
		return forge_tagged_key('n', NULL, 0);
	switch (type)
	{
		case INT2OID:
			return forge_integer_key(DatumGetInt16(value));
		case INT4OID:
			return forge_integer_key(DatumGetInt32(value));
		case INT8OID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return forge_integer_key(DatumGetInt64(value));
		case DATEOID:
			return forge_integer_key(DatumGetDateADT(value));
		case UUIDOID:
			return forge_tagged_key('u', DatumGetUUIDP(value)->data, UUID_LEN);
		case TEXTOID:
		case VARCHAROID:
			{
				struct varlena *bytes = PG_DETOAST_DATUM_PACKED(value);

				return forge_tagged_key('t', VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
			}
		default:
			getTypeOutputInfo(type, &output, &varlena);
			text = OidOutputFunctionCall(output, value);
			return forge_tagged_key('o', text, strlen(text));
	}
}

// Compiled for each generation of processors; the loader picks one. All give the same bits.
#if defined(__x86_64__)
#define FORGE_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FORGE_CLONES
#endif

// 0 and -0 are one value, all that is missing another.
FORGE_CLONES static void
forge_keys_add_numbers(uint64 *key, const double *number, int rows, uint64 salt)
{
	for (int row = 0; row < rows; row++)
	{
		uint64		bits;

		memcpy(&bits, &number[row], sizeof bits);
		bits = number[row] == 0 ? 0 : number[row] != number[row] ? FORGE_NULL_BITS : bits;
		key[row] += forge_splitmix64(bits ^ salt);
	}
}

static void
forge_keys_add_categories(uint64 *key, const uint32 *code, int rows, const uint64 *hash, uint64 salt)
{
	for (int row = 0; row < rows; row++)
		key[row] += forge_splitmix64((code[row] == FORGE_NULL_CODE ? FORGE_NULL_BITS : hash[code[row]]) ^ salt);
}

static void
forge_keys_add_vectors(uint64 *key, const ForgeBlockColumn *column, int rows, uint64 salt)
{
	for (int row = 0; row < rows; row++)
	{
		const float *vector = column->vectors + (Size) row * column->dimensions;
		bool		missing = column->dimensions == 0 || isnan(vector[0]);

		key[row] += forge_splitmix64((missing ? FORGE_NULL_BITS
									  : forge_level_hash(vector, sizeof(float) * column->dimensions)) ^ salt);
	}
}

FORGE_CLONES static void
forge_keys_finish(uint64 *key, int rows)
{
	for (int row = 0; row < rows; row++)
		key[row] = forge_splitmix64(key[row]);
}

void
forge_block_hash_rows(ForgeBlock *block)
{
	memset(block->keys, 0, sizeof(uint64) * block->rows);
	for (int i = 0; i < block->columns; i++)
	{
		const ForgeBlockColumn *column = &block->column[i];
		uint64		salt = forge_splitmix64(forge_fnv(FORGE_FNV_BASIS, column->name, strlen(column->name)));

		if (!column->in_key)
			continue;
		if (column->kind == FORGE_CATEGORY)
			forge_keys_add_categories(block->keys, column->codes, block->rows, column->levels->hash, salt);
		else if (column->kind == FORGE_VECTOR)
			forge_keys_add_vectors(block->keys, column, block->rows, salt);
		else
			forge_keys_add_numbers(block->keys, column->numbers, block->rows, salt);
	}
	forge_keys_finish(block->keys, block->rows);
}
