// Non-negative weights of factors that come nearest to a prepared row, by coordinate descent (Hsieh and Dhillon,
// "Fast coordinate descent methods with variable selection for non-negative matrix factorization", 2011).
#include "forge_math.h"

#include <math.h>
#include <string.h>

enum { SWEEPS = 1000 };

// A sweep that moves no weight by more than this share of the largest is the last.
#define TOLERANCE 1e-12

void forge_factor_solve(const double *gram, const double *right, int32_t count, double *weights) {
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        double largest = 0, moved = 0;
        for (int64_t k = 0; k < count; k++) {
            const double *row = gram + k * count;
            if (row[k] <= 0) continue;
            double slope = -right[k];
            for (int64_t j = 0; j < count; j++) slope += row[j] * weights[j];
            double next = fmax(0, weights[k] - slope / row[k]);
            moved = fmax(moved, fabs(next - weights[k]));
            largest = fmax(largest, next);
            weights[k] = next;
        }
        if (moved <= TOLERANCE * largest) return;
    }
}

void forge_factor_margins(const ForgeArena *arena, const double *features, double *memory, double *margins) {
    const double *factors = forge_at(arena, arena->coefficients);
    for (int64_t o = 0; o < arena->outputs; o++) {
        double sums[FORGE_LANES] = {0};
        for (int64_t f = 0; f < arena->encoded; f++)
            sums[f % FORGE_LANES] += factors[o * arena->encoded + f] * features[f];
        memory[o] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
    memset(margins, 0, (size_t) arena->outputs * sizeof *margins);
    forge_factor_solve(forge_at(arena, arena->gram), memory, arena->outputs, margins);
}
