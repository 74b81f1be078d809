// The loops of k-means between the matrix products, in a fixed order. All matrices are row-major.
#pragma once
#include <stdint.h>

#pragma clang assume_nonnull begin

// products[r, c] += tables[ones[r, h], c] for every one-hot column h of row r; ones count from `first`, -1 is none.
// tables: (one-hot features, count).
void forge_cluster_add_ones(
    const int32_t *ones, int64_t rows, int64_t hot, int32_t first, const float *tables, int64_t count, float *products);
// distances[r, c] = |x|² + |c|² - 2 products[r, c], in place; what is not told from 0 is 0.
void forge_cluster_distances(
    const float *row_norms, const float *norms, int64_t rows, int64_t count, float *products);
// The nearest centre of each row, of equal ones the first, and its distance. Returns how many of `nearest` changed.
int64_t forge_cluster_nearest(
    const float *distances, int64_t rows, int64_t count, int32_t *nearest, float *least);
// sums[nearest[r], j] += numbers[r, j], times weights[r] unless NULL.
void forge_cluster_add_rows(
    const float *numbers, int64_t rows, int64_t numeric, const int32_t *nearest, const double *_Nullable weights,
    float *sums);
// Σ x² of each row.
void forge_cluster_norms(const float *numbers, int64_t rows, int64_t numeric, float *norms);

#pragma clang assume_nonnull end
