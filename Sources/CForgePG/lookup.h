// Reading a few rows of a table of schema forge by key.
#pragma once
#include "forge_pg.h"

#include "access/genam.h"
#include "access/htup.h"
#include "utils/rel.h"
#include "utils/uuid.h"

#define FORGE_SCHEMA "forge"
#define FORGE_SCAN_KEYS 2

typedef struct ForgeKey
{
	const char *column;
	Oid			type;			// text, integer or bigint
	Datum		value;
} ForgeKey;

typedef struct ForgeScan
{
	Relation	relation;
	SysScanDesc scan;
	AttrNumber	null_attribute; // only rows where it is NULL, unless 0
} ForgeScan;

// Rows whose keys equal the values and, unless it is NULL, whose `null_column` is NULL. Needs an active snapshot.
extern void forge_scan_begin(ForgeScan *scan, const char *table, int keys, const ForgeKey *key, const char *null_column);
extern HeapTuple forge_scan_next(ForgeScan *scan);
extern Datum forge_scan_column(ForgeScan *scan, HeapTuple row, const char *column, Oid type, bool *isnull);
// A column of type text; NULL: it is NULL.
extern const char *forge_scan_text(ForgeScan *scan, HeapTuple row, const char *column);
extern bool forge_scan_uuid_equals(ForgeScan *scan, HeapTuple row, const char *column, const pg_uuid_t *value);
extern void forge_scan_end(ForgeScan *scan);
