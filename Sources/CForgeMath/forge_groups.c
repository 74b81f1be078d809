// Models with a form for each group of rows: which one a row is scored by.
#include "forge_math.h"

int32_t forge_compare_keys(const double *a, const double *b, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        int first = a[i] != a[i], second = b[i] != b[i];
        if (first != second) return first - second;
        if (a[i] < b[i]) return -1;
        if (a[i] > b[i]) return 1;
    }
    return 0;
}

// Order of a row's values and a key.
static int32_t compare_row(const double *values, const int32_t *columns, const double *key, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        int32_t order = forge_compare_keys(values + columns[i], key + i, 1);
        if (order != 0) return order;
    }
    return 0;
}

const ForgeArena *forge_group_head(const ForgeArena *arena, const double *values) {
    const int32_t *columns = forge_at(arena, arena->group_columns);
    const double *keys = forge_at(arena, arena->group_keys);
    int64_t width = arena->group_columns.count, low = 0, high = arena->group_heads.count;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        int32_t order = compare_row(values, columns, keys + middle * width, width);
        if (order == 0) return (const ForgeArena *) forge_at(arena, arena->group_heads) + middle;
        if (order > 0) low = middle + 1;
        else high = middle;
    }
    return arena;
}
