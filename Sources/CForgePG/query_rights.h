// What the current user needs to run a rewritten query.
#pragma once
#include "forge_pg.h"

#include "nodes/parsenodes.h"

// Refuses with FG022 a query that reads a relation or calls a function it may not, as the executor would.
extern void forge_query_check_rights(Query *query);
