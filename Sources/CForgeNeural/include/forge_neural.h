// The loops of network training between the matrix products: element by element or in a fixed order, so that equal
// input gives equal bits. All matrices are row-major (rows, width).
#pragma once
#include <stdint.h>

#pragma clang assume_nonnull begin

// A permutation of 0 ..< count that depends on `key` alone (Fisher and Yates).
void forge_neural_shuffle(int32_t *order, int64_t count, uint64_t key);

// Rows `order[0 ..< rows]` of a table as a dense matrix: `numbers` (n, numeric) first, then for each of `hot` columns a
// 1 at feature `ones` (n, hot), which are -1 where none is.
typedef struct ForgeNeuralTable {
    const float *numbers;
    const int32_t *ones;
    int32_t numeric, hot, width;
} ForgeNeuralTable;
void forge_neural_gather(const ForgeNeuralTable *table, const int32_t *order, int64_t rows, float *out);

// out[i * stride] = factor * column[i] as float. Returns the largest magnitude.
float forge_neural_transpose(const double *column, int64_t count, double factor, int64_t stride, float *out);

// sums += biases, values = activation(sums); `activation` as in forge_activation.h, or -1 for none. For tanh `sums`
// then holds the values too, from which alone its slope is computed.
void forge_neural_activate(
    int32_t activation, const float *biases, int64_t rows, int64_t width, float *sums, float *values);
// deltas *= the activation's slope where forge_neural_activate left `sums`.
void forge_neural_slope(int32_t activation, const float *sums, int64_t count, float *deltas);
// sums[j] = the total of column j.
void forge_neural_column_sums(const float *matrix, int64_t rows, int64_t width, float *sums);

// Inverted dropout (Srivastava et al. 2014): mask[i] is 0 with probability `rate`, else 1 / (1 - rate); element i is
// number `first` + i of the layer and step that `key` stands for.
void forge_neural_dropout(uint64_t key, int64_t first, int64_t count, double rate, float *mask);
void forge_neural_multiply(float *values, const float *factors, int64_t count);

enum { FORGE_NEURAL_SQUARED = 0, FORGE_NEURAL_LOGISTIC = 1, FORGE_NEURAL_SOFTMAX = 2 };
// Sum of the rows' weighted losses (half the squared error; the negative log likelihood) and the slope of that sum in
// the margins. target: value, 0 or 1, or the class's number. weights: NULL for all 1. deltas NULL: the loss alone.
double forge_neural_loss(
    int32_t loss, const float *margins, const float *targets, const float *_Nullable weights, const int32_t *order,
    int64_t rows, int64_t width, float *_Nullable deltas);

// One step for `count` parameters. The gradient is `scale` times the sum of `lanes` gradients, `stride` apart (it is
// left in the first), plus `decay` times the parameter.
typedef struct ForgeNeuralStep {
    int64_t lanes, stride;
    float scale, decay, rate;
} ForgeNeuralStep;
// Kingma and Ba 2015, with the corrections of the moments inside `rate`.
void forge_neural_adam(
    const ForgeNeuralStep *step, float beta_1, float beta_2, float epsilon, float *gradients, int64_t count,
    float *parameters, float *first_moments, float *second_moments);
// Gradient descent with momentum, Nesterov's if asked for.
void forge_neural_sgd(
    const ForgeNeuralStep *step, float momentum, int32_t nesterov, float *gradients, int64_t count,
    float *parameters, float *velocities);
double forge_neural_square_sum(const float *values, int64_t count);

#pragma clang assume_nonnull end
