// forge.run_claimed: a run of a schedule in the name of the role that made it. Like the reader it takes who, where and
// what from a row, never from an argument; unlike the reader it may write, with that role's rights. A deferred trigger,
// which would fire as somebody else, is refused by the server in a security-restricted operation.
#include "forge_pg.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "identity.h"
#include "lookup.h"
#include "utils/builtins.h"

typedef struct ForgeSchedule
{
	ForgeRequester requester;
	Datum		kind;
	Datum		payload;
} ForgeSchedule;

static void
forge_schedule_lost(int64 id)
{
	ereport(ERROR,
			(errcode(FORGE_LEASE_LOST),
			 errmsg("schedule " INT64_FORMAT " is not running under this token", id),
			 errhint("Another worker has it, or it was dropped: stop working on it.")));
}

static void
forge_schedule_read(int64 id, const pg_uuid_t *token, ForgeSchedule *schedule)
{
	ForgeKey	key = {"id", INT8OID, Int64GetDatum(id)};
	ForgeScan	scan;
	HeapTuple	row;
	bool		isnull;

	forge_scan_begin(&scan, "schedules", 1, &key, NULL);
	row = forge_scan_next(&scan);
	if (!HeapTupleIsValid(row) || !forge_scan_uuid_equals(&scan, row, "lease_token", token))
		forge_schedule_lost(id);
	schedule->requester.role = DatumGetObjectId(forge_scan_column(&scan, row, "owner", REGROLEOID, &isnull));
	schedule->requester.search_path = forge_scan_text(&scan, row, "search_path");
	schedule->requester.time_zone = forge_scan_text(&scan, row, "time_zone");
	schedule->kind = CStringGetTextDatum(forge_scan_text(&scan, row, "kind"));
	schedule->payload = PointerGetDatum(PG_DETOAST_DATUM_COPY(forge_scan_column(&scan, row, "payload", JSONBOID, &isnull)));
	forge_scan_end(&scan);
	forge_requester_check(&schedule->requester, psprintf("schedule " INT64_FORMAT, id));
}

static Datum
forge_schedule_execute(const ForgeSchedule *schedule)
{
	Oid			types[] = {TEXTOID, JSONBOID};
	Datum		values[] = {schedule->kind, schedule->payload};
	Datum		result;
	bool		isnull;

	SPI_connect();
	if (SPI_execute_with_args("select forge.run_kind($1, $2)", 2, types, values, NULL, false, 1) != SPI_OK_SELECT
		|| SPI_processed != 1)
		elog(ERROR, "forge.run_kind gave no result");
	result = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (isnull)
		elog(ERROR, "forge.run_kind gave NULL");
	result = SPI_datumTransfer(result, false, -1);
	SPI_finish();
	return result;
}

PG_FUNCTION_INFO_V1(forge_run_claimed);
Datum
forge_run_claimed(PG_FUNCTION_ARGS)
{
	ForgeSchedule schedule;
	ForgeIdentity identity;
	Datum		result;

	forge_schedule_read(PG_GETARG_INT64(0), PG_GETARG_UUID_P(1), &schedule);
	identity = forge_identity_enter(&schedule.requester);
	result = forge_schedule_execute(&schedule);
	forge_identity_leave(&identity);
	PG_RETURN_DATUM(result);
}
