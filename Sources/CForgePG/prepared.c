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
forge_result_features(FunctionCallInfo fcinfo, ForgeCall call)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	double	   *features;

	InitMaterializedSRF(fcinfo, 0);
	if (call.scorer == NULL)
		return (Datum) 0;
	features = forge_scorer_features(call.scorer);
	for (int i = 0; i < call.scorer->model->info.features; i++)
	{
		// A missing feature, as trees take it.
		bool		nulls[] = {false, isnan(features[i])};
		Datum		values[] = {forge_feature_datum(call.scorer->model, i), Float8GetDatum(features[i])};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

FORGE_ENTRIES(forge_prepared, forge_result_features);
