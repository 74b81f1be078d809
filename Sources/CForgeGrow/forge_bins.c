// Numbers into bins.
#include "forge_grow.h"

#include <string.h>

static uint32_t sort_key(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}

// By radix, eleven bits at a time: the values end in `spare`.
static void sort(float *values, float *spare, int64_t count) {
    static const int shifts[] = {0, 11, 22};
    for (int pass = 0; pass < 3; pass++) {
        int64_t starts[2049] = {0};
        const int shift = shifts[pass];
        for (int64_t i = 0; i < count; i++) starts[(sort_key(values[i]) >> shift & 2047) + 1]++;
        for (int d = 1; d <= 2048; d++) starts[d] += starts[d - 1];
        for (int64_t i = 0; i < count; i++) spare[starts[sort_key(values[i]) >> shift & 2047]++] = values[i];
        float *swapped = values;
        values = spare;
        spare = swapped;
    }
}

int32_t forge_bin_edges(float *values, float *spare, int64_t count, int32_t most, float *edges) {
    sort(values, spare, count);
    int64_t distinct = count > 0;
    for (int64_t i = 1; i < count && distinct <= most; i++) distinct += spare[i] > spare[i - 1];
    int32_t written = 0;
    if (distinct <= most) {
        for (int64_t i = 1; i < count; i++)
            if (spare[i] > spare[i - 1]) edges[written++] = spare[i];
        return written;
    }
    for (int32_t q = 1; q < most; q++) {
        float edge = spare[(int64_t) ((double) count * q / most)];
        if (edge > (written ? edges[written - 1] : spare[0])) edges[written++] = edge;
    }
    return written;
}

static int32_t bin_of(float value, const float *edges, int32_t count) {
    int32_t low = 0;
    while (count > 0) {
        int32_t half = count / 2;
        if (edges[low + half] <= value) low += half + 1, count -= half + 1;
        else count = half;
    }
    return low;
}

void forge_bin_values(
    const float *values, int64_t count, const float *edges, int32_t edge_count, uint16_t *bins, float *lows, float *highs) {
    for (int32_t b = 0; b <= edge_count; b++) {
        lows[b] = __builtin_inff();
        highs[b] = -__builtin_inff();
    }
    for (int64_t i = 0; i < count; i++) {
        if (values[i] != values[i]) {
            bins[i] = FORGE_NO_BIN;
            continue;
        }
        int32_t bin = bin_of(values[i], edges, edge_count);
        bins[i] = (uint16_t) bin;
        if (values[i] < lows[bin]) lows[bin] = values[i];
        if (values[i] > highs[bin]) highs[bin] = values[i];
    }
}
