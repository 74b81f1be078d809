#include "forge_clusters.h"

// Of a sum of squares that float32 may have lost to rounding.
#define ROUNDING 1e-6f

void forge_cluster_add_ones(
    const int32_t *ones, int64_t rows, int64_t hot, int32_t first, const float *tables, int64_t count, float *products) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t h = 0; h < hot; h++) {
            int32_t one = ones[r * hot + h];
            if (one < 0) continue;
            const float *table = tables + (int64_t) (one - first) * count;
            float *product = products + r * count;
            for (int64_t c = 0; c < count; c++) product[c] += table[c];
        }
}

void forge_cluster_distances(
    const float *row_norms, const float *norms, int64_t rows, int64_t count, float *products) {
    for (int64_t r = 0; r < rows; r++) {
        float *product = products + r * count, norm = row_norms[r];
        for (int64_t c = 0; c < count; c++) {
            float whole = norm + norms[c], distance = whole - 2 * product[c];
            product[c] = distance > whole * ROUNDING ? distance : 0;
        }
    }
}

int64_t forge_cluster_nearest(
    const float *distances, int64_t rows, int64_t count, int32_t *nearest, float *least) {
    int64_t changed = 0;
    for (int64_t r = 0; r < rows; r++) {
        const float *distance = distances + r * count;
        float best = distance[0];
        int32_t place = 0;
        for (int64_t c = 1; c < count; c++) {
            place = distance[c] < best ? (int32_t) c : place;
            best = distance[c] < best ? distance[c] : best;
        }
        changed += nearest[r] != place;
        nearest[r] = place;
        least[r] = best;
    }
    return changed;
}

void forge_cluster_add_rows(
    const float *numbers, int64_t rows, int64_t numeric, const int32_t *nearest, const double *weights, float *sums) {
    for (int64_t r = 0; r < rows; r++) {
        const float *restrict row = numbers + r * numeric;
        float *restrict sum = sums + nearest[r] * numeric;
        if (weights) {
            float weight = (float) weights[r];
            for (int64_t j = 0; j < numeric; j++) sum[j] += weight * row[j];
        } else {
            for (int64_t j = 0; j < numeric; j++) sum[j] += row[j];
        }
    }
}

void forge_cluster_norms(const float *numbers, int64_t rows, int64_t numeric, float *norms) {
    for (int64_t r = 0; r < rows; r++) {
        float sums[4] = {0};
        for (int64_t j = 0; j < numeric; j++) sums[j % 4] += numbers[r * numeric + j] * numbers[r * numeric + j];
        norms[r] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
}
