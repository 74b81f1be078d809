// Margins of tree ensembles of any shape. Ten trees descend side by side without branches, so that their loads overlap.
#include "forge_trees.h"

#include <math.h>

uint32_t forge_float_key(float value) { return forge_key(value); }

// Writes the key of a feature twice, or the least and the greatest when it is missing; without a branch, since gaps
// come at random. Returns 1 when the value is beyond float32.
static inline uint32_t put(uint32_t *row, int64_t feature, double value) {
    float rounded = (float) value;
    uint32_t missing = value == value ? 0 : UINT32_MAX, key = forge_key(rounded);
    row[2 * feature] = key & ~missing;
    row[2 * feature + 1] = key | missing;
    return (forge_bits(rounded) & 0x7FFFFFFF) == 0x7F800000;
}

// Features that follow each other, several at once by the vectors that every processor has.
static uint32_t put_numbers(uint32_t *restrict row, const double *restrict values, int32_t count) {
    uint32_t refused = 0;
    for (int32_t k = 0; k < count; k++) refused |= put(row, k, values[k]);
    return refused;
}

static void put_level(const ForgeArena *arena, const ForgeColumn *column, int32_t level, uint32_t *row) {
    uint32_t *codes = (uint32_t *) forge_row_codes(arena, row);
    int64_t slot = 2 * (int64_t) column->first;
    int missing = level >= column->levels;
    row[slot] = 0;
    row[slot + 1] = missing ? UINT32_MAX : 0;
    if (arena->categorical) codes[slot] = codes[slot + 1] = missing ? UINT32_MAX : (uint32_t) level;
}

static void put_indicators(const ForgeColumn *column, int32_t level, uint32_t *row) {
    for (int32_t f = column->first; f < column->first + column->width; f++) put(row, f, 0);
    int32_t feature = level < column->levels    ? column->first + level
                      : level == column->levels ? column->null_feature
                                                : column->other_feature;
    if (feature >= 0) put(row, feature, 1);
}

// A row of prepared features: a native category's is its level, or NaN.
int32_t forge_tree_feature_row(const ForgeArena *arena, const double *features, uint32_t *row) {
    const ForgeColumn *columns = forge_at(arena, arena->column_table);
    const int32_t *categories = forge_at(arena, arena->category_columns);
    uint32_t refused = put_numbers(row, features, arena->encoded);
    if (arena->categorical) memset((void *) forge_row_codes(arena, row), 0, ((size_t) arena->encoded + 1) * 8);
    for (int64_t j = 0; j < arena->category_columns.count; j++) {
        const ForgeColumn *column = columns + categories[j];
        if (column->encoding != FORGE_ENCODE_NATIVE) continue;
        double level = features[column->first];
        put_level(arena, column, level == level ? (int32_t) level : column->levels, row);
    }
    row[2 * (int64_t) arena->encoded] = UINT32_MAX;
    row[2 * (int64_t) arena->encoded + 1] = UINT32_MAX;
    if (!refused) return -1;
    int32_t feature = 0;
    while (!isinf((float) features[feature])) feature++;
    return forge_feature_column(arena, feature);
}

static uint32_t put_column(const ForgeArena *arena, const ForgeColumn *column, double value, uint32_t *row) {
    if (column->encoding == FORGE_ENCODE_NATIVE) {
        put_level(arena, column, (int32_t) value, row);
        return 0;
    }
    if (column->encoding == FORGE_ENCODE_ONE_HOT || column->encoding == FORGE_ENCODE_HASHED) {
        put_indicators(column, (int32_t) value, row);
        return 0;
    }
    if (column->indicator) put(row, column->first + 1, value != value);
    value = forge_encode_number(value, column->filled, column->fill, column->shift, column->scale);
    return put(row, column->first, value);
}

static int32_t refused_column(const ForgeArena *arena, const double *values) {
    const ForgeColumn *columns = forge_at(arena, arena->column_table);
    for (int32_t c = 0; c < arena->columns; c++) {
        if (columns[c].kind == FORGE_CATEGORY) continue;
        double value =
            forge_encode_number(values[c], columns[c].filled, columns[c].fill, columns[c].shift, columns[c].scale);
        if (isinf((float) value)) return c;
    }
    return -1;
}

int32_t forge_tree_row(const ForgeArena *arena, const double *values, uint32_t *row) {
    const ForgeColumn *columns = forge_at(arena, arena->column_table);
    const ForgePlain *plain = forge_at(arena, arena->plain_numbers);
    const int32_t *others = forge_at(arena, arena->other_columns);
    uint32_t refused = 0;
    if (arena->categorical) memset((void *) forge_row_codes(arena, row), 0, ((size_t) arena->encoded + 1) * 8);
    for (int64_t i = 0; i < arena->plain_numbers.count; i++)
        refused |= put_numbers(row + 2 * (int64_t) plain[i].feature, values + plain[i].column, plain[i].count);
    for (int64_t i = 0; i < arena->other_columns.count; i++)
        refused |= put_column(arena, columns + others[i], values[others[i]], row);
    row[2 * (int64_t) arena->encoded] = UINT32_MAX;
    row[2 * (int64_t) arena->encoded + 1] = UINT32_MAX;
    return refused ? refused_column(arena, values) : -1;
}

int64_t forge_tree_row_size(const ForgeArena *arena) {
    return ((int64_t) arena->encoded + 1) * (arena->categorical ? 16 : 8);
}

static inline void add_leaf(const ForgeArena *arena, const ForgeNode *leaf, int32_t output, double *margins) {
    if (output >= 0) {
        margins[output] += forge_leaf_value(leaf);
        return;
    }
    const float *vectors = forge_at(arena, arena->leaf_vectors);
    const float *vector = vectors + (int64_t) leaf->key * arena->outputs;
    for (int32_t o = 0; o < arena->outputs; o++) margins[o] += vector[o];
}

static inline int all_at_leaves(const ForgeNode *nodes, const uint32_t *at) {
    uint32_t moving = 0;
    for (int32_t k = 0; k < FORGE_INTERLEAVED; k++) moving |= (nodes[at[k]].left + 1) ^ at[k];
    return !moving;
}

// Descends the trees from `tree` on; leaves their nodes in `at`.
static inline __attribute__((always_inline)) void descend(
    const ForgeArena *arena, const uint32_t *row, int64_t tree, int categorical, uint32_t *at) {
    const ForgeNode *nodes = forge_at(arena, arena->nodes);
    const uint32_t *words = forge_at(arena, arena->category_words);
    const uint32_t *codes = forge_row_codes(arena, row);
    const int32_t *depths = (const int32_t *) forge_at(arena, arena->depths) + tree;
    memcpy(at, (const uint32_t *) forge_at(arena, arena->roots) + tree, FORGE_INTERLEAVED * sizeof *at);
    int32_t depth = 0;
    for (int32_t k = 0; k < FORGE_INTERLEAVED; k++)
        if (depths[k] > depth) depth = depths[k];
    for (int32_t d = 0; d < depth; d++) {
        // Deep trees are ragged: most paths end long before the longest.
        if (d >= 8 && d % 4 == 0 && all_at_leaves(nodes, at)) break;
        for (int32_t k = 0; k < FORGE_INTERLEAVED; k++)
            at[k] = categorical ? forge_next_node(nodes + at[k], words, row, codes)
                                : forge_next_node_of_numbers(nodes + at[k], row);
    }
}

static inline __attribute__((always_inline)) void sum_trees(
    const ForgeArena *arena, const uint32_t *row, int categorical, double *margins) {
    const ForgeNode *nodes = forge_at(arena, arena->nodes);
    const int32_t *outputs = forge_at(arena, arena->tree_outputs);
    int64_t trees = arena->roots.count;
    double sum = margins[0];
    uint32_t at[FORGE_INTERLEAVED];
    for (int64_t tree = 0; tree < trees; tree += FORGE_INTERLEAVED) {
        int64_t count = trees - tree < FORGE_INTERLEAVED ? trees - tree : FORGE_INTERLEAVED;
        descend(arena, row, tree, categorical, at);
        if (arena->outputs == 1) {
            // In a register: through memory each addition would wait for the last one's store.
            for (int64_t k = 0; k < count; k++) sum += forge_leaf_value(nodes + at[k]);
        } else {
            for (int64_t k = 0; k < count; k++) add_leaf(arena, nodes + at[k], outputs[tree + k], margins);
        }
    }
    if (arena->outputs == 1) margins[0] = sum;
}

// Leaves are added as doubles, in the order of the trees.
void forge_tree_margins(const ForgeArena *arena, const uint32_t *row, double *margins) {
    memcpy(margins, forge_at(arena, arena->intercepts), (size_t) arena->outputs * sizeof *margins);
    if (arena->complete_depth >= 0 && arena->outputs == 1) margins[0] = forge_complete_sum(arena, row, margins[0]);
    else if (arena->complete_depth >= 0) forge_complete_margins(arena, row, margins);
    else if (arena->categorical) sum_trees(arena, row, 1, margins);
    else sum_trees(arena, row, 0, margins);
}

void forge_tree_margins_reference(const ForgeArena *arena, const uint32_t *row, double *margins) {
    const ForgeNode *nodes = forge_at(arena, arena->nodes);
    const uint32_t *words = forge_at(arena, arena->category_words);
    const uint32_t *codes = forge_row_codes(arena, row);
    const uint32_t *roots = forge_at(arena, arena->roots);
    const int32_t *outputs = forge_at(arena, arena->tree_outputs);
    memcpy(margins, forge_at(arena, arena->intercepts), (size_t) arena->outputs * sizeof *margins);
    for (int64_t tree = 0; tree < arena->roots.count; tree++) {
        uint32_t i = roots[tree];
        while (!forge_is_leaf(nodes, i))
            i = arena->categorical ? forge_next_node(nodes + i, words, row, codes)
                                   : forge_next_node_of_numbers(nodes + i, row);
        add_leaf(arena, nodes + i, outputs[tree], margins);
    }
}
