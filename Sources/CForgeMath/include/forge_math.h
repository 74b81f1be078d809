// Scoring kernels in plain C: fixed order of operations, no contraction, no allocation, no global state.
// They trust the arena (its decoder checked it) and nothing else.
#pragma once
#include "forge_abi.h"
#include "forge_activation.h"
#include "forge_arena.h"
#include "forge_artifact.h"
#include "forge_lime.h"

#pragma clang assume_nonnull begin

// --- values: one double per column, padded with zeros: a number, or a level's index (levels = NULL, levels + 1 = unseen)
void forge_values_from_cells(const ForgeArena *arena, const ForgeCell *cells, double *values);
// The value of a category column: the level's index, or the bucket; levels = NULL, levels + 1 = unseen.
int32_t forge_find_category(const ForgeArena *arena, const ForgeColumn *column, const void *_Nullable bytes, int64_t length);
// Index of the level with these bytes, or -1.
int32_t forge_find_level(const ForgeArena *arena, const ForgeColumn *column, const void *bytes, int64_t length);
uint64_t forge_level_hash(const void *bytes, int64_t length);
// 1: a comes strictly before b, byte by byte.
int32_t forge_levels_ascend(const void *a, int64_t a_length, const void *b, int64_t b_length);

// --- encoder: a number column's first feature; NaN when missing and not filled.
double forge_encode_number(double value, int32_t filled, double fill, double shift, double scale);
// The same for the values of a column; rounded: to float32.
void forge_encode_numbers(
    const double *values, int64_t count, int32_t filled, double fill, double shift, double scale, double *features);
void forge_encode_numbers_rounded(
    const double *values, int64_t count, int32_t filled, double fill, double shift, double scale, float *features);

// --- prepared features: the encoded row as doubles, columns first, then products
// Fills the row. values: as above; texts: (texts); work: as ForgeArena.work says. -1, or the column whose value is
// infinite.
int32_t forge_prepare(
    const ForgeArena *arena, const double *values, const ForgeCell *_Nullable texts, void *work, double *features);
// The features of one column; `text` is read where the column's text is encoded.
void forge_prepare_column(
    const ForgeArena *arena, int32_t column, double value, ForgeCell text, void *work, double *features);
// The products of a row whose other features are there.
void forge_prepare_products(const ForgeArena *arena, double *features);
// The column of a feature; of a product across columns the first one.
int32_t forge_feature_column(const ForgeArena *arena, int32_t feature);
double forge_transform_number(int32_t transform, double lambda, double value);
// How many edges are <= value.
int32_t forge_find_bin(const ForgeArena *arena, const ForgeColumn *column, double value);
int32_t forge_date_part_width(int32_t part);
// Writes a part of the date, in seconds since 2000-01-01 UTC; returns where the next one goes.
double *forge_put_date_part(int32_t part, double seconds, double *out);
// Bytes of work memory that a text column needs, a multiple of 8.
int64_t forge_text_work(const ForgeColumn *column);
// The words of a text, lower-cased, with a space between each two: what a vocabulary is learned from. `out` has room for
// 2 * length + 2 bytes. Returns how many it wrote.
int64_t forge_text_words(const char *text, int64_t length, char *out);
// Writes the name of a feature (of forge_features; of a member's, behind the member's number), cut to `size` bytes;
// returns its whole length. Not NUL-terminated.
int64_t forge_feature_name(const ForgeArena *arena, int32_t feature, char *_Nullable name, int64_t size);

// --- margins and contributions of prepared features
void forge_linear_feature_margins(const ForgeArena *arena, const double *features, double *margins);
void forge_linear_feature_explain(const ForgeArena *arena, const double *features, double *contributions);
// Mean margins of the background; 0, or -1 when one is not finite.
int32_t forge_linear_feature_bases(const ForgeArena *arena, double *bases);
// forge_tree_row of prepared features.
int32_t forge_tree_feature_row(const ForgeArena *arena, const double *features, uint32_t *row);
// Margins of any form that reads prepared features. -1, or the column that is out of range, or `columns` for the
// margin.
int32_t forge_feature_margins(const ForgeArena *arena, const double *features, void *scratch, double *margins);

// --- groups
// The head that the row is scored by: its group's, or the whole's where the group has none.
const ForgeArena *forge_group_head(const ForgeArena *arena, const double *values);
// Order of keys of `count` values, number by number; NaN comes last and equals itself. Less than 0, 0, more than 0.
int32_t forge_compare_keys(const double *a, const double *b, int64_t count);

// --- margins
void forge_linear_margins(const ForgeArena *arena, const double *values, double *margins);
// The doubled row that ForgeNode addresses: 2 * encoded + 2 keys, then as many codes if the trees test categories.
// -1, or the column whose value float32 cannot hold.
int32_t forge_tree_row(const ForgeArena *arena, const double *values, uint32_t *row);
void forge_tree_margins(const ForgeArena *arena, const uint32_t *row, double *margins);
// The same by the plainest loop: the oracle of the tests.
void forge_tree_margins_reference(const ForgeArena *arena, const uint32_t *row, double *margins);
// Fills the encoded row, rounded to float32, at the start of a network's scratch memory. -1, or the column that cannot
// be. forge_network_inputs of prepared features.
int32_t forge_network_feature_inputs(const ForgeArena *arena, const double *features, void *scratch);
int32_t forge_network_inputs(const ForgeArena *arena, const double *values, void *scratch);
// Margins of the row that lies there.
void forge_network_margins(const ForgeArena *arena, void *scratch, double *margins);
// Values of its last hidden layer (ForgeArena.hidden), after its margins were computed there.
const float *forge_network_hidden(const ForgeArena *arena, const void *scratch);
int64_t forge_network_scratch(const ForgeArena *arena);
// Weighted means of the members' scores, of a whole row of cells. -1, or the column that is out of range, or `columns`
// for a margin.
int32_t forge_ensemble_margins(const ForgeArena *arena, const ForgeCell *cells, void *scratch, double *margins);
// The same of a row as values and the texts that lie in the scratch memory.
int32_t forge_ensemble_row(const ForgeArena *arena, const double *values, void *scratch, double *margins);
// Such a row as cells (columns).
void forge_ensemble_cells(const ForgeArena *arena, const double *values, void *scratch, ForgeCell *cells);
// A value of the background as a cell.
ForgeCell forge_ensemble_background(const ForgeArena *arena, int64_t row, int32_t column);
int64_t forge_ensemble_scratch(const ForgeArena *arena);
// forge_features and forge_row_features of an ensemble.
int32_t forge_ensemble_features(const ForgeArena *arena);
int32_t forge_ensemble_prepare(const ForgeArena *arena, const double *values, void *scratch, double *features);
// Whether a decoded member has the ensemble's classes; whether its columns are among the ensemble's, and which.
int32_t forge_member_labels_match(const ForgeArena *arena, const ForgeArena *member);
int32_t forge_member_columns(const ForgeArena *arena, const ForgeArena *member, int32_t *places);
// Key of a float that is not NaN: a < b exactly when its key is less; -0 has the key of 0.
uint32_t forge_float_key(float value);
// Fills `splits` and `leaves` from the nodes, all trees as deep as the deepest, where they suit and have the room.
void forge_complete_trees(ForgeArena *arena);

// Of points: squared distance to the nearest of each cluster; of a mixture the log of weight times density.
void forge_centroid_margins(const ForgeArena *arena, const double *features, double *margins);
// The cluster of a row with these margins, counted from 0; -1: of none. `distance`: from its centre, or from the nearest
// point of any; of a mixture the Mahalanobis distance.
int32_t forge_centroid_cluster(const ForgeArena *arena, const double *margins, double *distance);
// Weights of at least 0 by which the factors come nearest to the row. `memory`: outputs doubles, then forge_factor_memory.
void forge_factor_margins(const ForgeArena *arena, const double *features, double *memory, double *margins);
// The same of right sides instead of a row: minimises w·gram·w / 2 - right·w over w >= 0, from `weights` on.
void forge_factor_solve(const double *gram, const double *right, int32_t count, double *memory, double *weights);
// Bytes of memory that solving for so many factors needs.
int64_t forge_factor_memory(int32_t count);

// --- neighbors: the training rows nearest to a row
// The row that they are compared with: encoded features, rounded to float32. -1, or the column that cannot be.
int32_t forge_neighbor_query(const ForgeArena *arena, const double *features, double *query);
// Fills the `count` nearest rows or, where there are fewer, all; nearest first, of equal ones the first. How many.
int32_t forge_find_neighbors(const ForgeArena *arena, const double *query, int32_t count, ForgeNeighbor *nearest);
// What they vote. `memory`: forge_neighbor_scratch bytes, at whose start the query lies.
void forge_neighbor_margins(const ForgeArena *arena, void *memory, double *margins);
int64_t forge_neighbor_scratch(const ForgeArena *arena);
// A training row, (encoded), as the query is.
void forge_neighbor_row(const ForgeArena *arena, int64_t row, float *features);

// --- scores (forge_score_count): probabilities per class, the value, components, distances or shares by cluster
int32_t forge_score_count(const ForgeArena *arena);
void forge_row_scores(const ForgeArena *arena, const double *margins, double *scores);

// --- contributions (outputs, columns + 1); element 0 of a row is the base
void forge_linear_explain(const ForgeArena *arena, const double *values, double *contributions);
void forge_tree_explain(const ForgeArena *arena, const uint32_t *row, void *scratch, double *contributions);
int64_t forge_explain_scratch(int32_t max_depth, int64_t points);
// The row against one of the background at each step. FORGE_MORE, or -1 when done.
int32_t forge_interventional_explain(
    const ForgeArena *arena, const uint32_t *row, void *memory, int64_t step, double *contributions);
int64_t forge_interventional_scratch(const ForgeArena *arena);
// A coalition of columns at each step, of the row that is prepared as `features` (encoded) or, of an ensemble, lies in
// `cells` (columns). FORGE_MORE, -1 when done, or `columns` when a margin is out of range.
int32_t forge_kernel_explain(
    const ForgeArena *arena, const double *_Nullable features, const ForgeCell *_Nullable cells, void *scratch,
    void *memory, int64_t step, double *contributions);
int64_t forge_kernel_scratch(const ForgeArena *arena);
void forge_gauss_legendre(int32_t points, double *abscissae, double *weights);
int64_t forge_tree_row_size(const ForgeArena *arena);
// Adds the expected leaf of a tree to its outputs in `bases`.
void forge_tree_expectation(const ForgeArena *arena, int32_t tree, double *bases);

// --- what a model makes of a row instead of one number
// Numbers that forge_row_transform gives: components, distances or shares by cluster, a network's last hidden layer; 0:
// none.
int32_t forge_transform_width(const ForgeArena *arena);
// Of a row whose scores are there.
void forge_row_transform(const ForgeArena *arena, const double *scores, void *scratch, float *out);

// --- whole rows, scratch as ForgeArena.scratch says, of an explanation as ForgeArena.explain_scratch does
// -1 when done; a column's index when its value is out of range; `columns` when the margin is.
int32_t forge_row_margins(const ForgeArena *arena, const double *values, void *scratch, double *margins);
// Takes steps, from 0 on, so that the caller can stop between them: FORGE_MORE until the last. The scratch memory must
// stay as it is between them.
int32_t forge_row_explain(
    const ForgeArena *arena, const double *values, void *scratch, int64_t step, double *contributions);
// How many features a row has as the model sees it: the encoded ones, of an ensemble those of its members one after the
// other; and these features. -1, or the column whose value is infinite.
int32_t forge_features(const ForgeArena *arena);
int32_t forge_row_features(const ForgeArena *arena, const double *values, void *scratch, double *features);
// Where in the scratch memory the values and the margins of a row are kept.
double *forge_scratch_values(const ForgeArena *arena, void *scratch);
double *forge_scratch_margins(const ForgeArena *arena, void *scratch);
// The prepared features (encoded) of models that are `prepared`; the texts (texts); the work memory of text columns.
double *forge_scratch_features(const ForgeArena *arena, void *scratch);
ForgeCell *forge_scratch_texts(const ForgeArena *arena, void *scratch);
void *forge_scratch_work(const ForgeArena *arena, void *scratch);
// Puts a row's values and texts there.
void forge_scratch_load(const ForgeArena *arena, const ForgeCell *cells, void *scratch);
int64_t forge_scratch_size(const ForgeArena *arena);
int64_t forge_explain_scratch_size(const ForgeArena *arena);

// --- status texts: append to a NUL-terminated field of `size` bytes, cut at a character's end
void forge_status_append(char *field, int64_t size, const void *bytes, int64_t length);
void forge_status_append_number(char *field, int64_t size, double value);
static inline char *forge_status_sqlstate(ForgeStatus *status) { return status->sqlstate; }
static inline char *forge_status_message(ForgeStatus *status) { return status->message; }
static inline char *forge_status_detail(ForgeStatus *status) { return status->detail; }
static inline char *forge_status_hint(ForgeStatus *status) { return status->hint; }

#pragma clang assume_nonnull end
