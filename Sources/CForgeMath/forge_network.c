// Forward pass of a dense network. A hidden value is its bias plus the products of weights and inputs in the order of
// the inputs, those that are zero left out, all in float32; a margin is the intercept plus four partial sums of
// products in double by input modulo four. Sixteen outputs are summed side by side, each in its own order, so any
// vectors give the same bits.
#include "forge_activation.h"
#include "forge_math.h"

#include <math.h>
#include <string.h>

#pragma clang diagnostic ignored "-Wpsabi"  // the vectors never leave this file

typedef float Block __attribute__((vector_size(FORGE_BLOCK * 4)));
typedef double Lanes __attribute__((vector_size(FORGE_LANES * 8)));

static inline Block load(const float *from) {
    Block block;
    memcpy(&block, from, sizeof block);
    return block;
}

// Scratch of a network: three vectors and a list of indexes, each as long as the widest layer.
int64_t forge_network_scratch(const ForgeArena *arena) { return 4 * (int64_t) arena->widest * 4; }

// Where the values are that are not zero: all zeros of a one-hot column and half of what ReLU lets through cost
// nothing.
static int32_t find_present(const float *values, int32_t count, int32_t *places) {
    int32_t found = 0;
    for (int32_t i = 0; i < count; i++) {
        places[found] = i;
        found += values[i] != 0;
    }
    return found;
}

static void apply_layer(
    const ForgeArena *arena, const ForgeLayer *layer, const float *inputs, int32_t *places, float *outputs) {
    const float *weights = forge_at(arena, layer->weights), *biases = forge_at(arena, layer->biases);
    int32_t present = find_present(inputs, layer->inputs, places);
    for (int64_t o = 0; o < layer->padded; o += FORGE_BLOCK) {
        Block sums = load(biases + o);
        for (int32_t k = 0; k < present; k++)
            sums += inputs[places[k]] * load(weights + (int64_t) places[k] * layer->padded + o);
        memcpy(outputs + o, &sums, sizeof sums);
    }
    forge_activate(arena->activation, outputs, layer->padded);
}

static double output_margin(const double *weights, const float *inputs, int32_t padded) {
    Lanes sums = {0};
    for (int32_t i = 0; i < padded; i += FORGE_LANES) {
        Lanes input = {inputs[i], inputs[i + 1], inputs[i + 2], inputs[i + 3]}, weight;
        memcpy(&weight, weights + i, sizeof weight);
        sums += input * weight;
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

void forge_network_margins(const ForgeArena *arena, void *scratch, double *margins) {
    const ForgeLayer *layers = forge_at(arena, arena->layers);
    float *inputs = scratch, *outputs = inputs + arena->widest, *spare = outputs + arena->widest;
    int32_t *places = (int32_t *) (spare + arena->widest);
    for (int64_t l = 0; l < arena->layers.count; l++) {
        apply_layer(arena, layers + l, inputs, places, outputs);
        inputs = outputs;
        outputs = spare;
        spare = inputs;
    }
    const double *weights = forge_at(arena, arena->weights), *intercepts = forge_at(arena, arena->intercepts);
    int32_t padded = (int32_t) (arena->weights.count / arena->outputs);
    for (int32_t o = 0; o < arena->outputs; o++)
        margins[o] = intercepts[o] + output_margin(weights + (int64_t) o * padded, inputs, padded);
}

const float *forge_network_hidden(const ForgeArena *arena, const void *scratch) {
    // The layers take turns with the two vectors behind the first one's inputs.
    return (const float *) scratch + (arena->layers.count % 2 == 1 ? 1 : 2) * (int64_t) arena->widest;
}

static void put_level(const ForgeColumn *column, int32_t level, float *inputs) {
    int32_t feature = level < column->levels    ? column->first + level
                      : level == column->levels ? column->null_feature
                                                : column->other_feature;
    if (feature >= 0) inputs[feature] = 1;
}

// -1, or the column whose value float32 cannot hold.
int32_t forge_network_inputs(const ForgeArena *arena, const double *values, void *scratch) {
    const ForgeColumn *columns = forge_at(arena, arena->column_table);
    float *inputs = scratch;
    memset(inputs, 0, (size_t) arena->widest * sizeof *inputs);
    for (int32_t c = 0; c < arena->columns; c++) {
        const ForgeColumn *column = columns + c;
        double value = values[c];
        if (column->encoding == FORGE_ENCODE_ONE_HOT || column->encoding == FORGE_ENCODE_HASHED) {
            put_level(column, (int32_t) value, inputs);
            continue;
        }
        if (column->indicator) inputs[column->first + 1] = value != value;
        float feature = (float) forge_encode_number(value, column->filled, column->fill, column->shift, column->scale);
        if (isinf(feature)) return c;
        inputs[column->first] = feature;
    }
    return -1;
}

int32_t forge_network_feature_inputs(const ForgeArena *arena, const double *features, void *scratch) {
    float *inputs = scratch;
    memset(inputs, 0, (size_t) arena->widest * sizeof *inputs);
    for (int32_t f = 0; f < arena->encoded; f++) {
        inputs[f] = (float) features[f];
        if (isinf(inputs[f])) return forge_feature_column(arena, f);
    }
    return -1;
}
