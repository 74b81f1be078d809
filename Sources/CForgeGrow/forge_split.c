// The best split of a node: for each feature that is tried a histogram, walked from its first bin to its last.
#include "forge_grower.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// --- what sums are worth

static double squares(const double *sums, int32_t width) {
    double total = 0;
    for (int32_t k = 0; k < width; k++) total += sums[k] * sums[k];
    return total;
}

static double logarithms(const double *sums, int32_t width, double weight) {
    double total = -weight * log(weight);
    for (int32_t k = 0; k < width; k++)
        if (sums[k] > 0) total += sums[k] * log(sums[k]);
    return total;
}

double forge_grow_worth(const Grower *g, const Sums *sums) {
    if (sums->weight <= 0) return 0;
    if (g->growth->entropy && g->rows->classes) return logarithms(sums->sums, g->width, sums->weight);
    return squares(sums->sums, g->width) / sums->weight;
}

static void add_bin(const Grower *g, Sums *to, int32_t bin) {
    to->rows += g->counts[bin];
    to->weight += g->weights[bin];
    for (int32_t k = 0; k < g->width; k++) to->sums[k] += g->sums[(int64_t) bin * g->width + k];
}

static void set_rest(const Grower *g, Sums *rest, const Sums *part) {
    rest->rows = g->all.rows - part->rows;
    rest->weight = g->all.weight - part->weight;
    for (int32_t k = 0; k < g->width; k++) rest->sums[k] = g->all.sums[k] - part->sums[k];
}

// --- histogram

static void clear(Sums *sums, int32_t width) {
    sums->rows = 0;
    sums->weight = 0;
    memset(sums->sums, 0, (size_t) width * sizeof(double));
}

// Leaves the occupied bins in `order`, ascending, and returns how many there are; the others hold zeros.
static int32_t fill(Grower *g, int32_t feature, const Sample *samples, int64_t count) {
    const uint16_t *bins = g->rows->bins[feature];
    const int32_t width = g->width;
    clear(&g->missing, width);
    for (int64_t i = 0; i < count; i++) {
        const Sample s = samples[i];
        const uint16_t bin = bins[s.row];
        const double weight = s.weight;
        if (bin == FORGE_NO_BIN) {
            g->missing.rows++;
            g->missing.weight += weight;
            if (g->rows->classes) g->missing.sums[s.label] += weight;
            else g->missing.sums[0] += weight * s.target;
            continue;
        }
        g->occupied[bin >> 6] |= (uint64_t) 1 << (bin & 63);
        g->counts[bin]++;
        g->weights[bin] += weight;
        if (g->rows->classes) g->sums[(int64_t) bin * width + s.label] += weight;
        else g->sums[bin] += weight * s.target;
    }
    int32_t found = 0;
    const int32_t words = (g->rows->bin_counts[feature] + 63) / 64;
    for (int32_t w = 0; w < words; w++) {
        for (uint64_t bits = g->occupied[w]; bits; bits &= bits - 1) g->order[found++] = w * 64 + __builtin_ctzll(bits);
        g->occupied[w] = 0;
    }
    return found;
}

static void empty(Grower *g, int32_t found) {
    for (int32_t i = 0; i < found; i++) {
        const int32_t bin = g->order[i];
        g->counts[bin] = 0;
        g->weights[bin] = 0;
        memset(g->sums + (int64_t) bin * g->width, 0, (size_t) g->width * sizeof(double));
    }
}

// --- categories: ordered by their mean target, or by the share of the node's largest class: for two classes and for
// squared error the best of all sets is then one of the prefixes (Breiman et al. 1984, theorem 4.5).

typedef struct Keyed {
    double key;
    int32_t bin;
} Keyed;

static int compare(const void *a, const void *b) {
    const Keyed *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->bin > y->bin) - (x->bin < y->bin);
}

static void order_levels(Grower *g, int32_t found) {
    int32_t largest = 0;
    for (int32_t k = 1; k < g->width; k++)
        if (g->all.sums[k] > g->all.sums[largest]) largest = k;
    Keyed *keyed = (Keyed *) g->keys;
    for (int32_t i = 0; i < found; i++) {
        const int32_t bin = g->order[i];
        keyed[i] = (Keyed){g->sums[(int64_t) bin * g->width + largest] / g->weights[bin], bin};
    }
    qsort(keyed, (size_t) found, sizeof(Keyed), compare);
    for (int32_t i = 0; i < found; i++) g->order[i] = keyed[i].bin;
}

// --- the walk

static int allowed(const Grower *g) {
    return g->left.rows >= g->growth->min_leaf && g->right.rows >= g->growth->min_leaf && g->left.rows > 0 && g->right.rows > 0;
}

// Splits behind each of the `found` bins, the missing values on one side. 1: one of them is the best so far.
static int walk(Grower *g, int32_t feature, int32_t found, int32_t missing_left, Split *best) {
    int better = 0;
    clear(&g->left, g->width);
    if (missing_left) {
        g->left.rows = g->missing.rows;
        g->left.weight = g->missing.weight;
        memcpy(g->left.sums, g->missing.sums, (size_t) g->width * sizeof(double));
    }
    // Behind the last bin only missing values are left.
    const int32_t end = g->missing.rows > 0 && !missing_left ? found : found - 1;
    for (int32_t i = 0; i < end; i++) {
        add_bin(g, &g->left, g->order[i]);
        set_rest(g, &g->right, &g->left);
        if (!allowed(g)) continue;
        const double score = forge_grow_worth(g, &g->left) + forge_grow_worth(g, &g->right);
        if (best->feature >= 0 && score <= best->score) continue;
        const int categorical = g->rows->categorical[feature];
        *best = (Split){feature, missing_left, categorical ? i + 1 : g->order[i],
                        categorical || i + 1 == found ? -1 : g->order[i + 1], score};
        better = 1;
    }
    return better;
}

static void keep_levels(Grower *g, const Split *best, int32_t found) {
    g->level_count = found - best->last;
    for (int32_t i = best->last; i < found; i++) g->levels_right[i - best->last] = g->order[i];
}

static void try_feature(Grower *g, int32_t feature, const Sample *samples, int64_t count, Split *best, int32_t *varying) {
    const int32_t found = fill(g, feature, samples, count);
    *varying += found > 1 || (found == 1 && g->missing.rows > 0);
    if (g->rows->categorical[feature] && found > 1) order_levels(g, found);
    int better = walk(g, feature, found, 0, best);
    if (g->missing.rows > 0) better |= walk(g, feature, found, 1, best);
    if (better && g->rows->categorical[feature]) keep_levels(g, best, found);
    empty(g, found);
    if (!better || g->missing.rows > 0) return;
    // Nothing is missing here: later, missing values go the way of most rows.
    best->missing_left = -1;
}

Split forge_grow_split(Grower *g, const Sample *samples, int64_t count) {
    Split best = {-1, 0, 0, 0, 0};
    const int32_t features = g->rows->features;
    int32_t varying = 0;
    for (int32_t i = 0; i < features && (i < g->growth->tried || varying == 0); i++) {
        if (g->growth->shuffled || g->growth->tried < features) {
            const int32_t other = i + (int32_t) forge_grow_below(g, features - i);
            const int32_t chosen = g->features[other];
            g->features[other] = g->features[i];
            g->features[i] = chosen;
        }
        try_feature(g, g->features[i], samples, count, &best, &varying);
    }
    return best;
}
