#include "forge_math.h"

#include <string.h>

#pragma clang diagnostic ignored "-Wpsabi"  // the vectors never leave this file

typedef double Lanes __attribute__((vector_size(FORGE_LANES * 8)));
typedef int64_t Mask __attribute__((vector_size(FORGE_LANES * 8)));

static inline Lanes load(const double *from) {
    Lanes lanes;
    memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

// Without a branch: gaps come at random.
static inline Lanes choose(Mask mask, Lanes yes, Lanes no) { return (Lanes) (((Mask) yes & mask) | ((Mask) no & ~mask)); }

// Columns enter four partial sums by their index modulo four, numbers first, then categories: an order that any
// instruction set can follow, so the same bits come out of all of them.
void forge_linear_margins(const ForgeArena *arena, const double *values, double *margins) {
    const double *shifts = forge_at(arena, arena->shifts);
    const double *intercepts = forge_at(arena, arena->intercepts);
    const ForgeColumn *columns = forge_at(arena, arena->column_table);
    const int32_t *categories = forge_at(arena, arena->category_columns);
    for (int32_t o = 0; o < arena->outputs; o++) {
        const double *weights = (const double *) forge_at(arena, arena->weights) + (int64_t) o * arena->padded;
        const double *missing = (const double *) forge_at(arena, arena->missing) + (int64_t) o * arena->padded;
        Lanes sums = {0};
        for (int32_t c = 0; c < arena->padded; c += FORGE_LANES) {
            Lanes value = load(values + c);
            Lanes term = (value - load(shifts + c)) * load(weights + c);
            sums += choose(value == value, term, load(missing + c));
        }
        for (int64_t j = 0; j < arena->category_columns.count; j++) {
            int32_t c = categories[j];
            const double *table = forge_at(arena, columns[c].contributions);
            sums[c % FORGE_LANES] += table[(int64_t) values[c] * arena->outputs + o];
        }
        margins[o] = intercepts[o] + ((sums[0] + sums[1]) + (sums[2] + sums[3]));
    }
}

// Exact Shapley values of a linear function whose background is the mean row: coefficient * (encoded - mean).
void forge_linear_explain(const ForgeArena *arena, const double *values, double *contributions) {
    const double *shifts = forge_at(arena, arena->shifts);
    const double *bases = forge_at(arena, arena->bases);
    const ForgeColumn *columns = forge_at(arena, arena->column_table);
    for (int32_t o = 0; o < arena->outputs; o++) {
        int64_t row = (int64_t) o * arena->padded;
        const double *weights = (const double *) forge_at(arena, arena->weights) + row;
        const double *missing = (const double *) forge_at(arena, arena->missing) + row;
        const double *centers = (const double *) forge_at(arena, arena->centers) + row;
        double *out = contributions + (int64_t) o * (arena->columns + 1);
        out[0] = bases[o];
        for (int32_t c = 0; c < arena->columns; c++) {
            double value = values[c], term;
            if (columns[c].kind == FORGE_CATEGORY) {
                const double *table = forge_at(arena, columns[c].contributions);
                term = table[(int64_t) value * arena->outputs + o];
            } else {
                term = value == value ? (value - shifts[c]) * weights[c] : missing[c];
            }
            out[c + 1] = term - centers[c];
        }
    }
}
