// Non-negative weights of factors that come nearest to a prepared row: by coordinate descent (Hsieh and Dhillon, "Fast
// coordinate descent methods with variable selection for non-negative matrix factorization", 2011); where factors are
// so alike that it does not settle, by Lawson and Hanson's active sets ("Solving least squares problems", 1974, chapter
// 23), from where it came to.
#include "forge_math.h"

#include <math.h>
#include <string.h>

enum { SWEEPS = 1000 };

// A sweep that moves no weight by more than this share of the largest is the last.
#define TOLERANCE 1e-12
// Multiplications, about, that active sets may take: those of some hundred sweeps of the most factors.
#define WORK 1e8

// Whether it settled.
static int descend(const double *gram, const double *right, int32_t count, double *weights) {
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        double largest = 0, moved = 0;
        for (int64_t k = 0; k < count; k++) {
            const double *row = gram + k * count;
            if (row[k] <= 0) continue;
            double slope = -right[k];
            for (int64_t j = 0; j < count; j++) slope += row[j] * weights[j];
            double next = weights[k] - slope / row[k];
            if (next < 0) next = 0;  // what is no number stays so, and is refused
            moved = fmax(moved, fabs(next - weights[k]));
            largest = fmax(largest, next);
            weights[k] = next;
        }
        if (moved <= TOLERANCE * largest) return 1;
    }
    return 0;
}

// Least squares of the factors in `set` (size), regardless of signs, by Cholesky's factor (size, size). 0: they do not
// tell their weights.
static int solve_set(
    const double *gram, const double *right, int32_t count, const int32_t *set, int64_t size, double *factor,
    double *solved) {
    for (int64_t i = 0; i < size; i++) {
        for (int64_t j = 0; j <= i; j++) {
            double sum = gram[(int64_t) set[i] * count + set[j]];
            for (int64_t k = 0; k < j; k++) sum -= factor[i * size + k] * factor[j * size + k];
            if (i == j && !(sum > TOLERANCE * gram[(int64_t) set[i] * count + set[i]])) return 0;
            factor[i * size + j] = i == j ? sqrt(sum) : sum / factor[j * size + j];
        }
    }
    for (int64_t i = 0; i < size; i++) {
        double sum = right[set[i]];
        for (int64_t k = 0; k < i; k++) sum -= factor[i * size + k] * solved[k];
        solved[i] = sum / factor[i * size + i];
    }
    for (int64_t i = size - 1; i >= 0; i--) {
        double sum = solved[i];
        for (int64_t k = i + 1; k < size; k++) sum -= factor[k * size + i] * solved[k];
        solved[i] = sum / factor[i * size + i];
    }
    return 1;
}

// Goes from the weights of the set towards what was solved, until the first would be negative: that one leaves the set.
// The new size.
static int64_t approach(int32_t *set, int64_t size, const double *solved, double *weights) {
    int64_t first = -1, kept = 0;
    double share = 1;
    for (int64_t i = 0; i < size; i++) {
        double own = weights[set[i]];
        if (solved[i] > 0 || (first >= 0 && own >= share * (own - solved[i]))) continue;
        first = i;
        share = own > 0 ? own / (own - solved[i]) : 0;
    }
    for (int64_t i = 0; i < size; i++) {
        double own = weights[set[i]];
        weights[set[i]] = i == first ? 0 : first < 0 ? solved[i] : fmax(0, own + share * (solved[i] - own));
        if (i != first) set[kept++] = set[i];
    }
    return kept;
}

// The factor outside of the set by which the error falls fastest; -1: by none.
static int32_t steepest(const double *gram, const double *right, int32_t count, const double *weights) {
    double most = 0;
    int32_t found = -1;
    for (int32_t k = 0; k < count; k++) {
        const double *row = gram + (int64_t) k * count;
        if (weights[k] > 0 || row[k] <= 0) continue;
        double slope = right[k], size = fabs(right[k]);
        for (int64_t j = 0; j < count; j++) slope -= row[j] * weights[j], size += row[j] * weights[j];
        if (slope <= TOLERANCE * size || slope <= most * sqrt(row[k])) continue;
        most = slope / sqrt(row[k]);
        found = k;
    }
    return found;
}

static void solve_active(
    const double *gram, const double *right, int32_t count, double *memory, double *weights) {
    double *factor = memory, *solved = factor + (int64_t) count * count;
    int32_t *set = (int32_t *) (solved + count);
    int64_t size = 0;
    int restarted = 0;
    for (int32_t k = 0; k < count; k++)
        if (weights[k] > 0) set[size++] = k;
    for (double work = 0; work < WORK; work += (double) size * size * size + (double) count * count) {
        if (!solve_set(gram, right, count, set, size, factor, solved)) {
            if (restarted++) return;
            memset(weights, 0, (size_t) count * sizeof *weights);  // from none on, those of the set tell their weights
            size = 0;
        }
        int64_t kept = approach(set, size, solved, weights);
        if (kept < size) {
            size = kept;
            continue;
        }
        int32_t entering = steepest(gram, right, count, weights);
        if (entering < 0) return;
        set[size++] = entering;
    }
}

int64_t forge_factor_memory(int32_t count) { return ((int64_t) count + 2) * count * (int64_t) sizeof(double); }

void forge_factor_solve(const double *gram, const double *right, int32_t count, double *memory, double *weights) {
    double sum = 0;
    if (descend(gram, right, count, weights)) return;
    for (int32_t k = 0; k < count; k++) sum += weights[k] - weights[k];
    if (sum == 0) solve_active(gram, right, count, memory, weights);
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
    forge_factor_solve(forge_at(arena, arena->gram), memory, arena->outputs, memory + arena->outputs, margins);
}
