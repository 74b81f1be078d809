// From margins to scores, and whole rows. exp is libm's.
#include "forge_math.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static double logistic(double margin) {
    if (margin >= 0) return 1 / (1 + exp(-margin));
    double odds = exp(margin);
    return odds / (1 + odds);
}

static double clip(double share) { return share < 0 ? 0 : share > 1 ? 1 : share; }

static void softmax(const double *margins, int32_t count, double *scores) {
    double highest = margins[0], sum = 0;
    for (int32_t k = 1; k < count; k++)
        if (margins[k] > highest) highest = margins[k];
    for (int32_t k = 0; k < count; k++) sum += scores[k] = exp(margins[k] - highest);
    for (int32_t k = 0; k < count; k++) scores[k] /= sum;
}

// Shares that sum to zero (every tree says no) are even.
static void shares(const double *margins, int32_t count, double *scores) {
    double sum = 0;
    for (int32_t k = 0; k < count; k++) sum += scores[k] = clip(margins[k]);
    for (int32_t k = 0; k < count; k++) scores[k] = sum > 0 ? scores[k] / sum : 1.0 / count;
}

// On straight lines through a calibrator's points.
static double isotonic(const ForgeArena *arena, int32_t calibrator, double value) {
    const int32_t *ends = forge_at(arena, arena->calibration_ends);
    const double *x = forge_at(arena, arena->calibration_x), *y = forge_at(arena, arena->calibration_y);
    int32_t low = ends[calibrator], high = ends[calibrator + 1] - 1;
    if (!(value > x[low])) return y[low];
    if (value >= x[high]) return y[high];
    while (high - low > 1) {
        int32_t middle = low + (high - low) / 2;
        if (x[middle] <= value) low = middle;
        else high = middle;
    }
    return y[low] + (y[high] - y[low]) * ((value - x[low]) / (x[high] - x[low]));
}

static double calibrated(const ForgeArena *arena, int32_t calibrator, double value) {
    if (arena->calibration == FORGE_CALIBRATION_ISOTONIC) return isotonic(arena, calibrator, value);
    const double *sigmoid = (const double *) forge_at(arena, arena->calibration_x) + 2 * calibrator;
    return logistic(-(sigmoid[0] * value + sigmoid[1]));
}

// One against the rest, then normalised; probabilities that sum to zero are even.
static void calibrate(const ForgeArena *arena, const double *margins, double *scores) {
    int32_t positive = arena->positive, count = arena->classes;
    if (count == 2) {
        scores[positive] = clip(calibrated(arena, 0, arena->link == FORGE_LOGISTIC ? margins[0] : scores[positive]));
        scores[1 - positive] = 1 - scores[positive];
        return;
    }
    for (int32_t k = 0; k < count; k++) scores[k] = calibrated(arena, k, scores[k]);
    shares(scores, count, scores);
}

static void link_scores(const ForgeArena *arena, const double *margins, double *scores) {
    int32_t positive = arena->positive;
    if (arena->link == FORGE_IDENTITY) {
        for (int32_t o = 0; o < arena->outputs; o++) scores[o] = margins[o];
    } else if (arena->link == FORGE_DISTANCES) {
        for (int32_t o = 0; o < arena->outputs; o++) scores[o] = sqrt(margins[o]);
    } else if (arena->link == FORGE_LOG) {
        scores[0] = exp(margins[0]);
    } else if (arena->link == FORGE_LOGISTIC) {
        scores[positive] = logistic(margins[0]);
        scores[1 - positive] = logistic(-margins[0]);
    } else if (arena->link == FORGE_SOFTMAX) {
        softmax(margins, arena->outputs, scores);
    } else if (arena->outputs > 1) {
        shares(margins, arena->outputs, scores);
    } else {
        scores[positive] = clip(margins[0]);
        scores[1 - positive] = 1 - scores[positive];
    }
}

int32_t forge_score_count(const ForgeArena *arena) {
    return arena->classes > 0 ? arena->classes : arena->outputs;
}

// In place, too.
void forge_row_scores(const ForgeArena *arena, const double *margins, double *scores) {
    link_scores(arena, margins, scores);
    if (arena->calibration != FORGE_UNCALIBRATED) calibrate(arena, margins, scores);
}

int32_t forge_transform_width(const ForgeArena *arena) {
    if (arena->form == FORGE_NETWORK) return arena->hidden;
    return arena->task == FORGE_CLUSTERING || arena->task == FORGE_DECOMPOSITION ? arena->outputs : 0;
}

// Scratch: values (padded), margins (outputs), prepared features (encoded, if `prepared`), texts, work memory of text
// columns, then the doubled row of trees, a network's layers, the factors' right side, the neighbours or what an ensemble
// needs. Behind them, what an explanation needs.
double *forge_scratch_values(const ForgeArena *arena, void *scratch) {
    (void) arena;
    return scratch;
}

double *forge_scratch_margins(const ForgeArena *arena, void *scratch) { return (double *) scratch + arena->padded; }

double *forge_scratch_features(const ForgeArena *arena, void *scratch) {
    return forge_scratch_margins(arena, scratch) + arena->outputs;
}

ForgeCell *forge_scratch_texts(const ForgeArena *arena, void *scratch) {
    return (ForgeCell *) (forge_scratch_features(arena, scratch) + (arena->prepared ? arena->encoded : 0));
}

void *forge_scratch_work(const ForgeArena *arena, void *scratch) { return forge_scratch_texts(arena, scratch) + arena->texts; }

void forge_scratch_load(const ForgeArena *arena, const ForgeCell *cells, void *scratch) {
    const int32_t *columns = forge_at(arena, arena->text_columns);
    ForgeCell *texts = forge_scratch_texts(arena, scratch);
    forge_values_from_cells(arena, cells, forge_scratch_values(arena, scratch));
    for (int32_t i = 0; i < arena->texts; i++) texts[i] = cells[columns[i]];
}

static uint32_t *scratch_row(const ForgeArena *arena, void *scratch) {
    return (uint32_t *) ((char *) forge_scratch_work(arena, scratch) + arena->work);
}

static int64_t row_size(const ForgeArena *arena) {
    return arena->form == FORGE_TREES ? forge_tree_row_size(arena) : 0;
}

int64_t forge_scratch_size(const ForgeArena *arena) {
    int64_t size = ((int64_t) arena->padded + arena->outputs + (arena->prepared ? arena->encoded : 0)) * 8;
    size += (int64_t) arena->texts * (int64_t) sizeof(ForgeCell) + arena->work + row_size(arena);
    if (arena->form == FORGE_NETWORK) size += forge_network_scratch(arena);
    if (arena->form == FORGE_ENSEMBLE) size = ((size + 15) & ~15ll) + forge_ensemble_scratch(arena);
    if (arena->form == FORGE_NONNEGATIVE) size += (int64_t) arena->outputs * 8 + forge_factor_memory(arena->outputs);
    if (arena->form == FORGE_NEIGHBORS) size += forge_neighbor_scratch(arena);
    return (size + 15) & ~15ll;
}

// Bytes of the row that coalitions are taken of: prepared features, or an ensemble's cells.
static int64_t explained_row_size(const ForgeArena *arena) {
    int64_t cells = (int64_t) arena->columns * (int64_t) sizeof(ForgeCell);
    int64_t features = (int64_t) arena->encoded * (int64_t) sizeof(double);
    return ((arena->form == FORGE_ENSEMBLE ? cells : features) + 15) & ~15ll;
}

int64_t forge_explain_scratch_size(const ForgeArena *arena) {
    if (arena->sampled) return arena->scratch + explained_row_size(arena) + forge_kernel_scratch(arena);
    if (arena->form != FORGE_TREES) return arena->scratch;
    if (arena->background.count > 0) return arena->scratch + forge_interventional_scratch(arena);
    return arena->scratch + forge_explain_scratch(arena->max_depth, arena->quadrature.count / 2);
}

// The largest whole margin whose exp is finite.
enum { LOG_HIGHEST = 709 };

// `columns` when the link makes no finite score of the margin.
static int32_t check_link(const ForgeArena *arena, const double *margins) {
    return arena->link == FORGE_LOG && margins[0] > LOG_HIGHEST ? arena->columns : -1;
}

// Which column made margins not finite: the first infinite one, else none in particular.
static int32_t check_margins(const ForgeArena *arena, const double *values, const double *margins) {
    double sum = 0;
    for (int32_t o = 0; o < arena->outputs; o++) sum += margins[o] - margins[o];
    if (sum == 0) return check_link(arena, margins);
    for (int32_t c = 0; c < arena->columns; c++)
        if (isinf(values[c])) return c;
    return arena->columns;
}

int32_t forge_feature_margins(const ForgeArena *arena, const double *features, void *scratch, double *margins) {
    uint32_t *row = scratch_row(arena, scratch);
    int32_t refused = -1;
    double sum = 0;
    if (arena->form == FORGE_TREES) refused = forge_tree_feature_row(arena, features, row);
    if (arena->form == FORGE_NETWORK) refused = forge_network_feature_inputs(arena, features, row);
    if (arena->form == FORGE_NEIGHBORS) refused = forge_neighbor_query(arena, features, (double *) row);
    if (refused >= 0) return refused;
    if (arena->form == FORGE_TREES) forge_tree_margins(arena, row, margins);
    else if (arena->form == FORGE_NETWORK) forge_network_margins(arena, row, margins);
    else if (arena->form == FORGE_CENTROIDS) forge_centroid_margins(arena, features, margins);
    else if (arena->form == FORGE_NONNEGATIVE) forge_factor_margins(arena, features, (double *) row, margins);
    else if (arena->form == FORGE_NEIGHBORS) forge_neighbor_margins(arena, row, margins);
    else forge_linear_feature_margins(arena, features, margins);
    for (int32_t o = 0; o < arena->outputs; o++) sum += margins[o] - margins[o];
    return sum == 0 ? check_link(arena, margins) : arena->columns;
}

static int32_t prepared_margins(const ForgeArena *arena, const double *values, void *scratch, double *margins) {
    double *features = forge_scratch_features(arena, scratch);
    int32_t refused = forge_prepare(
        arena, values, forge_scratch_texts(arena, scratch), forge_scratch_work(arena, scratch), features);
    return refused >= 0 ? refused : forge_feature_margins(arena, features, scratch, margins);
}

int32_t forge_row_margins(const ForgeArena *arena, const double *values, void *scratch, double *margins) {
    arena = forge_group_head(arena, values);
    if (arena->prepared) return prepared_margins(arena, values, scratch, margins);
    if (arena->form == FORGE_ENSEMBLE) return forge_ensemble_row(arena, values, scratch, margins);
    if (arena->form == FORGE_LINEAR) {
        forge_linear_margins(arena, values, margins);
        return check_margins(arena, values, margins);
    }
    uint32_t *row = scratch_row(arena, scratch);
    if (arena->form == FORGE_NETWORK) {
        int32_t refused = forge_network_inputs(arena, values, row);
        if (refused >= 0) return refused;
        forge_network_margins(arena, row, margins);
        return check_margins(arena, values, margins);
    }
    int32_t refused = forge_tree_row(arena, values, row);
    if (refused >= 0) return refused;
    forge_tree_margins(arena, row, margins);
    return check_link(arena, margins);
}

// The row lies before the memory of what samples it.
static int32_t explain_by_coalitions(
    const ForgeArena *arena, const double *values, void *scratch, int64_t step, double *contributions) {
    char *row = (char *) scratch + arena->scratch, *memory = row + explained_row_size(arena);
    if (arena->form == FORGE_ENSEMBLE) {
        if (step == 0) forge_ensemble_cells(arena, values, scratch, (ForgeCell *) row);
        return forge_kernel_explain(arena, NULL, (ForgeCell *) row, scratch, memory, step, contributions);
    }
    if (step == 0)
        forge_prepare(
            arena, values, forge_scratch_texts(arena, scratch), forge_scratch_work(arena, scratch), (double *) row);
    return forge_kernel_explain(arena, (double *) row, NULL, scratch, memory, step, contributions);
}

static int32_t explain_step(
    const ForgeArena *arena, const double *values, void *scratch, int64_t step, double *contributions) {
    if (arena->sampled) return explain_by_coalitions(arena, values, scratch, step, contributions);
    const uint32_t *row = scratch_row(arena, scratch);
    void *memory = (char *) scratch + arena->scratch;
    if (arena->form == FORGE_TREES && arena->background.count > 0)
        return forge_interventional_explain(arena, row, memory, step, contributions);
    if (arena->form == FORGE_TREES) forge_tree_explain(arena, row, memory, contributions);
    else if (arena->prepared)
        forge_linear_feature_explain(arena, forge_scratch_features(arena, scratch), contributions);
    else forge_linear_explain(arena, values, contributions);
    return -1;
}

int32_t forge_row_explain(
    const ForgeArena *arena, const double *values, void *scratch, int64_t step, double *contributions) {
    arena = forge_group_head(arena, values);
    int32_t refused = step == 0 ? forge_row_margins(arena, values, scratch, forge_scratch_margins(arena, scratch)) : -1;
    return refused >= 0 ? refused : explain_step(arena, values, scratch, step, contributions);
}

int32_t forge_features(const ForgeArena *arena) {
    return arena->form == FORGE_ENSEMBLE ? forge_ensemble_features(arena) : arena->encoded;
}

int32_t forge_row_features(const ForgeArena *arena, const double *values, void *scratch, double *features) {
    if (arena->form == FORGE_ENSEMBLE) return forge_ensemble_prepare(arena, values, scratch, features);
    return forge_prepare(
        arena, values, forge_scratch_texts(arena, scratch), forge_scratch_work(arena, scratch), features);
}

void forge_row_transform(const ForgeArena *arena, const double *scores, void *scratch, float *out) {
    int32_t width = forge_transform_width(arena);
    if (arena->form == FORGE_NETWORK) {
        memcpy(out, forge_network_hidden(arena, scratch_row(arena, scratch)), (size_t) width * sizeof *out);
        return;
    }
    for (int32_t i = 0; i < width; i++) out[i] = (float) scores[i];
}
