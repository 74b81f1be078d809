// Margins of tree ensembles. Sixteen trees descend side by side without branches, so that their loads overlap.
#include "forge_math.h"

#include <math.h>
#include <string.h>

#define INTERLEAVED 16

static inline void put(float *row, int32_t feature, double value) {
    if (value != value) {
        row[2 * feature] = -INFINITY;
        row[2 * feature + 1] = INFINITY;
    } else {
        row[2 * feature] = row[2 * feature + 1] = (float) value;
    }
}

static void put_category(const ForgeColumn *column, int32_t level, float *row) {
    if (column->encoding == FORGE_ENCODE_NATIVE) {
        put(row, column->first, level < column->levels ? level : NAN);
        return;
    }
    for (int32_t f = column->first; f < column->first + column->width; f++) put(row, f, 0);
    int32_t feature = level < column->levels    ? column->first + level
                      : level == column->levels ? column->null_feature
                                                : column->other_feature;
    if (feature >= 0) put(row, feature, 1);
}

int32_t forge_tree_row(const ForgeArena *arena, const double *values, float *row) {
    const ForgeColumn *columns = forge_at(arena, arena->column_table);
    int32_t refused = -1;
    for (int32_t c = 0; c < arena->columns; c++) {
        const ForgeColumn *column = columns + c;
        if (column->kind == FORGE_CATEGORY) {
            put_category(column, (int32_t) values[c], row);
            continue;
        }
        double value = forge_encode_number(values[c], column->filled, column->fill, column->shift, column->scale);
        if (isinf((float) value) && refused < 0) refused = c;
        put(row, column->first, value);
        if (column->indicator) put(row, column->first + 1, values[c] != values[c]);
    }
    row[2 * (int64_t) arena->encoded] = -INFINITY;
    return refused;
}

// XGBoost's common::Decision: right when the category's bit is set; left when it is not, or beyond the set.
static inline uint32_t category_goes_right(const uint32_t *words, float value) {
    if (!(value >= 0)) return 0;     // -inf: missing, left by default
    if (isinf(value)) return 1;      // +inf: missing, right by default
    uint32_t code = (uint32_t) value;
    return code / 32 < words[0] ? words[1 + code / 32] >> code % 32 & 1 : 0;
}

static inline uint32_t step(const ForgeNode *nodes, const uint32_t *words, const float *row, uint32_t i) {
    ForgeNode node = nodes[i];
    if (node.categories) return node.left + category_goes_right(words + node.categories, row[node.slot]);
    return node.left + !(row[node.slot] < node.threshold);
}

static inline void add_leaf(const ForgeArena *arena, const ForgeNode *leaf, int32_t output, double *margins) {
    if (output >= 0) {
        margins[output] += leaf->threshold;
        return;
    }
    uint32_t index;
    memcpy(&index, &leaf->threshold, sizeof index);
    const float *vector = (const float *) forge_at(arena, arena->leaf_vectors) + (int64_t) index * arena->outputs;
    for (int32_t o = 0; o < arena->outputs; o++) margins[o] += vector[o];
}

// Descends `count` (at most INTERLEAVED) trees from `tree` on; leaves their nodes in `at`.
static inline __attribute__((always_inline)) void descend(
    const ForgeArena *arena, const float *row, int32_t tree, int32_t count, int categorical, uint32_t *at) {
    const ForgeNode *nodes = forge_at(arena, arena->nodes);
    const uint32_t *words = forge_at(arena, arena->category_words);
    const uint32_t *roots = (const uint32_t *) forge_at(arena, arena->roots) + tree;
    const int32_t *depths = (const int32_t *) forge_at(arena, arena->depths) + tree;
    int32_t depth = 0;
    for (int32_t k = 0; k < count; k++) {
        at[k] = roots[k];
        if (depths[k] > depth) depth = depths[k];
    }
    for (int32_t d = 0; d < depth; d++) {
        uint32_t moved = 0;
        for (int32_t k = 0; k < count; k++) {
            uint32_t next = categorical ? step(nodes, words, row, at[k])
                                        : nodes[at[k]].left + !(row[nodes[at[k]].slot] < nodes[at[k]].threshold);
            moved |= next ^ at[k];
            at[k] = next;
        }
        if (d >= 8 && !moved) break;  // deep trees are ragged: most paths end long before the longest
    }
}

static inline __attribute__((always_inline)) void sum_trees(
    const ForgeArena *arena, const float *row, int categorical, double *margins) {
    const ForgeNode *nodes = forge_at(arena, arena->nodes);
    const int32_t *outputs = forge_at(arena, arena->tree_outputs);
    int32_t trees = (int32_t) arena->roots.count, tree = 0;
    uint32_t at[INTERLEAVED];
    for (; tree + INTERLEAVED <= trees; tree += INTERLEAVED) {
        descend(arena, row, tree, INTERLEAVED, categorical, at);
        for (int32_t k = 0; k < INTERLEAVED; k++) add_leaf(arena, nodes + at[k], outputs[tree + k], margins);
    }
    descend(arena, row, tree, trees - tree, categorical, at);
    for (int32_t k = 0; k < trees - tree; k++) add_leaf(arena, nodes + at[k], outputs[tree + k], margins);
}

void forge_tree_margins(const ForgeArena *arena, const float *row, double *margins) {
    memcpy(margins, forge_at(arena, arena->intercepts), (size_t) arena->outputs * sizeof *margins);
    if (arena->categorical) sum_trees(arena, row, 1, margins);
    else sum_trees(arena, row, 0, margins);
}

void forge_tree_margins_reference(const ForgeArena *arena, const float *row, double *margins) {
    const ForgeNode *nodes = forge_at(arena, arena->nodes);
    const uint32_t *words = forge_at(arena, arena->category_words);
    const uint32_t *roots = forge_at(arena, arena->roots);
    const int32_t *outputs = forge_at(arena, arena->tree_outputs);
    memcpy(margins, forge_at(arena, arena->intercepts), (size_t) arena->outputs * sizeof *margins);
    for (int64_t tree = 0; tree < arena->roots.count; tree++) {
        uint32_t i = roots[tree];
        while (nodes[i].left != i) i = step(nodes, words, row, i);
        add_leaf(arena, nodes + i, outputs[tree], margins);
    }
}
