// forge.explain: a prediction taken apart, one row for each column of the model.
#include "predict.h"

#include "funcapi.h"
#include "utils/builtins.h"

// Text of the value of column `i`, however it was given.
static char *
forge_explained_value(const ForgeScorer *scorer, Jsonb *json, int i)
{
	return json ? forge_json_text(&scorer->model->columns[i], json) : forge_row_text(scorer->row, i);
}

static Datum
forge_text_datum(const char *bytes, int length)
{
	return PointerGetDatum(cstring_to_text_with_len(bytes, length));
}

// Rows of output `output`: the base first, then the columns in the model's order.
static void
forge_explain_output(ReturnSetInfo *result, const ForgeScorer *scorer, Jsonb *json, int output, const double *contributions)
{
	const ForgeModel *model = scorer->model;
	bool		multiclass = model->info.outputs > 1;
	Datum		label = multiclass ? PointerGetDatum(forge_model_label_text(model, output)) : (Datum) 0;

	for (int i = -1; i < model->info.columns; i++)
	{
		char	   *value = i < 0 ? NULL : forge_explained_value(scorer, json, i);
		Datum		values[] = {
			i < 0 ? forge_text_datum("(base)", 6) : forge_text_datum(model->columns[i].name, model->columns[i].name_length),
			value ? CStringGetTextDatum(value) : (Datum) 0,
			Float8GetDatum(contributions[i + 1]),
			label,
		};
		bool		nulls[] = {false, value == NULL, false, !multiclass};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

static Datum
forge_explain_call(FunctionCallInfo fcinfo, ForgeScorer *scorer, Jsonb *json)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	double	   *contributions;

	InitMaterializedSRF(fcinfo, 0);
	if (scorer == NULL)
		return (Datum) 0;
	if (json)
		forge_scorer_read_json(scorer, json);
	else
		forge_scorer_read_row(scorer, PG_GETARG_HEAPTUPLEHEADER(1));
	contributions = forge_scorer_contributions(scorer);
	for (int i = 0; i < scorer->model->info.outputs; i++)
		forge_explain_output(result, scorer, json, i, contributions + (Size) i * (scorer->model->info.columns + 1));
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(forge_explain_row);
Datum
forge_explain_row(PG_FUNCTION_ARGS)
{
	return forge_explain_call(fcinfo, forge_call_scorer(fcinfo), NULL);
}

PG_FUNCTION_INFO_V1(forge_explain_jsonb);
Datum
forge_explain_jsonb(PG_FUNCTION_ARGS)
{
	ForgeScorer *scorer = forge_call_scorer(fcinfo);

	return forge_explain_call(fcinfo, scorer, scorer ? PG_GETARG_JSONB_P(1) : NULL);
}

PG_FUNCTION_INFO_V1(forge_explain_text);
Datum
forge_explain_text(PG_FUNCTION_ARGS)
{
	ForgeScorer *scorer = forge_call_scorer(fcinfo);

	return forge_explain_call(fcinfo, scorer, scorer ? forge_text_json(PG_GETARG_DATUM(1)) : NULL);
}
