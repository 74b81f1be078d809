// A decoded model: one block of plain memory without pointers, so it may be copied or shared. All places are byte
// offsets from its start, at which the head of the whole is; heads of groups lie `origin` bytes behind. ForgeModel's decoder checks every index once and writes it; the kernels then trust it.
#pragma once
#include "forge_abi.h"

#define FORGE_ARENA_MAGIC 0x31414E4552414746ull  // "FGARENA1"
#define FORGE_INTERLEAVED 10                     // trees that descend side by side; more run out of registers
#define FORGE_COMPLETE_DEPTH 8                   // of the deepest trees that are also kept as complete ones
#define FORGE_LANES 4                            // partial sums of a linear margin; rows are padded to a multiple
#define FORGE_BLOCK 16                           // values of a hidden layer that are summed side by side
#define FORGE_FACTORS 8                          // features of columns that a product may have at most

enum { FORGE_UNCALIBRATED = 0, FORGE_CALIBRATION_SIGMOID = 1, FORGE_CALIBRATION_ISOTONIC = 2 };
enum { FORGE_LINEAR = 0, FORGE_TREES = 1, FORGE_NETWORK = 2, FORGE_ENSEMBLE = 3, FORGE_CENTROIDS = 4, FORGE_NONNEGATIVE = 5, FORGE_NEIGHBORS = 6 };
enum { FORGE_REGRESSION = 0, FORGE_CLASSIFICATION = 1, FORGE_CLUSTERING = 2, FORGE_DECOMPOSITION = 3 };  // a ranking is as a regression
enum { FORGE_IDENTITY = 0, FORGE_LOGISTIC = 1, FORGE_SOFTMAX = 2, FORGE_SHARES = 3, FORGE_LOG = 4, FORGE_DISTANCES = 5 };
enum { FORGE_EUCLIDEAN = 0, FORGE_MANHATTAN = 1, FORGE_COSINE = 2 };
enum { FORGE_NO_PRECISIONS = 0, FORGE_SPHERICAL = 1, FORGE_DIAGONAL = 2, FORGE_FULL = 3, FORGE_TIED = 4 };
enum {
    FORGE_ENCODE_NUMBER = 0,
    FORGE_ENCODE_ONE_HOT = 1,
    FORGE_ENCODE_NATIVE = 2,
    FORGE_ENCODE_HASHED = 3,  // one-hot whose levels are buckets
    FORGE_ENCODE_TRANSFORMED = 4,
    FORGE_ENCODE_BINS = 5,
    FORGE_ENCODE_LOOKUP = 6,
    FORGE_ENCODE_DATE_PARTS = 7,
    FORGE_ENCODE_TFIDF = 8,
    FORGE_ENCODE_VECTOR = 9,
    FORGE_ENCODE_GROUP_NUMBER = 10,  // no features: tells which group's model a row is scored by, as does the next
    FORGE_ENCODE_GROUP_LEVEL = 11
};
enum { FORGE_IDENTITY_TRANSFORM = 0, FORGE_LOG1P = 1, FORGE_SQRT = 2, FORGE_YEO_JOHNSON = 3 };
enum {  // parts of a date; the cycles are a sine and a cosine each
    FORGE_YEAR = 0,
    FORGE_MONTH = 1,
    FORGE_DAY = 2,
    FORGE_DAY_OF_WEEK = 3,
    FORGE_DAY_OF_YEAR = 4,
    FORGE_HOUR = 5,
    FORGE_MINUTE = 6,
    FORGE_MONTH_CYCLE = 7,
    FORGE_DAY_OF_WEEK_CYCLE = 8,
    FORGE_DAY_OF_YEAR_CYCLE = 9,
    FORGE_HOUR_CYCLE = 10,
    FORGE_DATE_PARTS = 11
};

// `count` elements from byte `offset` of the arena on.
typedef struct ForgeSpan {
    int64_t offset;
    int64_t count;
} ForgeSpan;

typedef struct ForgeColumn {
    ForgeSpan name, type;        // bytes
    int32_t kind, encoding;
    int32_t first, width;        // encoded features
    int32_t filled, indicator;   // number: a missing value becomes `fill`; a second feature says that it was missing
                                 // vector: a missing one becomes the fills behind the scales in `numbers`
    double fill, shift, scale;   // number: ((value or fill) - shift) / scale
    double encoded_fill;         // (fill - shift) / scale
    int32_t levels;              // category: how many
    int32_t null_feature;        // one-hot: encoded feature of NULL and of unseen levels, or -1
    int32_t other_feature;
    uint32_t slot_mask;          // slots - 1
    ForgeSpan level_ends;        // int64: levels + 1 offsets from the arena's start; level i = [ends[i], ends[i + 1])
    ForgeSpan slots;             // ForgeSlot: open addressing over the levels' hashes, at most half full
    ForgeSpan contributions;     // linear: double (levels + 2, outputs): level; then NULL, then unseen
    // double: bins: edges; lookup: (levels + 2, width); tf-idf: idf by term; date parts: shift and scale of each;
    // vector: (2, or 3 where filled, width): shifts, scales, fills
    ForgeSpan numbers;
    ForgeSpan parts;             // int32: of a date
    double lambda;               // transformed, as are the next two
    int32_t transform, degree;
    int32_t ordinal;             // bins: one feature, the bin's number; `indicator`: a missing value has its own
    int32_t bigrams, sublinear;  // tf-idf, as are the next two
    int32_t longest;             // bytes of the longest term
    int32_t text;                // place of its bytes among the texts of a row; -1: the column's value is a number
    int32_t reserved;
} ForgeColumn;

// An encoded feature behind those of the columns. `factors` are features of one column each whose product it is,
// ordered by column: features of columns, or products inside one column.
typedef struct ForgeProduct {
    int32_t left, right;             // earlier encoded features
    int32_t column;                  // the one that all factors are of, or -1
    int32_t degree;                  // features of columns in it, counted as often as they occur
    int32_t count;                   // of factors
    int32_t columns;                 // distinct ones among the factors
    int32_t factors[FORGE_FACTORS];
} ForgeProduct;

typedef struct ForgeSlot {
    uint32_t tag;    // high half of the level's hash
    uint32_t level;  // index + 1; 0 = empty
} ForgeSlot;

// 16 bytes. Siblings are neighbours: next = left + goes_right. A row holds every feature twice, at the slots 2f and 2f
// + 1, as keys: unsigned integers in the order of the floats, which compare faster and without NaN.
//   number:   goes right when row[slot] >= key of the threshold. A missing one has the least key at the first slot, the
//             greatest at the second: the slot's parity is the default direction.
//   category: goes right when its bit is set. The row's code at the slot is the level; `categories` is where the node's
//             words are, of which `key` holds the number, and one of zeros follows: codes beyond go left.
//             row[slot] is 0, or the greatest key at the second slot when missing; missing codes are beyond all words.
//   leaf:     its own right child, at the slot after all features, which holds the greatest key: so it stays.
typedef struct ForgeNode {
    uint32_t key;        // leaf: bits of its value; vector leaf: its row
    uint32_t slot;
    uint32_t left;
    uint32_t categories; // not 0: first of its words in `category_words`, whose word 0 is zero
} ForgeNode;

// A split of a complete tree, whose node i has the children 2i and 2i + 1, the root being 1: half the size, no
// pointers.
typedef struct ForgeSplit {
    uint32_t key, slot;
} ForgeSplit;

// `count` number columns from `column` on, unscaled and unfilled, that are the features from `feature` on.
typedef struct ForgePlain {
    int32_t column, feature, count;
} ForgePlain;

// A hidden layer of a network; its outputs are padded to a multiple of FORGE_BLOCK with zeros.
typedef struct ForgeLayer {
    ForgeSpan weights;           // float (inputs, padded)
    ForgeSpan biases;            // float (padded)
    int32_t inputs, padded;
} ForgeLayer;

// A model of an ensemble: an arena of its own inside of the ensemble's.
typedef struct ForgeMember {
    int64_t arena;               // offset
    ForgeSpan columns;           // int32: the ensemble's column that each of the member's reads
    double weight;
} ForgeMember;

typedef struct ForgeArena {
    uint64_t magic;
    int64_t length;
    int64_t scratch;              // bytes that scoring needs
    int64_t explain_scratch;      // bytes that an explanation needs, those among them
    int32_t form, link, task;
    int32_t precision;            // of centroids: FORGE_NO_PRECISIONS or what shape `precisions` has
    int32_t columns, padded;      // columns rounded up to FORGE_LANES
    int32_t outputs, classes, positive;
    int32_t encoded;              // features of an encoded row
    int32_t prepared;             // 1: the kernels read a row of prepared features; 0: values, the encoding folded in
    int32_t texts;                // columns whose text, or vector, itself is encoded
    int32_t calibration;          // how probabilities are corrected; calibrators: 1 of two classes, else (classes)
    double threshold;             // probability from which a row is of the positive class; NaN: the likelier class
    int64_t work;                 // bytes of work memory that encoding one text needs
    ForgeSpan column_table;       // ForgeColumn
    ForgeSpan labels;             // ForgeSpan of bytes, one per class
    ForgeSpan category_columns;   // int32: indexes of the category columns
    ForgeSpan text_columns;       // int32 (texts)
    ForgeSpan feature_columns;    // int32 (encoded): source column of a feature; -1: a product of features of several
    ForgeSpan products;           // ForgeProduct: the last encoded features
    ForgeSpan bases;              // double (outputs): expected margin, the base of an explanation
    ForgeSpan background;         // double (rows, encoded): what explanations compare with, or empty; an ensemble's
                                  // vectors lie there as float4s, NaN where one is missing
    int64_t seed, samples;        // of coalitions that are drawn; samples 0: 2 * players + 2048
    int32_t sampled;              // 1: explanations take coalitions of columns, else the form is explained exactly
    ForgeSpan intercepts;         // double (outputs): intercepts or base scores
    ForgeSpan calibration_ends;   // int32 (calibrators + 1): points of calibrator k = [ends[k], ends[k + 1])
    ForgeSpan calibration_x;      // double (points), strictly rising within a calibrator; or (calibrators, 2) slope, intercept
    ForgeSpan calibration_y;      // double (points)

    // linear: term of column c, output o = missing ? missing[o, c] : (value - shifts[c]) * weights[o, c]
    ForgeSpan shifts;             // double (padded)
    ForgeSpan weights;            // double (outputs, padded)
    ForgeSpan missing;            // double (outputs, padded)
    ForgeSpan centers;            // double (outputs, padded): mean contribution of the column over the training rows

    // linear over prepared features: margin = intercept + sum of coefficient * feature
    ForgeSpan coefficients;       // double (outputs, encoded)
    ForgeSpan means;              // double (encoded)

    // trees
    ForgeSpan nodes;              // ForgeNode, each tree in breadth-first order
    ForgeSpan fractions;          // double (nodes): cover / parent's cover
    ForgeSpan roots;              // uint32 (trees); behind them leaves up to a multiple of FORGE_INTERLEAVED
    ForgeSpan depths;             // int32 (trees): splits on the longest path; zeros behind them
    ForgeSpan tree_outputs;       // int32 (trees); -1 = vector leaves
    ForgeSpan splits;             // ForgeSplit (trees, 2^complete_depth), the first of each unused
    ForgeSpan leaves;             // float (trees, 2^complete_depth)
    ForgeSpan category_words;     // uint32
    ForgeSpan leaf_vectors;       // float (rows, outputs)
    ForgeSpan plain_numbers;      // ForgePlain: the columns that a row takes as they are, in runs
    ForgeSpan other_columns;      // int32: the rest
    ForgeSpan quadrature;         // double (2, points): abscissae, then weights of Gauss-Legendre on [0, 1]
    int32_t max_depth;
    int32_t categorical;          // 1: some node tests a category
    int32_t complete_depth;       // of all trees when `splits` and `leaves` hold them; else -1

    // network: `weights` is double (outputs, inputs of the last layer padded to FORGE_BLOCK)
    ForgeSpan layers;             // ForgeLayer: the hidden ones
    int32_t activation;           // FORGE_RELU, FORGE_GELU, FORGE_TANH (forge_activation.h)
    int32_t widest;               // of the inputs and the hidden layers, padded to FORGE_BLOCK
    int32_t hidden;               // values of the last hidden layer, 0 without one

    // centroids: points in encoded features, each of a cluster (an output)
    ForgeSpan points;             // double (points, encoded)
    ForgeSpan memberships;        // int32 (points): its cluster
    ForgeSpan precisions;         // double: Cholesky factors of the precisions, as CentroidForm says; or empty
    double radius;                // beyond this distance from all points a row is of no cluster; infinite: none is

    // factors: `coefficients` is double (outputs, encoded), all at least 0
    ForgeSpan gram;               // double (outputs, outputs): products of the coefficients' rows

    // neighbors: sixteen rows side by side, feature by feature; zeros behind the last
    ForgeSpan neighbor_rows;      // float (rows / FORGE_BLOCK rounded up, encoded, FORGE_BLOCK)
    ForgeSpan neighbor_norms;     // double (rows): squared lengths, of cosine; or empty
    ForgeSpan neighbor_targets;   // double (rows): value, or index of the class
    ForgeSpan neighbor_weights;   // double (rows), above 0; or empty: all are 1
    int32_t neighbors;            // that vote
    int32_t metric;               // FORGE_EUCLIDEAN, FORGE_MANHATTAN or FORGE_COSINE
    int32_t votes_by_distance;    // 1: a vote counts 1 / distance

    // ensemble: its texts are all category columns, since each member looks for levels of its own
    ForgeSpan members;            // ForgeMember
    int64_t member_scratch;       // bytes that the member with the largest need has for scoring
    // groups, in the head of the whole; the others have none
    int64_t origin;               // bytes from the whole's head to this one
    ForgeSpan group_columns;      // int32
    ForgeSpan group_keys;         // double (groups, group columns), rising: values of the columns; NaN, the last, is NULL
    ForgeSpan group_heads;        // ForgeArena (groups): this head, with the group's own form
} ForgeArena;

static inline char *forge_start(const ForgeArena *arena) { return (char *) arena - arena->origin; }
static inline void *forge_at(const ForgeArena *arena, ForgeSpan span) { return forge_start(arena) + span.offset; }

static inline const ForgeArena *forge_member_arena(const ForgeArena *arena, const ForgeMember *member) {
    return (const ForgeArena *) ((const char *) arena + member->arena);
}

// Places outside are no factors.
static inline int32_t forge_product_factor(const ForgeProduct *product, int32_t place) {
    return place >= 0 && place < FORGE_FACTORS ? product->factors[place] : 0;
}
static inline void forge_set_product_factor(ForgeProduct *product, int32_t place, int32_t feature) {
    if (place >= 0 && place < FORGE_FACTORS) product->factors[place] = feature;
}
