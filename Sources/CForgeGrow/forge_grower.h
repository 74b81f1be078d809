// One tree in the making: what growing and splitting share.
#pragma once
#include "forge_grow.h"
#include "forge_splitmix.h"

#pragma clang assume_nonnull begin

// A row that the tree sees, with what a histogram needs of it, so that only the bin is looked up elsewhere.
typedef struct Sample {
    uint32_t row;
    float weight;  // times how often it was drawn
    union { int32_t label; double target; };
} Sample;

// Sums over some rows. `sums`: the weight of each class, or the weighted target.
typedef struct Sums {
    int64_t rows;
    double weight;
    double *sums;  // (width)
} Sums;

typedef struct Split {
    int32_t feature;
    int32_t missing_left;
    int32_t last;    // numbers: the last bin on the left; categories: how many of `order` go left
    int32_t next;    // numbers: the first bin on the right, -1: only missing values go right
    double score;
} Split;

typedef struct Grower {
    const ForgeRows *rows;
    const ForgeGrowth *growth;
    ForgeGrownTree *tree;
    int64_t node_room, word_room, leaf_room;
    int32_t width;       // classes, or 1
    uint64_t random;
    Sample *samples, *aside;  // (drawn rows)
    int32_t *features;   // a permutation of all
    // Histogram of one feature over a node's rows
    int64_t *counts;     // (bins)
    double *weights;     // (bins)
    double *sums;        // (bins, width)
    uint64_t *occupied;  // a bit for each bin
    int32_t *order;      // (bins) the occupied ones, in the order that they are split in
    double *keys;        // (bins) what orders categories
    Sums all, missing, left, right;
    int32_t *levels_right;  // (bins) of the best split on a category: its levels that go right
    int32_t level_count;
} Grower;

static inline int64_t forge_grow_below(Grower *g, int64_t count) {
    return (int64_t) ((unsigned __int128) forge_splitmix64_next(&g->random) * (uint64_t) count >> 64);
}

// What a node is worth: larger is purer. The gain of a split is what its children are worth beyond their parent.
double forge_grow_worth(const Grower *g, const Sums *sums);
// The best split of `count` rows, whose sums are in `all`; feature -1: there is none.
Split forge_grow_split(Grower *g, const Sample *samples, int64_t count);

#pragma clang assume_nonnull end
