// Activations of a network's hidden layers in float32: sums, products and divisions in a fixed order and nothing of
// libm, so that every instruction set and every library gives the same bits, and a compiler can take several values at
// once.
#pragma once
#include <stdint.h>

enum { FORGE_RELU = 0, FORGE_GELU = 1, FORGE_TANH = 2 };

static inline float forge_clamp(float x, float limit) { return x < -limit ? -limit : x > limit ? limit : x; }

// tanh to 4e-7: a minimax quotient of odd and even polynomials on [-7.9, 7.9], beyond which float32 says +-1 (Eigen's
// ptanh).
static inline float forge_tanh(float value) {
    float x = forge_clamp(value, 7.90531110763549805f), s = x * x;
    float p = -2.76076847742355e-16f;
    p = p * s + 2.00018790482477e-13f;
    p = p * s + -8.60467152213735e-11f;
    p = p * s + 5.12229709037114e-08f;
    p = p * s + 1.48572235717979e-05f;
    p = p * s + 6.37261928875436e-04f;
    p = p * s + 4.89352455891786e-03f;
    float q = 1.19825839466702e-06f;
    q = q * s + 1.18534705686654e-04f;
    q = q * s + 2.26843463243900e-03f;
    q = q * s + 4.89352518554385e-03f;
    return x * p / q;
}

// erf to 4e-7, in the same way on [-4, 4] (Eigen's perf).
static inline float forge_erf(float value) {
    float x = forge_clamp(value, 4), s = x * x;
    float p = -2.72614225801306e-10f;
    p = p * s + 2.77068142495902e-08f;
    p = p * s + -2.10102402082508e-06f;
    p = p * s + -5.69250639462346e-05f;
    p = p * s + -7.34990630326855e-04f;
    p = p * s + -2.95459980854025e-03f;
    p = p * s + -1.60960333262415e-02f;
    float q = -1.45660718464996e-05f;
    q = q * s + -2.13374055278905e-04f;
    q = q * s + -1.68282697438203e-03f;
    q = q * s + -7.37332916720468e-03f;
    q = q * s + -1.42647390514189e-02f;
    return forge_clamp(x * p / q, 1);
}

// x times the standard normal distribution function (Hendrycks and Gimpel 2016), not its tanh approximation.
static inline float forge_gelu(float x) { return 0.5f * x * (1 + forge_erf(x * 0.707106781186547524f)); }

static inline float forge_relu(float x) { return x > 0 ? x : 0; }

static inline void forge_activate(int32_t activation, float *values, int64_t count) {
    if (activation == FORGE_RELU)
        for (int64_t i = 0; i < count; i++) values[i] = forge_relu(values[i]);
    else if (activation == FORGE_TANH)
        for (int64_t i = 0; i < count; i++) values[i] = forge_tanh(values[i]);
    else
        for (int64_t i = 0; i < count; i++) values[i] = forge_gelu(values[i]);
}
