// How a row goes through a tree: shared by scoring and explaining.
#pragma once
#include "forge_math.h"

#include <string.h>

static inline uint32_t forge_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float forge_from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// The codes behind a doubled row.
static inline const uint32_t *forge_row_codes(const ForgeArena *arena, const float *row) {
    return (const uint32_t *) (row + 2 * ((int64_t) arena->encoded + 1));
}

// Where `node` sends the row, without a branch. XGBoost's common::Decision: a category goes right when its bit is set,
// left when it is not or lies beyond the set.
static inline uint32_t forge_next_node(
    const ForgeNode *node, const uint32_t *words, const float *row, const uint32_t *codes) {
    uint32_t code = codes[node->slot], word = code / 32, count = forge_bits(node->threshold);
    uint32_t bit = words[node->categories + (word < count ? word : count)] >> code % 32 & 1;
    return node->left + (!(row[node->slot] < node->threshold) | bit);
}

static inline uint32_t forge_next_node_of_numbers(const ForgeNode *node, const float *row) {
    return node->left + !(row[node->slot] < node->threshold);
}
