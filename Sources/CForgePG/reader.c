// Reading a request's rows in the requester's name (docs/safety.md, R18). Identity and query come from the request's
// row, never from an argument. Every stage that can run the requester's code – analysis, planning, start, each run and
// the end – does so as the requester, in a security-restricted operation, inside a transaction that cannot write.
#include "reader.h"

#include "catalog/pg_type.h"
#include "compat.h"
#include "executor/executor.h"
#include "lib/stringinfo.h"
#include "physical.h"
#include "query_error.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

// The columns of the blocks: those of the request, with the types that the source has.
static ForgeBlockColumn *
forge_reader_columns(const ForgeReader *reader)
{
	const ForgeRequest *request = &reader->request;
	ForgeBlockColumn *columns = palloc0(sizeof(ForgeBlockColumn) * Max(request->columns, 1));

	for (int i = 0; i < request->columns; i++)
	{
		const ForgeRequestColumn *column = &request->column[i];
		const ForgeQueryColumn *found = forge_query_find(reader->query, column->name);

		columns[i].name = column->name;
		columns[i].type = found->type;
		columns[i].kind = found->kind;
		columns[i].is_target = strcmp(column->role, "target") == 0;
		columns[i].in_key = columns[i].is_target || strcmp(column->role, "feature") == 0;
		columns[i].is_group = strcmp(column->role, "group") == 0;
		if (columns[i].is_group)
		{
			columns[i].type = getBaseType(found->type);
			columns[i].kind = FORGE_NUMBER;
		}
	}
	return columns;
}

static ForgeBlock *
forge_reader_block(const ForgeReader *reader)
{
	const char *id = reader->request.id_column;

	return forge_block_create(reader->request.columns, forge_reader_columns(reader),
							  id ? getBaseType(forge_query_find(reader->query, id)->type) : InvalidOid);
}

static List *
forge_reader_names(const ForgeRequest *request)
{
	List	   *names = NIL;

	for (int i = 0; i < request->columns; i++)
		names = lappend(names, unconstify(char *, request->column[i].name));
	if (request->id_column)
		names = lappend(names, unconstify(char *, request->id_column));
	return names;
}

// Plans and starts the query. No parallel plan: rows would come in another order each time.
static void
forge_reader_start(ForgeReader *reader)
{
	MemoryContext caller = CurrentMemoryContext;
	Query	   *select = forge_query_select(reader->query, forge_reader_names(&reader->request), reader->request.id_column);

	PG_TRY();
	{
		error_context_stack = NULL; // the requester need not know what called for the query
		PlannedStmt *plan = pg_plan_query(select, reader->query->text, 0, NULL);

		reader->block->attribute = forge_plan_take_whole_rows(plan, reader->block->columns + reader->block->has_id);
		reader->execution = CreateQueryDesc(plan, reader->query->text, GetActiveSnapshot(), InvalidSnapshot,
											&reader->block->receiver, NULL, NULL, 0);
		ExecutorStart(reader->execution, 0);
	}
	PG_CATCH();
	{
		forge_query_error_translate(reader->query->text, "the source cannot be read", caller);
	}
	PG_END_TRY();
}

ForgeReader *
forge_reader_open(int64 request, const pg_uuid_t *token)
{
	ForgeReader *reader = palloc0(sizeof *reader);
	ForgeIdentity identity;

	forge_request_read(request, token, &reader->request);
	identity = forge_identity_enter(&reader->request.requester);
	reader->query = forge_query_analyse(reader->request.source);
	forge_request_check_columns(&reader->request, reader->query);
	reader->block = forge_reader_block(reader);
	forge_reader_start(reader);
	forge_identity_leave(&identity);
	return reader;
}

static void
forge_header_member(StringInfo json, const char *key, const char *value)
{
	appendStringInfo(json, "\"%s\":", key);
	escape_json(json, value);
}

static bytea *
forge_reader_header(const ForgeReader *reader)
{
	StringInfoData json;
	const char *utf8;
	int			length;
	bytea	   *header;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"columns\":[");
	for (int i = 0; i < reader->request.columns; i++)
	{
		const ForgeRequestColumn *column = &reader->request.column[i];

		appendStringInfoString(&json, i ? ",{" : "{");
		forge_header_member(&json, "name", column->name);
		appendStringInfoChar(&json, ',');
		forge_header_member(&json, "type", column->type);
		appendStringInfoChar(&json, ',');
		forge_header_member(&json, "kind", forge_kind_name(reader->block->column[i].kind));
		appendStringInfoChar(&json, ',');
		forge_header_member(&json, "role", column->role);
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoString(&json, "]}");
	utf8 = forge_to_utf8(json.data, json.len, &length);
	header = palloc(VARHDRSZ + 4 + length);
	SET_VARSIZE(header, VARHDRSZ + 4 + length);
	memcpy(VARDATA(header), "FGH1", 4);
	memcpy(VARDATA(header) + 4, utf8, length);
	return header;
}

// Runs the query until the block is full. After a run that left room there are no more rows; running again would begin
// the scan anew.
static void
forge_reader_fill(ForgeReader *reader)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		error_context_stack = NULL; // the requester need not know what called for the query
		forge_executor_run(reader->execution);
	}
	PG_CATCH();
	{
		forge_query_error_translate(reader->query->text, "the source cannot be read", caller);
	}
	PG_END_TRY();
}

static void
forge_reader_finish(ForgeReader *reader)
{
	QueryDesc  *execution = reader->execution;

	reader->execution = NULL;
	ExecutorFinish(execution);
	ExecutorEnd(execution);
	FreeQueryDesc(execution);
}

bytea *
forge_reader_next(ForgeReader *reader)
{
	ForgeIdentity identity;
	bytea	   *block = NULL;

	if (!reader->header_given)
	{
		reader->header_given = true;
		return forge_reader_header(reader);
	}
	if (reader->execution == NULL)
		return NULL;
	identity = forge_identity_enter(&reader->request.requester);
	forge_reader_fill(reader);
	if (!forge_block_full(reader->block))
		forge_reader_finish(reader);
	if (reader->block->rows > 0)
		block = forge_block_take(reader->block);
	forge_identity_leave(&identity);
	return block;
}

void
forge_reader_close(ForgeReader *reader)
{
	ForgeIdentity identity;

	if (reader->execution == NULL)
		return;
	identity = forge_identity_enter(&reader->request.requester);
	forge_reader_finish(reader);
	forge_identity_leave(&identity);
}
