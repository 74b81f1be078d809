// Reading a request's row, and becoming its requester.
#include "request.h"

#include "access/htup_details.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "lookup.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/syscache.h"

#define FORGE_TRAINER "forge_trainer"

static void
forge_lease_lost(int64 id)
{
	ereport(ERROR,
			(errcode(FORGE_LEASE_LOST),
			 errmsg("request " INT64_FORMAT " is not running under this token", id),
			 errhint("Another worker has it, or it has ended: stop working on it.")));
}

static const char *
forge_request_text(ForgeScan *scan, HeapTuple row, const char *column)
{
	bool		isnull;
	Datum		value = forge_scan_column(scan, row, column, TEXTOID, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static bool
forge_token_equals(ForgeScan *scan, HeapTuple row, const pg_uuid_t *token)
{
	bool		isnull;
	Datum		value = forge_scan_column(scan, row, "lease_token", UUIDOID, &isnull);

	return !isnull && memcmp(DatumGetUUIDP(value)->data, token->data, UUID_LEN) == 0;
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
		found = forge_token_equals(&scan, row, token);
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

// The role must still exist and still be one that may train.
static void
forge_requester_check(const ForgeRequest *request)
{
	HeapTuple	role = SearchSysCache1(AUTHOID, ObjectIdGetDatum(request->requester));
	Oid			trainer = get_role_oid(FORGE_TRAINER, true);
	char	   *name;

	if (!HeapTupleIsValid(role))
		ereport(ERROR,
				(errcode(FORGE_NOT_PERMITTED),
				 errmsg("the role that made request " INT64_FORMAT " no longer exists (OID %u)", request->id, request->requester),
				 errhint("Ask for the training again as another role.")));
	name = pstrdup(NameStr(((Form_pg_authid) GETSTRUCT(role))->rolname));
	ReleaseSysCache(role);
	if (!OidIsValid(trainer) || !is_member_of_role(request->requester, trainer))
		ereport(ERROR,
				(errcode(FORGE_NOT_PERMITTED),
				 errmsg("role \"%s\" may not train models", name),
				 errhint("GRANT %s TO %s;", FORGE_TRAINER, quote_identifier(name))));
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
	if (!HeapTupleIsValid(row) || !(forge_token_equals(&scan, row, token) || forge_token_helps(id, token)))
		forge_lease_lost(id);
	status = forge_request_text(&scan, row, "status");
	if (status == NULL || strcmp(status, "running") != 0)
		forge_lease_lost(id);
	request->requester = DatumGetObjectId(forge_scan_column(&scan, row, "requested_by", REGROLEOID, &isnull));
	request->source = forge_request_text(&scan, row, "source");
	request->search_path = forge_request_text(&scan, row, "search_path");
	request->time_zone = forge_request_text(&scan, row, "time_zone");
	request->id_column = forge_request_text(&scan, row, "id_column");
	columns = forge_scan_column(&scan, row, "columns", JSONBOID, &isnull);
	if (isnull || request->source == NULL || request->search_path == NULL || request->time_zone == NULL)
		forge_request_malformed(id);
	forge_request_columns(request, DatumGetJsonbPCopy(columns));
	forge_scan_end(&scan);
	forge_requester_check(request);
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

static void
forge_setting_apply(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

ForgeIdentity
forge_request_enter(const ForgeRequest *request)
{
	ForgeIdentity identity;

	GetUserIdAndSecContext(&identity.user, &identity.context);
	SetUserIdAndSecContext(request->requester,
						   identity.context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	identity.settings = NewGUCNestLevel();
	forge_setting_apply("search_path", request->search_path);
	forge_setting_apply("TimeZone", request->time_zone);
	// The same rows in the same order every time: scans begin at the table's first page.
	forge_setting_apply("synchronize_seqscans", "off");
	return identity;
}

void
forge_request_leave(const ForgeIdentity *identity)
{
	AtEOXact_GUC(false, identity->settings);
	SetUserIdAndSecContext(identity->user, identity->context);
}
