// forge.explain_lime: a ridge regression around a row says what moves its prediction (forge_lime.h).
#include "lime.h"

#include "funcapi.h"
#include "predict.h"
#include "utils/builtins.h"

// Up to so many features they are chosen one by one, as feature_selection "auto" of the package has it.
#define FORGE_LIME_FORWARD 6
#define FORGE_LIME_CHOOSING_ALPHA 0.01
#define FORGE_LIME_ALPHA 1.0

static const struct
{
	int			minimum,
				maximum;
}			forge_lime_samples = {10, 1000000};

typedef struct ForgeLime
{
	ForgeScorer *scorer;
	const ForgeLimeColumn *columns;
	int			class;			// whose probability is explained; 0 of a regression
	int			samples;
	double		width;
	uint64		seed;
	double		prediction;		// of the row itself
	ForgeLimeMoments moments;
} ForgeLime;

typedef struct ForgeLimeFit
{
	int			count;
	int32	   *chosen;			// (count), largest |coefficient| first
	double	   *coefficients;
	double		intercept;
	double		local_prediction;
	double		score;
} ForgeLimeFit;

// --- what is asked for

static void
forge_lime_problem(StringInfo problems, int *count, const char *problem)
{
	appendStringInfo(problems, "%s%s", (*count)++ ? "\n" : "", problem);
}

// Reads num_features, num_samples, kernel_width and seed; reports all that is wrong with them together.
static int
forge_lime_read_options(FunctionCallInfo fcinfo, ForgeLime *lime, int columns)
{
	int			features = PG_ARGISNULL(3) ? 0 : PG_GETARG_INT32(3);
	StringInfoData problems;
	int			count = 0;

	initStringInfo(&problems);
	lime->samples = PG_ARGISNULL(4) ? 0 : PG_GETARG_INT32(4);
	lime->width = PG_ARGISNULL(5) ? 0.75 * sqrt(columns) : PG_GETARG_FLOAT8(5);
	lime->seed = PG_ARGISNULL(6) ? 0 : (uint64) PG_GETARG_INT64(6);
	if (features < 1)
		forge_lime_problem(&problems, &count,
						   psprintf("num_features must be at least 1, got %s",
									PG_ARGISNULL(3) ? "null" : psprintf("%d", features)));
	if (lime->samples < forge_lime_samples.minimum || lime->samples > forge_lime_samples.maximum)
		forge_lime_problem(&problems, &count,
						   psprintf("num_samples must be from %d to %d, got %s", forge_lime_samples.minimum,
									forge_lime_samples.maximum,
									PG_ARGISNULL(4) ? "null" : psprintf("%d", lime->samples)));
	if (!(lime->width >= 1e-3 && lime->width <= 1e6))
		forge_lime_problem(&problems, &count,
						   psprintf("kernel_width must be from 0.001 to 1000000, got %g", lime->width));
	if (PG_ARGISNULL(6))
		forge_lime_problem(&problems, &count, "seed must not be null");
	if (count > 0)
		ereport(ERROR,
				(errcode(FORGE_INVALID_PARAMETER),
				 count == 1 ? errmsg("%s", problems.data) : errmsg("%d arguments are invalid", count),
				 count == 1 ? 0 : errdetail("%s", problems.data),
				 errhint("Leave them out for LIME's defaults: 10 features, 5000 samples, a kernel of width 0.75 times the root "
						 "of the columns.")));
	return Min(features, columns);
}

static void
forge_lime_refuse_label(const ForgeModel *model, const text *label)
{
	StringInfoData labels;

	if (model->info.classes == 0)
		ereport(ERROR,
				(errcode(FORGE_NOT_A_CLASSIFIER),
				 errmsg("model \"%s\" predicts a number: it has no label \"%s\"", model->version.model,
						text_to_cstring(label)),
				 errhint("Leave label out.")));
	initStringInfo(&labels);
	for (int i = 0; i < Min(model->info.classes, 20); i++)
		appendStringInfo(&labels, "%s%s", i ? ", " : "", text_to_cstring(forge_model_label_text(model, i)));
	ereport(ERROR,
			(errcode(FORGE_INVALID_PARAMETER),
			 errmsg("model \"%s\" has no label \"%s\"", model->version.model, text_to_cstring(label)),
			 errdetail("Its labels: %s%s.", labels.data, model->info.classes > 20 ? ", …" : ""),
			 errhint("Leave label out for the predicted one.")));
}

// The class whose probability is explained: the one named, else the predicted one.
static int
forge_lime_class(ForgeScorer *scorer, const text *label)
{
	const ForgeModelInfo *info = &scorer->model->info;

	if (info->clusters > 0 || (info->classes == 0 && info->outputs > 1))
		ereport(ERROR,
				(errcode(FORGE_NOT_A_CLASSIFIER),
				 errmsg("model \"%s\" predicts neither a number nor a class", scorer->model->version.model),
				 errhint("Use forge.explain.")));
	if (label == NULL)
		return info->classes > 0 ? forge_scorer_class(scorer) : 0;
	for (int i = 0; i < info->classes; i++)
	{
		const text *own = forge_model_label_text(scorer->model, i);

		if (VARSIZE_ANY_EXHDR(own) == VARSIZE_ANY_EXHDR(label)
			&& memcmp(VARDATA_ANY(own), VARDATA_ANY(label), VARSIZE_ANY_EXHDR(own)) == 0)
			return i;
	}
	forge_lime_refuse_label(scorer->model, label);
	return -1;
}

// --- the rows around

static double
forge_lime_predict(const ForgeLime *lime)
{
	ForgeScorer *scorer = lime->scorer;

	if (forge_model_score(scorer->model->arena, scorer->cells, scorer->scratch, scorer->scores, &scorer->status) != 0)
		forge_status_raise(&scorer->status);
	return scorer->scores[lime->class];
}

static void
forge_lime_sample(ForgeLime *lime)
{
	ForgeLimeMoments *moments = &lime->moments;
	int			columns = moments->columns;
	uint8	   *same = palloc(columns);

	for (int i = 0; i < lime->samples; i++)
	{
		double		prediction;

		CHECK_FOR_INTERRUPTS();
		forge_lime_draw(lime->columns, columns, lime->seed, i, lime->scorer->cells, same);
		prediction = forge_lime_predict(lime);
		if (i == 0)
			lime->prediction = prediction;
		forge_lime_add(moments, same, forge_lime_weight(same, columns, lime->width), prediction - lime->prediction);
	}
	forge_lime_center(moments);
}

static void
forge_lime_moments_init(ForgeLimeMoments *moments, int columns)
{
	Size		size = sizeof(double) * columns;

	*moments = (ForgeLimeMoments) {.columns = columns};
	moments->means = memset(palloc(size), 0, size);
	moments->targets = memset(palloc(size), 0, size);
	moments->products = forge_allocate(CurrentMemoryContext, size * columns, "an explanation");
	memset(moments->products, 0, size * columns);
}

// --- the regression

static double *
forge_lime_regress(const ForgeLimeMoments *moments, const int32 *chosen, int count, double alpha)
{
	double	   *factor = forge_allocate(CurrentMemoryContext, sizeof(double) * count * count, "an explanation");
	double	   *coefficients = palloc(sizeof(double) * count);

	for (int i = 0; i < count; i++)
	{
		forge_lime_factor_row(moments, chosen, count, alpha, i, factor);
		CHECK_FOR_INTERRUPTS();
	}
	forge_lime_solve(moments, chosen, count, factor, coefficients);
	pfree(factor);
	return coefficients;
}

static void
forge_lime_choose_forward(const ForgeLimeMoments *moments, int32 *chosen, int count)
{
	int			columns = moments->columns;
	ForgeLimeMoments swept = *moments;

	swept.targets = memcpy(palloc(sizeof(double) * columns), moments->targets, sizeof(double) * columns);
	swept.products = forge_allocate(CurrentMemoryContext, sizeof(double) * columns * columns, "an explanation");
	memcpy(swept.products, moments->products, sizeof(double) * columns * columns);
	for (int i = 0; i < count; i++)
	{
		forge_lime_choose_next(&swept, chosen, i);
		CHECK_FOR_INTERRUPTS();
	}
}

static void
forge_lime_choose_heaviest(const ForgeLimeMoments *moments, int32 *chosen, int count)
{
	int32	   *all = palloc(sizeof(int32) * moments->columns);

	for (int i = 0; i < moments->columns; i++)
		all[i] = i;
	forge_lime_largest(forge_lime_regress(moments, all, moments->columns, FORGE_LIME_CHOOSING_ALPHA), moments->columns,
					   count, chosen);
}

static ForgeLimeFit
forge_lime_fit(const ForgeLime *lime, int features)
{
	const ForgeLimeMoments *moments = &lime->moments;
	ForgeLimeFit fit = {.count = features};
	int32	   *chosen = palloc(sizeof(int32) * features);
	int32	   *order = palloc(sizeof(int32) * features);
	double	   *coefficients;

	if (features <= FORGE_LIME_FORWARD)
		forge_lime_choose_forward(moments, chosen, features);
	else
		forge_lime_choose_heaviest(moments, chosen, features);
	coefficients = forge_lime_regress(moments, chosen, features, FORGE_LIME_ALPHA);
	fit.score = forge_lime_score(moments, chosen, features, coefficients);

	forge_lime_largest(coefficients, features, features, order);
	fit.chosen = palloc(sizeof(int32) * features);
	fit.coefficients = palloc(sizeof(double) * features);
	fit.intercept = lime->prediction + moments->target;
	for (int i = 0; i < features; i++)
	{
		fit.chosen[i] = chosen[order[i]];
		fit.coefficients[i] = coefficients[order[i]];
		fit.intercept -= fit.coefficients[i] * moments->means[fit.chosen[i]];
	}
	fit.local_prediction = fit.intercept;
	for (int i = 0; i < features; i++)
		fit.local_prediction += fit.coefficients[i];
	return fit;
}

// --- the answer

static void
forge_lime_put(ReturnSetInfo *result, const ForgeLime *lime, const ForgeLimeFit *fit)
{
	const ForgeModel *model = lime->scorer->model;
	bool		classifies = model->info.classes > 0;
	Datum		label = classifies ? PointerGetDatum(forge_model_label_text(model, lime->class)) : (Datum) 0;

	for (int i = 0; i < fit->count; i++)
	{
		const ForgeModelColumn *column = &model->columns[fit->chosen[i]];
		Datum		values[] = {
			CStringGetTextDatum(forge_lime_rule(column, &lime->columns[fit->chosen[i]])),
			Float8GetDatum(fit->coefficients[i]),
			CStringGetTextDatum(forge_from_utf8(column->name, column->name_length)),
			label,
			Float8GetDatum(lime->prediction),
			Float8GetDatum(fit->local_prediction),
			Float8GetDatum(fit->intercept),
			Float8GetDatum(fit->score),
		};
		bool		nulls[] = {false, false, false, !classifies, false, false, false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

static Datum
forge_result_lime(FunctionCallInfo fcinfo, ForgeCall call)
{
	ForgeLime	lime = {.scorer = call.scorer};
	ForgeLimeFit fit;
	int			features;

	InitMaterializedSRF(fcinfo, 0);
	if (call.scorer == NULL)
		return (Datum) 0;
	features = forge_lime_read_options(fcinfo, &lime, call.scorer->model->info.columns);
	lime.class = forge_lime_class(call.scorer, PG_ARGISNULL(2) ? NULL : PG_GETARG_TEXT_PP(2));
	lime.columns = forge_lime_columns(call.scorer);
	forge_lime_moments_init(&lime.moments, call.scorer->model->info.columns);
	forge_lime_sample(&lime);
	fit = forge_lime_fit(&lime, features);
	forge_lime_put((ReturnSetInfo *) fcinfo->resultinfo, &lime, &fit);
	return (Datum) 0;
}

FORGE_ENTRIES(forge_explain_lime, forge_result_lime);
