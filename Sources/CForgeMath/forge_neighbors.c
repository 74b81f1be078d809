// The training rows nearest to a row, and their votes. Sixteen rows are compared side by side in double, each sum in
// the order of the features, so any vectors give the same bits.
#include "forge_math.h"

#include <math.h>
#include <string.h>

#pragma clang diagnostic ignored "-Wpsabi"  // the vectors never leave this file

typedef float Values __attribute__((vector_size(FORGE_BLOCK * 4)));
typedef double Sums __attribute__((vector_size(FORGE_BLOCK * 8)));

static inline Sums load(const float *from) {
    Values values;
    memcpy(&values, from, sizeof values);
    return __builtin_convertvector(values, Sums);
}

// `rows`: a block of them, (encoded, FORGE_BLOCK).
static Sums squared_distances(const float *rows, const double *query, int32_t count) {
    Sums sums = {0};
    for (int64_t f = 0; f < count; f++) {
        Sums difference = load(rows + f * FORGE_BLOCK) - query[f];
        sums += difference * difference;
    }
    return sums;
}

static Sums absolute_distances(const float *rows, const double *query, int32_t count) {
    Sums sums = {0};
    for (int64_t f = 0; f < count; f++) sums += __builtin_elementwise_abs(load(rows + f * FORGE_BLOCK) - query[f]);
    return sums;
}

static Sums products(const float *rows, const double *query, int32_t count) {
    Sums sums = {0};
    for (int64_t f = 0; f < count; f++) sums += load(rows + f * FORGE_BLOCK) * query[f];
    return sums;
}

// The root of a square is exact: rows in the same direction and of the same length are at distance 0.
static double cosine_distance(double product, double norm, double other) {
    double lengths = sqrt(norm * other);
    return lengths > 0 ? fmax(0, 1 - product / lengths) : 1;
}

// Distances of a block's rows, of Euclid's their squares. `norm`: of the query.
static void block_distances(
    const ForgeArena *arena, int64_t first, const double *query, double norm, double *distances) {
    const float *rows = (const float *) forge_at(arena, arena->neighbor_rows) + first * arena->encoded;
    const double *norms = forge_at(arena, arena->neighbor_norms);
    Sums sums = arena->metric == FORGE_EUCLIDEAN   ? squared_distances(rows, query, arena->encoded)
                : arena->metric == FORGE_MANHATTAN ? absolute_distances(rows, query, arena->encoded)
                                                   : products(rows, query, arena->encoded);
    memcpy(distances, &sums, sizeof sums);
    if (arena->metric != FORGE_COSINE) return;
    for (int64_t i = 0; i < FORGE_BLOCK && first + i < arena->neighbor_targets.count; i++)
        distances[i] = cosine_distance(distances[i], norm, norms[first + i]);
}

// Rows come in their order: of equal ones the first stay ahead. Drops the last of `count` where all places are taken.
static int32_t insert(ForgeNeighbor *nearest, int32_t found, int32_t count, ForgeNeighbor neighbor) {
    int32_t place = found < count ? found : count - 1;
    for (; place > 0 && nearest[place - 1].distance > neighbor.distance; place--) nearest[place] = nearest[place - 1];
    nearest[place] = neighbor;
    return found < count ? found + 1 : count;
}

int32_t forge_find_neighbors(const ForgeArena *arena, const double *query, int32_t count, ForgeNeighbor *nearest) {
    int64_t rows = arena->neighbor_targets.count;
    int32_t found = 0;
    double norm = 0;
    for (int32_t f = 0; f < arena->encoded; f++) norm += query[f] * query[f];
    for (int64_t first = 0; first < rows; first += FORGE_BLOCK) {
        double distances[FORGE_BLOCK];
        block_distances(arena, first, query, norm, distances);
        for (int64_t i = 0; i < FORGE_BLOCK && first + i < rows; i++) {
            if (found == count && !(distances[i] < nearest[count - 1].distance)) continue;
            found = insert(nearest, found, count, (ForgeNeighbor){distances[i], (int32_t) (first + i)});
        }
    }
    if (arena->metric == FORGE_EUCLIDEAN)
        for (int32_t i = 0; i < found; i++) nearest[i].distance = sqrt(nearest[i].distance);
    return found;
}

int32_t forge_neighbor_query(const ForgeArena *arena, const double *features, double *query) {
    for (int32_t f = 0; f < arena->encoded; f++) {
        query[f] = (float) features[f];
        if (isinf(query[f])) return forge_feature_column(arena, f);
    }
    return -1;
}

// Scratch: the query, then the neighbours that vote.
int64_t forge_neighbor_scratch(const ForgeArena *arena) {
    return arena->encoded * (int64_t) sizeof(double) + arena->neighbors * (int64_t) sizeof(ForgeNeighbor);
}

// By distance in proportion to that of the nearest one: 1 / distance without its infinities.
static double vote(const ForgeArena *arena, const ForgeNeighbor *nearest, int32_t place) {
    const double *weights = forge_at(arena, arena->neighbor_weights);
    double weight = arena->neighbor_weights.count > 0 ? weights[nearest[place].row] : 1;
    if (!arena->votes_by_distance || nearest[place].distance == nearest[0].distance) return weight;
    return weight * (nearest[0].distance / nearest[place].distance);
}

void forge_neighbor_margins(const ForgeArena *arena, void *memory, double *margins) {
    const double *targets = forge_at(arena, arena->neighbor_targets), *query = memory;
    ForgeNeighbor *nearest = (ForgeNeighbor *) (query + arena->encoded);
    int32_t found = forge_find_neighbors(arena, query, arena->neighbors, nearest);
    double total = 0;
    for (int32_t o = 0; o < arena->outputs; o++) margins[o] = 0;
    for (int32_t i = 0; i < found; i++) {
        double target = targets[nearest[i].row], weight = vote(arena, nearest, i);
        total += weight;
        if (arena->classes == 0) margins[0] += weight * target;
        else if (arena->classes == 2) margins[0] += target == arena->positive ? weight : 0;
        else margins[(int32_t) target] += weight;
    }
    for (int32_t o = 0; o < arena->outputs; o++) margins[o] /= total;
}

void forge_neighbor_row(const ForgeArena *arena, int64_t row, float *features) {
    const float *rows = forge_at(arena, arena->neighbor_rows);
    rows += row / FORGE_BLOCK * FORGE_BLOCK * arena->encoded + row % FORGE_BLOCK;
    for (int64_t f = 0; f < arena->encoded; f++) features[f] = rows[f * FORGE_BLOCK];
}
