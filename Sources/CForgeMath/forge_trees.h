// How a row goes through a tree: shared by scoring and explaining.
#pragma once
#include "forge_math.h"

#include <string.h>

static inline uint32_t forge_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float forge_leaf_value(const ForgeNode *leaf) {
    float value;
    memcpy(&value, &leaf->key, sizeof value);
    return value;
}

static inline int forge_is_leaf(const ForgeNode *nodes, uint32_t index) { return nodes[index].left + 1 == index; }

// Turns the order of sign and magnitude into that of unsigned integers.
static inline uint32_t forge_key(float value) {
    uint32_t bits = forge_bits(value + 0.0f);
    return bits ^ ((uint32_t) ((int32_t) bits >> 31) | 0x80000000u);
}

// The codes behind a doubled row.
static inline const uint32_t *forge_row_codes(const ForgeArena *arena, const uint32_t *row) {
    return row + 2 * ((int64_t) arena->encoded + 1);
}

// Where `node` sends the row, without a branch. XGBoost's common::Decision: a category goes right when its bit is set,
// left when it is not or lies beyond the set.
static inline uint32_t forge_next_node(
    const ForgeNode *node, const uint32_t *words, const uint32_t *row, const uint32_t *codes) {
    uint32_t code = codes[node->slot], word = code / 32, count = node->key;
    uint32_t bit = words[node->categories + (word < count ? word : count)] >> code % 32 & 1;
    return node->left + ((row[node->slot] >= node->key) | bit);
}

static inline uint32_t forge_next_node_of_numbers(const ForgeNode *node, const uint32_t *row) {
    return node->left + (row[node->slot] >= node->key);
}

// The child that the row takes, whatever the trees test.
static inline uint32_t forge_taken(const ForgeArena *arena, const ForgeNode *node, const uint32_t *row) {
    if (!arena->categorical) return forge_next_node_of_numbers(node, row);
    const uint32_t *words = (const uint32_t *) forge_at(arena, arena->category_words);
    return forge_next_node(node, words, row, forge_row_codes(arena, row));
}

// Adds the leaves of complete trees with one output to `sum`, or to the margins of the trees' outputs.
double forge_complete_sum(const ForgeArena *arena, const uint32_t *row, double sum);
void forge_complete_margins(const ForgeArena *arena, const uint32_t *row, double *margins);
