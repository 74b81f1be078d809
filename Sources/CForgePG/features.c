// forge.features_for: what is online of the feature service that a model was trained on. The version and its service are read straight from
// the tables' indexes (lookup.c); the features by the service's function in schema forge_features, as the caller, with a plan that the
// session keeps: planning takes longer than all the rest.
#include "version.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lookup.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#define FORGE_SERVICE_LENGTH (2 * NAMEDATALEN)
#define FORGE_KEPT_PLANS 256

typedef struct ForgeServicePlan
{
	char		service[FORGE_SERVICE_LENGTH];	// "churn/1", the key
	SPIPlanPtr	plan;
} ForgeServicePlan;

static HTAB *forge_service_plans = NULL;

// The service of a version, such as "churn/1"; NULL: it was not trained on one.
static const char *
forge_version_service(const ForgeVersion *version)
{
	ForgeKey	version_key[] = {
		{"model", TEXTOID, CStringGetTextDatum(version->model)},
		{"version", INT4OID, Int32GetDatum(version->version)},
	};
	ForgeKey	request_key = {"id", INT8OID, 0};
	ForgeScan	scan;
	HeapTuple	row;
	const char *service = NULL;
	bool		isnull = true;

	forge_scan_begin(&scan, "model_versions", 2, version_key, NULL);
	row = forge_scan_next(&scan);
	if (HeapTupleIsValid(row))
		request_key.value = forge_scan_column(&scan, row, "training_request", INT8OID, &isnull);
	forge_scan_end(&scan);
	if (isnull)
		return NULL;
	forge_scan_begin(&scan, "training_requests", 1, &request_key, NULL);
	row = forge_scan_next(&scan);
	if (HeapTupleIsValid(row))
		service = forge_scan_text(&scan, row, "source_features");
	forge_scan_end(&scan);
	return service;
}

static const char *
forge_service_query(const char *service)
{
	// A longer name was shortened when the function was made.
	if (strlen(service) >= NAMEDATALEN)
		return "select forge.read_service($1, $2)";
	return psprintf("select forge_features.%s(array[$2])", quote_identifier(service));
}

// Needs SPI. A session that reads more services than it keeps plans for plans the others at each call.
static SPIPlanPtr
forge_service_plan(const char *service)
{
	Oid			types[] = {TEXTOID, JSONBOID};
	char		key[FORGE_SERVICE_LENGTH] = {0};
	ForgeServicePlan *entry;
	SPIPlanPtr	plan;

	memcpy(key, service, Min(strlen(service), sizeof key - 1));
	if (forge_service_plans == NULL)
	{
		HASHCTL		control = {.keysize = FORGE_SERVICE_LENGTH, .entrysize = sizeof(ForgeServicePlan), .hcxt = CacheMemoryContext};

		forge_service_plans = hash_create("forge service plans", 16, &control, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	}
	entry = hash_search(forge_service_plans, key, HASH_FIND, NULL);
	if (entry != NULL)
		return entry->plan;
	plan = SPI_prepare(forge_service_query(service), 2, types);
	if (plan == NULL)
		elog(ERROR, "the features of service %s could not be planned: %s", service, SPI_result_code_string(SPI_result));
	if (hash_get_num_entries(forge_service_plans) < FORGE_KEPT_PLANS && SPI_keepplan(plan) == 0)
	{
		entry = hash_search(forge_service_plans, key, HASH_ENTER, NULL);
		entry->plan = plan;
	}
	return plan;
}

static Datum
forge_service_read(const char *service, Datum key, bool *isnull)
{
	Datum		values[] = {CStringGetTextDatum(service), key};
	Datum		found;

	SPI_connect();
	if (SPI_execute_plan(forge_service_plan(service), values, NULL, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "the features of service %s gave no row", service);
	found = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, isnull);
	if (!*isnull)
		found = SPI_datumTransfer(found, false, -1);
	SPI_finish();
	return found;
}

PG_FUNCTION_INFO_V1(forge_features_for);
Datum
forge_features_for(PG_FUNCTION_ARGS)
{
	ForgeName	name;
	ForgeVersion version;
	const char *service;
	text	   *model;
	Jsonb	   *key;
	JsonbValue	scalar;
	Datum		found;
	bool		isnull;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	model = PG_GETARG_TEXT_PP(0);
	key = PG_GETARG_JSONB_P(1);
	if (JB_ROOT_IS_SCALAR(key) && JsonbExtractScalar(&key->root, &scalar) && scalar.type == jbvNull)
		PG_RETURN_NULL();
	forge_name_require(VARDATA_ANY(model), VARSIZE_ANY_EXHDR(model), &name);
	forge_model_require_execute(name.model);
	forge_version_find(&name, &version);
	service = forge_version_service(&version);
	if (service == NULL)
		ereport(ERROR,
				(errcode(FORGE_INVALID_PARAMETER),
				 errmsg("version %d of model \"%s\" was not trained on a feature service", version.version, version.model),
				 errhint("forge.predict takes its columns; forge.train(..., source_features => ...) trains on a service.")));
	found = forge_service_read(service, JsonbPGetDatum(key), &isnull);
	if (isnull)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(found);
}
