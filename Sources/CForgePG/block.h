// Rows of a query, gathered column by column into blocks (docs/internals.md, "Blocks").
#pragma once
#include "forge_pg.h"

#include "cells.h"
#include "executor/tuptable.h"
#include "levels.h"
#include "tcop/dest.h"

#define FORGE_BLOCK_ROWS 16384
#define FORGE_BLOCK_BYTES (8 * 1024 * 1024)

typedef struct ForgeBlockColumn
{
	const char *name;
	Oid			type;
	int			kind;
	bool		in_key;			// part of the row's hash where there is no id column
	bool		is_target;
	bool		is_group;		// the block holds the hash of each value, as of an id's, in place of numbers
	ForgeConverter converter;
	double	   *numbers;		// (rows) of a number; the bits of a group's hash
	uint32	   *codes;			// (rows) of a category
	ForgeLevels *levels;
} ForgeBlockColumn;

// Receives the executor's rows: the first `columns` attributes are the columns, one more is the id if there is one.
typedef struct ForgeBlock
{
	DestReceiver receiver;
	MemoryContext row_context;
	int			columns;
	ForgeBlockColumn *column;
	bool		has_id;
	ForgeConverter id_converter;
	Oid			id_type;
	int			capacity;		// rows of a block
	int			rows;			// in this block
	Size		level_bytes;	// of levels first seen in this block
	uint64	   *keys;
} ForgeBlock;

// `column` has name, type, kind, in_key, is_target and is_group set; a group's kind is FORGE_NUMBER, its type a base type.
extern ForgeBlock *forge_block_create(int columns, ForgeBlockColumn *column, Oid id_type);
extern bool forge_block_full(const ForgeBlock *block);
// The rows gathered, as one bytea in the current context; the next block begins.
extern bytea *forge_block_take(ForgeBlock *block);
