// Interventional TreeSHAP: the Shapley values of v(S) = mean over the background of the margin of a row that has the
// columns in S from the row explained and the others from the background's (Lundberg et al. 2020, Nature Machine
// Intelligence 2, supplement, Algorithm 3; shap's feature_perturbation = "interventional").
//
// Against one row of the background, a leaf is reached by the coalitions that have all columns in A, where only the row
// explained turns towards it, and none in B, where only the other does. Of a game that is worth the leaf for these
// coalitions and nothing else, with a = |A| and b = |B|, the Shapley value of a player in A is
//     leaf * (a - 1)! b! / (a + b)! = leaf / (a * C(a + b, a)),
// that of one in B is -leaf / (b * C(a + b, a)), and leaves where a = 0 are the other row's own: they make the base.
#include "forge_trees.h"

enum { OPEN = 0, OURS = 1, THEIRS = 2 };

typedef struct Contest {
    const ForgeArena *arena;
    const uint32_t *row, *other;   // doubled rows
    const int32_t *columns;        // of features
    int32_t *players;              // (depth) columns that the path has decided on
    uint8_t *sides;                // (columns) for whom
    double *contributions;
    int32_t output;                // -1: of all, by vector leaves
} Contest;

static int64_t aligned(int64_t bytes) { return (bytes + 15) & ~15ll; }

int64_t forge_interventional_scratch(const ForgeArena *arena) {
    int64_t players = aligned(((int64_t) arena->max_depth + 1) * 4);
    return aligned(forge_tree_row_size(arena)) + players + aligned(arena->columns);
}

static void add(const Contest *c, const ForgeNode *leaf, int32_t place, double share) {
    double *out = c->contributions + place;
    if (c->output >= 0) {
        out[(int64_t) c->output * (c->arena->columns + 1)] += share * forge_leaf_value(leaf);
        return;
    }
    const float *vectors = forge_at(c->arena, c->arena->leaf_vectors);
    const float *vector = vectors + (int64_t) leaf->key * c->arena->outputs;
    for (int32_t o = 0; o < c->arena->outputs; o++) out[(int64_t) o * (c->arena->columns + 1)] += share * vector[o];
}

static void add_leaf(const Contest *c, const ForgeNode *leaf, int32_t ours, int32_t theirs, double ways) {
    if (ours == 0) add(c, leaf, 0, 1);
    for (int32_t k = 0; k < ours + theirs; k++) {
        int32_t column = c->players[k];
        add(c, leaf, column + 1, c->sides[column] == OURS ? 1 / (ours * ways) : -1 / (theirs * ways));
    }
}

// `ways` is C(ours + theirs, ours). Recursion is as deep as the tree, which the decoder bounds.
static void walk(const Contest *c, uint32_t index, int32_t ours, int32_t theirs, double ways) {
    const ForgeNode *node = (const ForgeNode *) forge_at(c->arena, c->arena->nodes) + index;
    if (node->left + 1 == index) return add_leaf(c, node, ours, theirs, ways);
    uint32_t hot = forge_taken(c->arena, node, c->row), cold = forge_taken(c->arena, node, c->other);
    if (hot == cold) return walk(c, hot, ours, theirs, ways);
    int32_t column = c->columns[node->slot / 2];
    if (c->sides[column] != OPEN) return walk(c, c->sides[column] == OURS ? hot : cold, ours, theirs, ways);
    int32_t length = ours + theirs;
    c->players[length] = column;
    c->sides[column] = OURS;
    walk(c, hot, ours + 1, theirs, ways * (length + 1) / (ours + 1));
    c->sides[column] = THEIRS;
    walk(c, cold, ours, theirs + 1, ways * (length + 1) / (theirs + 1));
    c->sides[column] = OPEN;
}

int32_t forge_interventional_explain(
    const ForgeArena *arena, const uint32_t *row, void *memory, int64_t step, double *contributions) {
    const double *background = forge_at(arena, arena->background), *bases = forge_at(arena, arena->intercepts);
    const uint32_t *roots = forge_at(arena, arena->roots);
    const int32_t *outputs = forge_at(arena, arena->tree_outputs);
    int64_t width = arena->columns + 1, count = arena->outputs * width, rows = arena->background.count / arena->encoded;
    uint32_t *other = memory;
    int32_t *players = (int32_t *) ((char *) memory + aligned(forge_tree_row_size(arena)));
    uint8_t *sides = (uint8_t *) players + aligned(((int64_t) arena->max_depth + 1) * 4);
    if (step == 0) {
        memset(contributions, 0, (size_t) count * sizeof *contributions);
        memset(sides, OPEN, (size_t) arena->columns);
    }
    forge_tree_feature_row(arena, background + step * arena->encoded, other);
    Contest contest = {arena, row, other, forge_at(arena, arena->feature_columns), players, sides, contributions, 0};
    for (int64_t tree = 0; tree < arena->roots.count; tree++) {
        contest.output = outputs[tree];
        walk(&contest, roots[tree], 0, 0, 1);
    }
    if (step + 1 < rows) return FORGE_MORE;
    for (int64_t i = 0; i < count; i++) contributions[i] /= (double) rows;
    for (int32_t o = 0; o < arena->outputs; o++) contributions[o * width] += bases[o];
    return -1;
}
