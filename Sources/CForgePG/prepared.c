// forge.prepared: a row as the model sees it, one row for each encoded feature.
#include "predict.h"

#include "funcapi.h"
#include "utils/builtins.h"

static Datum
forge_feature_datum(const ForgeModel *model, int feature)
{
	int64		length = forge_model_feature(model->arena, feature, NULL, 0);
	char	   *name = palloc(length + 1);

	forge_model_feature(model->arena, feature, name, length);
	return CStringGetTextDatum(forge_from_utf8(name, length));
}

static Datum
forge_prepared_call(FunctionCallInfo fcinfo, ForgeScorer *scorer, Jsonb *json)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	double	   *features;

	InitMaterializedSRF(fcinfo, 0);
	if (scorer == NULL)
		return (Datum) 0;
	if (json)
		forge_scorer_read_json(scorer, json);
	else
		forge_scorer_read_row(scorer, PG_GETARG_HEAPTUPLEHEADER(1));
	features = forge_scorer_features(scorer);
	for (int i = 0; i < scorer->model->info.features; i++)
	{
		// A missing feature, as trees take it.
		bool		nulls[] = {false, isnan(features[i])};
		Datum		values[] = {forge_feature_datum(scorer->model, i), Float8GetDatum(features[i])};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(forge_prepared_row);
Datum
forge_prepared_row(PG_FUNCTION_ARGS)
{
	return forge_prepared_call(fcinfo, forge_call_scorer(fcinfo), NULL);
}

PG_FUNCTION_INFO_V1(forge_prepared_jsonb);
Datum
forge_prepared_jsonb(PG_FUNCTION_ARGS)
{
	ForgeScorer *scorer = forge_call_scorer(fcinfo);

	return forge_prepared_call(fcinfo, scorer, scorer ? PG_GETARG_JSONB_P(1) : NULL);
}

PG_FUNCTION_INFO_V1(forge_prepared_text);
Datum
forge_prepared_text(PG_FUNCTION_ARGS)
{
	ForgeScorer *scorer = forge_call_scorer(fcinfo);

	return forge_prepared_call(fcinfo, scorer, scorer ? forge_text_json(PG_GETARG_DATUM(1)) : NULL);
}
