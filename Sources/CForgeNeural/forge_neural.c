#include "forge_neural.h"
#include "forge_activation.h"
#include "forge_splitmix.h"

#include <math.h>
#include <string.h>

static inline uint64_t draw(uint64_t key, uint64_t number) { return forge_splitmix64(key + number * FORGE_SPLITMIX_STEP); }

void forge_neural_shuffle(int32_t *order, int64_t count, uint64_t key) {
    for (int64_t i = 0; i < count; i++) order[i] = (int32_t) i;
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t other = (int64_t) ((__uint128_t) draw(key, (uint64_t) i) * (uint64_t) (i + 1) >> 64);
        int32_t kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
}

void forge_neural_gather(const ForgeNeuralTable *table, const int32_t *order, int64_t rows, float *out) {
    int64_t numeric = table->numeric, hot = table->hot, width = table->width;
    for (int64_t r = 0; r < rows; r++, out += width) {
        memcpy(out, table->numbers + order[r] * numeric, (size_t) numeric * sizeof *out);
        if (hot == 0) continue;
        memset(out + numeric, 0, (size_t) (width - numeric) * sizeof *out);
        const int32_t *ones = table->ones + order[r] * hot;
        for (int64_t h = 0; h < hot; h++)
            if (ones[h] >= 0) out[ones[h]] = 1;
    }
}

float forge_neural_transpose(const double *column, int64_t count, double factor, int64_t stride, float *out) {
    float largest = 0;
    for (int64_t i = 0; i < count; i++) {
        float value = (float) (factor * column[i]), magnitude = fabsf(value);
        out[i * stride] = value;
        if (!(magnitude <= largest)) largest = magnitude;
    }
    return largest;
}

void forge_neural_activate(
    int32_t activation, const float *restrict biases, int64_t rows, int64_t width, float *restrict sums,
    float *restrict values) {
    for (int64_t r = 0; r < rows; r++, sums += width, values += width) {
        for (int64_t j = 0; j < width; j++) values[j] = sums[j] += biases[j];
        if (activation >= 0) forge_activate(activation, values, width);
        if (activation == FORGE_TANH) memcpy(sums, values, (size_t) width * sizeof *sums);
    }
}

// Of x times Phi(x): Phi(x) + x phi(x).
static float gelu_slope(float x) {
    return 0.5f * (1 + forge_erf(x * 0.707106781186547524f)) + x * 0.398942280401432678f * expf(-0.5f * x * x);
}

void forge_neural_slope(int32_t activation, const float *restrict sums, int64_t count, float *restrict deltas) {
    if (activation == FORGE_RELU)
        for (int64_t i = 0; i < count; i++) deltas[i] = sums[i] > 0 ? deltas[i] : 0;
    else if (activation == FORGE_TANH)
        for (int64_t i = 0; i < count; i++) deltas[i] *= 1 - sums[i] * sums[i];
    else
        for (int64_t i = 0; i < count; i++) deltas[i] *= gelu_slope(sums[i]);
}

void forge_neural_column_sums(const float *matrix, int64_t rows, int64_t width, float *sums) {
    memset(sums, 0, (size_t) width * sizeof *sums);
    for (int64_t r = 0; r < rows; r++, matrix += width)
        for (int64_t j = 0; j < width; j++) sums[j] += matrix[j];
}

void forge_neural_dropout(uint64_t key, int64_t first, int64_t count, double rate, float *mask) {
    uint64_t limit = (uint64_t) (rate * 0x1p53);
    float kept = (float) (1 / (1 - rate));
    for (int64_t i = 0; i < count; i++) mask[i] = draw(key, (uint64_t) (first + i)) >> 11 < limit ? 0 : kept;
}

void forge_neural_multiply(float *values, const float *factors, int64_t count) {
    for (int64_t i = 0; i < count; i++) values[i] *= factors[i];
}

// log(1 + exp(margin)) without overflow.
static double softplus(double margin) { return (margin > 0 ? margin : 0) + log1p(exp(-fabs(margin))); }

static double logistic(double margin) { return margin < 0 ? exp(margin) / (1 + exp(margin)) : 1 / (1 + exp(-margin)); }

static double softmax_loss(const float *margins, int64_t width, int64_t label, double weight, float *deltas) {
    double highest = margins[0], sum = 0;
    for (int64_t k = 1; k < width; k++) highest = margins[k] > highest ? margins[k] : highest;
    for (int64_t k = 0; k < width; k++) sum += exp(margins[k] - highest);
    if (deltas)
        for (int64_t k = 0; k < width; k++)
            deltas[k] = (float) (weight * (exp(margins[k] - highest) / sum - (k == label)));
    return weight * (log(sum) + highest - margins[label]);
}

double forge_neural_loss(
    int32_t loss, const float *margins, const float *targets, const float *weights, const int32_t *order, int64_t rows,
    int64_t width, float *deltas) {
    double total = 0;
    for (int64_t r = 0; r < rows; r++, margins += width) {
        double weight = weights ? weights[order[r]] : 1, target = targets[order[r]], margin = margins[0];
        if (loss == FORGE_NEURAL_SOFTMAX) {
            total += softmax_loss(margins, width, (int64_t) target, weight, deltas ? deltas + r * width : deltas);
        } else if (loss == FORGE_NEURAL_LOGISTIC) {
            total += weight * (softplus(margin) - target * margin);
            if (deltas) deltas[r] = (float) (weight * (logistic(margin) - target));
        } else {
            double error = margin - target;
            total += weight * error * error / 2;
            if (deltas) deltas[r] = (float) (weight * error);
        }
    }
    return total;
}

// The lanes' gradients are added to the first one's, in their order.
static void add_lanes(const ForgeNeuralStep *step, float *restrict gradients, int64_t count) {
    for (int64_t lane = 1; lane < step->lanes; lane++) {
        const float *restrict other = gradients + lane * step->stride;
        for (int64_t i = 0; i < count; i++) gradients[i] += other[i];
    }
}

void forge_neural_adam(
    const ForgeNeuralStep *step, float beta_1, float beta_2, float epsilon, float *restrict gradients,
    int64_t count, float *restrict parameters, float *restrict first_moments, float *restrict second_moments) {
    add_lanes(step, gradients, count);
    float scale = step->scale, decay = step->decay, rate = step->rate;
    for (int64_t i = 0; i < count; i++) {
        float gradient = gradients[i] * scale + parameters[i] * decay;
        first_moments[i] = beta_1 * first_moments[i] + (1 - beta_1) * gradient;
        second_moments[i] = beta_2 * second_moments[i] + (1 - beta_2) * gradient * gradient;
        parameters[i] -= rate * first_moments[i] / (sqrtf(second_moments[i]) + epsilon);
    }
}

void forge_neural_sgd(
    const ForgeNeuralStep *step, float momentum, int32_t nesterov, float *restrict gradients,
    int64_t count, float *restrict parameters, float *restrict velocities) {
    add_lanes(step, gradients, count);
    float scale = step->scale, decay = step->decay, rate = step->rate;
    for (int64_t i = 0; i < count; i++) {
        float change = -rate * (gradients[i] * scale + parameters[i] * decay);
        velocities[i] = momentum * velocities[i] + change;
        parameters[i] += nesterov ? momentum * velocities[i] + change : velocities[i];
    }
}

double forge_neural_square_sum(const float *values, int64_t count) {
    double sums[4] = {0};
    for (int64_t i = 0; i < count; i++) sums[i % 4] += (double) values[i] * values[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}
