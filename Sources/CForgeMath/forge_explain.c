// Path-dependent TreeSHAP: the Shapley values of v(S) = E[leaf | features in S follow the row, the others split by
// cover] (Lundberg, Erion & Lee 2018, arXiv:1802.03888, Algorithm 1).
//
// Algorithm 2 of that paper unwinds polynomials by subtraction, which loses digits in deep trees. Here the same value
// is the integral of the multilinear extension (Owen 1972): a leaf reached over features i with cover shares z_i and
// o_i = 1 where the row follows (else 0) is worth
//     phi_i += leaf * (o_i - z_i) * integral over t in [0, 1] of the product over j != i of (z_j (1 - t) + o_j t),
// a polynomial of degree d - 1 that ceil(d / 2) Gauss-Legendre points integrate exactly; all terms are positive.
//
// A feature's shares of all leaves below a branch have that branch's factor in common, so that the leaves' products are summed
// on the way up and shared out once per branch (as in Linear TreeSHAP, Yu et al. 2022, arXiv:2209.08192). Where a feature
// splits a path again, what its earlier branch gave to these leaves is taken back.
#include "forge_trees.h"

#include <math.h>

typedef struct Step {
    double zero;      // share of the training rows that take this branch, over all splits on the feature so far
    int32_t one;      // 1: the row takes it too
    int32_t feature;
    const double *inverse;  // (points) reciprocals of the factor
} Step;

typedef struct Explainer {
    const ForgeArena *arena;
    const uint32_t *row;
    const double *abscissae, *weights;
    const double *inverse_rests;  // (points) 1 / (1 - abscissa)
    int64_t points;
    Step *path;
    double *contributions;
    int32_t output;
} Explainer;

// The frame of a level: the products at the points, the reciprocals of the last factor, the sums of the leaves below.
enum { FRAMES = 3 };

// A branch that no training row takes, or nearly none: what it would add is below the last digit of anything, its reciprocal
// beyond double precision.
static const double NOTHING = 1e-200;

int64_t forge_explain_scratch(int32_t max_depth, int64_t points) {
    return ((int64_t) max_depth + 1) * ((int64_t) sizeof(Step) + FRAMES * points * (int64_t) sizeof(double))
        + points * (int64_t) sizeof(double);
}

// What goes to a feature: `share` of each output's number in `vector`, or of the one output. A feature that several columns
// share is divided evenly among them.
static void add_share(const Explainer *e, int32_t feature, double share, const float *vector) {
    const ForgeArena *arena = e->arena;
    const int32_t *columns = forge_at(arena, arena->feature_columns);
    if (columns[feature] < 0) {
        const ForgeProduct *products = forge_at(arena, arena->products);
        const ForgeProduct *product = products + (feature - (arena->encoded - arena->products.count));
        for (int32_t k = 0; k < product->count; k++)
            if (k == 0 || columns[product->factors[k]] != columns[product->factors[k - 1]])
                add_share(e, product->factors[k], share / product->columns, vector);
        return;
    }
    double *out = e->contributions + columns[feature] + 1;
    if (!vector) {
        out[(int64_t) e->output * (arena->columns + 1)] += share;
        return;
    }
    for (int32_t o = 0; o < arena->outputs; o++) out[(int64_t) o * (arena->columns + 1)] += share * vector[o];
}

// Sum over the points of weight, value and reciprocal factor.
static inline double integral(const Explainer *e, const double *values, const double *inverse, int64_t points) {
    double sum = 0;
    for (int64_t k = 0; k < points; k++) sum += e->weights[k] * (values[k] * inverse[k]);
    return sum;
}

// A leaf of all outputs shares its vector out at once: sums on the way up would be as many as outputs.
static void add_vector_leaf(const Explainer *e, const ForgeNode *leaf, int32_t length, const double *products) {
    const float *vectors = forge_at(e->arena, e->arena->leaf_vectors);
    const float *vector = vectors + (int64_t) leaf->key * e->arena->outputs;
    for (int32_t i = 0; i < length; i++) {
        Step step = e->path[i];
        add_share(e, step.feature, (step.one - step.zero) * integral(e, products, step.inverse, e->points), vector);
    }
}

// Products and reciprocals of a level below `products`, after its branch.
static inline void enter(
    const Explainer *e, const Step *before, Step *after, const double *products, double *below, double *inverse, int64_t points) {
    const double *t = e->abscissae;
    if (after->one) {
        for (int64_t k = 0; k < points; k++) {
            const double factor = after->zero * (1 - t[k]) + t[k];
            inverse[k] = 1 / factor;
            below[k] = products[k] * factor;
        }
    } else {
        const double reciprocal = 1 / after->zero;
        for (int64_t k = 0; k < points; k++) {
            inverse[k] = reciprocal * e->inverse_rests[k];
            below[k] = products[k] * (after->zero * (1 - t[k]));
        }
    }
    if (before->inverse)
        for (int64_t k = 0; k < points; k++) below[k] *= before->inverse[k];
    after->inverse = inverse;
}

typedef void Walk(Explainer *e, uint32_t index, int32_t length, double *frame);

// `length` distinct features lie on the path to `index`. A frame holds the node's products, its branch's reciprocals and, in the
// end, the sums of its leaves. Recursion is as deep as the tree, which the decoder bounds.
static inline __attribute__((always_inline)) void walk_node(
    Explainer *e, uint32_t index, int32_t length, double *frame, int64_t points, Walk *walk) {
    const ForgeNode *node = (const ForgeNode *) forge_at(e->arena, e->arena->nodes) + index;
    double *sums = frame + 2 * points, *below = frame + FRAMES * points;
    if (node->left + 1 == index) {
        if (e->output < 0) return add_vector_leaf(e, node, length, frame);
        const double value = forge_leaf_value(node);
        for (int64_t k = 0; k < points; k++) sums[k] = value * frame[k];
        return;
    }
    const double *fractions = forge_at(e->arena, e->arena->fractions);
    const uint32_t hot = forge_taken(e->arena, node, e->row);
    const int32_t feature = (int32_t) (node->slot / 2);
    int32_t place = 0;
    while (place < length && e->path[place].feature != feature) place++;
    const Step before = place < length ? e->path[place] : (Step){1, 1, feature, NULL};
    for (int64_t k = 0; k < points; k++) sums[k] = 0;
    for (uint32_t child = node->left; child <= node->left + 1; child++) {
        Step after = {before.zero * fractions[child], before.one & (child == hot), feature, NULL};
        if (after.zero < NOTHING && !after.one) continue;
        enter(e, &before, &after, frame, below, below + points, points);
        e->path[place] = after;
        walk(e, child, place < length ? length : length + 1, below);
        if (e->output < 0) continue;
        const double *found = below + 2 * points;
        double share = (after.one - after.zero) * integral(e, found, after.inverse, points);
        if (before.inverse) share -= (before.one - before.zero) * integral(e, found, before.inverse, points);
        add_share(e, feature, share, NULL);
        for (int64_t k = 0; k < points; k++) sums[k] += found[k];
    }
    e->path[place] = before;
}

// The compiler unrolls what it knows the points of: trees of up to eight splits on a path.
static void walk_1(Explainer *e, uint32_t i, int32_t n, double *frame) { walk_node(e, i, n, frame, 1, walk_1); }
static void walk_2(Explainer *e, uint32_t i, int32_t n, double *frame) { walk_node(e, i, n, frame, 2, walk_2); }
static void walk_3(Explainer *e, uint32_t i, int32_t n, double *frame) { walk_node(e, i, n, frame, 3, walk_3); }
static void walk_4(Explainer *e, uint32_t i, int32_t n, double *frame) { walk_node(e, i, n, frame, 4, walk_4); }
static void walk_any(Explainer *e, uint32_t i, int32_t n, double *frame) { walk_node(e, i, n, frame, e->points, walk_any); }

static void walk_tree(Explainer *e, uint32_t root, double *frame) {
    switch (e->points) {
    case 1: walk_1(e, root, 0, frame); break;
    case 2: walk_2(e, root, 0, frame); break;
    case 3: walk_3(e, root, 0, frame); break;
    case 4: walk_4(e, root, 0, frame); break;
    default: walk_any(e, root, 0, frame);
    }
}

void forge_tree_explain(const ForgeArena *arena, const uint32_t *row, void *scratch, double *contributions) {
    const double *bases = forge_at(arena, arena->bases);
    const uint32_t *roots = forge_at(arena, arena->roots);
    const int32_t *outputs = forge_at(arena, arena->tree_outputs);
    int64_t width = arena->columns + 1, points = arena->quadrature.count / 2;
    const double *quadrature = forge_at(arena, arena->quadrature);
    for (int64_t i = 0; i < arena->outputs * width; i++) contributions[i] = i % width == 0 ? bases[i / width] : 0;
    Step *path = scratch;
    double *inverse_rests = (double *) (path + arena->max_depth + 1), *frame = inverse_rests + points;
    Explainer e = {arena, row, quadrature, quadrature + points, inverse_rests, points, path, contributions, 0};
    for (int64_t k = 0; k < points; k++) inverse_rests[k] = 1 / (1 - quadrature[k]);
    for (int64_t tree = 0; tree < arena->roots.count; tree++) {
        e.output = outputs[tree];
        for (int64_t k = 0; k < points; k++) frame[k] = 1;
        walk_tree(&e, roots[tree], frame);
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
