// forge.predict, predict_label and predict_proba, each for a row, for jsonb and for text.
#include "predict.h"

#include "utils/builtins.h"
#include "utils/memutils.h"

// Models that one call site keeps ready: more than one only where the name is no constant, as in predict(t.model, t).
#define FORGE_SITE_MODELS 8

typedef struct ForgeSite
{
	int			used;
	ForgeScorer *scorer[FORGE_SITE_MODELS]; // the last used first
	int			length[FORGE_SITE_MODELS];
	char		text[FORGE_SITE_MODELS][2 * NAMEDATALEN];	// the name as it was given
} ForgeSite;

static void
forge_site_to_front(ForgeSite *site, int index)
{
	ForgeSite	before;

	if (index == 0)
		return;
	before = *site;
	for (int i = 0; i <= index; i++)
	{
		int			from = i == 0 ? index : i - 1;

		site->scorer[i] = before.scorer[from];
		site->length[i] = before.length[from];
		memcpy(site->text[i], before.text[from], sizeof before.text[from]);
	}
}

static void
forge_site_add(ForgeSite *site, MemoryContext context, const char *name, int length)
{
	ForgeName	parsed;
	int			last;

	forge_name_require(name, length, &parsed);
	if (site->used == FORGE_SITE_MODELS)
	{
		site->used--;
		MemoryContextDelete(site->scorer[site->used]->context);
		pfree(site->scorer[site->used]);
	}
	last = site->used;
	site->scorer[last] = forge_scorer_create(context, &parsed, true);
	site->length[last] = length;
	memcpy(site->text[last], name, length);
	site->used++;
	forge_site_to_front(site, last);
}

static ForgeScorer *
forge_site_scorer(FmgrInfo *function, const text *model)
{
	ForgeSite  *site = function->fn_extra;
	const char *name = VARDATA_ANY(model);
	int			length = VARSIZE_ANY_EXHDR(model);
	int			i = 0;

	if (site == NULL)
		site = function->fn_extra = MemoryContextAllocZero(function->fn_mcxt, sizeof *site);
	while (i < site->used && !(site->length[i] == length && memcmp(site->text[i], name, length) == 0))
		i++;
	if (i < site->used)
		forge_site_to_front(site, i);
	else
		forge_site_add(site, function->fn_mcxt, name, length);
	return site->scorer[0];
}

ForgeScorer *
forge_call_model(FunctionCallInfo fcinfo)
{
	ForgeScorer *scorer;

	if (PG_ARGISNULL(0))
		return NULL;
	forge_require_predict();
	scorer = forge_site_scorer(fcinfo->flinfo, PG_GETARG_TEXT_PP(0));
	forge_scorer_refresh(scorer);
	return scorer;
}

// The scorer of a call whose second argument is the row; NULL if either is.
static ForgeScorer *
forge_call_scorer(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(1) ? NULL : forge_call_model(fcinfo);
}

ForgeCall
forge_call_row(FunctionCallInfo fcinfo)
{
	ForgeCall	call = {forge_call_scorer(fcinfo), NULL};

	if (call.scorer)
		forge_scorer_read_row(call.scorer, PG_GETARG_HEAPTUPLEHEADER(1));
	return call;
}

ForgeCall
forge_call_jsonb(FunctionCallInfo fcinfo)
{
	ForgeCall	call = {forge_call_scorer(fcinfo), NULL};

	if (call.scorer == NULL)
		return call;
	call.json = PG_GETARG_JSONB_P(1);
	forge_scorer_read_json(call.scorer, call.json);
	return call;
}

ForgeCall
forge_call_text(FunctionCallInfo fcinfo)
{
	ForgeCall	call = {forge_call_scorer(fcinfo), NULL};
	char	   *features;

	if (call.scorer == NULL)
		return call;
	features = TextDatumGetCString(PG_GETARG_DATUM(1));
	call.json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(features)));
	forge_scorer_read_json(call.scorer, call.json);
	return call;
}

static Datum
forge_result_number(FunctionCallInfo fcinfo, ForgeCall call)
{
	if (call.scorer == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(forge_scorer_predict(call.scorer));
}

static Datum
forge_result_label(FunctionCallInfo fcinfo, ForgeCall call)
{
	if (call.scorer == NULL)
		PG_RETURN_NULL();
	return forge_scorer_label(call.scorer);
}

static Datum
forge_result_probabilities(FunctionCallInfo fcinfo, ForgeCall call)
{
	if (call.scorer == NULL)
		PG_RETURN_NULL();
	return forge_scorer_probabilities(call.scorer);
}

FORGE_ENTRIES(forge_predict, forge_result_number);
FORGE_ENTRIES(forge_predict_label, forge_result_label);
FORGE_ENTRIES(forge_predict_proba, forge_result_probabilities);
