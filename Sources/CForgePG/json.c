// The JSON forms: an object whose members are matched with the model's columns by name. A value is read the way
// to_jsonb() writes it, so that forge.predict(m, to_jsonb(c)) and forge.predict(m, c) give the same bits.
#include "scorer.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
#include "vectors.h"

static const char *
forge_json_type(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvNumeric:
			return "a JSON number";
		case jbvBool:
			return "a JSON boolean";
		case jbvString:
			return "a JSON string";
		default:
			return "a JSON array or object";
	}
}

static bool
forge_json_member(const ForgeModelColumn *column, Jsonb *json, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(&json->root, column->name, column->name_length, value) != NULL;
}

static bool
forge_json_equals(const JsonbValue *value, const char *word)
{
	return value->val.string.len == strlen(word) && memcmp(value->val.string.val, word, value->val.string.len) == 0;
}

// NaN and the infinities have no JSON number; to_jsonb() writes them as strings.
static bool
forge_json_special_number(const JsonbValue *value, double *number)
{
	if (forge_json_equals(value, "NaN"))
		*number = forge_double(FORGE_NAN_BITS);
	else if (forge_json_equals(value, "Infinity"))
		*number = INFINITY;
	else if (forge_json_equals(value, "-Infinity"))
		*number = -INFINITY;
	else
		return false;
	return true;
}

// A string in the type's own notation, read by the type's input function, which refuses a bad one.
static void
forge_json_parse(Oid type, const JsonbValue *value, ForgeCell *cell)
{
	PGFunction	input = type == DATEOID ? date_in : type == TIMESTAMPOID ? timestamp_in
		: type == TIMESTAMPTZOID ? timestamptz_in : type == INTERVALOID ? interval_in : uuid_in;
	char	   *string = pnstrdup(value->val.string.val, value->val.string.len);
	ForgeConverter *converter = palloc(sizeof *converter);	// holds the bytes of the cell

	forge_converter_init(converter, type);
	forge_cell_read(converter, DirectFunctionCall3(input, CStringGetDatum(string), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)),
					false, cell);
}

static void
forge_json_category(const ForgeModelColumn *column, const JsonbValue *value, ForgeCell *cell)
{
	int			length = value->val.string.len;

	if (column->type_oid == UUIDOID)
	{
		forge_json_parse(UUIDOID, value, cell);
		return;
	}
	if (column->type_oid == BPCHAROID)
		length = bpchartruelen(value->val.string.val, length);
	cell->bytes = forge_to_utf8(value->val.string.val, length, &length);
	cell->length = length;
}

// An array of numbers, or a string as pgvector writes its types.
static bool
forge_json_vector(const ForgeModelColumn *column, const JsonbValue *value, ForgeCell *cell)
{
	ForgeConverter converter = {.source = FORGE_FROM_FLOAT4_ARRAY, .dimensions = column->dimensions};

	converter.column = pnstrdup(column->name, column->name_length);
	return value->type == jbvString
		? forge_vector_parse(&converter, value->val.string.val, value->val.string.len, cell)
		: forge_vector_from_json(&converter, value, cell);
}

// False when the value is of the wrong sort for the column.
static bool
forge_json_read(const ForgeModelColumn *column, const JsonbValue *value, ForgeCell *cell)
{
	if (value->type == jbvNull)
	{
		cell->bytes = NULL;
		cell->number = forge_double(FORGE_NULL_BITS);
		return true;
	}
	switch (column->family)
	{
		case FORGE_FAMILY_NUMERIC:
			if (value->type == jbvString)
				return forge_json_special_number(value, &cell->number);
			if (value->type != jbvNumeric)
				return false;
			cell->number = forge_numeric_read(NumericGetDatum(value->val.numeric));
			if (column->type_oid == FLOAT4OID)
				cell->number = (float) cell->number;
			return true;
		case FORGE_FAMILY_BOOLEAN:
			cell->number = value->val.boolean ? 1 : 0;
			return value->type == jbvBool;
		case FORGE_FAMILY_TIME:
		case FORGE_FAMILY_INTERVAL:
			if (value->type == jbvString)
				forge_json_parse(column->type_oid, value, cell);
			return value->type == jbvString;
		case FORGE_FAMILY_VECTOR:
			return forge_json_vector(column, value, cell);
		default:
			if (value->type == jbvString)
				forge_json_category(column, value, cell);
			return value->type == jbvString;
	}
}

void
forge_scorer_read_json(ForgeScorer *scorer, Jsonb *json)
{
	const ForgeModel *model = scorer->model;
	ForgeMismatch mismatch;
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(FORGE_WRONG_COLUMN_TYPE),
				 errmsg("the features are not a JSON object"),
				 errhint("Write an object with a member for each column, such as {\"age\": 42, \"plan\": \"pro\"}.")));
	forge_mismatch_init(&mismatch);
	for (int i = 0; i < model->info.columns; i++)
	{
		const ForgeModelColumn *column = &model->columns[i];

		if (!forge_json_member(column, json, &value))
			forge_mismatch_missing(&mismatch, column);
		else if (!forge_json_read(column, &value, &scorer->cells[i]))
			forge_mismatch_mistyped(&mismatch, column, forge_json_type(&value));
	}
	forge_mismatch_check(&mismatch, model, "JSON object");
}

char *
forge_json_text(const ForgeModelColumn *column, Jsonb *json)
{
	JsonbValue	value;

	if (!forge_json_member(column, json, &value))
		return NULL;
	switch (value.type)
	{
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
		case jbvBool:
			return value.val.boolean ? "true" : "false";
		case jbvString:
			return pnstrdup(value.val.string.val, value.val.string.len);
		case jbvBinary:			// a vector
			return JsonbToCString(NULL, value.val.binary.data, value.val.binary.len);
		default:
			return NULL;
	}
}
