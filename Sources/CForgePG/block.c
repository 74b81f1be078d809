// Filling blocks straight from tuple slots.
#include "block.h"

#include "hash.h"
#include "row_key.h"
#include "utils/memutils.h"

#define FORGE_BLOCK_HEADER 16

static void
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
	if (code == FORGE_TOO_MANY_CODE)
		ereport(ERROR,
				(errcode(FORGE_TOO_MANY_LEVELS),
				 errmsg("column \"%s\" has more than %d distinct values", column->name, FORGE_MAX_LEVELS),
				 column->is_target
				 ? errhint("As a target it is probably an id, or a number held as text: cast it to a number in the source for "
						   "regression, or group its values into classes.")
				 : errhint("Leave it out with exclude, name it as id_column, or group its values in the source.")));
	ereport(ERROR,
			(errcode(FORGE_TOO_LARGE),
			 errmsg("column \"%s\" holds a value of " INT64_FORMAT " bytes, the limit is %d", column->name, length,
					FORGE_BLOCK_BYTES),
			 column->is_target ? errhint("Shorten it in the source.")
			 : errhint("Leave it out with exclude, or shorten it in the source.")));
}

static void
forge_block_add_category(ForgeBlock *block, ForgeBlockColumn *column, const ForgeCell *cell)
{
	uint32		known = column->levels->count;
	uint32		code;

	if (cell->bytes == NULL)
	{
		column->codes[block->rows] = FORGE_NULL_CODE;
		return;
	}
	code = cell->length > FORGE_BLOCK_BYTES ? 0 : forge_levels_code(column->levels, cell->bytes, cell->length);
	if (unlikely(code == FORGE_TOO_MANY_CODE || cell->length > FORGE_BLOCK_BYTES))
		forge_block_refuse_level(column, cell->length, code);
	if (column->levels->count > known)
		block->level_bytes += cell->length + sizeof(uint32);
	column->codes[block->rows] = code;
}

// Groups are told apart by hash: there may be more of them than levels in a category.
static void
forge_block_add_group(ForgeBlock *block, ForgeBlockColumn *column, Datum value, bool isnull)
{
	uint64		key = forge_id_key(column->type, value, isnull);

	memcpy(&column->numbers[block->rows], &key, sizeof key);
}

static bool
forge_block_receive(TupleTableSlot *slot, DestReceiver *self)
{
	ForgeBlock *block = (ForgeBlock *) self;
	MemoryContext caller = MemoryContextSwitchTo(block->row_context);
	ForgeCell	cell;

	slot_getallattrs(slot);
	for (int i = 0; i < block->columns; i++)
	{
		ForgeBlockColumn *column = &block->column[i];

		if (column->is_group)
		{
			forge_block_add_group(block, column, slot->tts_values[i], slot->tts_isnull[i]);
			continue;
		}
		forge_cell_read(&column->converter, slot->tts_values[i], slot->tts_isnull[i], &cell);
		if (column->kind == FORGE_CATEGORY)
			forge_block_add_category(block, column, &cell);
		else
		{
			if (unlikely(isinf(cell.number)))
				forge_block_refuse_infinity(column, cell.number);
			column->numbers[block->rows] = cell.number;
		}
	}
	if (block->has_id)
		block->keys[block->rows] = forge_id_key(block->id_type, slot->tts_values[block->columns],
												slot->tts_isnull[block->columns]);
	block->rows++;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(block->row_context);
	return !forge_block_full(block);
}

static Size
forge_block_row_bytes(const ForgeBlock *block)
{
	Size		bytes = sizeof(uint64);

	for (int i = 0; i < block->columns; i++)
		bytes += block->column[i].kind == FORGE_CATEGORY ? sizeof(uint32) : sizeof(double);
	return bytes;
}

bool
forge_block_full(const ForgeBlock *block)
{
	return block->rows == block->capacity
		|| (block->level_bytes > 0 && block->rows * forge_block_row_bytes(block) + block->level_bytes >= FORGE_BLOCK_BYTES);
}

static void
forge_block_start(DestReceiver *self, int operation, TupleDesc descriptor)
{
}

static void
forge_block_stop(DestReceiver *self)
{
}

ForgeBlock *
forge_block_create(int columns, ForgeBlockColumn *column, Oid id_type)
{
	ForgeBlock *block = palloc0(sizeof *block);

	block->receiver = (DestReceiver) {forge_block_receive, forge_block_start, forge_block_stop, forge_block_stop, DestNone};
	block->row_context = AllocSetContextCreate(CurrentMemoryContext, "forge row", ALLOCSET_DEFAULT_SIZES);
	block->columns = columns;
	block->column = column;
	block->has_id = OidIsValid(id_type);
	block->id_type = id_type;
	block->capacity = Min(FORGE_BLOCK_ROWS, Max(FORGE_BLOCK_BYTES / forge_block_row_bytes(block), 1));
	block->keys = palloc(sizeof(uint64) * block->capacity);
	for (int i = 0; i < columns; i++)
	{
		forge_converter_init(&column[i].converter, column[i].type);
		if (column[i].kind == FORGE_CATEGORY)
		{
			column[i].codes = palloc(sizeof(uint32) * block->capacity);
			column[i].levels = forge_levels_create(CurrentMemoryContext);
		}
		else
			column[i].numbers = palloc(sizeof(double) * block->capacity);
	}
	return block;
}

static Size
forge_pad(Size size)
{
	return TYPEALIGN(8, size);
}

static Size
forge_category_size(const ForgeBlock *block, const ForgeLevels *levels)
{
	uint32		added = levels->count - levels->sent;
	Size		bytes = forge_level_start(levels, levels->count) - forge_level_start(levels, levels->sent);

	return forge_pad(2 * sizeof(uint32) + added * sizeof(uint32) + bytes) + forge_pad(sizeof(uint32) * block->rows);
}

static Size
forge_block_size(const ForgeBlock *block)
{
	Size		size = FORGE_BLOCK_HEADER + sizeof(uint64) * block->rows;

	for (int i = 0; i < block->columns; i++)
		size += block->column[i].kind == FORGE_CATEGORY
			? forge_category_size(block, block->column[i].levels) : sizeof(double) * block->rows;
	return size;
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

// The levels that this block brings, then the rows' codes.
static char *
forge_write_category(char *out, const char *start, const ForgeBlock *block, ForgeLevels *levels, const uint32 *codes)
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
	out = forge_write_padding(out, start);
	out = forge_write(out, codes, sizeof(uint32) * block->rows);
	levels->sent = levels->count;
	return forge_write_padding(out, start);
}

bytea *
forge_block_take(ForgeBlock *block)
{
	Size		size = forge_block_size(block);
	bytea	   *result = forge_allocate(CurrentMemoryContext, VARHDRSZ + size, "a block of rows");
	uint32		header[4] = {0, block->rows, block->columns, 0};
	char	   *start = VARDATA(result);
	char	   *out = start;

	SET_VARSIZE(result, VARHDRSZ + size);
	if (!block->has_id)
		forge_block_hash_rows(block);
	memcpy(header, "FGB1", 4);
	out = forge_write(out, header, sizeof header);
	out = forge_write(out, block->keys, sizeof(uint64) * block->rows);
	for (int i = 0; i < block->columns; i++)
		out = block->column[i].kind == FORGE_CATEGORY
			? forge_write_category(out, start, block, block->column[i].levels, block->column[i].codes)
			: forge_write(out, block->column[i].numbers, sizeof(double) * block->rows);
	block->rows = 0;
	block->level_bytes = 0;
	return result;
}
