// Types and their slower conversions; the fast ones are inline in cells.h.
#include "cells.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/syscache.h"
#include "utils/uuid.h"
#include "vectors.h"

static ForgeSource
forge_source_of(Oid type)
{
	switch (type)
	{
		case BOOLOID:
			return FORGE_FROM_BOOL;
		case INT2OID:
			return FORGE_FROM_INT2;
		case INT4OID:
			return FORGE_FROM_INT4;
		case INT8OID:
			return FORGE_FROM_INT8;
		case FLOAT4OID:
			return FORGE_FROM_FLOAT4;
		case FLOAT8OID:
			return FORGE_FROM_FLOAT8;
		case NUMERICOID:
			return FORGE_FROM_NUMERIC;
		case DATEOID:
			return FORGE_FROM_DATE;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return FORGE_FROM_TIMESTAMP;
		case INTERVALOID:
			return FORGE_FROM_INTERVAL;
		case TEXTOID:
		case VARCHAROID:
			return FORGE_FROM_TEXT;
		case BPCHAROID:
			return FORGE_FROM_BPCHAR;
		case NAMEOID:
			return FORGE_FROM_NAME;
		case UUIDOID:
			return FORGE_FROM_UUID;
		default:
			return type_is_enum(type) ? FORGE_FROM_ENUM : forge_vector_source(type);
	}
}

void
forge_converter_init(ForgeConverter *converter, Oid type)
{
	converter->type = getBaseType(type);
	converter->source = forge_source_of(converter->type);
	converter->column = NULL;
	converter->dimensions = 0;
	converter->recode = GetDatabaseEncoding() != PG_UTF8;
	converter->enum_value = InvalidOid;
	converter->length = 0;
}

ForgeFamily
forge_family(ForgeSource source)
{
	switch (source)
	{
		case FORGE_FROM_BOOL:
			return FORGE_FAMILY_BOOLEAN;
		case FORGE_FROM_DATE:
		case FORGE_FROM_TIMESTAMP:
			return FORGE_FAMILY_TIME;
		case FORGE_FROM_INTERVAL:
			return FORGE_FAMILY_INTERVAL;
		case FORGE_FROM_VECTOR:
		case FORGE_FROM_HALFVEC:
		case FORGE_FROM_FLOAT4_ARRAY:
		case FORGE_FROM_FLOAT8_ARRAY:
			return FORGE_FAMILY_VECTOR;
		case FORGE_FROM_NOTHING:
			return FORGE_FAMILY_NONE;
		default:
			return source >= FORGE_FROM_TEXT ? FORGE_FAMILY_CATEGORY : FORGE_FAMILY_NUMERIC;
	}
}

int
forge_family_kind(ForgeFamily family)
{
	return family == FORGE_FAMILY_CATEGORY ? FORGE_CATEGORY : family == FORGE_FAMILY_VECTOR ? FORGE_VECTOR : FORGE_NUMBER;
}

const char *
forge_family_types(ForgeFamily family)
{
	switch (family)
	{
		case FORGE_FAMILY_NUMERIC:
			return "a numeric type";
		case FORGE_FAMILY_BOOLEAN:
			return "boolean";
		case FORGE_FAMILY_TIME:
			return "date, timestamp or timestamp with time zone";
		case FORGE_FAMILY_INTERVAL:
			return "interval";
		case FORGE_FAMILY_VECTOR:
			return "vector, halfvec, real[] or double precision[]";
		default:
			return "text, character varying, character, name, uuid or an enum";
	}
}

char *
forge_type_name(Oid type)
{
	type = getBaseType(type);
	if (type < FirstNormalObjectId)	// pg_catalog's
		return format_type_be(type);
	return format_type_extended(type, -1, FORMAT_TYPE_FORCE_QUALIFY);
}

// A numeric of few digits as a double, straight from its stored form: digits of base 10,000, the first of weight
// 10,000^weight (numeric.c; the format on disk). An integer below 2^53 times or divided by an exact power of ten is
// rounded once, so the bits are those of the text conversion (Clinger, 1990). False where that does not hold, and for
// NaN and infinities.
static bool
forge_numeric_fast(const char *bytes, int length, double *number)
{
	static const double power[] = {1e0, 1e4, 1e8, 1e12, 1e16, 1e20};
	uint16		header,
				digit;
	int16		weight;
	int			start = 2,
				shift;
	bool		negative;
	uint64		mantissa = 0;

	memcpy(&header, bytes, sizeof header);
	if ((header & 0xC000) == 0xC000)
		return false;
	if (header & 0x8000)
	{
		negative = (header & 0x2000) != 0;
		weight = (int16) ((header & 0x40 ? ~0x3F : 0) | (header & 0x3F));
	}
	else
	{
		negative = (header & 0x4000) != 0;
		memcpy(&weight, bytes + 2, sizeof weight);
		start = 4;
	}
	shift = weight - (length - start) / 2 + 1;
	if (length - start > 8 || shift >= (int) lengthof(power) || -shift >= (int) lengthof(power))
		return false;
	for (int i = start; i < length; i += 2)
	{
		memcpy(&digit, bytes + i, sizeof digit);
		mantissa = mantissa * 10000 + digit;
	}
	if (mantissa > UINT64CONST(1) << 53)
		return false;
	*number = shift < 0 ? mantissa / power[-shift] : mantissa * power[shift];
	if (negative)
		*number = -*number;
	return true;
}

double
forge_numeric_read(Datum value)
{
	struct varlena *numeric = PG_DETOAST_DATUM_PACKED(value);
	double		number;

	if (likely(forge_numeric_fast(VARDATA_ANY(numeric), VARSIZE_ANY_EXHDR(numeric), &number)))
		return number;
	// Rounds as the cast to double precision does, and gives an infinity where that raises an error: the caller refuses
	// it by the column's name.
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, PointerGetDatum(numeric)));
	return isnan(number) ? forge_double(FORGE_NAN_BITS) : number;
}

double
forge_interval_read(Datum value)
{
	// extract(epoch from value): a year has 365.25 days, a month 30.
	const Interval *interval = DatumGetIntervalP(value);
	int64		seconds;

#ifdef INTERVAL_NOT_FINITE
	if (INTERVAL_NOT_FINITE(interval))
		return forge_double(FORGE_NULL_BITS);
#endif
	seconds = (int64) (DAYS_PER_YEAR * SECS_PER_DAY) * (interval->month / MONTHS_PER_YEAR)
		+ (int64) DAYS_PER_MONTH * SECS_PER_DAY * (interval->month % MONTHS_PER_YEAR)
		+ (int64) SECS_PER_DAY * interval->day;
	return (double) ((__int128) seconds * USECS_PER_SEC + interval->time) / USECS_PER_SEC;
}

static void
forge_enum_label(ForgeConverter *converter, Oid value)
{
	HeapTuple	tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(value));

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION), errmsg("invalid internal value for enum: %u", value)));
	memcpy(converter->buffer, NameStr(((Form_pg_enum) GETSTRUCT(tuple))->enumlabel), NAMEDATALEN);
	ReleaseSysCache(tuple);
	converter->enum_value = value;
	converter->length = strlen(converter->buffer);
}

static void
forge_uuid_text(ForgeConverter *converter, const pg_uuid_t *uuid)
{
	static const char digits[] = "0123456789abcdef";
	char	   *out = converter->buffer;

	for (int i = 0; i < UUID_LEN; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = digits[uuid->data[i] >> 4];
		*out++ = digits[uuid->data[i] & 15];
	}
	converter->length = out - converter->buffer;
}

void
forge_category_read(ForgeConverter *converter, Datum value, ForgeCell *cell)
{
	const char *bytes = converter->buffer;
	int			length;

	switch (converter->source)
	{
		case FORGE_FROM_VECTOR:
		case FORGE_FROM_HALFVEC:
		case FORGE_FROM_FLOAT4_ARRAY:
		case FORGE_FROM_FLOAT8_ARRAY:
			forge_vector_read(converter, value, cell);
			return;
		case FORGE_FROM_TEXT:
		case FORGE_FROM_BPCHAR:
			{
				struct varlena *text = PG_DETOAST_DATUM_PACKED(value);

				bytes = VARDATA_ANY(text);
				length = VARSIZE_ANY_EXHDR(text);
				// Padding is no part of a character(n): comparing and casting to text ignore it too.
				if (converter->source == FORGE_FROM_BPCHAR)
					length = bpchartruelen(VARDATA_ANY(text), length);
				break;
			}
		case FORGE_FROM_NAME:
			bytes = NameStr(*DatumGetName(value));
			length = strlen(bytes);
			break;
		case FORGE_FROM_ENUM:
			if (converter->enum_value != DatumGetObjectId(value))
				forge_enum_label(converter, DatumGetObjectId(value));
			length = converter->length;
			break;
		case FORGE_FROM_UUID:
			forge_uuid_text(converter, DatumGetUUIDP(value));
			length = converter->length;
			break;
		default:
			elog(ERROR, "type %u makes no cell", converter->type);
	}
	if (unlikely(converter->recode))
		bytes = forge_to_utf8(bytes, length, &length);
	cell->bytes = bytes;
	cell->length = length;
}
