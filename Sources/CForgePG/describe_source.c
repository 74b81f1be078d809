// forge.describe_source: the columns a source has, for the current user, without reading a row.
// forge.qualify_source: the source as others may run it, whatever their search_path.
#include "query.h"

#include "funcapi.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(forge_describe_source);
Datum
forge_describe_source(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ForgeQuery *query;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	query = forge_query_analyse(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	for (int i = 0; i < query->columns; i++)
	{
		const ForgeQueryColumn *column = &query->column[i];
		const char *kind = forge_kind_name(column->kind);
		Datum		values[] = {
			CStringGetTextDatum(column->name),
			CStringGetTextDatum(column->type_name),
			kind ? CStringGetTextDatum(kind) : (Datum) 0,
		};
		bool		nulls[] = {false, false, kind == NULL};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(forge_qualify_source);
Datum
forge_qualify_source(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(forge_query_qualified(forge_query_analyse(text_to_cstring(PG_GETARG_TEXT_PP(0))))));
}
