// From cells to one double per column, and the encoder of numbers.
#include "forge_math.h"

#include <string.h>

static inline uint64_t mix(uint64_t x) {
    x ^= x >> 30;
    x *= 0xBF58476D1CE4E5B9ull;
    x ^= x >> 27;
    x *= 0x94D049BB133111EBull;
    return x ^ x >> 31;
}

uint64_t forge_level_hash(const void *bytes, int64_t length) {
    const unsigned char *at = bytes;
    uint64_t hash = 0x9E3779B97F4A7C15ull ^ (uint64_t) length;
    for (; length >= 8; length -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = mix(hash ^ word);
    }
    uint64_t word = 0;
    memcpy(&word, at, (size_t) length);
    return mix(hash ^ word);
}

int32_t forge_levels_ascend(const void *a, int64_t a_length, const void *b, int64_t b_length) {
    int order = memcmp(a, b, (size_t) (a_length < b_length ? a_length : b_length));
    return order < 0 || (order == 0 && a_length < b_length);
}

int32_t forge_find_level(const ForgeArena *arena, const ForgeColumn *column, const void *bytes, int64_t length) {
    uint64_t hash = forge_level_hash(bytes, length);
    const ForgeSlot *slots = forge_at(arena, column->slots);
    const int64_t *ends = forge_at(arena, column->level_ends);
    for (uint32_t place = (uint32_t) hash & column->slot_mask;; place = (place + 1) & column->slot_mask) {
        ForgeSlot slot = slots[place];
        if (slot.level == 0) return -1;
        if (slot.tag != (uint32_t) (hash >> 32)) continue;
        int64_t start = ends[slot.level - 1];
        if (ends[slot.level] - start == length && memcmp(forge_start(arena) + start, bytes, (size_t) length) == 0)
            return (int32_t) slot.level - 1;
    }
}

int32_t forge_find_category(const ForgeArena *arena, const ForgeColumn *column, const void *bytes, int64_t length) {
    if (!bytes) return column->levels;
    if (column->text >= 0) return 0;
    if (column->encoding == FORGE_ENCODE_HASHED)
        return (int32_t) (forge_level_hash(bytes, length) % (uint64_t) column->levels);
    int32_t level = forge_find_level(arena, column, bytes, length);
    return level < 0 ? column->levels + 1 : level;
}

void forge_values_from_cells(const ForgeArena *arena, const ForgeCell *cells, double *values) {
    for (int32_t c = 0; c < arena->columns; c++) values[c] = cells[c].number;
    for (int32_t c = arena->columns; c < arena->padded; c++) values[c] = 0;
    const ForgeColumn *columns = forge_at(arena, arena->column_table);
    const int32_t *categories = forge_at(arena, arena->category_columns);
    for (int64_t j = 0; j < arena->category_columns.count; j++) {
        ForgeCell cell = cells[categories[j]];
        values[categories[j]] = forge_find_category(arena, columns + categories[j], cell.bytes, cell.length);
    }
}

double forge_encode_number(double value, int32_t filled, double fill, double shift, double scale) {
    if (value != value) {
        if (!filled) return value;
        value = fill;
    }
    // Most trees see numbers as they are; a division costs as much as the rest of the row.
    return shift == 0 && scale == 1 ? value : (value - shift) / scale;
}

// The same as forge_encode_number for each value, with the choices made before the loop, so that it becomes vectors.
#define FORGE_ENCODE_ALL(type) \
    if (shift == 0 && scale == 1) { \
        for (int64_t i = 0; i < count; i++) \
            features[i] = (type) (values[i] != values[i] && filled ? fill : values[i]); \
    } else { \
        for (int64_t i = 0; i < count; i++) \
            features[i] = (type) (((values[i] != values[i] && filled ? fill : values[i]) - shift) / scale); \
    }

void forge_encode_numbers(
    const double *restrict values, int64_t count, int32_t filled, double fill, double shift, double scale,
    double *restrict features) {
    FORGE_ENCODE_ALL(double)
}

void forge_encode_numbers_rounded(
    const double *restrict values, int64_t count, int32_t filled, double fill, double shift, double scale,
    float *restrict features) {
    FORGE_ENCODE_ALL(float)
}
