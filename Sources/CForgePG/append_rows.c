// forge.append_rows: the rows of a query into a table that this transaction made, a page at a time, as COPY does.
// CREATE TABLE AS and INSERT look up, lock and log the page anew for each row.
#include "forge_pg.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

// As many as COPY gathers.
#define FORGE_APPEND_ROWS 1000
#define FORGE_APPEND_BYTES 65535

typedef struct ForgeAppender
{
	DestReceiver receiver;		// first: the executor knows no more
	Relation	table;
	CommandId	command;
	BulkInsertState bulk;
	MemoryContext flushing;
	int			waiting;
	Size		bytes;			// of those that wait
	TupleTableSlot *slot[FORGE_APPEND_ROWS];	// made when first needed
} ForgeAppender;

// Whether rows can go straight to the pages: nothing that INSERT would look at stands between.
static bool
forge_table_is_bare(Relation table)
{
	Form_pg_class class = table->rd_rel;

	return class->relkind == RELKIND_RELATION && table->rd_createSubid != InvalidSubTransactionId && !class->relhasindex
		&& !class->relispartition && !class->relrowsecurity && table->trigdesc == NULL && table->rd_rules == NULL
		&& table->rd_att->constr == NULL;
}

static void
forge_append_start(DestReceiver *self, int operation, TupleDesc rows)
{
	TupleDesc	table = RelationGetDescr(((ForgeAppender *) self)->table);
	bool		fits = rows->natts == table->natts;

	for (int i = 0; fits && i < rows->natts; i++)
		fits = TupleDescAttr(rows, i)->atttypid == TupleDescAttr(table, i)->atttypid;
	if (!fits)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the query's columns are not those of the table")));
}

static void
forge_append_flush(ForgeAppender *appender)
{
	MemoryContext caller = MemoryContextSwitchTo(appender->flushing);

	table_multi_insert(appender->table, appender->slot, appender->waiting, appender->command, TABLE_INSERT_SKIP_FSM,
					   appender->bulk);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(appender->flushing);
	for (int i = 0; i < appender->waiting; i++)
		ExecClearTuple(appender->slot[i]);
	appender->waiting = 0;
	appender->bytes = 0;
}

static bool
forge_append_receive(TupleTableSlot *row, DestReceiver *self)
{
	ForgeAppender *appender = (ForgeAppender *) self;
	TupleTableSlot **slot = &appender->slot[appender->waiting];

	if (*slot == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(appender));

		*slot = table_slot_create(appender->table, NULL);
		MemoryContextSwitchTo(caller);
	}
	ExecCopySlot(*slot, row);
	appender->waiting++;
	appender->bytes += ExecFetchSlotHeapTuple(*slot, false, NULL)->t_len;
	if (appender->waiting == FORGE_APPEND_ROWS || appender->bytes >= FORGE_APPEND_BYTES)
		forge_append_flush(appender);
	return true;
}

static void
forge_append_stop(DestReceiver *self)
{
	ForgeAppender *appender = (ForgeAppender *) self;

	if (appender->waiting > 0)
		forge_append_flush(appender);
}

static void
forge_append_destroy(DestReceiver *self)
{
}

static ForgeAppender *
forge_appender_create(Relation table)
{
	ForgeAppender *appender = palloc0(sizeof *appender);

	appender->receiver = (DestReceiver) {
		forge_append_receive, forge_append_start, forge_append_stop, forge_append_destroy, DestIntoRel
	};
	appender->table = table;
	GetCurrentTransactionId();	// a parallel query could not get one any more
	appender->command = GetCurrentCommandId(true);
	appender->bulk = GetBulkInsertState();
	appender->flushing = AllocSetContextCreate(CurrentMemoryContext, "forge append", ALLOCSET_DEFAULT_SIZES);
	return appender;
}

static uint64
forge_append_query(ForgeAppender *appender, const char *query)
{
	SPIExecuteOptions options = {.dest = &appender->receiver};
	uint64		rows;

	SPI_connect();
	if (SPI_execute_extended(query, &options) != SPI_OK_SELECT)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("only the rows of a SELECT can be appended")));
	rows = SPI_processed;
	SPI_finish();
	return rows;
}

static void
forge_appender_finish(ForgeAppender *appender)
{
	for (int i = 0; i < FORGE_APPEND_ROWS && appender->slot[i]; i++)
		ExecDropSingleTupleTableSlot(appender->slot[i]);
	FreeBulkInsertState(appender->bulk);
	table_finish_bulk_insert(appender->table, TABLE_INSERT_SKIP_FSM);
}

PG_FUNCTION_INFO_V1(forge_append_rows);
Datum
forge_append_rows(PG_FUNCTION_ARGS)
{
	Oid			id = PG_GETARG_OID(0);
	Relation	table;
	uint64		rows;

	PreventCommandIfReadOnly("forge.append_rows()");
	table = table_open(id, RowExclusiveLock);
	if (pg_class_aclcheck(id, GetUserId(), ACL_INSERT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, RelationGetRelationName(table));
	if (!forge_table_is_bare(table))
	{
		table_close(table, NoLock);
		PG_RETURN_NULL();
	}
	ForgeAppender *appender = forge_appender_create(table);

	rows = forge_append_query(appender, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	forge_appender_finish(appender);
	table_close(table, NoLock);
	PG_RETURN_INT64(rows);
}
