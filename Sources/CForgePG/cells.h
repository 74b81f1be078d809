// The one conversion from a Datum to a cell: reader, row form and typed form all call forge_cell_read
// (docs/internals.md, "Cells"); the JSON forms make the same cells from jsonb values.
#pragma once
#include "forge_pg.h"

#include <math.h>

#include "access/htup_details.h"	// brings varatt.h where it is a file of its own
#include "utils/date.h"
#include "utils/timestamp.h"

// How values of a type become cells; chosen once per column.
typedef enum ForgeSource
{
	FORGE_FROM_FLOAT8,
	FORGE_FROM_FLOAT4,
	FORGE_FROM_INT2,
	FORGE_FROM_INT4,
	FORGE_FROM_INT8,
	FORGE_FROM_BOOL,
	FORGE_FROM_NUMERIC,
	FORGE_FROM_DATE,
	FORGE_FROM_TIMESTAMP,		// with and without time zone: both count microseconds since 2000-01-01
	FORGE_FROM_INTERVAL,
	FORGE_FROM_TEXT,
	FORGE_FROM_BPCHAR,
	FORGE_FROM_NAME,
	FORGE_FROM_ENUM,
	FORGE_FROM_UUID,
	FORGE_FROM_VECTOR,			// pgvector's, as are the next
	FORGE_FROM_HALFVEC,
	FORGE_FROM_FLOAT4_ARRAY,
	FORGE_FROM_FLOAT8_ARRAY,
	FORGE_FROM_NOTHING			// a type that no encoder takes
} ForgeSource;

// Types that may stand in for each other: a model trained on one of a family takes the others.
typedef enum ForgeFamily
{
	FORGE_FAMILY_NUMERIC,
	FORGE_FAMILY_BOOLEAN,
	FORGE_FAMILY_TIME,
	FORGE_FAMILY_INTERVAL,
	FORGE_FAMILY_CATEGORY,
	FORGE_FAMILY_VECTOR,
	FORGE_FAMILY_NONE
} ForgeFamily;

typedef struct ForgeConverter
{
	ForgeSource source;
	Oid			type;			// without domains
	const char *column;			// its name, where errors can tell it; else NULL
	int			dimensions;		// that a vector must have; 0 for any
	bool		recode;			// the database is not UTF-8
	Oid			enum_value;		// whose label is in `buffer`
	int			length;
	char		buffer[NAMEDATALEN];	// label of an enum, text of a uuid
} ForgeConverter;

#define FORGE_NAN_BITS UINT64CONST(0x7FF8000000000000)
#define FORGE_NULL_BITS UINT64CONST(0x7FF80000000007A2)

static inline double
forge_double(uint64 bits)
{
	double		value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

extern void forge_converter_init(ForgeConverter *converter, Oid type);
extern ForgeFamily forge_family(ForgeSource source);
extern int	forge_family_kind(ForgeFamily family);
extern const char *forge_family_types(ForgeFamily family);

// Type of a column as Forge writes it: base type of a domain, no modifier, qualified unless in pg_catalog.
extern char *forge_type_name(Oid type);

extern double forge_numeric_read(Datum value);
extern double forge_interval_read(Datum value);
extern void forge_category_read(ForgeConverter *converter, Datum value, ForgeCell *cell);

// Sets `number` of a number's cell, `bytes` and `length` of a category's and of a vector's. The bytes are valid while the datum and
// the converter are, and until the next call with this converter.
static inline void
forge_cell_read(ForgeConverter *converter, Datum value, bool isnull, ForgeCell *cell)
{
	if (isnull)
	{
		if (converter->source >= FORGE_FROM_TEXT)
			cell->bytes = NULL;
		else
			cell->number = forge_double(FORGE_NULL_BITS);
		return;
	}
	switch (converter->source)
	{
		case FORGE_FROM_FLOAT8:
			{
				double		number = DatumGetFloat8(value);

				cell->number = unlikely(isnan(number)) ? forge_double(FORGE_NAN_BITS) : number;
				return;
			}
		case FORGE_FROM_FLOAT4:
			{
				double		number = DatumGetFloat4(value);

				cell->number = unlikely(isnan(number)) ? forge_double(FORGE_NAN_BITS) : number;
				return;
			}
		case FORGE_FROM_INT2:
			cell->number = DatumGetInt16(value);
			return;
		case FORGE_FROM_INT4:
			cell->number = DatumGetInt32(value);
			return;
		case FORGE_FROM_INT8:
			cell->number = (double) DatumGetInt64(value);
			return;
		case FORGE_FROM_BOOL:
			cell->number = DatumGetBool(value) ? 1 : 0;
			return;
		case FORGE_FROM_DATE:
			{
				DateADT		date = DatumGetDateADT(value);

				cell->number = DATE_NOT_FINITE(date) ? forge_double(FORGE_NULL_BITS) : date * (double) SECS_PER_DAY;
				return;
			}
		case FORGE_FROM_TIMESTAMP:
			{
				Timestamp	timestamp = DatumGetTimestamp(value);

				cell->number = TIMESTAMP_NOT_FINITE(timestamp)
					? forge_double(FORGE_NULL_BITS) : timestamp / (double) USECS_PER_SEC;
				return;
			}
		case FORGE_FROM_NUMERIC:
			cell->number = forge_numeric_read(value);
			return;
		case FORGE_FROM_INTERVAL:
			cell->number = forge_interval_read(value);
			return;
		case FORGE_FROM_TEXT:
			// Neither compressed nor stored elsewhere nor in another encoding: as it lies there.
			if (likely(!converter->recode && (VARATT_IS_4B_U(DatumGetPointer(value))
											  || (VARATT_IS_1B(DatumGetPointer(value)) && !VARATT_IS_1B_E(DatumGetPointer(value))))))
			{
				cell->bytes = VARDATA_ANY(DatumGetPointer(value));
				cell->length = VARSIZE_ANY_EXHDR(DatumGetPointer(value));
				return;
			}
			forge_category_read(converter, value, cell);
			return;
		default:
			forge_category_read(converter, value, cell);
			return;
	}
}
