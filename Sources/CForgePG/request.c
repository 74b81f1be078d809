// Reading a request's row.
#include "request.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "lookup.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

static void
forge_lease_lost(int64 id)
{
	ereport(ERROR,
			(errcode(FORGE_LEASE_LOST),
			 errmsg("request " INT64_FORMAT " is not running under this token", id),
			 errhint("Another worker has it, or it has ended: stop working on it.")));
}

// Whether another worker helps with the request's search under this token.
static bool
forge_token_helps(int64 id, const pg_uuid_t *token)
{
	ForgeKey	key = {"request", INT8OID, Int64GetDatum(id)};
	ForgeScan	scan;
	HeapTuple	row;
	bool		found = false;

	forge_scan_begin(&scan, "search_helpers", 1, &key, NULL);
	while (!found && HeapTupleIsValid(row = forge_scan_next(&scan)))
		found = forge_scan_uuid_equals(&scan, row, "lease_token", token);
	forge_scan_end(&scan);
	return found;
}

static const char *
forge_column_member(JsonbContainer *object, const char *key)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(object, key, strlen(key), &value) == NULL || value.type != jbvString)
		return NULL;
	return pnstrdup(value.val.string.val, value.val.string.len);
}

static void
forge_request_malformed(int64 id)
{
	ereport(ERROR,
			(errcode(FORGE_VERSION_MISMATCH),
			 errmsg("the columns of request " INT64_FORMAT " are not as this library expects them", id),
			 errhint("Library, schema and sidecar must be of one version: run forgectl doctor.")));
}

static void
forge_request_columns(ForgeRequest *request, Jsonb *columns)
{
	int			count = JB_ROOT_IS_ARRAY(columns) ? JB_ROOT_COUNT(columns) : 0;

	if (count == 0)
		forge_request_malformed(request->id);
	request->column = palloc0(sizeof(ForgeRequestColumn) * count);
	for (int i = 0; i < count; i++)
	{
		JsonbValue *entry = getIthJsonbValueFromContainer(&columns->root, i);
		ForgeRequestColumn column = {0};
		const char *kind;

		if (entry->type != jbvBinary)
			forge_request_malformed(request->id);
		column.name = forge_column_member(entry->val.binary.data, "name");
		column.type = forge_column_member(entry->val.binary.data, "type");
		column.role = forge_column_member(entry->val.binary.data, "role");
		kind = forge_column_member(entry->val.binary.data, "kind");
		if (column.name == NULL || column.type == NULL || column.role == NULL)
			forge_request_malformed(request->id);
		column.kind = kind == NULL ? FORGE_NO_KIND : strcmp(kind, "category") == 0 ? FORGE_CATEGORY
			: strcmp(kind, "vector") == 0 ? FORGE_VECTOR : FORGE_NUMBER;
		if (strcmp(column.role, "id") != 0)
			request->column[request->columns++] = column;
	}
}

void
forge_request_read(int64 id, const pg_uuid_t *token, ForgeRequest *request)
{
	ForgeKey	key = {"id", INT8OID, Int64GetDatum(id)};
	ForgeScan	scan;
	HeapTuple	row;
	const char *status;
	Datum		columns;
	bool		isnull;

	memset(request, 0, sizeof *request);
	request->id = id;
	forge_scan_begin(&scan, "training_requests", 1, &key, NULL);
	row = forge_scan_next(&scan);
	if (!HeapTupleIsValid(row) || !(forge_scan_uuid_equals(&scan, row, "lease_token", token) || forge_token_helps(id, token)))
		forge_lease_lost(id);
	status = forge_scan_text(&scan, row, "status");
	if (status == NULL || strcmp(status, "running") != 0)
		forge_lease_lost(id);
	request->requester.role = DatumGetObjectId(forge_scan_column(&scan, row, "requested_by", REGROLEOID, &isnull));
	request->source = forge_scan_text(&scan, row, "source");
	request->requester.search_path = forge_scan_text(&scan, row, "search_path");
	request->requester.time_zone = forge_scan_text(&scan, row, "time_zone");
	request->id_column = forge_scan_text(&scan, row, "id_column");
	columns = forge_scan_column(&scan, row, "columns", JSONBOID, &isnull);
	if (isnull || request->source == NULL || request->requester.search_path == NULL || request->requester.time_zone == NULL)
		forge_request_malformed(id);
	forge_request_columns(request, DatumGetJsonbPCopy(columns));
	forge_scan_end(&scan);
	forge_requester_check(&request->requester, psprintf("request " INT64_FORMAT, id));
}

static void
forge_list(StringInfo list, const char *format, const char *name, const char *was, const char *is)
{
	if (list->len > 0)
		appendStringInfoString(list, ", ");
	appendStringInfo(list, format, name, was, is);
}

void
forge_request_check_columns(const ForgeRequest *request, const ForgeQuery *query)
{
	StringInfoData missing,
				retyped,
				unsupported;

	initStringInfo(&missing);
	initStringInfo(&retyped);
	initStringInfo(&unsupported);
	for (int i = 0; i < request->columns; i++)
	{
		const ForgeRequestColumn *column = &request->column[i];
		const ForgeQueryColumn *found = forge_query_find(query, column->name);

		if (found == NULL)
			forge_list(&missing, "\"%s\"", column->name, NULL, NULL);
		else if (strcmp(found->type_name, column->type) != 0)
			forge_list(&retyped, "\"%s\" was %s and is %s", column->name, column->type, found->type_name);
		else if (found->kind == FORGE_NO_KIND)
			forge_list(&unsupported, "\"%s\" is %s", column->name, column->type, NULL);
	}
	if (request->id_column && forge_query_find(query, request->id_column) == NULL)
		forge_list(&missing, "\"%s\"", request->id_column, NULL, NULL);

	if (missing.len > 0)
		ereport(ERROR,
				(errcode(FORGE_MISSING_COLUMN),
				 errmsg("the source no longer has these columns: %s", missing.data),
				 retyped.len > 0 ? errdetail("Of another type: %s.", retyped.data) : 0,
				 errhint("Bring them back, or ask for the training again.")));
	if (retyped.len > 0)
		ereport(ERROR,
				(errcode(FORGE_WRONG_COLUMN_TYPE),
				 errmsg("columns of the source changed their type since the request: %s", retyped.data),
				 errhint("Change them back, cast them in the source, or ask for the training again.")));
	if (unsupported.len > 0)
		ereport(ERROR,
				(errcode(FORGE_UNSUPPORTED_TYPE),
				 errmsg("columns of types that no encoder takes: %s", unsupported.data),
				 errhint("Leave them out with exclude, or cast them in the source.")));
}
