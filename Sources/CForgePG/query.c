// Analysis of a source. Parsed, analysed and rewritten, so that views are seen through; never planned, because planning
// evaluates immutable functions, and never executed.
#include "query.h"

#include <ctype.h>

#include "catalog/pg_class.h"
#include "cells.h"
#include "compat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "query_error.h"
#include "query_rights.h"
#include "rewrite/rewriteHandler.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/varlena.h"

static void
forge_source_refuse(const char *why, const char *hint)
{
	ereport(ERROR,
			(errcode(FORGE_INVALID_SOURCE),
			 errmsg("the source %s", why),
			 errhint("%s", hint)));
}

// Whether a source consists of characters that a name can have, outside of quotes.
static bool
forge_source_may_be_name(const char *source)
{
	bool		quoted = false;

	for (const char *c = source; *c; c++)
	{
		if (*c == '"')
			quoted = !quoted;
		else if (!quoted && !isalnum((unsigned char) *c) && !IS_HIGHBIT_SET(*c) && strchr("_$. \t\r\n", *c) == NULL)
			return false;
	}
	return true;
}

// The text to parse: a bare name, quoted or not, stands for SELECT * FROM it.
static const char *
forge_source_text(const char *source)
{
	List	   *names;
	StringInfoData text;
	ListCell   *cell;

	if (!forge_source_may_be_name(source) || !SplitIdentifierString(pstrdup(source), '.', &names) || names == NIL)
		return source;
	initStringInfo(&text);
	appendStringInfoString(&text, "SELECT * FROM ");
	foreach(cell, names)
		appendStringInfo(&text, "%s%s", foreach_current_index(cell) ? "." : "", quote_identifier(lfirst(cell)));
	return text.data;
}

static RawStmt *
forge_source_parse(const char *text)
{
	List	   *statements = raw_parser(text, RAW_PARSE_DEFAULT);
	Node	   *statement;

	if (list_length(statements) != 1)
		forge_source_refuse(psprintf("holds %d statements", list_length(statements)),
							"Give a relation's name or exactly one SELECT.");
	statement = linitial_node(RawStmt, statements)->stmt;
	if (!IsA(statement, SelectStmt))
		forge_source_refuse(psprintf("is a statement of kind %s", CreateCommandName(statement)),
							"Give a relation's name or exactly one SELECT.");
	return linitial(statements);
}

static void
forge_source_check_relation(const RangeTblEntry *entry)
{
	if (entry->rtekind == RTE_RELATION && get_rel_persistence(entry->relid) == RELPERSISTENCE_TEMP)
		forge_source_refuse(psprintf("reads the temporary relation \"%s\"", get_rel_name(entry->relid)),
							"No other session sees it: put the rows into a permanent or an unlogged table.");
}

// Refuses, anywhere in a query: data-modifying WITH, row locks, temporary relations.
static bool
forge_source_check(Node *node, void *context)
{
	Query	   *query = (Query *) node;
	ListCell   *cell;

	if (node == NULL)
		return false;
	if (!IsA(node, Query))
		return expression_tree_walker(node, forge_source_check, context);
	if (query->commandType == CMD_UTILITY)
		forge_source_refuse("has an INTO clause", "Leave INTO out: the rows are read as they are.");
	if (query->commandType != CMD_SELECT)
		forge_source_refuse("modifies data in a WITH clause", "Use a SELECT that only reads.");
	if (query->rowMarks != NIL || query->hasForUpdate)
		forge_source_refuse("locks rows", "Leave FOR UPDATE and FOR SHARE out: the rows are read from one snapshot.");
	foreach(cell, query->rtable)
		forge_source_check_relation(lfirst(cell));
	return query_tree_walker(query, forge_source_check, context, 0);
}

static Query *
forge_source_analyse(RawStmt *statement, const char *text)
{
	Query	   *query = parse_analyze_fixedparams(copyObject(statement), text, NULL, 0, NULL);
	List	   *rewritten;

	forge_source_check((Node *) query, NULL);
	rewritten = QueryRewrite(query);
	if (list_length(rewritten) != 1)
		forge_source_refuse("is rewritten to something else than one query", "Read from tables and plain views.");
	query = linitial(rewritten);
	forge_source_check((Node *) query, NULL);
	forge_query_check_rights(query);
	return query;
}

const ForgeQueryColumn *
forge_query_find(const ForgeQuery *query, const char *name)
{
	for (int i = 0; i < query->columns; i++)
		if (strcmp(query->column[i].name, name) == 0)
			return &query->column[i];
	return NULL;
}

static ForgeQueryColumn
forge_query_column(const TargetEntry *target)
{
	ForgeQueryColumn column = {target->resname, exprType((Node *) target->expr), NULL, FORGE_NO_KIND};
	ForgeConverter converter;

	forge_converter_init(&converter, column.type);
	column.type_name = forge_type_name(column.type);
	if (converter.source != FORGE_FROM_NOTHING)
		column.kind = forge_family_kind(forge_family(converter.source));
	return column;
}

// Every column needs a name of its own: they are matched by it ever after.
static void
forge_query_columns(ForgeQuery *query, const Query *analysed)
{
	ListCell   *cell;

	query->column = palloc0(sizeof(ForgeQueryColumn) * Max(list_length(analysed->targetList), 1));
	foreach(cell, analysed->targetList)
	{
		TargetEntry *target = lfirst_node(TargetEntry, cell);

		if (target->resjunk)
			continue;
		if (target->resname == NULL || strcmp(target->resname, "?column?") == 0)
			forge_source_refuse(psprintf("has no name for its column %d", query->columns + 1), "Name it with AS.");
		if (forge_query_find(query, target->resname))
			forge_source_refuse(psprintf("has two columns named \"%s\"", target->resname), "Rename one of them with AS.");
		query->column[query->columns++] = forge_query_column(target);
	}
	if (query->columns == 0)
		forge_source_refuse("has no columns", "Select at least one column.");
}

ForgeQuery *
forge_query_analyse(const char *source)
{
	MemoryContext caller = CurrentMemoryContext;
	ForgeQuery *query = palloc0(sizeof *query);

	query->text = forge_source_text(source);
	PG_TRY();
	{
		error_context_stack = NULL; // the requester need not know what called for the query
		query->statement = forge_source_parse(query->text);
		forge_query_columns(query, forge_source_analyse(query->statement, query->text));
	}
	PG_CATCH();
	{
		forge_query_error_translate(query->text, "the source cannot be analysed", caller);
	}
	PG_END_TRY();
	return query;
}

static Node *
forge_column_reference(const char *name)
{
	ColumnRef  *reference = makeNode(ColumnRef);

	reference->fields = list_make2(makeString("source"), makeString(pstrdup(name)));
	reference->location = -1;
	return (Node *) reference;
}

static List *
forge_select_targets(List *names)
{
	List	   *targets = NIL;
	ListCell   *cell;

	foreach(cell, names)
	{
		ResTarget  *target = makeNode(ResTarget);

		target->val = forge_column_reference(lfirst(cell));
		target->location = -1;
		targets = lappend(targets, target);
	}
	return targets;
}

static List *
forge_select_order(const char *order_by)
{
	SortBy	   *sort = makeNode(SortBy);

	sort->node = forge_column_reference(order_by);
	sort->location = -1;
	return list_make1(sort);
}

// Built as a tree, not as text: whatever the source holds, it stays one subquery.
Query *
forge_query_select(const ForgeQuery *query, List *names, const char *order_by)
{
	MemoryContext caller = CurrentMemoryContext;
	RangeSubselect *from = makeNode(RangeSubselect);
	SelectStmt *select = makeNode(SelectStmt);
	RawStmt    *statement = makeNode(RawStmt);
	Query	   *volatile analysed = NULL;

	from->subquery = copyObject(query->statement->stmt);
	from->alias = makeAlias("source", NIL);
	select->targetList = forge_select_targets(names);
	select->fromClause = list_make1(from);
	select->sortClause = order_by ? forge_select_order(order_by) : NIL;
	statement->stmt = (Node *) select;
	PG_TRY();
	{
		error_context_stack = NULL; // the requester need not know what called for the query
		analysed = forge_source_analyse(statement, query->text);
	}
	PG_CATCH();
	{
		forge_query_error_translate(query->text, "the source cannot be analysed", caller);
	}
	PG_END_TRY();
	return analysed;
}

char *
forge_query_qualified(const ForgeQuery *query)
{
	Query	   *analysed = parse_analyze_fixedparams(copyObject(query->statement), query->text, NULL, 0, NULL);
	int			settings = NewGUCNestLevel();
	char	   *text;

	// What is not in pg_catalog is written with its schema.
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	text = pg_get_querydef(analysed, false);
	AtEOXact_GUC(true, settings);
	return text;
}

const char *
forge_kind_name(int kind)
{
	return kind == FORGE_NUMBER ? "number" : kind == FORGE_CATEGORY ? "category" : kind == FORGE_VECTOR ? "vector" : NULL;
}
