// Decision trees on binned rows: CART (Breiman, Friedman, Olshen and Stone 1984), as scikit-learn grows them. Plain C,
// fixed order of sums; a tree depends on the rows, the settings and its seed only.
#pragma once
#include <stdint.h>

#pragma clang assume_nonnull begin

// --- bins: a number's code is the number of edges that are not above it
enum { FORGE_NO_BIN = 65535, FORGE_MOST_BINS = 65535 };

// Edges between at most `most` bins of about equally many values; one bin for each distinct value when there are no
// more. `values` (count) without NaN are sorted on the way; `spare` has as much room. Returns how many edges were
// written.
int32_t forge_bin_edges(float *values, float *spare, int64_t count, int32_t most, float *edges);
// Codes of `values`, FORGE_NO_BIN for NaN; the least and the largest value of each bin, where it has any.
void forge_bin_values(
    const float *values, int64_t count, const float *edges, int32_t edge_count, uint16_t *bins, float *lows, float *highs);

// --- the training rows
typedef struct ForgeRows {
    int64_t rows;
    int32_t features;
    int32_t classes;                         // 0: regression
    const uint16_t *_Nonnull const *_Nonnull bins;  // (features) codes of the rows
    const int32_t *bin_counts;               // (features)
    const uint8_t *categorical;              // (features) 1: codes are levels, without an order
    const float *_Nonnull const *_Nonnull lows;  // (features) least value of each bin; of numbers only
    const float *_Nonnull const *_Nonnull highs;
    const int32_t *_Nullable labels;         // (rows) class
    const double *_Nullable targets;         // (rows) regression: best around 0
    const double *_Nullable weights;         // (rows); NULL: all 1
} ForgeRows;

typedef struct ForgeGrowth {
    int32_t max_depth;
    int64_t min_split, min_leaf;   // rows in a node that is split, and in each of its children
    double min_decrease;           // of impurity, times the node's share of the weight
    int32_t tried;                 // features looked at for a split
    int32_t shuffled;              // 1: in a random order even if all are, so that chance decides between equal splits
    int32_t entropy;               // 1: information gain in place of Gini's index
    int64_t drawn;                 // rows that the tree sees
    int32_t replaced;              // 1: drawn with replacement
    uint64_t seed;
} ForgeGrowth;

typedef struct ForgeGrownNode {
    int32_t feature;       // -1: a leaf
    int32_t left;          // the right child follows it; of a leaf, its row in `shares`
    float threshold;       // a number goes left when it is less
    int32_t default_left;  // where missing values go
    int32_t words, word_count;  // the levels that go right, in ForgeGrownTree.words
    double weight, gain, value;  // value: mean of a leaf
} ForgeGrownNode;

typedef struct ForgeGrownTree {
    int64_t node_count, word_count, leaf_count;
    ForgeGrownNode *_Nullable nodes;  // children lie behind their parent
    uint32_t *_Nullable words;
    float *_Nullable shares;          // (leaves, classes)
} ForgeGrownTree;

// 0: done; 1: `cancelled` said so; -1: out of memory. The tree is freed by forge_free_tree in any case.
int32_t forge_grow_tree(
    const ForgeRows *rows, const ForgeGrowth *growth, int32_t (*cancelled)(void *context), void *context,
    ForgeGrownTree *tree);
void forge_free_tree(ForgeGrownTree *tree);

#pragma clang assume_nonnull end
