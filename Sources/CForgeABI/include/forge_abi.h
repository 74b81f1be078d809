// The plain C structs and prototypes that both halves of the extension agree on (docs/internals.md, "ABI").
// C (CForgePG) calls, Swift (ForgeSQL) computes and returns a status, C raises the error after Swift has returned.
#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What a column holds once read: a number (double), a category (bytes compared with its levels) or a vector (float4s).
enum { FORGE_NUMBER = 0, FORGE_CATEGORY = 1, FORGE_VECTOR = 2 };

// One value of one feature column. A number column reads `number` (NaN = missing), the others `bytes` (NULL = missing;
// not NUL-terminated, of no alignment, valid for the call only): of a vector float4s, `length` being 4 * dimensions.
typedef struct ForgeCell {
    double number;
    const char *bytes;
    int64_t length;
} ForgeCell;

// Outcome of a call. code 0 = done; otherwise all texts are NUL-terminated UTF-8, ready for ereport.
typedef struct ForgeStatus {
    int32_t code;
    char sqlstate[8];
    char message[512];
    char detail[512];
    char hint[512];
} ForgeStatus;

typedef struct ForgeModelInfo {
    int32_t columns;      // source columns, in the model's order
    int32_t outputs;      // margins a row has: 1 for regression and binary classification, else one per class, cluster or
                          // component
    int32_t classes;      // 0 unless a classification
    int32_t positive;     // index of the positive class of a binary model, else -1
    int64_t scratch;      // bytes of scratch memory a scoring call needs (8-byte aligned)
    int64_t explain_scratch; // the same of an explaining call
    int32_t features;     // encoded features of a row
    double threshold;     // probability from which a row is of the positive class; NaN: the likelier class
    int32_t scores;       // numbers that forge_model_score gives
    int32_t clusters;     // 0 unless a clustering
    int32_t transform;    // numbers that forge_model_transform gives; 0: none
    int32_t neighbors;    // training rows that vote on a row; 0 unless a model of nearest neighbours
    int64_t training_rows; // that such a model holds
} ForgeModelInfo;

typedef struct ForgeColumnInfo {
    const char *name;     // not NUL-terminated; points into the arena
    int64_t name_length;
    const char *type;     // SQL type as format_type() writes it
    int64_t type_length;
    int32_t kind;         // FORGE_NUMBER, FORGE_CATEGORY or FORGE_VECTOR
    int32_t dimensions;   // of a vector; else 0
} ForgeColumnInfo;

// Returned by a step of an explanation that is not done.
enum { FORGE_MORE = -2 };

// Bytes of arena that the artifact needs, or -1 with `status` set. Reads the artifact, allocates nothing.
int64_t forge_model_measure(const uint8_t *artifact, int64_t length, ForgeStatus *status);
// Decodes into `arena` (16-byte aligned, `arena_length` as measured), 0 or a code. Position-independent: the arena may
// be copied.
int32_t forge_model_decode(const uint8_t *artifact, int64_t length, void *arena, int64_t arena_length, ForgeStatus *status);
void forge_model_info(const void *arena, ForgeModelInfo *info);
int32_t forge_model_column(const void *arena, int32_t index, ForgeColumnInfo *column);
// Text of class `index`; 0, or -1 when there is no such class.
int32_t forge_model_label(const void *arena, int32_t index, const char **bytes, int64_t *length);

// cells: (columns). scores: (ForgeModelInfo.scores): regression → the value; classification → a probability per class;
// decomposition → the components; clustering → a distance, of a mixture a probability, per cluster.
int32_t forge_model_score(const void *arena, const ForgeCell *cells, void *scratch, double *scores, ForgeStatus *status);
// The single number of forge.predict: regression value, probability of the positive class, or cluster. Refuses multiclass
// and more than one component.
int32_t forge_model_predict(const void *arena, const ForgeCell *cells, void *scratch, double *value, ForgeStatus *status);
// The cluster of a row, counted from 0; -1: of none.
typedef struct ForgeAssignment {
    int32_t cluster;
    double distance;      // from its centre, or from the nearest point of any cluster; of a mixture Mahalanobis'
    double probability;   // NaN unless of a mixture
} ForgeAssignment;

// Refuses what is no clustering.
int32_t forge_model_cluster(
    const void *arena, const ForgeCell *cells, void *scratch, ForgeAssignment *assignment, ForgeStatus *status);
// transformed: (ForgeModelInfo.transform): components; distances or probabilities by cluster; a network's last hidden
// layer. Refuses models without.
int32_t forge_model_transform(
    const void *arena, const ForgeCell *cells, void *scratch, float *transformed, ForgeStatus *status);
// A training row near to a row.
typedef struct ForgeNeighbor {
    double distance;
    int32_t row;          // counted from 0
} ForgeNeighbor;

// Fills the `count` training rows nearest to a row, nearest first, of equally near ones the first; `found`: how many there
// are. Refuses models that hold none.
int32_t forge_model_neighbors(
    const void *arena, const ForgeCell *cells, void *scratch, int32_t count, ForgeNeighbor *nearest, int32_t *found,
    ForgeStatus *status);
// A training row (0 to ForgeModelInfo.training_rows - 1). features: (ForgeModelInfo.features) or NULL; target: its value, or
// the index of its class; weight: what its vote is multiplied by.
void forge_model_training_row(const void *arena, int64_t row, float *features, double *target, double *weight);
// contributions: (outputs, columns + 1) row-major on the margin; element 0 of each row is the base.
// In steps, so that the caller can see to interrupts between them: call with step 0, 1, … and the same memory while it
// returns FORGE_MORE.
int32_t forge_model_explain(
    const void *arena, const ForgeCell *cells, void *scratch, int64_t step, double *contributions, ForgeStatus *status);

// features: (ForgeModelInfo.features), the row as the model sees it.
int32_t forge_model_prepare(const void *arena, const ForgeCell *cells, void *scratch, double *features, ForgeStatus *status);
// Writes the name of encoded feature `index`, cut to `size` bytes, not NUL-terminated; its whole length, -1 when there
// is none.
int64_t forge_model_feature(const void *arena, int32_t index, char *name, int64_t size);

#ifdef __cplusplus
}
#endif
