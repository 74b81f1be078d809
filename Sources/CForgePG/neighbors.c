// The training rows of a model of nearest neighbours: forge.exact_neighbors, those nearest to a row, and
// forge.neighbor_rows, all of them.
#include "predict.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

// A label, or a number as Postgres writes it.
static Datum
forge_target_datum(const ForgeModel *model, double target)
{
	if (model->info.classes > 0)
		return PointerGetDatum(forge_model_label_text(model, (int) target));
	return CStringGetTextDatum(DatumGetCString(DirectFunctionCall1(float8out, Float8GetDatum(target))));
}

static Datum
forge_exact_neighbors_result(FunctionCallInfo fcinfo, ForgeCall call)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ForgeScorer *scorer = call.scorer;
	ForgeNeighbor *nearest;
	int32		count;
	int32		found;

	InitMaterializedSRF(fcinfo, 0);
	if (scorer == NULL)
		return (Datum) 0;
	count = PG_ARGISNULL(2) ? scorer->model->info.neighbors : PG_GETARG_INT32(2);
	count = (int32) Max(Min(count, scorer->model->info.training_rows), 1);
	nearest = palloc_extended(sizeof *nearest * (Size) count, MCXT_ALLOC_HUGE);
	if (forge_model_neighbors(scorer->model->arena, scorer->cells, scorer->scratch, count, nearest, &found, &scorer->status) != 0)
		forge_status_raise(&scorer->status);
	for (int i = 0; i < found; i++)
	{
		double		target;
		double		weight;

		forge_model_training_row(scorer->model->arena, nearest[i].row, NULL, &target, &weight);
		{
			Datum		values[] = {Int64GetDatum(i + 1), Float8GetDatum(nearest[i].distance),
				forge_target_datum(scorer->model, target), Float8GetDatum(weight), Int32GetDatum(nearest[i].row + 1)};
			bool		nulls[] = {false, false, false, false, false};

			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}

FORGE_ENTRY(forge_exact_neighbors, forge_exact_neighbors_result, forge_call_jsonb);

static void
forge_put_training_row(ReturnSetInfo *result, const ForgeModel *model, int64 row, float *features, Datum *elements)
{
	double		target;
	double		weight;

	forge_model_training_row(model->arena, row, features, &target, &weight);
	for (int i = 0; i < model->info.features; i++)
		elements[i] = Float4GetDatum(features[i]);
	{
		ArrayType  *array = construct_array(elements, model->info.features, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT);
		Datum		values[] = {Int32GetDatum((int32) row + 1), PointerGetDatum(array),
			forge_target_datum(model, target), Float8GetDatum(weight)};
		bool		nulls[] = {false, false, false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

PG_FUNCTION_INFO_V1(forge_neighbor_rows);
Datum
forge_neighbor_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ForgeScorer *scorer = forge_call_model(fcinfo);
	MemoryContext own;
	MemoryContext before;
	float	   *features;
	Datum	   *elements;

	InitMaterializedSRF(fcinfo, 0);
	if (scorer == NULL)
		return (Datum) 0;
	features = palloc(sizeof *features * scorer->model->info.features);
	elements = palloc(sizeof *elements * scorer->model->info.features);
	own = AllocSetContextCreate(CurrentMemoryContext, "forge training row", ALLOCSET_DEFAULT_SIZES);
	before = MemoryContextSwitchTo(own);
	for (int64 row = 0; row < scorer->model->info.training_rows; row++)
	{
		CHECK_FOR_INTERRUPTS();
		forge_put_training_row(result, scorer->model, row, features, elements);
		MemoryContextReset(own);
	}
	MemoryContextSwitchTo(before);
	MemoryContextDelete(own);
	return (Datum) 0;
}
