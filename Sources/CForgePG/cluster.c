// forge.cluster and forge.transform: a row's cluster, and a row as the numbers that a model makes of it.
#include "predict.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"

static Datum
forge_result_cluster(FunctionCallInfo fcinfo, ForgeCall call)
{
	ForgeScorer *scorer = call.scorer;
	ForgeAssignment assignment;
	TupleDesc	descriptor;

	if (scorer == NULL)
		PG_RETURN_NULL();
	if (forge_model_cluster(scorer->model->arena, scorer->cells, scorer->scratch, &assignment, &scorer->status) != 0)
		forge_status_raise(&scorer->status);
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "forge.cluster must return a row");
	{
		Datum		values[] = {Int32GetDatum(assignment.cluster), Float8GetDatum(assignment.distance),
			Float8GetDatum(assignment.probability)};
		bool		nulls[] = {false, false, isnan(assignment.probability)};

		return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
	}
}

static Datum
forge_result_transform(FunctionCallInfo fcinfo, ForgeCall call)
{
	ForgeScorer *scorer = call.scorer;
	float	   *numbers;
	Datum	   *values;
	int			count;

	if (scorer == NULL)
		PG_RETURN_NULL();
	count = scorer->model->info.transform;
	numbers = palloc(sizeof(float) * Max(count, 1));
	values = palloc(sizeof(Datum) * Max(count, 1));
	if (forge_model_transform(scorer->model->arena, scorer->cells, scorer->scratch, numbers, &scorer->status) != 0)
		forge_status_raise(&scorer->status);
	for (int i = 0; i < count; i++)
		values[i] = Float4GetDatum(numbers[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(values, count, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT));
}

FORGE_ENTRIES(forge_cluster, forge_result_cluster);
FORGE_ENTRIES(forge_transform, forge_result_transform);
