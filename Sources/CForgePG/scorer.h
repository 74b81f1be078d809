// One model as one call site uses it: resolved, pinned, with the memory that a row needs.
#pragma once
#include "forge_pg.h"

#include "access/htup_details.h"
#include "cache.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/jsonb.h"

// How the attributes of one row type serve the model's columns.
typedef struct ForgeRow
{
	Oid			type;
	int32		modifier;
	uint64		identifier;		// changes when the type does
	TupleDesc	descriptor;
	Datum	   *values;			// (attributes), as last deformed
	bool	   *nulls;
	int		   *attribute;		// (columns) index into them
	ForgeConverter *converter;	// (columns)
} ForgeRow;

typedef struct ForgeScorer
{
	MemoryContext context;		// all below; emptied when the name comes to mean another version
	ForgeName	name;
	bool		check_execute;	// of the caller, when the name is resolved
	bool		resolved;
	int			generation;		// counts the versions that the name has meant here
	Oid			user;			// for whom
	ForgeMoment moment;			// and as of when
	ForgeModel *model;
	ForgeCell  *cells;			// (columns)
	void	   *scratch;
	void	   *explain_scratch;	// NULL until the first explanation
	double	   *scores;			// (ForgeModelInfo.scores)
	ForgeRow   *row;
	ForgeStatus status;
} ForgeScorer;

extern ForgeScorer *forge_scorer_create(MemoryContext parent, const ForgeName *name, bool check_execute);
extern void forge_scorer_resolve(ForgeScorer *scorer);

// Makes the scorer serve the active snapshot and the current user; cheap when both are those of the last row.
// True when it looked again.
static inline bool
forge_scorer_refresh(ForgeScorer *scorer)
{
	if (likely(scorer->resolved && ActiveSnapshotSet()))
	{
		ForgeMoment moment = forge_moment();

		if (likely(forge_moment_equal(&moment, &scorer->moment) && scorer->user == GetUserId()))
			return false;
	}
	forge_scorer_resolve(scorer);
	return true;
}

// Fill the cells: from a row, from a JSON object.
extern void forge_scorer_read_row(ForgeScorer *scorer, HeapTupleHeader row);
// Forgets the row type if it changed since, and labels of enums, which can be renamed.
extern void forge_row_revalidate(ForgeScorer *scorer);
extern void forge_scorer_read_json(ForgeScorer *scorer, Jsonb *json);
// The value of a column as text, NULL for a missing one; for the row read last.
extern char *forge_row_text(const ForgeRow *row, int column);
extern char *forge_json_text(const ForgeModelColumn *column, Jsonb *json);

// Compute from the cells.
static inline double
forge_scorer_predict(ForgeScorer *scorer)
{
	double		value;

	if (unlikely(forge_model_predict(scorer->model->arena, scorer->cells, scorer->scratch, &value, &scorer->status) != 0))
		forge_status_raise(&scorer->status);
	return value;
}

// The class that a row is said to be of.
extern int	forge_scorer_class(ForgeScorer *scorer);
extern Datum forge_scorer_label(ForgeScorer *scorer);
extern Datum forge_scorer_probabilities(ForgeScorer *scorer);
// (outputs, columns + 1) row-major
extern double *forge_scorer_contributions(ForgeScorer *scorer);
// (features)
extern double *forge_scorer_features(ForgeScorer *scorer);
extern text *forge_model_label_text(const ForgeModel *model, int index);

// Columns that a row, an object or a signature lacks or has in another type; reported together.
typedef struct ForgeMismatch
{
	int			missing;
	int			mistyped;
	StringInfoData missing_text;
	StringInfoData mistyped_text;
} ForgeMismatch;

extern void forge_mismatch_init(ForgeMismatch *mismatch);
extern void forge_mismatch_missing(ForgeMismatch *mismatch, const ForgeModelColumn *column);
extern void forge_mismatch_mistyped(ForgeMismatch *mismatch, const ForgeModelColumn *column, const char *given);
extern void forge_mismatch_check(const ForgeMismatch *mismatch, const ForgeModel *model, const char *where);
