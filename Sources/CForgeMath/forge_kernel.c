// Kernel SHAP (Lundberg & Lee 2017, arXiv:1705.07874, theorem 2) of the margin, as shap's KernelExplainer has it,
// without its optional L1 regularisation: the Shapley values of v(S) = mean over the background of the margin of a row
// that has the columns in S from the row explained and the others from the background's, by least squares over
// coalitions S.
//
// Players are the columns that differ from the background at all; the rest contribute nothing. Sizes of coalitions are
// gone through from the outside in (1 and M - 1, 2 and M - 2, ...), each whole as long as the samples suffice: with all
// of them the result is exact. What is left is spent on coalitions drawn by a seeded generator, each with its complement.
// That all contributions add up to the margin is not fitted but holds: the last player's follows from the others'.
#include "forge_math.h"
#include "forge_splitmix.h"

#include <math.h>
#include <string.h>

typedef struct Sampler {
    uint64_t state;       // of the generator
    int32_t players;      // M
    int32_t whole;        // sizes up to this one are gone through whole
    int32_t size;         // of the last coalition, before it was mirrored; 0: there is none yet
    int32_t drawing;      // 1: the whole sizes are through
    int32_t mirrored;     // 1: the complement of the last coalition has had its turn, or it has none
    int64_t draws;        // coalitions left to draw
    double drawn_weight;  // of one of them
    double total;         // weight of all sizes
    double weight;        // of the last coalition
} Sampler;

// What is kept between two coalitions.
typedef struct Kernel {
    const ForgeArena *arena;
    const double *features;             // (encoded) the row, prepared
    const ForgeCell *cells;             // (columns) of an ensemble: the row as it is
    void *scratch;
    Sampler *sampler;
    double *margins, *bases, *sums;     // (outputs) of the row, the background, the coalition
    double *mixture;                    // (encoded)
    ForgeCell *mixed;                   // (columns) of an ensemble
    double *normal;                     // (M - 1, M - 1), the lower triangle by rows
    double *right;                      // (outputs, M - 1)
    int32_t *columns;                   // (M) of the players
    int32_t *chosen;                    // (M) combination gone through, or order drawn from
    int32_t *listed;                    // (M)
    uint8_t *inside;                    // (M) 1: in the coalition
} Kernel;

static int64_t aligned(int64_t bytes) { return (bytes + 15) & ~15ll; }

static void *take(char **memory, int64_t bytes) {
    void *taken = *memory;
    *memory += aligned(bytes);
    return taken;
}

// Lays the memory out; without any, says in `end` how much it is.
static Kernel place(const ForgeArena *arena, void *memory, char **end) {
    int64_t most = arena->columns, outputs = arena->outputs;
    *end = memory;
    Kernel k = {.arena = arena};
    k.sampler = take(end, sizeof(Sampler));
    k.margins = take(end, outputs * 8);
    k.bases = take(end, outputs * 8);
    k.sums = take(end, outputs * 8);
    if (arena->form == FORGE_ENSEMBLE) k.mixed = take(end, most * (int64_t) sizeof *k.mixed);
    else k.mixture = take(end, (int64_t) arena->encoded * 8);
    k.normal = take(end, most * (most - 1) / 2 * 8);
    k.right = take(end, outputs * most * 8);
    k.columns = take(end, most * 4);
    k.chosen = take(end, most * 4);
    k.listed = take(end, most * 4);
    k.inside = take(end, most);
    return k;
}

int64_t forge_kernel_scratch(const ForgeArena *arena) {
    char *start = (char *) arena, *end;  // the address is not read
    place(arena, start, &end);
    return end - start;
}

// --- which coalitions, and what they weigh

static double choose(int32_t n, int32_t k) {
    double ways = 1;
    for (int32_t i = 1; i <= k; i++) ways = ways * (n - k + i) / i;
    return ways;
}

// A size in the middle of an even number of players is its own complement.
static int is_paired(int32_t players, int32_t size) { return 2 * size < players; }

// Shapley kernel of all coalitions of a size, and of the complementary one.
static double size_weight(int32_t players, int32_t size) {
    return (is_paired(players, size) ? 2 : 1) * (players - 1.0) / ((double) size * (players - size));
}

static double next_unit(Sampler *sampler) { return (double) (forge_splitmix64_next(&sampler->state) >> 11) * 0x1p-53; }

static void start_sampler(const Kernel *k, int32_t players) {
    Sampler *s = k->sampler;
    double left = k->arena->samples > 0 ? (double) k->arena->samples : 2.0 * players + 2048, rest = 0;
    double all = ldexp(1, players) - 2;
    *s = (Sampler){.state = (uint64_t) k->arena->seed, .players = players, .mirrored = 1};
    for (int32_t size = 1; size <= players / 2; size++) rest += size_weight(players, size);
    s->total = rest;
    if (left > all) left = all;
    for (int32_t size = 1; size <= players / 2; size++) {
        double coalitions = choose(players, size) * (is_paired(players, size) ? 2 : 1);
        double share = size < players / 2 ? size_weight(players, size) / rest : 1;
        if (left * share / coalitions < 1 - 1e-8) break;
        s->whole = size;
        left -= coalitions;
        rest -= size_weight(players, size);
    }
    if (s->whole == players / 2) return;
    s->draws = (int64_t) left;
    s->drawn_weight = s->draws > 0 ? rest / s->total / (double) s->draws : 0;
}

// The combination of `size` players after `chosen` in lexicographic order; 0 when there is none.
static int next_combination(int32_t *chosen, int32_t size, int32_t players) {
    int32_t i = size - 1;
    while (i >= 0 && chosen[i] == players - size + i) i--;
    if (i < 0) return 0;
    chosen[i]++;
    for (int32_t j = i + 1; j < size; j++) chosen[j] = chosen[j - 1] + 1;
    return 1;
}

// A size that is not gone through whole, as its weight is, a pair counting once.
static int32_t draw_size(Sampler *s) {
    int32_t last = s->players / 2;
    double sum = 0;
    for (int32_t size = s->whole + 1; size <= last; size++)
        sum += size_weight(s->players, size) / (is_paired(s->players, size) ? 2 : 1);
    double point = next_unit(s) * sum;
    for (int32_t size = s->whole + 1; size < last; size++) {
        point -= size_weight(s->players, size) / (is_paired(s->players, size) ? 2 : 1);
        if (point < 0) return size;
    }
    return last;
}

// Fisher & Yates, as far as needed; the order left by the last draw is as good as any.
static void draw_members(Sampler *s, int32_t *order, int32_t size) {
    for (int32_t i = 0; i < size; i++) {
        int32_t j = i + (int32_t) (next_unit(s) * (s->players - i)), member = order[j];
        order[j] = order[i];
        order[i] = member;
    }
}

static int next_whole(Sampler *s, int32_t *chosen) {
    if (s->size > 0 && next_combination(chosen, s->size, s->players)) return 1;
    if (s->size == s->whole) return 0;
    s->size++;
    for (int32_t i = 0; i < s->size; i++) chosen[i] = i;
    return 1;
}

static int next_drawn(Sampler *s, int32_t *order) {
    if (s->draws-- <= 0) return 0;
    s->size = draw_size(s);
    draw_members(s, order, s->size);
    return 1;
}

// Marks the next coalition in `inside`; its weight, 0 when there is none.
static double next_coalition(const Kernel *k) {
    Sampler *s = k->sampler;
    if (!s->mirrored) {
        s->mirrored = 1;
        if (s->drawing && s->draws-- <= 0) return 0;
        for (int32_t p = 0; p < s->players; p++) k->inside[p] ^= 1;
        return s->weight;
    }
    if (!s->drawing && !next_whole(s, k->chosen)) {
        s->drawing = 1;
        for (int32_t p = 0; p < s->players; p++) k->chosen[p] = p;
    }
    if (s->drawing && !next_drawn(s, k->chosen)) return 0;
    memset(k->inside, 0, (size_t) s->players);
    for (int32_t i = 0; i < s->size; i++) k->inside[k->chosen[i]] = 1;
    s->mirrored = !is_paired(s->players, s->size);
    double coalitions = choose(s->players, s->size) * (s->mirrored ? 1 : 2);
    s->weight = s->drawing ? s->drawn_weight : size_weight(s->players, s->size) / s->total / coalitions;
    return s->weight;
}

// --- what a coalition is worth

// Whether a column of the row is another than the background's, missing values being equal.
static int differs(const Kernel *k, const ForgeColumn *column, int64_t row) {
    const double *other = (const double *) forge_at(k->arena, k->arena->background) + row * k->arena->encoded;
    for (int32_t f = column->first; f < column->first + column->width; f++) {
        double own = k->features[f];
        if (own != other[f] && (own == own || other[f] == other[f])) return 1;
    }
    return 0;
}

static int cell_differs(const Kernel *k, int32_t column, int64_t row) {
    ForgeCell own = k->cells[column], other = forge_ensemble_background(k->arena, row, column);
    const ForgeColumn *columns = forge_at(k->arena, k->arena->column_table);
    if (columns[column].kind == FORGE_NUMBER)
        return own.number != other.number && (own.number == own.number || other.number == other.number);
    if (!own.bytes || !other.bytes) return own.bytes || other.bytes;
    return own.length != other.length || memcmp(own.bytes, other.bytes, (size_t) own.length) != 0;
}

// The columns in which the row differs from the background.
static int32_t find_players(const Kernel *k) {
    const ForgeArena *arena = k->arena;
    const ForgeColumn *columns = forge_at(arena, arena->column_table);
    int64_t rows = arena->background.count / arena->encoded;
    int32_t players = 0;
    for (int32_t c = 0; c < arena->columns; c++) {
        int found = 0;
        for (int64_t b = 0; b < rows && !found; b++) found = k->cells ? cell_differs(k, c, b) : differs(k, columns + c, b);
        if (found) k->columns[players++] = c;
    }
    return players;
}

// Margins of a row of the background in which the columns of the first `count` of `members` are the row's. As
// forge_feature_margins says.
static int32_t mixed_margins(const Kernel *k, const int32_t *members, int32_t count, int64_t row, double *margins) {
    const ForgeArena *arena = k->arena;
    const ForgeColumn *columns = forge_at(arena, arena->column_table);
    const double *background = forge_at(arena, arena->background);
    memcpy(k->mixture, background + row * arena->encoded, (size_t) arena->encoded * sizeof *k->mixture);
    for (int32_t i = 0; i < count; i++) {
        const ForgeColumn *column = columns + k->columns[members[i]];
        memcpy(k->mixture + column->first, k->features + column->first, (size_t) column->width * sizeof *k->mixture);
    }
    if (count > 0) forge_prepare_products(arena, k->mixture);
    return forge_feature_margins(arena, k->mixture, k->scratch, margins);
}

static int32_t mixed_cell_margins(const Kernel *k, const int32_t *members, int32_t count, int64_t row, double *margins) {
    for (int32_t c = 0; c < k->arena->columns; c++) k->mixed[c] = forge_ensemble_background(k->arena, row, c);
    for (int32_t i = 0; i < count; i++) k->mixed[k->columns[members[i]]] = k->cells[k->columns[members[i]]];
    return forge_ensemble_margins(k->arena, k->mixed, k->scratch, margins);
}

// Mean margins over the background, where the columns of the first `count` of `members` are the row's. 0, or -1 when
// one is out of range.
static int evaluate(const Kernel *k, const int32_t *members, int32_t count, double *means) {
    const ForgeArena *arena = k->arena;
    double *margins = forge_scratch_margins(arena, k->scratch);
    int64_t rows = arena->background.count / arena->encoded;
    for (int32_t o = 0; o < arena->outputs; o++) means[o] = 0;
    for (int64_t b = 0; b < rows; b++) {
        int32_t refused =
            k->cells ? mixed_cell_margins(k, members, count, b, margins) : mixed_margins(k, members, count, b, margins);
        if (refused >= 0) return -1;
        for (int32_t o = 0; o < arena->outputs; o++) means[o] += margins[o];
    }
    for (int32_t o = 0; o < arena->outputs; o++) means[o] /= (double) rows;
    return 0;
}

// --- least squares

// The triangle's element i, j.
static double *normal_at(const Kernel *k, int32_t i, int32_t j) { return k->normal + (int64_t) i * (i + 1) / 2 + j; }

// The equations of a coalition, the last player's contribution being what the others leave over: a row of
// (in coalition) - (last one in coalition), which is 1 or 0 throughout, or -1 or 0.
static void add_equations(const Kernel *k, double weight) {
    int32_t others = k->sampler->players - 1, count = 0;
    uint8_t last = k->inside[others];
    double sign = last ? -1 : 1;
    for (int32_t p = 0; p < others; p++)
        if (k->inside[p] != last) k->listed[count++] = p;
    for (int32_t i = 0; i < count; i++)
        for (int32_t j = 0; j <= i; j++) *normal_at(k, k->listed[i], k->listed[j]) += weight;
    for (int32_t o = 0; o < k->arena->outputs; o++) {
        double value = k->sums[o] - k->bases[o] - (last ? k->margins[o] - k->bases[o] : 0);
        for (int32_t i = 0; i < count; i++) k->right[(int64_t) o * others + k->listed[i]] += sign * weight * value;
    }
}

// Cholesky's decomposition in place. A player that the coalitions drawn do not tell from the others gets nothing.
static void decompose(const Kernel *k, int32_t n) {
    for (int32_t j = 0; j < n; j++) {
        double diagonal = *normal_at(k, j, j), pivot = diagonal;
        for (int32_t m = 0; m < j; m++) pivot -= *normal_at(k, j, m) * *normal_at(k, j, m);
        double root = pivot > 1e-12 * diagonal ? sqrt(pivot) : 0;
        *normal_at(k, j, j) = root;
        for (int32_t i = j + 1; i < n; i++) {
            double sum = *normal_at(k, i, j);
            for (int32_t m = 0; m < j; m++) sum -= *normal_at(k, i, m) * *normal_at(k, j, m);
            *normal_at(k, i, j) = root > 0 ? sum / root : 0;
        }
    }
}

static void substitute(const Kernel *k, int32_t n, double *x) {
    for (int32_t i = 0; i < n; i++) {
        for (int32_t m = 0; m < i; m++) x[i] -= *normal_at(k, i, m) * x[m];
        x[i] = *normal_at(k, i, i) > 0 ? x[i] / *normal_at(k, i, i) : 0;
    }
    for (int32_t i = n - 1; i >= 0; i--) {
        for (int32_t m = i + 1; m < n; m++) x[i] -= *normal_at(k, m, i) * x[m];
        x[i] = *normal_at(k, i, i) > 0 ? x[i] / *normal_at(k, i, i) : 0;
    }
}

static void solve(const Kernel *k, double *contributions) {
    int32_t others = k->sampler->players - 1;
    decompose(k, others);
    for (int32_t o = 0; o < k->arena->outputs; o++) {
        double *found = k->right + (int64_t) o * others, *out = contributions + (int64_t) o * (k->arena->columns + 1);
        double left = k->margins[o] - k->bases[o];
        substitute(k, others, found);
        for (int32_t p = 0; p < others; p++) left -= out[k->columns[p] + 1] = found[p];
        out[k->columns[others] + 1] = left;
    }
}

// --- steps: the first finds the players and the base, each other takes a coalition, the last solves

static int start(const Kernel *k, double *contributions) {
    const ForgeArena *arena = k->arena;
    int64_t width = arena->columns + 1;
    memcpy(k->margins, forge_scratch_margins(arena, k->scratch), (size_t) arena->outputs * sizeof *k->margins);
    if (evaluate(k, NULL, 0, k->bases) < 0) return -1;
    for (int64_t i = 0; i < arena->outputs * width; i++) contributions[i] = i % width == 0 ? k->bases[i / width] : 0;
    int64_t players = find_players(k);
    start_sampler(k, (int32_t) players);
    if (players == 0) return 0;
    memset(k->normal, 0, (size_t) (players * (players - 1) / 2) * sizeof *k->normal);
    memset(k->right, 0, (size_t) (arena->outputs * (players - 1)) * sizeof *k->right);
    return 0;
}

int32_t forge_kernel_explain(
    const ForgeArena *arena, const double *features, const ForgeCell *cells, void *scratch, void *memory, int64_t step,
    double *contributions) {
    char *end;
    Kernel k = place(arena, memory, &end);
    k.features = features;
    k.cells = cells;
    k.scratch = scratch;
    if (step == 0) return start(&k, contributions) < 0 ? arena->columns : k.sampler->players > 0 ? FORGE_MORE : -1;
    double weight = next_coalition(&k);
    if (weight <= 0) {
        solve(&k, contributions);
        return -1;
    }
    int32_t count = 0;
    for (int32_t p = 0; p < k.sampler->players; p++)
        if (k.inside[p]) k.listed[count++] = p;
    if (evaluate(&k, k.listed, count, k.sums) < 0) return arena->columns;
    add_equations(&k, weight);
    return FORGE_MORE;
}
