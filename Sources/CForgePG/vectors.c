// pgvector need not be there, and nothing here is linked with it: its types are known by name and extension, their
// stored form is that of pgvector 0.5 to 0.8 (src/vector.h, src/halfvec.h): int16 dimensions, int16 unused, elements.
#include "vectors.h"

#include "catalog/dependency.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/syscache.h"

#define FORGE_VECTOR_HEADER 4	// bytes before the elements

ForgeSource
forge_vector_source(Oid type)
{
	ForgeSource source = FORGE_FROM_NOTHING;
	HeapTuple	tuple;
	const char *name;

	if (type == FLOAT4ARRAYOID)
		return FORGE_FROM_FLOAT4_ARRAY;
	if (type == FLOAT8ARRAYOID)
		return FORGE_FROM_FLOAT8_ARRAY;
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	if (!HeapTupleIsValid(tuple))
		return FORGE_FROM_NOTHING;
	name = NameStr(((Form_pg_type) GETSTRUCT(tuple))->typname);
	if (strcmp(name, "vector") == 0)
		source = FORGE_FROM_VECTOR;
	else if (strcmp(name, "halfvec") == 0)
		source = FORGE_FROM_HALFVEC;
	ReleaseSysCache(tuple);
	if (source != FORGE_FROM_NOTHING)
	{
		Oid			extension = getExtensionOfObject(TypeRelationId, type);

		if (!OidIsValid(extension) || extension != get_extension_oid("vector", true))
			return FORGE_FROM_NOTHING;
	}
	return source;
}

static const char *
forge_vector_subject(const ForgeConverter *converter)
{
	return converter->column ? psprintf("column \"%s\"", converter->column) : "an argument";
}

static _Noreturn void
forge_vector_refuse(const ForgeConverter *converter, int place, const char *element)
{
	ereport(ERROR,
			(errcode(FORGE_VALUE_OUT_OF_RANGE),
			 errmsg("%s holds a vector whose element %d is %s", forge_vector_subject(converter), place, element),
			 errhint("Elements are finite 32-bit floats. Leave such rows out of the source, or make the whole vector NULL.")));
}

static float
forge_half(uint16 half)
{
	uint32		sign = (uint32) (half & 0x8000) << 16,
				exponent = (half >> 10) & 31,
				fraction = half & 0x3FF;
	uint32		bits;
	float		value;

	if (exponent == 0)			// zero and the numbers below 2^-14: fraction times 2^-24
	{
		value = (float) fraction * 5.9604644775390625e-8f;
		return sign ? -value : value;
	}
	bits = sign | (exponent == 31 ? 0x7F800000 : (exponent + 112) << 23) | fraction << 13;
	memcpy(&value, &bits, sizeof value);
	return value;
}

static float *
forge_vector_allocate(int count, ForgeCell *cell)
{
	float	   *floats = forge_allocate(CurrentMemoryContext, sizeof(float) * Max(count, 1), "a vector");

	cell->bytes = (const char *) floats;
	cell->length = sizeof(float) * count;
	return floats;
}

static void
forge_vector_put(const ForgeConverter *converter, float *floats, int place, double element)
{
	floats[place] = (float) element;
	if (unlikely(!isfinite(floats[place])))
		forge_vector_refuse(converter, place + 1,
							isnan(element) ? "NaN" : isinf(element) ? "infinite" : "beyond float4 (3.4e38)");
}

static void
forge_vector_require_elements(const ForgeConverter *converter, int dimensions, int count)
{
	if (dimensions == 1 && count > 0)
		return;
	ereport(ERROR,
			(errcode(FORGE_WRONG_COLUMN_TYPE),
			 dimensions > 1
			 ? errmsg("%s holds an array of %d dimensions, which is no vector", forge_vector_subject(converter), dimensions)
			 : errmsg("%s holds a vector without elements", forge_vector_subject(converter)),
			 errhint("A vector is a flat list of numbers; make an empty one NULL.")));
}

static void
forge_vector_read_array(const ForgeConverter *converter, Datum value, ForgeCell *cell)
{
	ArrayType  *array = DatumGetArrayTypeP(value);
	int			count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	const char *elements = ARR_DATA_PTR(array);
	const bits8 *present = ARR_NULLBITMAP(array);
	float	   *floats;

	forge_vector_require_elements(converter, ARR_NDIM(array), count);
	for (int i = 0; present && i < count; i++)
		if (!(present[i / 8] & (1 << (i % 8))))
			forge_vector_refuse(converter, i + 1, "NULL");
	floats = forge_vector_allocate(count, cell);
	for (int i = 0; i < count; i++)
		forge_vector_put(converter, floats, i, converter->source == FORGE_FROM_FLOAT4_ARRAY
						 ? ((const float *) elements)[i] : ((const double *) elements)[i]);
}

static void
forge_vector_require_dimensions(const ForgeConverter *converter, const ForgeCell *cell)
{
	int			dimensions = cell->length / sizeof(float);

	if (likely(dimensions == converter->dimensions || converter->dimensions == 0))
		return;
	ereport(ERROR,
			(errcode(FORGE_WRONG_COLUMN_TYPE),
			 errmsg("%s holds a vector of %d dimensions where %d are expected", forge_vector_subject(converter), dimensions,
					converter->dimensions),
			 errhint("All vectors of a column must come from one embedding.")));
}

static void
forge_vector_read_stored(const ForgeConverter *converter, Datum value, ForgeCell *cell)
{
	struct varlena *stored;
	const char *bytes;
	int16		dimensions;
	int			size = converter->source == FORGE_FROM_VECTOR ? sizeof(float) : sizeof(uint16);

	stored = PG_DETOAST_DATUM_PACKED(value);
	bytes = VARDATA_ANY(stored);
	memcpy(&dimensions, bytes, sizeof dimensions);
	if (dimensions < 1 || VARSIZE_ANY_EXHDR(stored) != FORGE_VECTOR_HEADER + (Size) size * dimensions)
		elog(ERROR, "a value of type %s is not stored as pgvector 0.8 stores it", format_type_be(converter->type));
	bytes += FORGE_VECTOR_HEADER;
	if (converter->source == FORGE_FROM_VECTOR)
	{
		cell->bytes = bytes;
		cell->length = sizeof(float) * dimensions;
	}
	else
	{
		float	   *floats = forge_vector_allocate(dimensions, cell);

		for (int i = 0; i < dimensions; i++)
		{
			uint16		half;

			memcpy(&half, bytes + sizeof half * i, sizeof half);
			floats[i] = forge_half(half);
		}
	}
}

void
forge_vector_read(const ForgeConverter *converter, Datum value, ForgeCell *cell)
{
	if (converter->source == FORGE_FROM_FLOAT4_ARRAY || converter->source == FORGE_FROM_FLOAT8_ARRAY)
		forge_vector_read_array(converter, value, cell);
	else
		forge_vector_read_stored(converter, value, cell);
	forge_vector_require_dimensions(converter, cell);
}

// As the type's own input function reads it: by pgvector's, or the array's.
bool
forge_vector_parse(const ForgeConverter *converter, const char *text, int length, ForgeCell *cell)
{
	const char *end = text + length;
	int			count = 1;
	float	   *floats;

	if (length < 3 || !((text[0] == '[' && end[-1] == ']') || (text[0] == '{' && end[-1] == '}')))
		return false;
	for (const char *at = text; at < end; at++)
		count += *at == ',';
	floats = forge_vector_allocate(count, cell);
	text++;
	for (int i = 0; i < count; i++)
	{
		const char *stop = text;
		char	   *rest,
				   *element;

		while (stop < end - 1 && *stop != ',')
			stop++;
		element = pnstrdup(text, stop - text);
		forge_vector_put(converter, floats, i, strtof(element, &rest));
		while (*rest == ' ')
			rest++;
		if (rest == element || *rest != '\0')
			return false;
		text = stop + 1;
	}
	forge_vector_require_dimensions(converter, cell);
	return true;
}

bool
forge_vector_from_json(const ForgeConverter *converter, const JsonbValue *array, ForgeCell *cell)
{
	JsonbContainer *elements = array->val.binary.data;
	int			count;
	float	   *floats;

	if (array->type != jbvBinary || !JsonContainerIsArray(elements))
		return false;
	count = JsonContainerSize(elements);
	forge_vector_require_elements(converter, 1, count);
	floats = forge_vector_allocate(count, cell);
	for (int i = 0; i < count; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(elements, i);

		if (element->type == jbvNull)
			forge_vector_refuse(converter, i + 1, "NULL");
		if (element->type == jbvString)	// NaN and the infinities, as to_jsonb() writes them
			forge_vector_refuse(converter, i + 1, "not finite");
		if (element->type != jbvNumeric)
			return false;
		forge_vector_put(converter, floats, i, forge_numeric_read(NumericGetDatum(element->val.numeric)));
	}
	forge_vector_require_dimensions(converter, cell);
	return true;
}
