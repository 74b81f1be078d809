// A scan that hands its rows over as they are stored.
#pragma once
#include "forge_pg.h"

#include "nodes/plannodes.h"

// Where the rows of the plan hold its `columns` columns: attribute numbers. If the plan is a scan of a table that only
// picks columns, it is changed to pick none and to give whole rows; if not, they are 1 to `columns`.
extern AttrNumber *forge_plan_take_whole_rows(PlannedStmt *plan, int columns);
