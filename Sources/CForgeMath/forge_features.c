// Linear models over prepared features, which may have products of features of several columns among them.
#include "forge_math.h"

// Features enter four partial sums by their index modulo four.
void forge_linear_feature_margins(const ForgeArena *arena, const double *features, double *margins) {
    const double *intercepts = forge_at(arena, arena->intercepts);
    for (int32_t o = 0; o < arena->outputs; o++) {
        const double *weights = (const double *) forge_at(arena, arena->coefficients) + (int64_t) o * arena->encoded;
        double sums[FORGE_LANES] = {0};
        int32_t f = 0;
        for (; f + FORGE_LANES <= arena->encoded; f += FORGE_LANES)
            for (int32_t k = 0; k < FORGE_LANES; k++) sums[k] += weights[f + k] * features[f + k];
        for (int32_t k = 0; f + k < arena->encoded; k++) sums[k] += weights[f + k] * features[f + k];
        margins[o] = intercepts[o] + ((sums[0] + sums[1]) + (sums[2] + sums[3]));
    }
}

static const ForgeProduct *product_of(const ForgeArena *arena, int32_t feature) {
    int32_t first = arena->encoded - (int32_t) arena->products.count;
    return (const ForgeProduct *) forge_at(arena, arena->products) + (feature - first);
}

// What products of several columns are compared with: the rows of the background, without one the mean row.
static int64_t compared_rows(const ForgeArena *arena) {
    return arena->background.count > 0 ? arena->background.count / arena->encoded : 1;
}

static const double *compared_row(const ForgeArena *arena, int64_t index) {
    if (arena->background.count == 0) return forge_at(arena, arena->means);
    return (const double *) forge_at(arena, arena->background) + index * arena->encoded;
}

// Mean of a feature: of a product of several columns that of its factors' products in the rows compared with.
static double mean_of(const ForgeArena *arena, int32_t feature) {
    const double *means = forge_at(arena, arena->means);
    if (((const int32_t *) forge_at(arena, arena->feature_columns))[feature] >= 0) return means[feature];
    const ForgeProduct *product = product_of(arena, feature);
    int64_t rows = compared_rows(arena);
    double sum = 0;
    for (int64_t b = 0; b < rows; b++) {
        const double *other = compared_row(arena, b);
        double value = 1;
        for (int32_t k = 0; k < product->count; k++) value *= other[product->factors[k]];
        sum += value;
    }
    return sum / (double) rows;
}

int32_t forge_linear_feature_bases(const ForgeArena *arena, double *bases) {
    const double *intercepts = forge_at(arena, arena->intercepts);
    double sum = 0;
    for (int32_t o = 0; o < arena->outputs; o++) {
        const double *weights = (const double *) forge_at(arena, arena->coefficients) + (int64_t) o * arena->encoded;
        bases[o] = intercepts[o];
        for (int32_t f = 0; f < arena->encoded; f++) bases[o] += weights[f] * mean_of(arena, f);
        sum += bases[o] - bases[o];
    }
    return sum == 0 ? 0 : -1;
}

// The integral over t in [0, 1] of the product of start + rise * t over all columns but `without`: what weighs a
// column's own rise in the Shapley value of a product (Owen 1972), by the coefficients of the polynomial.
static double weight_of_others(const double *starts, const double *rises, int32_t count, int32_t without) {
    double coefficients[FORGE_FACTORS] = {1}, integral = 0;
    int32_t degree = 0;
    for (int32_t k = 0; k < count; k++) {
        if (k == without) continue;
        degree++;
        for (int32_t i = degree; i > 0; i--)
            coefficients[i] = (i < degree ? coefficients[i] * starts[k] : 0) + coefficients[i - 1] * rises[k];
        coefficients[0] *= starts[k];
    }
    for (int32_t i = 0; i <= degree; i++) integral += coefficients[i] / (i + 1);
    return integral;
}

// A product of features of several columns, whose players are the columns: each is its factors' product in the row, or
// that in the row compared with.
static void explain_product(
    const ForgeArena *arena, const ForgeProduct *product, const double *features, const double *other, double weight,
    double *out) {
    const int32_t *columns = forge_at(arena, arena->feature_columns);
    double starts[FORGE_FACTORS], rises[FORGE_FACTORS];
    int32_t players[FORGE_FACTORS], count = 0;
    for (int32_t k = 0; k < product->count;) {
        int32_t column = columns[product->factors[k]];
        double start = 1, value = 1;
        for (; k < product->count && columns[product->factors[k]] == column; k++) {
            start *= other[product->factors[k]];
            value *= features[product->factors[k]];
        }
        players[count] = column;
        starts[count] = start;
        rises[count++] = value - start;
    }
    for (int32_t i = 0; i < count; i++)
        out[players[i] + 1] += weight * (rises[i] * weight_of_others(starts, rises, count, i));
}

static void explain_cross(
    const ForgeArena *arena, int32_t feature, const double *features, double weight, double *out) {
    int64_t rows = compared_rows(arena);
    weight /= (double) rows;
    for (int64_t b = 0; b < rows; b++)
        explain_product(arena, product_of(arena, feature), features, compared_row(arena, b), weight, out);
}

// Exact Shapley values, the players being the columns: against the mean row, or on average against the background's
// rows, which is the same but for products.
void forge_linear_feature_explain(const ForgeArena *arena, const double *features, double *contributions) {
    const double *bases = forge_at(arena, arena->bases);
    const double *means = forge_at(arena, arena->means);
    const int32_t *columns = forge_at(arena, arena->feature_columns);
    for (int32_t o = 0; o < arena->outputs; o++) {
        const double *weights = (const double *) forge_at(arena, arena->coefficients) + (int64_t) o * arena->encoded;
        double *out = contributions + (int64_t) o * (arena->columns + 1);
        out[0] = bases[o];
        for (int32_t c = 0; c < arena->columns; c++) out[c + 1] = 0;
        for (int32_t f = 0; f < arena->encoded; f++) {
            if (columns[f] >= 0) out[columns[f] + 1] += weights[f] * (features[f] - means[f]);
            else explain_cross(arena, f, features, weights[f], out);
        }
    }
}
