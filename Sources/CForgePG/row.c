// The row form: any composite value, its attributes matched with the model's columns by name.
#include "scorer.h"

#include "access/htup_details.h"
#include "access/tupdesc.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

// Index of the attribute with the column's name, -1 if there is none.
static int
forge_row_attribute(TupleDesc descriptor, const ForgeModelColumn *column)
{
	int			found = -1;

	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);

		if (attribute->attisdropped || strlen(NameStr(attribute->attname)) != column->name_length
			|| memcmp(NameStr(attribute->attname), column->name, column->name_length) != 0)
			continue;
		if (found >= 0)
			ereport(ERROR,
					(errcode(FORGE_WRONG_COLUMN_TYPE),
					 errmsg("the row has two columns named \"%s\"", NameStr(attribute->attname)),
					 errhint("Rename one of them in a subquery.")));
		found = i;
	}
	return found;
}

static void
forge_row_match(ForgeScorer *scorer, ForgeRow *row)
{
	const ForgeModel *model = scorer->model;
	ForgeMismatch mismatch;

	forge_mismatch_init(&mismatch);
	for (int i = 0; i < model->info.columns; i++)
	{
		const ForgeModelColumn *column = &model->columns[i];

		row->attribute[i] = forge_row_attribute(row->descriptor, column);
		if (row->attribute[i] < 0)
		{
			forge_mismatch_missing(&mismatch, column);
			continue;
		}
		forge_converter_init(&row->converter[i], TupleDescAttr(row->descriptor, row->attribute[i])->atttypid);
		row->converter[i].column = NameStr(TupleDescAttr(row->descriptor, row->attribute[i])->attname);
		row->converter[i].dimensions = column->dimensions;
		if (forge_family(row->converter[i].source) != column->family)
			forge_mismatch_mistyped(&mismatch, column, forge_type_name(row->converter[i].type));
	}
	forge_mismatch_check(&mismatch, model, "row");
}

static ForgeRow *
forge_row_create(ForgeScorer *scorer, Oid type, int32 modifier)
{
	MemoryContext caller = MemoryContextSwitchTo(scorer->context);
	TupleDesc	shared = lookup_rowtype_tupdesc(type, modifier);
	ForgeRow   *row = palloc0(sizeof *row);
	int			columns = scorer->model->info.columns;

	row->type = type;
	row->modifier = modifier;
	row->identifier = assign_record_type_identifier(type, modifier);
	row->descriptor = CreateTupleDescCopy(shared);
	ReleaseTupleDesc(shared);
	row->values = palloc(sizeof(Datum) * Max(row->descriptor->natts, 1));
	row->nulls = palloc(sizeof(bool) * Max(row->descriptor->natts, 1));
	row->attribute = palloc(sizeof(int) * Max(columns, 1));
	row->converter = palloc(sizeof(ForgeConverter) * Max(columns, 1));
	forge_row_match(scorer, row);
	MemoryContextSwitchTo(caller);
	return row;
}

static ForgeRow *
forge_row_of_type(ForgeScorer *scorer, Oid type, int32 modifier)
{
	ForgeRow   *row = scorer->row;

	if (likely(row && row->type == type && row->modifier == modifier))
		return row;
	return scorer->row = forge_row_create(scorer, type, modifier);
}

void
forge_row_revalidate(ForgeScorer *scorer)
{
	ForgeRow   *row = scorer->row;

	if (row == NULL)
		return;
	if (assign_record_type_identifier(row->type, row->modifier) != row->identifier)
		scorer->row = NULL;
	else
		for (int i = 0; i < scorer->model->info.columns; i++)
			row->converter[i].enum_value = InvalidOid;
}

void
forge_scorer_read_row(ForgeScorer *scorer, HeapTupleHeader tuple)
{
	ForgeRow   *row = forge_row_of_type(scorer, HeapTupleHeaderGetTypeId(tuple), HeapTupleHeaderGetTypMod(tuple));
	HeapTupleData heap_tuple = {.t_len = HeapTupleHeaderGetDatumLength(tuple), .t_data = tuple};
	int			columns = scorer->model->info.columns;

	ItemPointerSetInvalid(&heap_tuple.t_self);
	heap_deform_tuple(&heap_tuple, row->descriptor, row->values, row->nulls);
	for (int i = 0; i < columns; i++)
	{
		int			attribute = row->attribute[i];

		forge_cell_read(&row->converter[i], row->values[attribute], row->nulls[attribute], &scorer->cells[i]);
	}
}

char *
forge_row_text(const ForgeRow *row, int column)
{
	int			attribute = row->attribute[column];
	Oid			output;
	bool		varlena;

	if (row->nulls[attribute])
		return NULL;
	getTypeOutputInfo(TupleDescAttr(row->descriptor, attribute)->atttypid, &output, &varlena);
	return OidOutputFunctionCall(output, row->values[attribute]);
}
