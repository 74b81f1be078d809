// The planner itself spares a scan its projection wherever another node stands above it (use_physical_tlist in
// createplan.c); the topmost node must give the columns asked for. Our receiver can pick them from the stored row.
#include "physical.h"

#include "access/table.h"
#include "nodes/makefuncs.h"
#include "parser/parsetree.h"
#include "utils/rel.h"

static bool
forge_plan_scans_table(const Plan *plan)
{
	return IsA(plan, SeqScan) || IsA(plan, IndexScan) || IsA(plan, BitmapHeapScan);
}

// The columns' attribute numbers, all of the scanned table's own, none twice; else false.
static bool
forge_plan_picks(const Plan *plan, Index relation, AttrNumber *attribute, int columns)
{
	Bitmapset  *seen = NULL;
	ListCell   *cell;
	int			i = 0;

	if (list_length(plan->targetlist) != columns)
		return false;
	foreach(cell, plan->targetlist)
	{
		TargetEntry *target = lfirst_node(TargetEntry, cell);
		Var		   *var = (Var *) target->expr;

		if (target->resjunk || !IsA(var, Var) || var->varno != relation || var->varattno <= 0 || bms_is_member(var->varattno, seen))
			return false;
		seen = bms_add_member(seen, var->varattno);
		attribute[i++] = var->varattno;
	}
	return true;
}

// The table's columns as they are stored; NIL if a row may lack some, for then the executor has to make up for it.
static List *
forge_table_targets(Oid table, Index relation)
{
	Relation	opened = table_open(table, NoLock);	// the plan's lock is held
	TupleDesc	descriptor = RelationGetDescr(opened);
	List	   *targets = NIL;

	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
		Var		   *var;

		if (attribute->attisdropped || attribute->atthasmissing)
		{
			targets = NIL;
			break;
		}
		var = makeVar(relation, i + 1, attribute->atttypid, attribute->atttypmod, attribute->attcollation, 0);
		targets = lappend(targets, makeTargetEntry((Expr *) var, i + 1, pstrdup(NameStr(attribute->attname)), false));
	}
	table_close(opened, NoLock);
	return targets;
}

AttrNumber *
forge_plan_take_whole_rows(PlannedStmt *plan, int columns)
{
	AttrNumber *attribute = palloc(sizeof(AttrNumber) * Max(columns, 1));

	if (forge_plan_scans_table(plan->planTree))
	{
		Index		relation = ((Scan *) plan->planTree)->scanrelid;
		List	   *targets = forge_plan_picks(plan->planTree, relation, attribute, columns)
			? forge_table_targets(rt_fetch(relation, plan->rtable)->relid, relation) : NIL;

		if (targets != NIL)
		{
			plan->planTree->targetlist = targets;
			return attribute;
		}
	}
	for (int i = 0; i < columns; i++)
		attribute[i] = i + 1;
	return attribute;
}
