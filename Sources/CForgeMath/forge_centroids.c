// Distances of a prepared row from centres, and the log densities of a Gaussian mixture. Sums are four partial ones by
// feature modulo four.
#include "forge_math.h"

#include <math.h>

static double total(const double *sums) { return (sums[0] + sums[1]) + (sums[2] + sums[3]); }

static double squared_distance(const double *features, const double *center, int32_t count) {
    double sums[FORGE_LANES] = {0};
    for (int32_t f = 0; f < count; f++) {
        double difference = features[f] - center[f];
        sums[f % FORGE_LANES] += difference * difference;
    }
    return total(sums);
}

static double diagonal_distance(const double *features, const double *center, const double *precisions, int32_t count) {
    double sums[FORGE_LANES] = {0};
    for (int32_t f = 0; f < count; f++) {
        double scaled = (features[f] - center[f]) * precisions[f];
        sums[f % FORGE_LANES] += scaled * scaled;
    }
    return total(sums);
}

// precisions: (count, count) by column, upper triangular: the transposed inverse of the covariance's Cholesky factor.
static double full_distance(const double *features, const double *center, const double *precisions, int32_t count) {
    double squares = 0;
    for (int64_t j = 0; j < count; j++) {
        double sums[FORGE_LANES] = {0};
        for (int64_t f = 0; f <= j; f++)
            sums[f % FORGE_LANES] += (features[f] - center[f]) * precisions[j * count + f];
        double projected = total(sums);
        squares += projected * projected;
    }
    return squares;
}

static double component_distance(const ForgeArena *arena, int64_t k, const double *features, const double *center) {
    const double *precisions = forge_at(arena, arena->precisions);
    int32_t count = arena->encoded;
    switch (arena->precision) {
        case FORGE_SPHERICAL: return squared_distance(features, center, count) * (precisions[k] * precisions[k]);
        case FORGE_DIAGONAL: return diagonal_distance(features, center, precisions + k * count, count);
        case FORGE_FULL: return full_distance(features, center, precisions + k * count * count, count);
        default: return full_distance(features, center, precisions, count);
    }
}

void forge_centroid_margins(const ForgeArena *arena, const double *features, double *margins) {
    const double *centers = forge_at(arena, arena->points), *constants = forge_at(arena, arena->intercepts);
    const int32_t *memberships = forge_at(arena, arena->memberships);
    if (arena->precision != FORGE_NO_PRECISIONS) {
        for (int64_t k = 0; k < arena->outputs; k++)
            margins[k] = constants[k] - component_distance(arena, k, features, centers + k * arena->encoded) / 2;
        return;
    }
    for (int32_t o = 0; o < arena->outputs; o++) margins[o] = INFINITY;
    for (int64_t p = 0; p < arena->memberships.count; p++) {
        double distance = squared_distance(features, centers + p * arena->encoded, arena->encoded);
        if (distance < margins[memberships[p]]) margins[memberships[p]] = distance;
    }
}

int32_t forge_centroid_cluster(const ForgeArena *arena, const double *margins, double *distance) {
    const double *constants = forge_at(arena, arena->intercepts);
    int mixture = arena->precision != FORGE_NO_PRECISIONS;
    int32_t best = 0;
    for (int32_t o = 1; o < arena->outputs; o++)
        if (mixture ? margins[o] > margins[best] : margins[o] < margins[best]) best = o;
    *distance = sqrt(mixture ? fmax(0, 2 * (constants[best] - margins[best])) : margins[best]);
    return *distance <= arena->radius ? best : -1;
}
