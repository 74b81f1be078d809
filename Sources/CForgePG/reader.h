// One request being read.
#pragma once
#include "block.h"
#include "query.h"
#include "request.h"

#include "executor/execdesc.h"

typedef struct ForgeReader
{
	ForgeRequest request;
	ForgeQuery *query;
	ForgeBlock *block;
	QueryDesc  *execution;		// NULL once all rows are read
	bool		header_given;
} ForgeReader;

// In the current context, which must live as long as the reader.
extern ForgeReader *forge_reader_open(int64 request, const pg_uuid_t *token);
// The header, then each block; NULL at the end.
extern bytea *forge_reader_next(ForgeReader *reader);
extern void forge_reader_close(ForgeReader *reader);
