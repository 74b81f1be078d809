// Decoded models of this backend, kept between queries within forge.model_cache_mb.
#pragma once
#include "forge_pg.h"

#include "cells.h"
#include "version.h"

typedef struct ForgeModelColumn
{
	const char *name;			// UTF-8, not NUL-terminated: compared as bytes
	int			name_length;
	const char *type;
	int			type_length;
	Oid			type_oid;		// InvalidOid for a type outside pg_catalog: an enum
	int			kind;
	int			dimensions;		// of a vector
	ForgeFamily family;
} ForgeModelColumn;

typedef struct ForgeModel ForgeModel;
struct ForgeModel
{
	ForgeVersion version;
	MemoryContext context;		// holds all of the model
	Size		size;
	int			pins;			// call sites that use it; it stays in memory while there are any
	bool		listed;			// in the cache; a model that left it is freed with its last pin
	ForgeModel *newer;			// neighbours in order of use
	ForgeModel *older;
	void	   *arena;
	ForgeModelInfo info;
	ForgeModelColumn *columns;
};

// The decoded version, read and checked if this backend does not have it; pinned until `holder` is reset.
extern ForgeModel *forge_cache_take(const ForgeVersion *version, MemoryContext holder);
