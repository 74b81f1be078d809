// Scoring kernels in plain C: fixed order of operations, no contraction, no allocation, no global state.
// They trust the arena (its decoder checked it) and nothing else.
#pragma once
#include "forge_abi.h"
#include "forge_activation.h"
#include "forge_arena.h"
#include "forge_artifact.h"

#pragma clang assume_nonnull begin

// --- values: one double per column, padded with zeros: a number, or a level's index (levels = NULL, levels + 1 = unseen)
void forge_values_from_cells(const ForgeArena *arena, const ForgeCell *cells, double *values);
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

// --- margins
void forge_linear_margins(const ForgeArena *arena, const double *values, double *margins);
// The doubled row that ForgeNode addresses: 2 * encoded + 2 keys, then as many codes if the trees test categories.
// -1, or the column whose value float32 cannot hold.
int32_t forge_tree_row(const ForgeArena *arena, const double *values, uint32_t *row);
void forge_tree_margins(const ForgeArena *arena, const uint32_t *row, double *margins);
// The same by the plainest loop: the oracle of the tests.
void forge_tree_margins_reference(const ForgeArena *arena, const uint32_t *row, double *margins);
// Fills the encoded row, rounded to float32, at the start of a network's scratch memory. -1, or the column that cannot be.
int32_t forge_network_inputs(const ForgeArena *arena, const double *values, void *scratch);
// Margins of the row that lies there.
void forge_network_margins(const ForgeArena *arena, void *scratch, double *margins);
int64_t forge_network_scratch(const ForgeArena *arena);
// Key of a float that is not NaN: a < b exactly when its key is less; -0 has the key of 0.
uint32_t forge_float_key(float value);
// Fills `splits` and `leaves` from the nodes, all trees as deep as the deepest, where they suit and have the room.
void forge_complete_trees(ForgeArena *arena);

// --- scores: probabilities per class, or the value
void forge_row_scores(const ForgeArena *arena, const double *margins, double *scores);

// --- contributions (outputs, columns + 1); element 0 of a row is the base
void forge_linear_explain(const ForgeArena *arena, const double *values, double *contributions);
void forge_tree_explain(const ForgeArena *arena, const uint32_t *row, void *scratch, double *contributions);
int64_t forge_explain_scratch(int32_t max_depth, int64_t points);
void forge_gauss_legendre(int32_t points, double *abscissae, double *weights);
int64_t forge_tree_row_size(const ForgeArena *arena);
// Adds the expected leaf of a tree to its outputs in `bases`.
void forge_tree_expectation(const ForgeArena *arena, int32_t tree, double *bases);

// --- whole rows, scratch as ForgeArena.scratch says
// -1 when done; a column's index when its value is out of range; `columns` when the margin is.
// An explanation: `columns` + 1 when the form has no exact one.
int32_t forge_row_margins(const ForgeArena *arena, const double *values, void *scratch, double *margins);
int32_t forge_row_explain(const ForgeArena *arena, const double *values, void *scratch, double *contributions);
// Where in the scratch memory the values and the margins of a row are kept.
double *forge_scratch_values(const ForgeArena *arena, void *scratch);
double *forge_scratch_margins(const ForgeArena *arena, void *scratch);
int64_t forge_scratch_size(const ForgeArena *arena);

// --- status texts: append to a NUL-terminated field of `size` bytes, cut at a character's end
void forge_status_append(char *field, int64_t size, const void *bytes, int64_t length);
void forge_status_append_number(char *field, int64_t size, double value);
static inline char *forge_status_sqlstate(ForgeStatus *status) { return status->sqlstate; }
static inline char *forge_status_message(ForgeStatus *status) { return status->message; }
static inline char *forge_status_detail(ForgeStatus *status) { return status->detail; }
static inline char *forge_status_hint(ForgeStatus *status) { return status->hint; }

#pragma clang assume_nonnull end
