// Rows of a query, gathered column by column into blocks (docs/internals.md, "Blocks").
#pragma once
#include "forge_pg.h"

#include "cells.h"
#include "executor/tuptable.h"
#include "levels.h"
#include "tcop/dest.h"

// Small enough to stay in a core's cache on the way from here through COPY and the socket into the child.
#define FORGE_BLOCK_BYTES (128 * 1024)
#define FORGE_BLOCK_MIN_ROWS 72
#define FORGE_VALUE_BYTES (8 * 1024 * 1024)

typedef struct ForgeBlockColumn
{
	const char *name;
	Oid			type;
	int			kind;
	bool		in_key;			// part of the row's hash where there is no id column
	bool		is_target;
	bool		is_group;		// the block holds the hash of each value, as of an id's, in place of numbers
	ForgeConverter converter;
	double	   *numbers;		// (capacity) of a number, in the block's bytes; the bits of a group's hash
	uint32	   *codes;			// (capacity) of a category, in the block's bytes
	float	   *vectors;		// (rows, dimensions) of a vector; a missing one is all NaN
	int			dimensions;		// 0 until the first vector comes
	int			vector_capacity;	// rows
	ForgeLevels *levels;
} ForgeBlockColumn;

struct ForgeTupleReader;

// Receives the executor's rows.
typedef struct ForgeBlock
{
	DestReceiver receiver;
	MemoryContext context;		// of the block's bytes
	MemoryContext row_context;
	int			columns;
	ForgeBlockColumn *column;
	bool		has_id;
	Oid			id_type;
	const AttrNumber *attribute; // (columns + id) where the rows hold them
	struct ForgeTupleReader *tuples;
	int			capacity;		// rows of a block
	int			rows;			// in this block
	Size		other_bytes;	// of levels first seen in this block, and of its vectors
	bytea	   *bytes;			// written in place, given away and written again
	Size		size;
	uint64	   *keys;			// (capacity), in the block's bytes
} ForgeBlock;

// `column` has name, type, kind, in_key, is_target and is_group set; a group's kind is FORGE_NUMBER, its type a base
// type. `attribute` is set before the first row comes.
extern ForgeBlock *forge_block_create(int columns, ForgeBlockColumn *column, Oid id_type);
extern bool forge_block_full(const ForgeBlock *block);
// The rows gathered; the next block begins. The bytes are valid until its first row comes.
extern bytea *forge_block_take(ForgeBlock *block);

// Write a cell of the row that is being received; numbers that are infinite and values that are too long are refused.
extern void forge_block_add_category(ForgeBlock *block, ForgeBlockColumn *column, const ForgeCell *cell);
extern void forge_block_add_vector(ForgeBlock *block, ForgeBlockColumn *column, const ForgeCell *cell);
extern void forge_block_add_group(ForgeBlock *block, ForgeBlockColumn *column, Datum value, bool isnull);
extern _Noreturn void forge_block_refuse_infinity(const ForgeBlockColumn *column, double value);

static inline void
forge_block_add(ForgeBlock *block, ForgeBlockColumn *column, Datum value, bool isnull)
{
	ForgeCell	cell;

	if (unlikely(column->is_group))
	{
		forge_block_add_group(block, column, value, isnull);
		return;
	}
	forge_cell_read(&column->converter, value, isnull, &cell);
	if (column->kind == FORGE_CATEGORY)
		forge_block_add_category(block, column, &cell);
	else if (column->kind == FORGE_VECTOR)
		forge_block_add_vector(block, column, &cell);
	else
	{
		if (unlikely(isinf(cell.number)))
			forge_block_refuse_infinity(column, cell.number);
		column->numbers[block->rows] = cell.number;
	}
}
