// From a name to a model ready to score, and from its cells to results.
#include "scorer.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

ForgeScorer *
forge_scorer_create(MemoryContext parent, const ForgeName *name, bool check_execute)
{
	ForgeScorer *scorer = MemoryContextAllocZero(parent, sizeof *scorer);

	scorer->context = AllocSetContextCreate(parent, "forge scorer", ALLOCSET_SMALL_SIZES);
	scorer->name = *name;
	scorer->check_execute = check_execute;
	return scorer;
}

// Cells of numbers are written at `number`, those of categories at `bytes`: the other half stays as it is set here.
static void
forge_scorer_bind(ForgeScorer *scorer, const ForgeVersion *version)
{
	ForgeModel *model;

	MemoryContextReset(scorer->context);
	scorer->model = NULL;
	scorer->row = NULL;
	model = forge_cache_take(version, scorer->context);
	scorer->cells = forge_allocate(scorer->context, sizeof(ForgeCell) * model->info.columns, "a row");
	memset(scorer->cells, 0, sizeof(ForgeCell) * model->info.columns);
	scorer->scratch = forge_allocate(scorer->context, model->info.scratch, "scoring");
	scorer->explain_scratch = NULL;
	scorer->scores = forge_allocate(scorer->context, sizeof(double) * model->info.scores, "scores");
	scorer->model = model;
	scorer->generation++;
}

void
forge_scorer_resolve(ForgeScorer *scorer)
{
	bool		pushed = !ActiveSnapshotSet();
	ForgeVersion version;
	bool		changed;

	scorer->resolved = false;
	if (scorer->check_execute)
		forge_model_require_execute(scorer->name.model);
	if (pushed)
		PushActiveSnapshot(GetTransactionSnapshot());
	forge_version_find(&scorer->name, &version);
	changed = scorer->model == NULL || scorer->model->version.id != version.id
		|| memcmp(scorer->model->version.sha256, version.sha256, FORGE_SHA256_LENGTH) != 0;
	if (changed)
		forge_scorer_bind(scorer, &version);
	else
		forge_row_revalidate(scorer);
	scorer->moment = forge_moment();
	scorer->user = GetUserId();
	scorer->resolved = true;
	if (pushed)
		PopActiveSnapshot();
}

static void
forge_require_classes(const ForgeModel *model)
{
	if (model->info.classes == 0)
		ereport(ERROR,
				(errcode(FORGE_NOT_A_CLASSIFIER),
				 errmsg("model \"%s\" %s: it has no classes", model->version.model, model->info.clusters > 0 ? "finds clusters"
						: model->info.outputs > 1 ? "gives components" : "predicts a number"),
				 errhint("Use forge.%s.", model->info.clusters > 0 ? "cluster" : model->info.outputs > 1 ? "transform" : "predict")));
}

static void
forge_scorer_score(ForgeScorer *scorer)
{
	forge_require_classes(scorer->model);
	if (forge_model_score(scorer->model->arena, scorer->cells, scorer->scratch, scorer->scores, &scorer->status) != 0)
		forge_status_raise(&scorer->status);
}

text *
forge_model_label_text(const ForgeModel *model, int index)
{
	const char *bytes;
	int64		length;

	if (forge_model_label(model->arena, index, &bytes, &length) != 0)
		elog(ERROR, "model \"%s\" has no class %d", model->version.model, index);
	return cstring_to_text(forge_from_utf8(bytes, length));
}

// The positive class from the model's threshold on; without one the most probable class, of equally probable ones the first in byte order.
int
forge_scorer_class(ForgeScorer *scorer)
{
	const ForgeModelInfo *info = &scorer->model->info;
	int			best = 0;

	forge_scorer_score(scorer);
	if (!isnan(info->threshold))
		best = scorer->scores[info->positive] >= info->threshold ? info->positive : 1 - info->positive;
	else
		for (int i = 1; i < info->classes; i++)
			if (scorer->scores[i] > scorer->scores[best])
				best = i;
	return best;
}

Datum
forge_scorer_label(ForgeScorer *scorer)
{
	int			class = forge_scorer_class(scorer);

	return PointerGetDatum(forge_model_label_text(scorer->model, class));
}

// A numeric that reads back as the same double: the cast from float8 would round to 15 digits.
static Numeric
forge_exact_numeric(double value)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(value, digits);
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(digits), ObjectIdGetDatum(InvalidOid),
											   Int32GetDatum(-1)));
}

Datum
forge_scorer_probabilities(ForgeScorer *scorer)
{
	JsonbParseState *state = NULL;
	JsonbValue *object;

	forge_scorer_score(scorer);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < scorer->model->info.classes; i++)
	{
		text	   *label = forge_model_label_text(scorer->model, i);
		JsonbValue	key = {.type = jbvString};
		JsonbValue	value = {.type = jbvNumeric};

		key.val.string.val = VARDATA_ANY(label);
		key.val.string.len = VARSIZE_ANY_EXHDR(label);
		value.val.numeric = forge_exact_numeric(scorer->scores[i]);
		pushJsonbValue(&state, WJB_KEY, &key);
		pushJsonbValue(&state, WJB_VALUE, &value);
	}
	object = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return PointerGetDatum(JsonbValueToJsonb(object));
}

double *
forge_scorer_contributions(ForgeScorer *scorer)
{
	const ForgeModelInfo *info = &scorer->model->info;
	Size		count = (Size) info->outputs * (info->columns + 1);
	double	   *contributions = forge_allocate(CurrentMemoryContext, sizeof(double) * count, "contributions");

	if (scorer->explain_scratch == NULL)
		scorer->explain_scratch = forge_allocate(scorer->context, info->explain_scratch, "explaining");
	for (int64 step = 0;; step++)
	{
		int			code = forge_model_explain(scorer->model->arena, scorer->cells, scorer->explain_scratch, step,
											   contributions, &scorer->status);

		if (code == 0)
			return contributions;
		if (code != FORGE_MORE)
			forge_status_raise(&scorer->status);
		CHECK_FOR_INTERRUPTS();
	}
}

double *
forge_scorer_features(ForgeScorer *scorer)
{
	double	   *features = forge_allocate(CurrentMemoryContext, sizeof(double) * scorer->model->info.features, "features");

	if (forge_model_prepare(scorer->model->arena, scorer->cells, scorer->scratch, features, &scorer->status) != 0)
		forge_status_raise(&scorer->status);
	return features;
}
