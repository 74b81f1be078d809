// The encoded row: every feature as a double, for the encodings that no kernel has folded in.
#include "forge_prepare.h"

#include <math.h>
#include <string.h>

// Yeo & Johnson 2000, equation 3, with expm1 and log1p where powers would cancel.
static double yeo_johnson(double x, double lambda) {
    double sign = x < 0 ? -1 : 1, power = x < 0 ? 2 - lambda : lambda, grown = log1p(fabs(x));
    return sign * (fabs(power) < 2.3e-16 ? grown : expm1(power * grown) / power);
}

double forge_transform_number(int32_t transform, double lambda, double x) {
    switch (transform) {
        case FORGE_LOG1P: return copysign(log1p(fabs(x)), x);
        case FORGE_SQRT: return copysign(sqrt(fabs(x)), x);
        case FORGE_YEO_JOHNSON: return yeo_johnson(x, lambda);
        default: return x;
    }
}

static void put_transformed(const ForgeColumn *column, double value, double *out) {
    double filled = value == value ? value : column->fill;
    double base = forge_transform_number(column->transform, column->lambda, filled), power = 1;
    base = forge_encode_number(base, 0, 0, column->shift, column->scale);
    for (int32_t k = 0; k < column->degree; k++) out[k] = power *= base;
    if (column->indicator) out[column->degree] = value != value;
}

int32_t forge_find_bin(const ForgeArena *arena, const ForgeColumn *column, double value) {
    const double *edges = forge_at(arena, column->numbers);
    int64_t low = 0, high = column->numbers.count;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (edges[middle] <= value) low = middle + 1;
        else high = middle;
    }
    return (int32_t) low;
}

static void put_bin(const ForgeArena *arena, const ForgeColumn *column, double value, double *out) {
    int missing = value != value;
    if (column->ordinal) {
        out[0] = !missing ? forge_find_bin(arena, column, value) : column->indicator ? -1 : value;
        return;
    }
    memset(out, 0, (size_t) column->width * sizeof *out);
    if (!missing) out[forge_find_bin(arena, column, value)] = 1;
    else if (column->indicator) out[column->width - 1] = 1;
}

static void put_one_hot(const ForgeColumn *column, int32_t level, double *out) {
    memset(out, 0, (size_t) column->width * sizeof *out);
    int32_t feature = level < column->levels    ? column->first + level
                      : level == column->levels ? column->null_feature
                                                : column->other_feature;
    if (feature >= 0) out[feature - column->first] = 1;
}

static void put_parts(const ForgeArena *arena, const ForgeColumn *column, double value, double *out) {
    const int32_t *parts = forge_at(arena, column->parts);
    const double *scalings = forge_at(arena, column->numbers);
    int missing = value != value;
    out[column->width - 1] = missing;
    if (missing) {
        memset(out, 0, (size_t) (column->width - 1) * sizeof *out);
        return;
    }
    for (int64_t i = 0; i < column->parts.count; i++) {
        double *end = forge_put_date_part(parts[i], value, out);
        for (; out < end; out++) *out = forge_encode_number(*out, 0, 0, scalings[2 * i], scalings[2 * i + 1]);
    }
}

// A vector of other dimensions is taken for a missing one; callers refuse it before.
static void put_vector(const ForgeArena *arena, const ForgeColumn *column, ForgeCell cell, double *out) {
    const double *shifts = forge_at(arena, column->numbers), *scales = shifts + column->width;
    const double *fills = scales + column->width;
    int missing = !cell.bytes || cell.length != (int64_t) sizeof(float) * column->width;
    for (int32_t i = 0; i < column->width; i++) {
        float element = NAN;
        if (!missing) memcpy(&element, cell.bytes + sizeof element * (size_t) i, sizeof element);
        out[i] = forge_encode_number(element, column->filled, column->filled ? fills[i] : 0, shifts[i], scales[i]);
    }
}

void forge_prepare_column(
    const ForgeArena *arena, int32_t index, double value, ForgeCell text, void *work, double *out) {
    const ForgeColumn *column = (const ForgeColumn *) forge_at(arena, arena->column_table) + index;
    const double *numbers = forge_at(arena, column->numbers);
    switch (column->encoding) {
        case FORGE_ENCODE_NUMBER:
            out[0] = forge_encode_number(value, column->filled, column->fill, column->shift, column->scale);
            if (column->indicator) out[1] = value != value;
            break;
        case FORGE_ENCODE_NATIVE: out[0] = value < column->levels ? value : NAN; break;
        case FORGE_ENCODE_TRANSFORMED: put_transformed(column, value, out); break;
        case FORGE_ENCODE_BINS: put_bin(arena, column, value, out); break;
        case FORGE_ENCODE_LOOKUP:
            memcpy(out, numbers + (int64_t) value * column->width, (size_t) column->width * sizeof *out);
            break;
        case FORGE_ENCODE_DATE_PARTS: put_parts(arena, column, value, out); break;
        case FORGE_ENCODE_GROUP_NUMBER:
        case FORGE_ENCODE_GROUP_LEVEL: break;
        case FORGE_ENCODE_TFIDF: forge_put_text(arena, column, text, work, out); break;
        case FORGE_ENCODE_VECTOR: put_vector(arena, column, text, out); break;
        default: put_one_hot(column, (int32_t) value, out);
    }
}

int32_t forge_feature_column(const ForgeArena *arena, int32_t feature) {
    const int32_t *columns = forge_at(arena, arena->feature_columns);
    const ForgeProduct *products = forge_at(arena, arena->products);
    if (columns[feature] >= 0) return columns[feature];
    return columns[products[feature - (arena->encoded - arena->products.count)].factors[0]];
}

void forge_prepare_products(const ForgeArena *arena, double *features) {
    const ForgeProduct *products = forge_at(arena, arena->products);
    double *out = features + arena->encoded - arena->products.count;
    for (int64_t i = 0; i < arena->products.count; i++)
        out[i] = features[products[i].left] * features[products[i].right];
}

int32_t forge_prepare(const ForgeArena *arena, const double *values, const ForgeCell *texts, void *work, double *features) {
    const ForgeColumn *columns = forge_at(arena, arena->column_table);
    ForgeCell none = {0, NULL, 0};
    for (int32_t c = 0; c < arena->columns; c++) {
        if (columns[c].kind == FORGE_NUMBER && isinf(values[c])) return c;
        ForgeCell text = columns[c].text < 0 ? none : texts[columns[c].text];
        forge_prepare_column(arena, c, values[c], text, work, features + columns[c].first);
    }
    forge_prepare_products(arena, features);
    return -1;
}
