// Columns of a model that a row, an object or a signature does not offer: all of them in one error.
#include "scorer.h"

// Names listed in one message; the rest is counted.
#define FORGE_MISMATCH_LISTED 20

void
forge_mismatch_init(ForgeMismatch *mismatch)
{
	mismatch->missing = mismatch->mistyped = 0;
	initStringInfo(&mismatch->missing_text);
	initStringInfo(&mismatch->mistyped_text);
}

void
forge_mismatch_missing(ForgeMismatch *mismatch, const ForgeModelColumn *column)
{
	if (mismatch->missing++ < FORGE_MISMATCH_LISTED)
		appendStringInfo(&mismatch->missing_text, "%s\"%.*s\"", mismatch->missing > 1 ? ", " : "", column->name_length,
						 column->name);
}

void
forge_mismatch_mistyped(ForgeMismatch *mismatch, const ForgeModelColumn *column, const char *given)
{
	if (mismatch->mistyped++ < FORGE_MISMATCH_LISTED)
		appendStringInfo(&mismatch->mistyped_text, "%s\"%.*s\" is %s instead of %s", mismatch->mistyped > 1 ? ", " : "",
						 column->name_length, column->name, given, forge_family_types(column->family));
}

static const char *
forge_mismatch_more(int count)
{
	return count > FORGE_MISMATCH_LISTED ? psprintf(" and %d more", count - FORGE_MISMATCH_LISTED) : "";
}

void
forge_mismatch_check(const ForgeMismatch *mismatch, const ForgeModel *model, const char *where)
{
	if (mismatch->missing)
		ereport(ERROR,
				(errcode(FORGE_MISSING_COLUMN),
				 errmsg_plural("the %s lacks column %s%s of model \"%s\"", "the %s lacks columns %s%s of model \"%s\"",
							   mismatch->missing, where, mismatch->missing_text.data, forge_mismatch_more(mismatch->missing),
							   model->version.model),
				 mismatch->mistyped
				 ? errdetail("Of another type: %s%s.", mismatch->mistyped_text.data, forge_mismatch_more(mismatch->mistyped)) : 0,
				 errhint("Columns match by name, byte for byte. SELECT * FROM forge.describe('%s') lists them.",
						 model->version.model)));
	if (mismatch->mistyped)
		ereport(ERROR,
				(errcode(FORGE_WRONG_COLUMN_TYPE),
				 errmsg("the %s does not fit model \"%s\": %s%s", where, model->version.model, mismatch->mistyped_text.data,
						forge_mismatch_more(mismatch->mistyped)),
				 errhint("Cast to the types the model was trained on. SELECT * FROM forge.describe('%s') lists them.",
						 model->version.model)));
}
