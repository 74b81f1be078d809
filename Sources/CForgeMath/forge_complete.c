// Shallow trees of numbers as complete ones: ten descend side by side, and a step is two loads and a comparison.
#include "forge_trees.h"

static int has_complete_trees(const ForgeArena *arena) {
    const int32_t *outputs = forge_at(arena, arena->tree_outputs);
    int64_t trees = arena->roots.count;
    if (arena->categorical || trees < FORGE_INTERLEAVED || arena->max_depth > FORGE_COMPLETE_DEPTH) return 0;
    if (trees << arena->max_depth > arena->splits.count) return 0;
    for (int64_t tree = 0; tree < trees; tree++)
        if (outputs[tree] < 0) return 0;
    return 1;
}

// Breadth first: a split that waits holds the number of its node as `slot`. Below a leaf both ways lead to it.
static void complete_tree(const ForgeNode *nodes, uint32_t root, int64_t size, ForgeSplit *splits, float *leaves) {
    splits[0] = (ForgeSplit){0, 0};
    if (size == 1) leaves[0] = forge_leaf_value(nodes + root);
    else splits[1].slot = root;
    for (int64_t i = 1; i < size; i++) {
        uint32_t index = splits[i].slot;
        int leaf = forge_is_leaf(nodes, index);
        splits[i] = leaf ? (ForgeSplit){0, 0} : (ForgeSplit){nodes[index].key, nodes[index].slot};
        for (int64_t right = 0; right < 2; right++) {
            uint32_t child = leaf ? index : nodes[index].left + (uint32_t) right;
            if (2 * i < size) splits[2 * i + right].slot = child;
            else leaves[2 * i + right - size] = forge_leaf_value(nodes + child);
        }
    }
}

void forge_complete_trees(ForgeArena *arena) {
    arena->complete_depth = -1;
    if (!has_complete_trees(arena)) return;
    const uint32_t *roots = forge_at(arena, arena->roots);
    int64_t size = (int64_t) 1 << arena->max_depth;
    ForgeSplit *splits = forge_at(arena, arena->splits);
    float *leaves = forge_at(arena, arena->leaves);
    for (int64_t tree = 0; tree < arena->roots.count; tree++)
        complete_tree(forge_at(arena, arena->nodes), roots[tree], size, splits + tree * size, leaves + tree * size);
    arena->complete_depth = arena->max_depth;
}

// Leaves the places of the leaves in `at`, from the first leaf of the first tree on.
static inline __attribute__((always_inline)) void descend(
    const ForgeArena *arena, int64_t first, const uint32_t *row, uint64_t *at) {
    int32_t depth = arena->complete_depth;
    const ForgeSplit *splits = (const ForgeSplit *) forge_at(arena, arena->splits) + (first << depth);
    for (int32_t k = 0; k < FORGE_INTERLEAVED; k++) at[k] = 1;
    for (int32_t d = 0; d < depth; d++)
        for (int64_t k = 0; k < FORGE_INTERLEAVED; k++) {
            const ForgeSplit *split = splits + (k << depth) + at[k];
            at[k] = 2 * at[k] + (row[split->slot] >= split->key);
        }
    for (int64_t k = 0; k < FORGE_INTERLEAVED; k++) at[k] += (uint64_t) (first + k - 1) << depth;
}

// The last ten trees descend together even when some of them have before.
double forge_complete_sum(const ForgeArena *arena, const uint32_t *row, double sum) {
    const float *leaves = forge_at(arena, arena->leaves);
    uint64_t at[FORGE_INTERLEAVED];
    int64_t tree = 0, trees = arena->roots.count;
    for (; tree + FORGE_INTERLEAVED <= trees; tree += FORGE_INTERLEAVED) {
        descend(arena, tree, row, at);
        for (int32_t k = 0; k < FORGE_INTERLEAVED; k++) sum += leaves[at[k]];
    }
    if (tree == trees) return sum;
    descend(arena, trees - FORGE_INTERLEAVED, row, at);
    for (int64_t k = tree - (trees - FORGE_INTERLEAVED); k < FORGE_INTERLEAVED; k++) sum += leaves[at[k]];
    return sum;
}

void forge_complete_margins(const ForgeArena *arena, const uint32_t *row, double *margins) {
    const float *leaves = forge_at(arena, arena->leaves);
    const int32_t *outputs = forge_at(arena, arena->tree_outputs);
    uint64_t at[FORGE_INTERLEAVED];
    int64_t trees = arena->roots.count;
    for (int64_t tree = 0; tree < trees; tree += FORGE_INTERLEAVED) {
        int64_t first = tree + FORGE_INTERLEAVED <= trees ? tree : trees - FORGE_INTERLEAVED;
        descend(arena, first, row, at);
        for (int64_t k = tree - first; k < FORGE_INTERLEAVED; k++) margins[outputs[first + k]] += leaves[at[k]];
    }
}
