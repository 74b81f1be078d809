// Filling blocks straight from tuple slots.
#include "block.h"

#include "hash.h"
#include "row_key.h"
#include "tuples.h"
#include "utils/memutils.h"

#define FORGE_BLOCK_HEADER 16

void
forge_block_refuse_infinity(const ForgeBlockColumn *column, double value)
{
	ereport(ERROR,
			(errcode(FORGE_VALUE_OUT_OF_RANGE),
			 errmsg("column \"%s\" holds %sInfinity", column->name, value < 0 ? "-" : ""),
			 errhint("Leave such rows out of the source, or turn the value into NULL: NULLIF(%s, '%sInfinity').",
					 column->name, value < 0 ? "-" : "")));
}

static void
forge_block_refuse_level(const ForgeBlockColumn *column, int64 length, uint32 code)
{
	if (code == FORGE_TOO_MANY_CODE && column->levels->count < column->levels->limit)
		ereport(ERROR,
				(errcode(FORGE_TOO_MANY_LEVELS),
				 errmsg("column \"%s\" has more than %d MB of distinct values", column->name,
						(int) (FORGE_MAX_LEVEL_BYTES / 1024 / 1024)),
				 errhint("Leave it out with exclude, or shorten its values in the source.")));
	if (code == FORGE_TOO_MANY_CODE)
		ereport(ERROR,
				(errcode(FORGE_TOO_MANY_LEVELS),
				 errmsg("column \"%s\" has more than %u distinct values", column->name, column->levels->limit),
				 column->is_target
				 ? errhint("As a target it is probably an id, or a number held as text: cast it to a number in the source for "
						   "regression, or group its values into classes.")
				 : errhint("Leave it out with exclude, name it as id_column, or group its values in the source.")));
	ereport(ERROR,
			(errcode(FORGE_TOO_LARGE),
			 errmsg("column \"%s\" holds a value of " INT64_FORMAT " bytes, the limit is %d", column->name, length,
					FORGE_VALUE_BYTES),
			 column->is_target ? errhint("Shorten it in the source.")
			 : errhint("Leave it out with exclude, or shorten it in the source.")));
}

void
forge_block_add_category(ForgeBlock *block, ForgeBlockColumn *column, const ForgeCell *cell)
{
	uint32		known = column->levels->count;
	uint32		code;

	if (cell->bytes == NULL)
	{
		column->codes[block->rows] = FORGE_NULL_CODE;
		return;
	}
	code = cell->length > FORGE_VALUE_BYTES ? 0 : forge_levels_code(column->levels, cell->bytes, cell->length);
	if (unlikely(code == FORGE_TOO_MANY_CODE || cell->length > FORGE_VALUE_BYTES))
		forge_block_refuse_level(column, cell->length, code);
	if (column->levels->count > known)
		block->other_bytes += cell->length + sizeof(uint32);
	column->codes[block->rows] = code;
}

// Room for the rows up to the one that is being received; those before the first vector get their NaN.
static void
forge_vectors_reserve(ForgeBlock *block, ForgeBlockColumn *column)
{
	int			rows = block->rows + 1;

	if (rows <= column->vector_capacity)
		return;
	column->vector_capacity = Max(2 * column->vector_capacity, rows);
	float	   *grown = forge_allocate(
		block->context, sizeof(float) * column->vector_capacity * column->dimensions, "vectors");

	if (column->vectors)
	{
		memcpy(grown, column->vectors, sizeof(float) * block->rows * column->dimensions);
		pfree(column->vectors);
	}
	else
		for (Size i = 0; i < (Size) block->rows * column->dimensions; i++)
			grown[i] = NAN;
	column->vectors = grown;
}

void
forge_block_add_vector(ForgeBlock *block, ForgeBlockColumn *column, const ForgeCell *cell)
{
	if (column->dimensions == 0 && cell->bytes == NULL)
		return;
	if (column->dimensions == 0)
	{
		column->dimensions = column->converter.dimensions = cell->length / sizeof(float);
		block->other_bytes += sizeof(float) * block->rows * column->dimensions;
	}
	forge_vectors_reserve(block, column);
	float	   *vector = column->vectors + (Size) block->rows * column->dimensions;

	block->other_bytes += sizeof(float) * column->dimensions;
	if (cell->bytes)
		memcpy(vector, cell->bytes, cell->length);
	for (int i = 0; i < column->dimensions; i++)
		vector[i] = cell->bytes ? vector[i] + 0.0f : NAN;	// -0 is 0
}

// Groups are told apart by hash: there may be more of them than levels in a category.
void
forge_block_add_group(ForgeBlock *block, ForgeBlockColumn *column, Datum value, bool isnull)
{
	uint64		key = forge_id_key(column->type, value, isnull);

	memcpy(&column->numbers[block->rows], &key, sizeof key);
}

static void
forge_block_read_slot(ForgeBlock *block, TupleTableSlot *slot)
{
	const AttrNumber *attribute = block->attribute;

	slot_getallattrs(slot);
	for (int i = 0; i < block->columns; i++)
		forge_block_add(block, &block->column[i], slot->tts_values[attribute[i] - 1], slot->tts_isnull[attribute[i] - 1]);
	if (block->has_id)
		block->keys[block->rows] = forge_id_key(block->id_type, slot->tts_values[attribute[block->columns] - 1],
												slot->tts_isnull[attribute[block->columns] - 1]);
}

static bool
forge_block_receive(TupleTableSlot *slot, DestReceiver *self)
{
	ForgeBlock *block = (ForgeBlock *) self;
	MemoryContext caller = MemoryContextSwitchTo(block->row_context);

	if (!forge_tuple_read(block->tuples, block, slot))
		forge_block_read_slot(block, slot);
	block->rows++;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(block->row_context);
	return !forge_block_full(block);
}

bool
forge_block_full(const ForgeBlock *block)
{
	return block->rows == block->capacity || block->other_bytes >= FORGE_BLOCK_BYTES;
}

static void
forge_block_start(DestReceiver *self, int operation, TupleDesc descriptor)
{
}

static void
forge_block_stop(DestReceiver *self)
{
}

static Size
forge_pad(Size size)
{
	return TYPEALIGN(8, size);
}

static Size
forge_column_bytes(const ForgeBlockColumn *column, int rows)
{
	return column->kind == FORGE_CATEGORY ? forge_pad(sizeof(uint32) * rows)
		: column->kind == FORGE_VECTOR ? 0 : sizeof(double) * rows;
}

// Header, keys and columns; behind them come the new levels, and then the vectors.
static Size
forge_block_fixed_bytes(const ForgeBlock *block, int rows)
{
	Size		bytes = FORGE_BLOCK_HEADER + sizeof(uint64) * rows;

	for (int i = 0; i < block->columns; i++)
		bytes += forge_column_bytes(&block->column[i], rows);
	return bytes;
}

// Rows that fill a block. An odd multiple of eight, so that the columns of a row, which are written together, do not
// all fall into one set of the cache.
static int
forge_block_capacity(const ForgeBlock *block)
{
	Size		row = (forge_block_fixed_bytes(block, 8) - FORGE_BLOCK_HEADER) / 8;
	Size		eights = FORGE_BLOCK_BYTES / row / 8;

	return Max((int) (((Max(eights, 1) - 1) | 1) * 8), FORGE_BLOCK_MIN_ROWS);
}

static void
forge_block_place(ForgeBlock *block)
{
	char	   *at = VARDATA(block->bytes) + FORGE_BLOCK_HEADER;

	block->keys = (uint64 *) at;
	at += sizeof(uint64) * block->capacity;
	for (int i = 0; i < block->columns; i++)
	{
		ForgeBlockColumn *column = &block->column[i];

		column->numbers = (double *) at;
		column->codes = (uint32 *) at;
		at += forge_column_bytes(column, block->capacity);
	}
}

// Room for `size` bytes; what the block holds stays.
static void
forge_block_reserve(ForgeBlock *block, Size size)
{
	bytea	   *old = block->bytes;

	if (size <= block->size)
		return;
	// The columns are aligned from the data's start, behind the length word.
	block->bytes = (bytea *) ((char *) forge_allocate(block->context, VARHDRSZ + size + 8, "a block of rows") + 8 - VARHDRSZ);
	if (old)
	{
		memcpy(VARDATA(block->bytes), VARDATA(old), block->size);
		pfree((char *) old + VARHDRSZ - 8);
	}
	block->size = size;
	forge_block_place(block);
}

ForgeBlock *
forge_block_create(int columns, ForgeBlockColumn *column, Oid id_type)
{
	ForgeBlock *block = palloc0(sizeof *block);

	block->receiver = (DestReceiver) {forge_block_receive, forge_block_start, forge_block_stop, forge_block_stop, DestNone};
	block->context = CurrentMemoryContext;
	block->row_context = AllocSetContextCreate(CurrentMemoryContext, "forge row", ALLOCSET_DEFAULT_SIZES);
	block->columns = columns;
	block->column = column;
	block->has_id = OidIsValid(id_type);
	block->id_type = id_type;
	block->tuples = forge_tuple_reader_create(CurrentMemoryContext);
	for (int i = 0; i < columns; i++)
	{
		forge_converter_init(&column[i].converter, column[i].type);
		column[i].converter.column = column[i].name;
		if (column[i].kind == FORGE_CATEGORY)
			column[i].levels = forge_levels_create(
				CurrentMemoryContext, column[i].is_target ? FORGE_MAX_CLASSES : FORGE_MAX_LEVELS);
	}
	block->capacity = forge_block_capacity(block);
	forge_block_reserve(block, forge_block_fixed_bytes(block, block->capacity));
	return block;
}

static Size
forge_new_levels_bytes(const ForgeLevels *levels)
{
	uint32		added = levels->count - levels->sent;
	Size		bytes = forge_level_start(levels, levels->count) - forge_level_start(levels, levels->sent);

	return forge_pad(2 * sizeof(uint32) + added * sizeof(uint32) + bytes);
}

static Size
forge_vectors_bytes(const ForgeBlockColumn *column, int rows)
{
	return forge_pad(2 * sizeof(uint32) + sizeof(float) * rows * column->dimensions);
}

static Size
forge_block_bytes(const ForgeBlock *block)
{
	Size		bytes = forge_block_fixed_bytes(block, block->rows);

	for (int i = 0; i < block->columns; i++)
		if (block->column[i].kind == FORGE_CATEGORY)
			bytes += forge_new_levels_bytes(block->column[i].levels);
		else if (block->column[i].kind == FORGE_VECTOR)
			bytes += forge_vectors_bytes(&block->column[i], block->rows);
	return bytes;
}

static char *
forge_write(char *out, const void *bytes, Size length)
{
	memcpy(out, bytes, length);
	return out + length;
}

static char *
forge_write_padding(char *out, const char *start)
{
	Size		padding = forge_pad(out - start) - (out - start);

	memset(out, 0, padding);
	return out + padding;
}

// The columns of a block that is not full move up to each other.
static char *
forge_block_close_up(ForgeBlock *block, char *start)
{
	char	   *out = start + FORGE_BLOCK_HEADER + sizeof(uint64) * block->rows;

	for (int i = 0; i < block->columns; i++)
	{
		int			kind = block->column[i].kind;
		Size		bytes = kind == FORGE_VECTOR ? 0 : (kind == FORGE_CATEGORY ? sizeof(uint32) : sizeof(double)) * block->rows;

		if (out != (char *) block->column[i].numbers)
			memmove(out, block->column[i].numbers, bytes);
		out = forge_write_padding(out + bytes, start);
	}
	return out;
}

static char *
forge_write_levels(char *out, const char *start, ForgeLevels *levels)
{
	Size		first = forge_level_start(levels, levels->sent);
	uint32		counts[2] = {levels->count - levels->sent, forge_level_start(levels, levels->count) - first};

	out = forge_write(out, counts, sizeof counts);
	for (uint32 level = levels->sent; level < levels->count; level++)
	{
		uint32		end = levels->end[level] - first;

		out = forge_write(out, &end, sizeof end);
	}
	out = forge_write(out, levels->bytes + first, counts[1]);
	levels->sent = levels->count;
	return forge_write_padding(out, start);
}

static char *
forge_write_vectors(char *out, const char *start, const ForgeBlockColumn *column, int rows)
{
	uint32		counts[2] = {column->dimensions, 0};

	out = forge_write(out, counts, sizeof counts);
	if (column->dimensions > 0)
		out = forge_write(out, column->vectors, sizeof(float) * rows * column->dimensions);
	return forge_write_padding(out, start);
}

bytea *
forge_block_take(ForgeBlock *block)
{
	uint32		header[4] = {0, block->rows, block->columns, 0};
	Size		size = forge_block_bytes(block);
	char	   *start;
	char	   *out;

	forge_block_reserve(block, size);
	start = VARDATA(block->bytes);
	SET_VARSIZE(block->bytes, VARHDRSZ + size);
	if (!block->has_id)
		forge_block_hash_rows(block);
	memcpy(header, "FGB2", 4);
	forge_write(start, header, sizeof header);
	out = forge_block_close_up(block, start);
	for (int i = 0; i < block->columns; i++)
		if (block->column[i].kind == FORGE_CATEGORY)
			out = forge_write_levels(out, start, block->column[i].levels);
	for (int i = 0; i < block->columns; i++)
		if (block->column[i].kind == FORGE_VECTOR)
			out = forge_write_vectors(out, start, &block->column[i], block->rows);
	block->rows = 0;
	block->other_bytes = 0;
	return block->bytes;
}
