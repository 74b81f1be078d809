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
	Datum		label = !multiclass ? (Datum) 0
		: model->info.classes > 0 ? PointerGetDatum(forge_model_label_text(model, output))
		: CStringGetTextDatum(psprintf("%d", output));	// of a clustering or a decomposition

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
forge_result_explanation(FunctionCallInfo fcinfo, ForgeCall call)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	double	   *contributions;

	InitMaterializedSRF(fcinfo, 0);
	if (call.scorer == NULL)
		return (Datum) 0;
	contributions = forge_scorer_contributions(call.scorer);
	for (int i = 0; i < call.scorer->model->info.outputs; i++)
	{
		forge_explain_output(result, call.scorer, call.json, i, contributions);
		contributions += call.scorer->model->info.columns + 1;
	}
	return (Datum) 0;
}

FORGE_ENTRIES(forge_explain, forge_result_explanation);
