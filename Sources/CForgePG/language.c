// LANGUAGE forge: the generated functions of schema forge_models. A function's body is the name of a model; its
// arguments are columns of the model, or one record. float8 is the prediction, text the label.
//
// The language is trusted because a function in it can do nothing but score a model; EXECUTE on it is the model's ACL,
// so the call handler asks for no other right. The validator never looks for the model: pg_restore makes functions
// before rows.
#include "scorer.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "compat.h"
#include "commands/event_trigger.h"
#include "commands/trigger.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

// A function as one call site calls it.
typedef struct ForgeRoutine
{
	bool		label;			// returns text
	bool		record;			// one argument, the row
	int			arguments;
	char	  **names;			// (arguments)
	ForgeConverter *converter;	// (arguments)
	int		   *argument;		// (columns of the model) which argument holds the column
	int			argument_capacity;
	int			generation;		// of the scorer, when they were matched
	bool		plain;			// every column is double precision: no conversion at all
	ForgeScorer *scorer;
} ForgeRoutine;

static void
forge_definition_refuse(const char *function, const char *why, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_FUNCTION_DEFINITION),
			 errmsg("function \"%s\" is no function of language forge: %s", function, why),
			 errhint("%s", hint)));
}

static HeapTuple
forge_procedure(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	return tuple;
}

static void
forge_procedure_model(HeapTuple tuple, ForgeName *name)
{
	bool		isnull;
	Datum		source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	char	   *body;

	if (isnull)
		elog(ERROR, "function without a body in language forge");
	body = TextDatumGetCString(source);

	forge_name_require(body, strlen(body), name);
}

static void
forge_check_arguments(HeapTuple tuple)
{
	Form_pg_proc procedure = (Form_pg_proc) GETSTRUCT(tuple);
	const char *function = NameStr(procedure->proname);
	Oid		   *types;
	char	  **names,
			   *modes;
	int			count = get_func_arg_info(tuple, &types, &names, &modes);
	ForgeConverter converter;

	if (count == 1 && types[0] == RECORDOID)
		return;
	if (count == 0 || names == NULL)
		forge_definition_refuse(function, "it has no named arguments", "Name the arguments as the model's columns.");
	for (int i = 0; i < count; i++)
	{
		if (modes && modes[i] != PROARGMODE_IN)
			forge_definition_refuse(function, "it has an argument that is not IN", "Use plain arguments.");
		if (names[i][0] == '\0')
			forge_definition_refuse(function, "an argument has no name", "Name the arguments as the model's columns.");
		forge_converter_init(&converter, types[i]);
		if (converter.source == FORGE_FROM_NOTHING)
			forge_definition_refuse(function, psprintf("argument \"%s\" is of type %s", names[i], format_type_be(types[i])),
									"docs/sql.md lists the types that features can have.");
	}
}

PG_FUNCTION_INFO_V1(forge_language_validate);
Datum
forge_language_validate(PG_FUNCTION_ARGS)
{
	Oid			function = PG_GETARG_OID(0);
	HeapTuple	tuple;
	Form_pg_proc procedure;
	ForgeName	name;

	if (!CheckFunctionValidatorAccess(fcinfo->flinfo->fn_oid, function) || !check_function_bodies)
		PG_RETURN_VOID();
	tuple = forge_procedure(function);
	procedure = (Form_pg_proc) GETSTRUCT(tuple);
	if (procedure->prokind != PROKIND_FUNCTION || procedure->proretset)
		forge_definition_refuse(NameStr(procedure->proname), "it is a procedure or returns a set", "Return one value.");
	if (procedure->prorettype != FLOAT8OID && procedure->prorettype != TEXTOID)
		forge_definition_refuse(NameStr(procedure->proname), psprintf("it returns %s", format_type_be(procedure->prorettype)),
								"Return double precision for the prediction, text for the label.");
	forge_procedure_model(tuple, &name);
	forge_check_arguments(tuple);
	ReleaseSysCache(tuple);
	PG_RETURN_VOID();
}

static void
forge_routine_arguments(ForgeRoutine *routine, HeapTuple tuple)
{
	Oid		   *types;
	char	  **names,
			   *modes;

	routine->arguments = get_func_arg_info(tuple, &types, &names, &modes);
	routine->record = routine->arguments == 1 && types[0] == RECORDOID;
	routine->names = names;
	routine->converter = palloc(sizeof(ForgeConverter) * Max(routine->arguments, 1));
	for (int i = 0; i < routine->arguments && !routine->record; i++)
		forge_converter_init(&routine->converter[i], types[i]);
}

static ForgeRoutine *
forge_routine_create(FmgrInfo *function)
{
	MemoryContext caller = MemoryContextSwitchTo(function->fn_mcxt);
	HeapTuple	tuple = forge_procedure(function->fn_oid);
	ForgeRoutine *routine = palloc0(sizeof *routine);
	ForgeName	name;

	routine->label = ((Form_pg_proc) GETSTRUCT(tuple))->prorettype == TEXTOID;
	forge_procedure_model(tuple, &name);
	forge_routine_arguments(routine, tuple);
	routine->scorer = forge_scorer_create(function->fn_mcxt, &name, false);
	ReleaseSysCache(tuple);
	MemoryContextSwitchTo(caller);
	return routine;
}

static int
forge_routine_find(const ForgeRoutine *routine, const ForgeModelColumn *column)
{
	for (int i = 0; routine->names && i < routine->arguments; i++)
		if (strlen(routine->names[i]) == column->name_length
			&& memcmp(routine->names[i], column->name, column->name_length) == 0)
			return i;
	return -1;
}

// Matches the model's columns with the arguments, each time the name means another version.
static void
forge_routine_match(ForgeRoutine *routine, MemoryContext context)
{
	const ForgeModel *model = routine->scorer->model;
	ForgeMismatch mismatch;

	if (routine->argument_capacity < model->info.columns)
	{
		routine->argument = MemoryContextAlloc(context, sizeof(int) * model->info.columns);
		routine->argument_capacity = model->info.columns;
	}
	forge_mismatch_init(&mismatch);
	for (int i = 0; i < model->info.columns; i++)
	{
		const ForgeModelColumn *column = &model->columns[i];
		int			argument = routine->argument[i] = forge_routine_find(routine, column);

		if (argument < 0)
			forge_mismatch_missing(&mismatch, column);
		else if (forge_family(routine->converter[argument].source) != column->family)
			forge_mismatch_mistyped(&mismatch, column, forge_type_name(routine->converter[argument].type));
		else
		{
			routine->converter[argument].column = routine->names[argument];
			routine->converter[argument].dimensions = column->dimensions;
		}
	}
	forge_mismatch_check(&mismatch, model, "function's signature");
	routine->plain = true;
	for (int i = 0; i < model->info.columns; i++)
		routine->plain &= routine->converter[routine->argument[i]].source == FORGE_FROM_FLOAT8;
}

static inline void
forge_routine_refresh(ForgeRoutine *routine, FmgrInfo *function)
{
	if (likely(!forge_scorer_refresh(routine->scorer)) || routine->record)
		return;
	for (int i = 0; i < routine->arguments; i++)
		routine->converter[i].enum_value = InvalidOid;	// labels can be renamed
	if (routine->generation != routine->scorer->generation)
	{
		forge_routine_match(routine, function->fn_mcxt);
		routine->generation = routine->scorer->generation;
	}
}

static inline void
forge_routine_read_arguments(ForgeRoutine *routine, FunctionCallInfo fcinfo)
{
	ForgeCell  *cells = routine->scorer->cells;
	int			columns = routine->scorer->model->info.columns;

	if (likely(routine->plain))
	{
		// Scoring takes any NaN for missing, so none has to be made canonical.
		for (int i = 0; i < columns; i++)
		{
			const NullableDatum *argument = &fcinfo->args[routine->argument[i]];

			cells[i].number = unlikely(argument->isnull) ? forge_double(FORGE_NULL_BITS) : DatumGetFloat8(argument->value);
		}
		return;
	}
	for (int i = 0; i < columns; i++)
	{
		int			argument = routine->argument[i];

		forge_cell_read(&routine->converter[argument], fcinfo->args[argument].value, fcinfo->args[argument].isnull, &cells[i]);
	}
}

PG_FUNCTION_INFO_V1(forge_language_call);
Datum
forge_language_call(PG_FUNCTION_ARGS)
{
	ForgeRoutine *routine = fcinfo->flinfo->fn_extra;

	forge_require_predict();
	if (unlikely(routine == NULL))
	{
		if (CALLED_AS_TRIGGER(fcinfo) || CALLED_AS_EVENT_TRIGGER(fcinfo))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("functions of language forge cannot be triggers")));
		routine = forge_routine_create(fcinfo->flinfo);
		fcinfo->flinfo->fn_extra = routine;
	}
	if (routine->record && PG_ARGISNULL(0))
		PG_RETURN_NULL();
	forge_routine_refresh(routine, fcinfo->flinfo);
	if (routine->record)
		forge_scorer_read_row(routine->scorer, PG_GETARG_HEAPTUPLEHEADER(0));
	else
		forge_routine_read_arguments(routine, fcinfo);
	if (routine->label)
		return forge_scorer_label(routine->scorer);
	PG_RETURN_FLOAT8(forge_scorer_predict(routine->scorer));
}
