// Grows one tree: draws its rows, then splits node after node.
#include "forge_grower.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

// --- rows

static void take(Grower *g, int64_t *taken, int64_t row, int64_t times) {
    Sample *s = g->samples + (*taken)++;
    s->row = (uint32_t) row;
    s->weight = (float) ((g->rows->weights ? g->rows->weights[row] : 1) * (double) times);
    if (g->rows->classes) s->label = g->rows->labels[row];
    else s->target = g->rows->targets[row];
}

// Rows in their order, so that bins are read in theirs. -1: out of memory.
static int64_t draw(Grower *g) {
    const int64_t rows = g->rows->rows, drawn = g->growth->drawn;
    int64_t taken = 0;
    if (g->growth->replaced) {
        uint32_t *times = calloc((size_t) rows, sizeof *times);
        if (!times) return -1;
        for (int64_t i = 0; i < drawn; i++) times[forge_grow_below(g, rows)]++;
        for (int64_t row = 0; row < rows; row++)
            if (times[row]) take(g, &taken, row, times[row]);
        free(times);
        return taken;
    }
    for (int64_t row = 0; row < rows && taken < drawn; row++)  // Knuth's algorithm S
        if (drawn >= rows || forge_grow_below(g, rows - row) < drawn - taken) take(g, &taken, row, 1);
    return taken;
}

// --- memory

static int32_t most_bins(const ForgeRows *rows) {
    int32_t most = 1;
    for (int32_t f = 0; f < rows->features; f++)
        if (rows->bin_counts[f] > most) most = rows->bin_counts[f];
    return most;
}

static void *zeros(int64_t count, size_t size, int32_t *missing) {
    void *memory = calloc((size_t) (count > 0 ? count : 1), size);
    *missing |= !memory;
    return memory;
}

static int32_t allocate(Grower *g) {
    const int64_t bins = most_bins(g->rows);
    const int64_t drawn = g->growth->drawn < g->rows->rows ? g->growth->drawn : g->rows->rows;
    int32_t missing = 0;
    g->samples = zeros(drawn, sizeof(Sample), &missing);
    g->aside = zeros(drawn, sizeof(Sample), &missing);
    g->features = zeros(g->rows->features, sizeof(int32_t), &missing);
    g->counts = zeros(bins, sizeof(int64_t), &missing);
    g->weights = zeros(bins, sizeof(double), &missing);
    g->sums = zeros(bins * g->width, sizeof(double), &missing);
    g->occupied = zeros(bins / 64 + 1, sizeof(uint64_t), &missing);
    g->order = zeros(bins, sizeof(int32_t), &missing);
    g->keys = zeros(bins, 2 * sizeof(double), &missing);
    g->levels_right = zeros(bins, sizeof(int32_t), &missing);
    Sums *all[] = {&g->all, &g->missing, &g->left, &g->right};
    for (int i = 0; i < 4; i++) all[i]->sums = zeros(g->width, sizeof(double), &missing);
    for (int32_t f = 0; f < g->rows->features && !missing; f++) g->features[f] = f;
    return missing ? -1 : 0;
}

static void release(Grower *g) {
    void *all[] = {g->samples, g->aside, g->features, g->counts, g->weights, g->sums, g->occupied, g->order, g->keys,
                   g->levels_right, g->all.sums, g->missing.sums, g->left.sums, g->right.sums};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

// Room for `wanted` elements at `*memory`, which has `*room`. -1: out of memory.
static int32_t make_room(void **memory, int64_t *room, int64_t wanted, size_t size) {
    if (wanted <= *room) return 0;
    int64_t larger = *room * 2 > wanted ? *room * 2 : wanted + 64;
    void *moved = realloc(*memory, (size_t) larger * size);
    if (!moved) return -1;
    *memory = moved;
    *room = larger;
    return 0;
}

// --- nodes

static int32_t sum_node(Grower *g, const Sample *samples, int64_t count) {
    Sums *all = &g->all;
    all->rows = count;
    all->weight = 0;
    memset(all->sums, 0, (size_t) g->width * sizeof(double));
    int32_t pure = 1;
    for (int64_t i = 0; i < count; i++) {
        const double weight = samples[i].weight;
        all->weight += weight;
        if (g->rows->classes) {
            all->sums[samples[i].label] += weight;
            pure &= samples[i].label == samples[0].label;
        } else {
            all->sums[0] += weight * samples[i].target;
            pure &= samples[i].target == samples[0].target;
        }
    }
    return pure;
}

static int32_t add_leaf(Grower *g, int64_t index) {
    ForgeGrownTree *tree = g->tree;
    ForgeGrownNode *node = tree->nodes + index;
    node->feature = -1;
    node->left = 0;
    node->value = g->rows->classes ? 0 : g->all.sums[0] / g->all.weight;
    if (!g->rows->classes) return 0;
    const int32_t width = g->width;
    if (make_room((void **) &tree->shares, &g->leaf_room, (tree->leaf_count + 1) * width, sizeof(float))) return -1;
    float *shares = tree->shares + tree->leaf_count * width;
    for (int32_t k = 0; k < width; k++) shares[k] = (float) (g->all.sums[k] / g->all.weight);
    node->left = (int32_t) tree->leaf_count++;
    return 0;
}

// Rows below it go left: the first number above halfway between the last value on the left and the first on the right.
// A value halfway goes left, as in scikit-learn, whose rows go left up to the threshold.
static float threshold(const Grower *g, const Split *split) {
    const float high = g->rows->highs[split->feature][split->last];
    if (split->next < 0) return __builtin_nextafterf(high, __builtin_inff());
    const double halfway = ((double) high + g->rows->lows[split->feature][split->next]) / 2;
    const float nearest = (float) halfway;
    return nearest > halfway ? nearest : __builtin_nextafterf(nearest, __builtin_inff());
}

// The levels that go right; those that no row of the node has go the default way.
static int32_t add_levels(Grower *g, ForgeGrownNode *node, const Sample *samples, int64_t count) {
    const int32_t feature = node->feature, levels = g->rows->bin_counts[feature], words = (levels + 31) / 32;
    ForgeGrownTree *tree = g->tree;
    if (make_room((void **) &tree->words, &g->word_room, tree->word_count + words, sizeof(uint32_t))) return -1;
    uint32_t *bits = tree->words + tree->word_count;
    memset(bits, 0, (size_t) words * sizeof(uint32_t));
    if (!node->default_left) {
        for (int32_t level = 0; level < levels; level++) bits[level / 32] |= 1u << level % 32;
        for (int64_t i = 0; i < count; i++) {
            const uint16_t bin = g->rows->bins[feature][samples[i].row];
            if (bin != FORGE_NO_BIN) bits[bin / 32] &= ~(1u << bin % 32);
        }
    }
    for (int32_t i = 0; i < g->level_count; i++) bits[g->levels_right[i] / 32] |= 1u << g->levels_right[i] % 32;
    node->words = (int32_t) tree->word_count;
    node->word_count = words;
    tree->word_count += words;
    return 0;
}

static int goes_left(const Grower *g, const ForgeGrownNode *node, const Split *split, uint32_t row) {
    const uint16_t bin = g->rows->bins[node->feature][row];
    if (bin == FORGE_NO_BIN) return node->default_left;
    if (!node->word_count) return bin <= split->last;
    return !(g->tree->words[node->words + bin / 32] >> bin % 32 & 1);
}

// Rows that go left first, each side in its order. Returns how many go left.
static int64_t part(Grower *g, const ForgeGrownNode *node, const Split *split, Sample *samples, int64_t count) {
    int64_t left = 0, right = 0;
    for (int64_t i = 0; i < count; i++) {
        if (goes_left(g, node, split, samples[i].row)) samples[left++] = samples[i];
        else g->aside[right++] = samples[i];
    }
    memcpy(samples + left, g->aside, (size_t) right * sizeof(Sample));
    return left;
}

// --- the tree

typedef struct Waiting {
    int64_t node, first, count;
    int32_t depth;
} Waiting;

static int64_t left_rows(Grower *g, const Split *split, const Sample *samples, int64_t count) {
    const uint16_t *bins = g->rows->bins[split->feature];
    int64_t left = 0;
    if (!g->rows->categorical[split->feature]) {
        for (int64_t i = 0; i < count; i++) left += bins[samples[i].row] <= split->last;
        return left;
    }
    for (int32_t i = 0; i < g->level_count; i++) g->occupied[g->levels_right[i] >> 6] |= (uint64_t) 1 << (g->levels_right[i] & 63);
    for (int64_t i = 0; i < count; i++) {
        const uint16_t bin = bins[samples[i].row];
        left += !(g->occupied[bin >> 6] >> (bin & 63) & 1);
    }
    for (int32_t i = 0; i < g->level_count; i++) g->occupied[g->levels_right[i] >> 6] = 0;
    return left;
}

// Makes the node a leaf or splits it. 1: split, its children lie behind it; 0: a leaf; -1: out of memory.
static int32_t grow_node(Grower *g, const Waiting *at, double root_weight, int64_t *left) {
    const ForgeGrowth *growth = g->growth;
    Sample *samples = g->samples + at->first;
    const int32_t pure = sum_node(g, samples, at->count);
    g->tree->nodes[at->node].weight = g->all.weight;
    if (pure || at->depth >= growth->max_depth || at->count < growth->min_split || at->count < 2 * growth->min_leaf)
        return add_leaf(g, at->node);
    Split split = forge_grow_split(g, samples, at->count);
    const double gain = split.feature < 0 ? 0 : split.score - forge_grow_worth(g, &g->all);
    // A split that gains nothing may be followed by one that does; rounding must not forbid it.
    if (split.feature < 0 || gain / root_weight + DBL_EPSILON < growth->min_decrease) return add_leaf(g, at->node);

    if (make_room((void **) &g->tree->nodes, &g->node_room, g->tree->node_count + 2, sizeof(ForgeGrownNode))) return -1;
    ForgeGrownNode *node = g->tree->nodes + at->node;
    node->feature = split.feature;
    node->gain = gain > 0 ? gain : 0;
    node->left = (int32_t) g->tree->node_count;
    node->default_left = split.missing_left < 0 ? 2 * left_rows(g, &split, samples, at->count) >= at->count : split.missing_left;
    if (!g->rows->categorical[split.feature]) node->threshold = threshold(g, &split);
    else if (add_levels(g, node, samples, at->count)) return -1;
    memset(g->tree->nodes + g->tree->node_count, 0, 2 * sizeof(ForgeGrownNode));
    g->tree->node_count += 2;
    *left = part(g, node, &split, samples, at->count);
    return 1;
}

static int32_t grow(Grower *g, int32_t (*cancelled)(void *), void *context, Waiting **stack, int64_t *room) {
    const int64_t drawn = draw(g);
    if (drawn < 0 || make_room((void **) &g->tree->nodes, &g->node_room, 1, sizeof(ForgeGrownNode))) return -1;
    memset(g->tree->nodes, 0, sizeof(ForgeGrownNode));
    g->tree->node_count = 1;
    double root_weight = 0;
    for (int64_t i = 0; i < drawn; i++) root_weight += g->samples[i].weight;
    int64_t waiting = 0;
    if (make_room((void **) stack, room, 1, sizeof(Waiting))) return -1;
    (*stack)[waiting++] = (Waiting){0, 0, drawn, 0};
    while (waiting > 0) {
        const Waiting at = (*stack)[--waiting];
        if (at.count > 50000 && cancelled(context)) return 1;
        int64_t left = 0;
        const int32_t grown = grow_node(g, &at, root_weight, &left);
        if (grown < 0) return -1;
        if (!grown) continue;
        if (make_room((void **) stack, room, waiting + 2, sizeof(Waiting))) return -1;
        const int64_t child = g->tree->nodes[at.node].left;
        (*stack)[waiting++] = (Waiting){child + 1, at.first + left, at.count - left, at.depth + 1};
        (*stack)[waiting++] = (Waiting){child, at.first, left, at.depth + 1};
    }
    return 0;
}

int32_t forge_grow_tree(
    const ForgeRows *rows, const ForgeGrowth *growth, int32_t (*cancelled)(void *), void *context, ForgeGrownTree *tree) {
    memset(tree, 0, sizeof *tree);
    Grower g = {.rows = rows, .growth = growth, .tree = tree, .random = growth->seed,
                .width = rows->classes > 0 ? rows->classes : 1};
    Waiting *stack = NULL;
    int64_t room = 0;
    int32_t result = allocate(&g);
    if (result == 0) result = grow(&g, cancelled, context, &stack, &room);
    free(stack);
    release(&g);
    return result;
}

void forge_free_tree(ForgeGrownTree *tree) {
    free(tree->nodes);
    free(tree->words);
    free(tree->shares);
    memset(tree, 0, sizeof *tree);
}
