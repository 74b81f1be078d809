// Reading a few rows of a table of schema forge by key, with the active snapshot, straight from the index.
//
// No SQL runs here, so there is no search_path, operator or row policy that somebody could have put in the way, and
// nothing is executed under anyone's name: what the caller may see is decided before (resolve.c, reader.c).
#include "lookup.h"

#include "access/stratnum.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

static void
forge_schema_raise(const char *table, const char *column)
{
	ereport(ERROR,
			(errcode(FORGE_VERSION_MISMATCH),
			 column ? errmsg("column %s of table %s.%s is missing or of another type", column, FORGE_SCHEMA, table)
			 : errmsg("table %s.%s does not exist", FORGE_SCHEMA, table),
			 errhint("The schema of Forge does not fit this library: run forgectl migrate.")));
}

static AttrNumber
forge_scan_attribute(Relation relation, const char *column, Oid type)
{
	AttrNumber	attribute = get_attnum(RelationGetRelid(relation), column);

	if (attribute <= 0 || (OidIsValid(type) && TupleDescAttr(RelationGetDescr(relation), attribute - 1)->atttypid != type))
		forge_schema_raise(RelationGetRelationName(relation), column);
	return attribute;
}

static RegProcedure
forge_equality(Oid type)
{
	return type == TEXTOID ? F_TEXTEQ : type == INT8OID ? F_INT8EQ : F_INT4EQ;
}

// Whether a partial index holds every row where `attribute` is NULL; a whole index always does.
static bool
forge_index_complete(Relation index, AttrNumber attribute)
{
	List	   *predicate = RelationGetIndexPredicate(index);
	NullTest   *test;

	if (predicate == NIL)
		return true;
	test = linitial(predicate);
	return list_length(predicate) == 1 && IsA(test, NullTest) && test->nulltesttype == IS_NULL
		&& IsA(test->arg, Var) && ((Var *) test->arg)->varattno == attribute;
}

// Whether the first columns of `index` are the keys' columns; then `position` says which key each of them is.
static bool
forge_index_fits(Relation index, int keys, const AttrNumber *attribute, AttrNumber null_attribute, int *position)
{
	Form_pg_index form = index->rd_index;

	if (index->rd_rel->relam != BTREE_AM_OID || !form->indisvalid || form->indnkeyatts < keys
		|| !forge_index_complete(index, null_attribute))
		return false;
	for (int i = 0; i < keys; i++)
	{
		position[i] = -1;
		for (int k = 0; k < keys; k++)
			if (attribute[k] == form->indkey.values[i])
				position[i] = k;
		if (position[i] < 0)
			return false;
	}
	return true;
}

void
forge_scan_begin(ForgeScan *scan, const char *table, int keys, const ForgeKey *key, const char *null_column)
{
	Oid			namespace = get_namespace_oid(FORGE_SCHEMA, true);
	Oid			table_oid = OidIsValid(namespace) ? get_relname_relid(table, namespace) : InvalidOid;
	AttrNumber	attribute[FORGE_SCAN_KEYS];
	int			position[FORGE_SCAN_KEYS] = {0, 1};
	ScanKeyData scan_key[FORGE_SCAN_KEYS];
	Oid			chosen = InvalidOid;
	List	   *indexes;
	ListCell   *cell;

	if (!OidIsValid(table_oid))
		forge_schema_raise(table, NULL);
	scan->relation = table_open(table_oid, AccessShareLock);
	for (int k = 0; k < keys; k++)
		attribute[k] = forge_scan_attribute(scan->relation, key[k].column, key[k].type);
	scan->null_attribute = null_column ? forge_scan_attribute(scan->relation, null_column, InvalidOid) : 0;

	indexes = RelationGetIndexList(scan->relation);
	foreach(cell, indexes)
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);
		bool		fits = forge_index_fits(index, keys, attribute, scan->null_attribute, position);

		index_close(index, AccessShareLock);
		if (fits)
		{
			chosen = lfirst_oid(cell);
			break;
		}
	}
	list_free(indexes);
	if (!OidIsValid(chosen))
		for (int i = 0; i < keys; i++)
			position[i] = i;

	for (int i = 0; i < keys; i++)
	{
		const ForgeKey *k = &key[position[i]];
		AttrNumber	number = attribute[position[i]];

		ScanKeyEntryInitialize(&scan_key[i], 0, number, BTEqualStrategyNumber, InvalidOid,
							   TupleDescAttr(RelationGetDescr(scan->relation), number - 1)->attcollation,
							   forge_equality(k->type), k->value);
	}
	scan->scan = systable_beginscan(scan->relation, chosen, OidIsValid(chosen), GetActiveSnapshot(), keys, scan_key);
}

HeapTuple
forge_scan_next(ForgeScan *scan)
{
	HeapTuple	row;

	do
		row = systable_getnext(scan->scan);
	while (HeapTupleIsValid(row) && scan->null_attribute
		   && !heap_attisnull(row, scan->null_attribute, RelationGetDescr(scan->relation)));
	return row;
}

Datum
forge_scan_column(ForgeScan *scan, HeapTuple row, const char *column, Oid type, bool *isnull)
{
	return heap_getattr(row, forge_scan_attribute(scan->relation, column, type), RelationGetDescr(scan->relation), isnull);
}

const char *
forge_scan_text(ForgeScan *scan, HeapTuple row, const char *column)
{
	bool		isnull;
	Datum		value = forge_scan_column(scan, row, column, TEXTOID, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

bool
forge_scan_uuid_equals(ForgeScan *scan, HeapTuple row, const char *column, const pg_uuid_t *value)
{
	bool		isnull;
	Datum		found = forge_scan_column(scan, row, column, UUIDOID, &isnull);

	return !isnull && memcmp(DatumGetUUIDP(found)->data, value->data, UUID_LEN) == 0;
}

void
forge_scan_end(ForgeScan *scan)
{
	systable_endscan(scan->scan);
	table_close(scan->relation, AccessShareLock);
}
