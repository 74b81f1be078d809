// Path-dependent TreeSHAP: the Shapley values of v(S) = E[leaf | features in S follow the row, the others split by
// cover] (Lundberg, Erion & Lee 2018, arXiv:1802.03888, Algorithm 1).
//
// Algorithm 2 of that paper unwinds polynomials by subtraction, which loses digits in deep trees. Here the same value is
// the integral of the multilinear extension (Owen 1972): a leaf reached over features i with cover shares z_i and o_i = 1
// where the row follows (else 0) is worth
//     phi_i += leaf * (o_i - z_i) * integral over t in [0, 1] of the product over j != i of (z_j (1 - t) + o_j t),
// a polynomial of degree d - 1 that ceil(d / 2) Gauss-Legendre points integrate exactly; all terms are positive.
#include "forge_trees.h"

#include <math.h>

typedef struct Step {
    double zero;      // share of the training rows that take this branch, over all splits on the feature so far
    int32_t one;      // 1: the row takes it too
    int32_t feature;
} Step;

typedef struct Explainer {
    const ForgeArena *arena;
    const uint32_t *row;
    const double *abscissae, *weights;
    int64_t points;
    Step *path;
    double *products;  // (depth + 1, points)
    double *contributions;
    int32_t output;
} Explainer;

int64_t forge_explain_scratch(int32_t max_depth, int64_t points) {
    return ((int64_t) max_depth + 1) * ((int64_t) sizeof(Step) + points * (int64_t) sizeof(double));
}

static inline double factor(double zero, int32_t one, double t) { return zero * (1 - t) + one * t; }

// What a leaf gives to a feature; one that several columns share is divided evenly among them.
static void add_share(const Explainer *e, int32_t feature, double share, const ForgeNode *leaf, const float *vector) {
    const ForgeArena *arena = e->arena;
    const int32_t *columns = forge_at(arena, arena->feature_columns);
    if (columns[feature] < 0) {
        const ForgeProduct *products = forge_at(arena, arena->products);
        const ForgeProduct *product = products + (feature - (arena->encoded - arena->products.count));
        for (int32_t k = 0; k < product->count; k++)
            if (k == 0 || columns[product->factors[k]] != columns[product->factors[k - 1]])
                add_share(e, product->factors[k], share / product->columns, leaf, vector);
        return;
    }
    double *out = e->contributions + columns[feature] + 1;
    if (!vector) {
        out[(int64_t) e->output * (arena->columns + 1)] += share * forge_leaf_value(leaf);
        return;
    }
    for (int32_t o = 0; o < arena->outputs; o++) out[(int64_t) o * (arena->columns + 1)] += share * vector[o];
}

static void add_leaf(const Explainer *e, uint32_t leaf, int32_t length, const double *products) {
    const ForgeArena *arena = e->arena;
    const ForgeNode *node = (const ForgeNode *) forge_at(arena, arena->nodes) + leaf;
    const float *vector = NULL;
    if (e->output < 0) {
        const float *vectors = forge_at(arena, arena->leaf_vectors);
        vector = vectors + (int64_t) node->key * arena->outputs;
    }
    for (int32_t i = 0; i < length; i++) {
        Step step = e->path[i];
        double integral = 0;
        for (int64_t k = 0; k < e->points; k++)
            integral += e->weights[k] * (products[k] / factor(step.zero, step.one, e->abscissae[k]));
        add_share(e, step.feature, (step.one - step.zero) * integral, node, vector);
    }
}

static uint32_t taken(const Explainer *e, const ForgeNode *node) {
    if (!e->arena->categorical) return forge_next_node_of_numbers(node, e->row);
    const uint32_t *words = forge_at(e->arena, e->arena->category_words);
    return forge_next_node(node, words, e->row, forge_row_codes(e->arena, e->row));
}

// `length` distinct features lie on the path to `index`; their product at each point is in `products`.
// Recursion is as deep as the tree, which the decoder bounds.
static void walk(Explainer *e, uint32_t index, int32_t length, const double *products) {
    const ForgeNode *node = (const ForgeNode *) forge_at(e->arena, e->arena->nodes) + index;
    if (node->left + 1 == index) {
        add_leaf(e, index, length, products);
        return;
    }
    const double *fractions = forge_at(e->arena, e->arena->fractions);
    uint32_t hot = taken(e, node);
    int32_t feature = (int32_t) (node->slot / 2), place = 0;
    while (place < length && e->path[place].feature != feature) place++;
    Step before = place < length ? e->path[place] : (Step){1, 1, feature};
    double *below = (double *) products + e->points;
    for (uint32_t child = node->left; child <= node->left + 1; child++) {
        Step after = {before.zero * fractions[child], before.one & (child == hot), feature};
        if (after.zero == 0 && !after.one) continue;
        for (int64_t k = 0; k < e->points; k++) {
            double t = e->abscissae[k];
            below[k] = products[k] / factor(before.zero, before.one, t) * factor(after.zero, after.one, t);
        }
        e->path[place] = after;
        walk(e, child, place < length ? length : length + 1, below);
    }
    e->path[place] = before;
}

void forge_tree_explain(const ForgeArena *arena, const uint32_t *row, void *scratch, double *contributions) {
    const double *bases = forge_at(arena, arena->bases);
    const uint32_t *roots = forge_at(arena, arena->roots);
    const int32_t *outputs = forge_at(arena, arena->tree_outputs);
    int64_t width = arena->columns + 1, points = arena->quadrature.count / 2;
    const double *quadrature = forge_at(arena, arena->quadrature);
    for (int64_t i = 0; i < arena->outputs * width; i++) contributions[i] = i % width == 0 ? bases[i / width] : 0;
    Step *path = scratch;
    Explainer e = {arena, row, quadrature, quadrature + points, points, path, (double *) (path + arena->max_depth + 1),
                   contributions, 0};
    for (int64_t tree = 0; tree < arena->roots.count; tree++) {
        e.output = outputs[tree];
        for (int64_t k = 0; k < points; k++) e.products[k] = 1;
        walk(&e, roots[tree], 0, e.products);
    }
}

static void add_expectation(const ForgeArena *arena, uint32_t index, double share, int32_t output, double *bases) {
    const ForgeNode *node = (const ForgeNode *) forge_at(arena, arena->nodes) + index;
    const double *fractions = forge_at(arena, arena->fractions);
    if (node->left + 1 != index) {
        add_expectation(arena, node->left, share * fractions[node->left], output, bases);
        add_expectation(arena, node->left + 1, share * fractions[node->left + 1], output, bases);
    } else if (output >= 0) {
        bases[output] += share * forge_leaf_value(node);
    } else {
        const float *vectors = forge_at(arena, arena->leaf_vectors);
        const float *vector = vectors + (int64_t) node->key * arena->outputs;
        for (int32_t o = 0; o < arena->outputs; o++) bases[o] += share * vector[o];
    }
}

void forge_tree_expectation(const ForgeArena *arena, int32_t tree, double *bases) {
    const uint32_t *roots = forge_at(arena, arena->roots);
    const int32_t *outputs = forge_at(arena, arena->tree_outputs);
    add_expectation(arena, roots[tree], 1, outputs[tree], bases);
}

// Newton's method on the Legendre polynomial, mapped from [-1, 1] to [0, 1].
void forge_gauss_legendre(int32_t points, double *abscissae, double *weights) {
    for (int32_t i = 0; i < points; i++) {
        double x = cos(3.14159265358979323846 * (i + 0.75) / (points + 0.5)), slope = 1;
        for (int iteration = 0; iteration < 100; iteration++) {
            double p = 1, before = 0;
            for (int32_t k = 1; k <= points; k++) {
                double next = ((2 * k - 1) * x * p - (k - 1) * before) / k;
                before = p;
                p = next;
            }
            slope = points * (x * p - before) / (x * x - 1);
            double change = p / slope;
            x -= change;
            if (fabs(change) < 1e-15) break;
        }
        abscissae[i] = (1 - x) / 2;
        weights[i] = 1 / ((1 - x * x) * slope * slope);
    }
}
