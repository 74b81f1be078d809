// The cache of decoded models. Versions are immutable, so nothing in it is ever stale; the checksum is compared all
// the same, because a schema that was dropped and made again counts its versions from one again.
//
// A model lies in a memory context of its own: the struct, the arena that Swift decoded into, and the columns. Swift
// keeps no pointer to any of it (docs/safety.md, R3 and R4).
#include "cache.h"

#include "artifact.h"
#include "catalog/pg_type.h"
#include "utils/memutils.h"

static ForgeModel *forge_cache_newest = NULL;
static ForgeModel *forge_cache_oldest = NULL;
static Size forge_cache_size = 0;
static MemoryContext forge_cache_context = NULL;

static void
forge_cache_unlink(ForgeModel *model)
{
	*(model->newer ? &model->newer->older : &forge_cache_newest) = model->older;
	*(model->older ? &model->older->newer : &forge_cache_oldest) = model->newer;
	forge_cache_size -= model->size;
	model->newer = model->older = NULL;
	model->listed = false;
}

static void
forge_cache_link(ForgeModel *model)
{
	model->older = forge_cache_newest;
	model->newer = NULL;
	*(forge_cache_newest ? &forge_cache_newest->newer : &forge_cache_oldest) = model;
	forge_cache_newest = model;
	forge_cache_size += model->size;
	model->listed = true;
}

// Takes a model out of the cache; the memory goes when nobody uses it any more.
static void
forge_cache_remove(ForgeModel *model)
{
	forge_cache_unlink(model);
	if (model->pins == 0)
		MemoryContextDelete(model->context);
}

// The model used last stays, however large.
static void
forge_cache_trim(void)
{
	Size		budget = (Size) forge_model_cache_mb * 1024 * 1024;

	while (forge_cache_size > budget && forge_cache_oldest != forge_cache_newest)
		forge_cache_remove(forge_cache_oldest);
}

static void
forge_model_unpin(void *argument)
{
	ForgeModel *model = argument;

	if (--model->pins == 0 && !model->listed)
		MemoryContextDelete(model->context);
}

static void
forge_model_pin(ForgeModel *model, MemoryContext holder)
{
	MemoryContextCallback *callback = MemoryContextAllocZero(holder, sizeof *callback);

	callback->func = forge_model_unpin;
	callback->arg = model;
	MemoryContextRegisterResetCallback(holder, callback);
	model->pins++;
}

static ForgeModel *
forge_cache_find(const ForgeVersion *version)
{
	for (ForgeModel *model = forge_cache_newest; model; model = model->older)
		if (model->version.id == version->id)
			return model;
	return NULL;
}

// OID of a type of pg_catalog by the name format_type() gives it.
static Oid
forge_builtin_type(const char *name, int length)
{
	static const struct
	{
		const char *name;
		Oid			type;
	}			builtin[] = {
		{"boolean", BOOLOID}, {"smallint", INT2OID}, {"integer", INT4OID}, {"bigint", INT8OID}, {"real", FLOAT4OID},
		{"double precision", FLOAT8OID}, {"numeric", NUMERICOID}, {"date", DATEOID}, {"interval", INTERVALOID},
		{"timestamp without time zone", TIMESTAMPOID}, {"timestamp with time zone", TIMESTAMPTZOID}, {"text", TEXTOID},
		{"character varying", VARCHAROID}, {"character", BPCHAROID}, {"name", NAMEOID}, {"uuid", UUIDOID},
	};

	for (int i = 0; i < lengthof(builtin); i++)
		if (strlen(builtin[i].name) == length && memcmp(builtin[i].name, name, length) == 0)
			return builtin[i].type;
	return InvalidOid;
}

static void
forge_column_describe(ForgeModel *model, int index)
{
	ForgeModelColumn *column = &model->columns[index];
	ForgeColumnInfo info;
	ForgeConverter converter;

	forge_model_column(model->arena, index, &info);
	column->name = info.name;
	column->name_length = info.name_length;
	column->type = info.type;
	column->type_length = info.type_length;
	column->kind = info.kind;
	column->dimensions = info.dimensions;
	column->type_oid = forge_builtin_type(info.type, info.type_length);
	column->family = info.kind == FORGE_CATEGORY ? FORGE_FAMILY_CATEGORY
		: info.kind == FORGE_VECTOR ? FORGE_FAMILY_VECTOR : FORGE_FAMILY_NUMERIC;
	if (OidIsValid(column->type_oid))
	{
		forge_converter_init(&converter, column->type_oid);
		if (forge_family_kind(forge_family(converter.source)) == info.kind)
			column->family = forge_family(converter.source);
	}
}

// Reads, checks and decodes a version into a context of its own, which is not yet anyone's.
static ForgeModel *
forge_model_load(const ForgeVersion *version)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "forge model", ALLOCSET_SMALL_SIZES);
	ForgeModel *model = MemoryContextAllocZero(context, sizeof *model);
	Size		arena_length;

	model->version = *version;
	model->context = context;
	model->arena = forge_artifact_decode(version, context, &arena_length);
	forge_model_info(model->arena, &model->info);
	model->columns = forge_allocate(context, sizeof(ForgeModelColumn) * model->info.columns, "the columns of a model");
	for (int i = 0; i < model->info.columns; i++)
		forge_column_describe(model, i);
	model->size = MemoryContextMemAllocated(context, true);
	return model;
}

ForgeModel *
forge_cache_take(const ForgeVersion *version, MemoryContext holder)
{
	ForgeModel *model = forge_cache_find(version);

	if (model && memcmp(model->version.sha256, version->sha256, FORGE_SHA256_LENGTH) != 0)
	{
		forge_cache_remove(model);
		model = NULL;
	}
	if (model)
		forge_cache_unlink(model);
	else
	{
		model = forge_model_load(version);
		if (forge_cache_context == NULL)
			forge_cache_context = AllocSetContextCreate(TopMemoryContext, "forge model cache", ALLOCSET_SMALL_SIZES);
		MemoryContextSetParent(model->context, forge_cache_context);
	}
	forge_cache_link(model);
	forge_cache_trim();
	forge_model_pin(model, holder);
	return model;
}
