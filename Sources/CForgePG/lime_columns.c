// From the rows of forge.feature_statistics to the ways in which a column's value can fall. The statistics keep twenty
// intervals of a number; LIME wants the four between quartiles, which are made of five each.
#include "lime.h"

#include "catalog/pg_type.h"
#include "lookup.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#define FORGE_STATISTIC_STEPS 20
#define FORGE_QUARTERS 4
#define FORGE_RULE_CHARACTERS 60

// One row of the table; its arrays without NULLs.
typedef struct ForgeStatistics
{
	int64		missing;
	int			quantiles;		// 0 or FORGE_STATISTIC_STEPS + 1
	int			counts;
	int			levels;
	double	   *quantile;
	double	   *mean;			// (steps)
	double	   *deviation;
	int64	   *count;			// (steps) or (levels)
	Datum	   *level;
} ForgeStatistics;

static void
forge_statistics_corrupt(const ForgeVersion *version, const char *feature)
{
	ereport(ERROR,
			(errcode(FORGE_CORRUPT_ARTIFACT),
			 errmsg("the stored statistics of column \"%s\" of version %d of model \"%s\" are damaged", feature,
					version->version, version->model),
			 errhint("Restore the table forge.feature_statistics, or train the model again.")));
}

// The elements of an array column, NULL for none.
static Datum *
forge_statistics_array(ForgeScan *scan, HeapTuple row, const char *column, Oid type, Oid element, int *count)
{
	bool		isnull;
	Datum		array = forge_scan_column(scan, row, column, type, &isnull);
	bool		by_value = element != TEXTOID;
	Datum	   *elements;
	bool	   *nulls;

	*count = 0;
	if (isnull)
		return NULL;
	deconstruct_array(DatumGetArrayTypePCopy(array), element, by_value ? 8 : -1, by_value,
					  by_value ? TYPALIGN_DOUBLE : TYPALIGN_INT, &elements, &nulls, count);
	for (int i = 0; i < *count; i++)
		if (nulls[i])
			*count = -1;
	return elements;
}

static double *
forge_statistics_numbers(ForgeScan *scan, HeapTuple row, const char *column, int *count)
{
	Datum	   *elements = forge_statistics_array(scan, row, column, FLOAT8ARRAYOID, FLOAT8OID, count);
	double	   *numbers = palloc(sizeof(double) * Max(*count, 1));

	for (int i = 0; i < *count; i++)
	{
		numbers[i] = DatumGetFloat8(elements[i]);
		if (!isfinite(numbers[i]))
			*count = -1;
	}
	return numbers;
}

// False where the row is not as forge.insert_version writes it.
static bool
forge_statistics_read(ForgeScan *scan, HeapTuple row, int kind, ForgeStatistics *statistics)
{
	int			means,
				deviations;
	bool		isnull;
	Datum	   *counts;

	statistics->missing = DatumGetInt64(forge_scan_column(scan, row, "missing", INT8OID, &isnull));
	statistics->quantile = forge_statistics_numbers(scan, row, "quantiles", &statistics->quantiles);
	statistics->mean = forge_statistics_numbers(scan, row, "means", &means);
	statistics->deviation = forge_statistics_numbers(scan, row, "deviations", &deviations);
	statistics->level = forge_statistics_array(scan, row, "levels", TEXTARRAYOID, TEXTOID, &statistics->levels);
	counts = forge_statistics_array(scan, row, "counts", INT8ARRAYOID, INT8OID, &statistics->counts);
	statistics->count = palloc(sizeof(int64) * Max(statistics->counts, 1));
	for (int i = 0; i < statistics->counts; i++)
	{
		statistics->count[i] = DatumGetInt64(counts[i]);
		if (statistics->count[i] < 0)
			return false;
	}
	if (isnull || statistics->missing < 0)
		return false;
	if (kind == FORGE_VECTOR)
		return true;
	if (kind == FORGE_CATEGORY)
		return statistics->levels >= 0 && statistics->counts == statistics->levels;
	for (int i = 1; i < statistics->quantiles; i++)
		if (statistics->quantile[i] < statistics->quantile[i - 1])
			return false;
	return statistics->counts == means && means == deviations
		&& (statistics->quantiles == 0 ? means == 0
			: statistics->quantiles == FORGE_STATISTIC_STEPS + 1 && means == FORGE_STATISTIC_STEPS);
}

// One more choice; `reach` is its number of rows until all are there.
static ForgeLimeChoice *
forge_lime_add_choice(ForgeLimeColumn *lime, double rows)
{
	ForgeLimeChoice *choice = &lime->choice[lime->choices++];

	memset(choice, 0, sizeof *choice);
	choice->reach = rows;
	return choice;
}

// Interval `bin` of a number, from intervals first to last of the statistics: their moments put together.
static void
forge_lime_add_bin(ForgeLimeColumn *lime, const ForgeStatistics *statistics, int first, int last)
{
	ForgeLimeChoice *bin = forge_lime_add_choice(lime, 0);
	double		squares = 0;

	bin->drawn = 1;
	bin->lower = statistics->quantile[first];
	bin->upper = statistics->quantile[last];
	for (int i = first; i < last; i++)
		bin->reach += statistics->count[i];
	for (int i = first; i < last && bin->reach > 0; i++)
		bin->mean += statistics->mean[i] * (statistics->count[i] / bin->reach);
	for (int i = first; i < last && bin->reach > 0; i++)
	{
		double		deviation = statistics->deviation[i],
					difference = statistics->mean[i] - bin->mean;

		squares += statistics->count[i] / bin->reach * (deviation * deviation + difference * difference);
	}
	bin->deviation = sqrt(squares);
}

// Bins as numpy.unique of the quartiles parts them: (-∞, q25], (q25, q50], (q50, q75], (q75, ∞).
static void
forge_lime_add_bins(ForgeLimeColumn *lime, const ForgeStatistics *statistics)
{
	const int	quarter = FORGE_STATISTIC_STEPS / FORGE_QUARTERS;

	for (int i = 0; i < FORGE_QUARTERS; i++)
	{
		int			first = i * quarter;
		bool		is_empty = statistics->quantile[first] == statistics->quantile[first + quarter];

		if (is_empty && i > 0 && i < FORGE_QUARTERS - 1)
			continue;
		forge_lime_add_bin(lime, statistics, first, first + quarter);
	}
}

static void
forge_lime_add_number(ForgeLimeColumn *lime, const ForgeModelColumn *column, const ForgeStatistics *statistics)
{
	double		number = lime->cell.number;
	bool		is_missing = isnan(number);

	if (column->family == FORGE_FAMILY_BOOLEAN)
	{
		double		present = 0,
					positive = 0;

		for (int i = 0; i < statistics->counts; i++)
		{
			present += statistics->count[i];
			positive += statistics->count[i] * statistics->mean[i];
		}
		forge_lime_add_choice(lime, present - positive)->cell.number = 0;
		forge_lime_add_choice(lime, positive)->cell.number = 1;
		lime->own = is_missing ? -1 : number != 0;
	}
	else if (statistics->quantiles > 0)
	{
		forge_lime_add_bins(lime, statistics);
		for (lime->own = 0; lime->own + 1 < lime->choices && number > lime->choice[lime->own].upper;)
			lime->own++;
	}
	if (statistics->missing > 0)
		forge_lime_add_choice(lime, statistics->missing)->cell.number = forge_double(FORGE_NULL_BITS);
	if (is_missing)
		lime->own = statistics->missing > 0 ? lime->choices - 1 : -1;
}

static void
forge_lime_add_levels(ForgeLimeColumn *lime, const ForgeStatistics *statistics)
{
	for (int i = 0; i < statistics->levels; i++)
	{
		text	   *level = DatumGetTextPP(statistics->level[i]);
		ForgeCell  *cell = &forge_lime_add_choice(lime, statistics->count[i])->cell;
		int			length = VARSIZE_ANY_EXHDR(level);

		cell->bytes = forge_to_utf8(VARDATA_ANY(level), length, &length);
		cell->length = length;
		if (lime->cell.bytes && lime->cell.length == cell->length && memcmp(lime->cell.bytes, cell->bytes, length) == 0)
			lime->own = i;
	}
	if (statistics->missing > 0)
		forge_lime_add_choice(lime, statistics->missing);
	if (lime->cell.bytes == NULL && statistics->missing > 0)
		lime->own = lime->choices - 1;
}

// From rows of each choice to the share of rows up to it.
static void
forge_lime_accumulate(ForgeLimeColumn *lime)
{
	ForgeLimeChoice *choice = lime->choice;
	double		sum = 0,
				whole = 0;

	for (int i = 0; i < lime->choices; i++)
		whole += choice[i].reach;
	if (!(whole > 0))
		lime->choices = 0;
	for (int i = 0; i < lime->choices; i++)
	{
		sum += choice[i].reach;
		choice[i].reach = sum / whole;
	}
}

static void
forge_lime_fill(ForgeLimeColumn *lime, const ForgeModelColumn *column, const ForgeStatistics *statistics)
{
	int			most = Max(statistics->levels, FORGE_QUARTERS) + 1;

	lime->choice = forge_allocate(CurrentMemoryContext, sizeof(ForgeLimeChoice) * most, "statistics");
	if (column->kind == FORGE_CATEGORY)
		forge_lime_add_levels(lime, statistics);
	else if (column->kind == FORGE_NUMBER) // a vector stays as it is: no distribution of vectors is kept
		forge_lime_add_number(lime, column, statistics);
	forge_lime_accumulate(lime);
}

static int
forge_lime_find(const ForgeModel *model, const char *name, int length)
{
	for (int i = 0; i < model->info.columns; i++)
		if (model->columns[i].name_length == length && memcmp(model->columns[i].name, name, length) == 0)
			return i;
	return -1;
}

ForgeLimeColumn *
forge_lime_columns(const ForgeScorer *scorer)
{
	const ForgeModel *model = scorer->model;
	const ForgeVersion *version = &model->version;
	Size		size = sizeof(ForgeLimeColumn) * model->info.columns;
	ForgeLimeColumn *limes = forge_allocate(CurrentMemoryContext, size, "statistics");
	ForgeKey	key[] = {
		{"model", TEXTOID, CStringGetTextDatum(version->model)},
		{"version", INT4OID, Int32GetDatum(version->version)},
	};
	ForgeScan	scan;
	HeapTuple	row;
	int			found = 0;

	for (int i = 0; i < model->info.columns; i++)
		limes[i] = (ForgeLimeColumn) {.own = -1, .cell = scorer->cells[i]};
	forge_scan_begin(&scan, "feature_statistics", 2, key, NULL);
	while (HeapTupleIsValid(row = forge_scan_next(&scan)))
	{
		bool		isnull;
		text	   *name = DatumGetTextPP(forge_scan_column(&scan, row, "feature", TEXTOID, &isnull));
		int			length;
		const char *feature = forge_to_utf8(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &length);
		int			i = forge_lime_find(model, feature, length);
		ForgeStatistics statistics;

		if (i < 0)
			continue;
		if (limes[i].choice || !forge_statistics_read(&scan, row, model->columns[i].kind, &statistics))
			forge_statistics_corrupt(version, text_to_cstring(name));
		forge_lime_fill(&limes[i], &model->columns[i], &statistics);
		found++;
		CHECK_FOR_INTERRUPTS();
	}
	forge_scan_end(&scan);
	if (found < model->info.columns)
		ereport(ERROR,
				(errcode(FORGE_NOT_ENOUGH_ROWS),
				 errmsg("version %d of model \"%s\" has no statistics of its training rows", version->version,
						version->model),
				 errhint("Train the model again: it was registered by a release that kept none.")));
	return limes;
}

// A number as the column's type writes it.
static char *
forge_lime_number_text(const ForgeModelColumn *column, double number)
{
	Interval	interval = {0};
	Datum		text;

	if (!(fabs(number) < 1e11))	// seconds that every type of time can hold
		return psprintf("%.2f", number);
	if (column->type_oid == DATEOID)
		text = DirectFunctionCall1(date_out, DateADTGetDatum((DateADT) floor(number / SECS_PER_DAY)));
	else if (column->family == FORGE_FAMILY_TIME)
		text = DirectFunctionCall1(column->type_oid == TIMESTAMPTZOID ? timestamptz_out : timestamp_out,
								   TimestampGetDatum((Timestamp) floor(number * USECS_PER_SEC)));
	else if (column->family == FORGE_FAMILY_INTERVAL)
	{
		interval.time = (TimeOffset) (number * USECS_PER_SEC);
		text = DirectFunctionCall1(interval_justify_hours, IntervalPGetDatum(&interval));
		text = DirectFunctionCall1(interval_out, text);
	}
	else
		return psprintf("%.2f", number);
	return DatumGetCString(text);
}

static char *
forge_lime_bin_text(const ForgeModelColumn *column, const char *name, const ForgeLimeColumn *lime)
{
	const ForgeLimeChoice *bin = &lime->choice[lime->own];
	bool		is_last = lime->own + 1 == lime->choices || !lime->choice[lime->own + 1].drawn;

	if (lime->own == 0)
		return psprintf("%s <= %s", name, forge_lime_number_text(column, bin->upper));
	if (is_last)
		return psprintf("%s > %s", name, forge_lime_number_text(column, bin->lower));
	return psprintf("%s < %s <= %s", forge_lime_number_text(column, bin->lower), name,
					forge_lime_number_text(column, bin->upper));
}

char *
forge_lime_rule(const ForgeModelColumn *column, const ForgeLimeColumn *lime)
{
	char	   *name = forge_from_utf8(column->name, column->name_length);
	char	   *level;
	int			length;

	if (column->kind != FORGE_NUMBER ? lime->cell.bytes == NULL : isnan(lime->cell.number))
		return psprintf("%s is null", name);
	if (column->kind == FORGE_VECTOR)
		return name;
	if (column->family == FORGE_FAMILY_BOOLEAN)
		return psprintf("%s=%s", name, lime->cell.number != 0 ? "true" : "false");
	if (column->kind == FORGE_NUMBER)
		return lime->own >= 0 && lime->choices > 0 ? forge_lime_bin_text(column, name, lime)
			: psprintf("%s=%s", name, forge_lime_number_text(column, lime->cell.number));
	level = forge_from_utf8(lime->cell.bytes, lime->cell.length);
	length = pg_mbcharcliplen(level, strlen(level), FORGE_RULE_CHARACTERS);
	return psprintf("%s=%.*s%s", name, length, level, level[length] ? "…" : "");
}
