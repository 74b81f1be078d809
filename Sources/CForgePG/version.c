// Names of models: parsing, the caller's right, and the version they mean in the active snapshot.
#include "version.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "lookup.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

static bool
forge_identifier_copy(const char *text, int length, char *identifier)
{
	if (length < 1 || length >= NAMEDATALEN)
		return false;
	for (int i = 0; i < length; i++)
	{
		char		c = text[i];

		if (!((c >= 'a' && c <= 'z') || c == '_' || (i > 0 && c >= '0' && c <= '9')))
			return false;
	}
	memcpy(identifier, text, length);
	identifier[length] = '\0';
	return true;
}

static bool
forge_version_number(const char *text, int length, int *version)
{
	int			number = 0;

	if (length < 1 || length > 9 || text[0] == '0')
		return false;
	for (int i = 0; i < length; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (text[i] - '0');
	}
	*version = number;
	return true;
}

bool
forge_name_parse(const char *text, int length, ForgeName *name)
{
	int			end = 0;

	memset(name, 0, sizeof *name);
	while (end < length && text[end] != '@' && text[end] != '/')
		end++;
	if (!forge_identifier_copy(text, end, name->model))
		return false;
	if (end == length)
	{
		strcpy(name->alias, FORGE_CHAMPION);
		return true;
	}
	if (text[end] == '@')
		return forge_identifier_copy(text + end + 1, length - end - 1, name->alias);
	return forge_version_number(text + end + 1, length - end - 1, &name->version);
}

void
forge_name_require(const char *text, int length, ForgeName *name)
{
	if (!forge_name_parse(text, length, name))
		ereport(ERROR,
				(errcode(FORGE_UNKNOWN_MODEL),
				 errmsg("\"%.*s\" is not the name of a model", Min(length, 200), text),
				 errhint("Write churn for the champion of model churn, churn@challenger for an alias, churn/3 for a version.")));
}

static Oid
forge_acl_function(const char *model)
{
	Oid			namespace = get_namespace_oid(FORGE_MODELS_SCHEMA, true);
	Oid			argument = RECORDOID;
	oidvector  *arguments = buildoidvector(&argument, 1);

	return OidIsValid(namespace)
		? GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(model), PointerGetDatum(arguments),
						  ObjectIdGetDatum(namespace))
		: InvalidOid;
}

void
forge_model_require_execute(const char *model)
{
	Oid			function = forge_acl_function(model);

	if (!OidIsValid(function))
		ereport(ERROR,
				(errcode(FORGE_UNKNOWN_MODEL),
				 errmsg("model \"%s\" does not exist", model),
				 errhint("SELECT name FROM forge.models lists the models; forgectl migrate makes lost functions of %s again.",
						 FORGE_MODELS_SCHEMA)));
	if (forge_function_aclcheck(function, GetUserId()) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(FORGE_NOT_PERMITTED),
				 errmsg("permission denied for model \"%s\"", model),
				 errdetail("Role \"%s\" lacks EXECUTE on function %s.%s(record).",
						   GetUserNameFromId(GetUserId(), false), FORGE_MODELS_SCHEMA, model),
				 errhint("The model's owner gives it: SELECT forge.grant_model('%s', '%s');", model,
						 GetUserNameFromId(GetUserId(), false))));
}

static int
forge_alias_version(const ForgeName *name)
{
	ForgeKey	key[] = {
		{"model", TEXTOID, CStringGetTextDatum(name->model)},
		{"alias", TEXTOID, CStringGetTextDatum(name->alias)},
	};
	ForgeScan	scan;
	HeapTuple	row;
	int			version = 0;
	bool		isnull;

	forge_scan_begin(&scan, "model_aliases", 2, key, "valid_to");
	row = forge_scan_next(&scan);
	if (HeapTupleIsValid(row))
		version = DatumGetInt32(forge_scan_column(&scan, row, "version", INT4OID, &isnull));
	forge_scan_end(&scan);
	if (version == 0)
		ereport(ERROR,
				(errcode(FORGE_UNKNOWN_MODEL),
				 strcmp(name->alias, FORGE_CHAMPION) == 0
				 ? errmsg("model \"%s\" has no champion", name->model)
				 : errmsg("model \"%s\" has no alias \"%s\"", name->model, name->alias),
				 errhint("SELECT forge.promote('%s', version) or forge.set_alias('%s', '%s', version) makes one.",
						 name->model, name->model, name->alias)));
	return version;
}

static void
forge_version_read(ForgeScan *scan, HeapTuple row, ForgeVersion *version)
{
	bool		isnull;
	Datum		sha256 = forge_scan_column(scan, row, "artifact_sha256", BYTEAOID, &isnull);
	bytea	   *bytes = isnull ? NULL : DatumGetByteaPP(sha256);

	version->id = DatumGetInt64(forge_scan_column(scan, row, "id", INT8OID, &isnull));
	if (bytes == NULL || VARSIZE_ANY_EXHDR(bytes) != FORGE_SHA256_LENGTH)
		ereport(ERROR,
				(errcode(FORGE_CORRUPT_ARTIFACT),
				 errmsg("version %d of model \"%s\" has no valid checksum", version->version, version->model),
				 errhint("Promote another version, or train the model again.")));
	memcpy(version->sha256, VARDATA_ANY(bytes), FORGE_SHA256_LENGTH);
	forge_scan_column(scan, row, "retired_at", TIMESTAMPTZOID, &isnull);
	if (!isnull)
		ereport(ERROR,
				(errcode(FORGE_UNKNOWN_MODEL),
				 errmsg("version %d of model \"%s\" is retired", version->version, version->model),
				 errhint("Its artifact is gone; name another version, or train the model again.")));
}

void
forge_version_find(const ForgeName *name, ForgeVersion *version)
{
	int			number = name->version ? name->version : forge_alias_version(name);
	ForgeKey	key[] = {
		{"model", TEXTOID, CStringGetTextDatum(name->model)},
		{"version", INT4OID, Int32GetDatum(number)},
	};
	ForgeScan	scan;
	HeapTuple	row;

	memcpy(version->model, name->model, NAMEDATALEN);
	version->version = number;
	forge_scan_begin(&scan, "model_versions", 2, key, NULL);
	row = forge_scan_next(&scan);
	if (!HeapTupleIsValid(row))
		ereport(ERROR,
				(errcode(FORGE_UNKNOWN_MODEL),
				 errmsg("model \"%s\" has no version %d", name->model, number),
				 errhint("SELECT version FROM forge.model_versions WHERE model = '%s' lists them.", name->model)));
	forge_version_read(&scan, row, version);
	forge_scan_end(&scan);
}
