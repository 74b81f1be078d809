// A source: a relation's name or one SELECT, analysed but not executed. describe_source and the reader share it.
#pragma once
#include "forge_pg.h"

#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"

#define FORGE_NO_KIND (-1)

typedef struct ForgeQueryColumn
{
	const char *name;
	Oid			type;
	const char *type_name;
	int			kind;			// FORGE_NUMBER, FORGE_CATEGORY or, for a type no encoder takes, FORGE_NO_KIND
} ForgeQueryColumn;

typedef struct ForgeQuery
{
	const char *text;
	RawStmt    *statement;
	int			columns;
	ForgeQueryColumn *column;
} ForgeQuery;

// Refuses with FG005 what is not exactly one readable SELECT, with FG022 what the current user may not read.
extern ForgeQuery *forge_query_analyse(const char *source);
// SELECT names FROM (query) ORDER BY order_by, analysed and rewritten for the current user; order_by may be NULL.
extern Query *forge_query_select(const ForgeQuery *query, List *names, const char *order_by);
// The query as text that means the same under any search_path.
extern char *forge_query_qualified(const ForgeQuery *query);
extern const ForgeQueryColumn *forge_query_find(const ForgeQuery *query, const char *name);
extern const char *forge_kind_name(int kind);
