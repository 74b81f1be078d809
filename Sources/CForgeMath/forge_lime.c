#include "forge_lime.h"
#include "forge_splitmix.h"

#include <math.h>

// --- drawing

// Strictly between 0 and 1.
static double uniform(uint64_t stream) { return ((double) (forge_splitmix64(stream) >> 12) + 0.5) * 0x1p-52; }

static double normal_share(double z) { return 0.5 * erfc(-z * M_SQRT1_2); }

// A mean lies inside of its bin, so that the shares at its ends lie to both sides of one half and nothing is lost.
static double draw_number(const ForgeLimeChoice *choice, double u) {
    double deviation = choice->deviation;
    if (!(deviation > 0) || !(choice->lower < choice->upper)) return choice->mean;
    double low = normal_share((choice->lower - choice->mean) / deviation);
    double high = normal_share((choice->upper - choice->mean) / deviation);
    double value = choice->mean + deviation * forge_normal_quantile(low + u * (high - low));
    return fmin(fmax(value, choice->lower), choice->upper);
}

static int32_t draw_choice(const ForgeLimeColumn *column, double u) {
    int32_t low = 0, high = column->choices - 1;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (u < column->choice[middle].reach) high = middle;
        else low = middle + 1;
    }
    return low;
}

void forge_lime_draw(
    const ForgeLimeColumn *columns, int32_t count, uint64_t seed, int64_t sample, ForgeCell *cells, uint8_t *same) {
    uint64_t stream = forge_splitmix64(forge_splitmix64(seed) + (uint64_t) sample);
    for (int32_t c = 0; c < count; c++) {
        const ForgeLimeColumn *column = &columns[c];
        cells[c] = column->cell;
        same[c] = 1;
        if (sample == 0 || column->choices == 0) continue;
        int32_t fallen = draw_choice(column, uniform(stream + 2 * (uint64_t) c));
        const ForgeLimeChoice *choice = &column->choice[fallen];
        cells[c] = choice->cell;
        if (choice->drawn) cells[c].number = draw_number(choice, uniform(stream + 2 * (uint64_t) c + 1));
        same[c] = fallen == column->own;
    }
}

double forge_lime_weight(const uint8_t *same, int32_t columns, double width) {
    double squares = 0;
    for (int32_t c = 0; c < columns; c++) squares += !same[c];
    return sqrt(exp(-squares / (width * width)));
}

// --- moments

void forge_lime_add(ForgeLimeMoments *moments, const uint8_t *same, double weight, double target) {
    int32_t p = moments->columns;
    moments->weight += weight;
    moments->target += weight * target;
    moments->squares += weight * target * target;
    for (int32_t i = 0; i < p; i++) {
        if (!same[i]) continue;
        double *row = moments->products + (int64_t) i * p;
        moments->means[i] += weight;
        moments->targets[i] += weight * target;
        for (int32_t j = 0; j <= i; j++) row[j] += same[j] ? weight : 0;
    }
}

void forge_lime_center(ForgeLimeMoments *moments) {
    int32_t p = moments->columns;
    double whole = moments->weight, mean = moments->target / whole;
    for (int32_t i = 0; i < p; i++) {
        moments->means[i] /= whole;
        moments->targets[i] -= whole * moments->means[i] * mean;
        for (int32_t j = 0; j <= i; j++) {
            double product = moments->products[(int64_t) i * p + j] - whole * moments->means[i] * moments->means[j];
            moments->products[(int64_t) i * p + j] = moments->products[(int64_t) j * p + i] = product;
        }
    }
    moments->squares = fmax(0, moments->squares - whole * mean * mean);
    moments->target = mean;
}

// --- ridge regression

static double product_of(const ForgeLimeMoments *moments, int32_t i, int32_t j) {
    return moments->products[(int64_t) i * moments->columns + j];
}

void forge_lime_factor_row(
    const ForgeLimeMoments *moments, const int32_t *chosen, int32_t count, double alpha, int32_t row, double *factor) {
    double *own = factor + (int64_t) row * count;
    for (int32_t j = 0; j <= row; j++) {
        const double *other = factor + (int64_t) j * count;
        double sum = product_of(moments, chosen[row], chosen[j]) + (j == row ? alpha : 0);
        for (int32_t k = 0; k < j; k++) sum -= own[k] * other[k];
        own[j] = j == row ? sqrt(fmax(sum, alpha * 0x1p-40)) : sum / other[j];
    }
}

void forge_lime_solve(
    const ForgeLimeMoments *moments, const int32_t *chosen, int32_t count, const double *factor, double *coefficients) {
    for (int32_t i = 0; i < count; i++) {
        double sum = moments->targets[chosen[i]];
        for (int32_t k = 0; k < i; k++) sum -= factor[(int64_t) i * count + k] * coefficients[k];
        coefficients[i] = sum / factor[(int64_t) i * count + i];
    }
    for (int32_t i = count - 1; i >= 0; i--) {
        double sum = coefficients[i];
        for (int32_t k = i + 1; k < count; k++) sum -= factor[(int64_t) k * count + i] * coefficients[k];
        coefficients[i] = sum / factor[(int64_t) i * count + i];
    }
}

// Where the target does not vary, nothing is left to explain: 1, as scikit-learn has it.
double forge_lime_score(
    const ForgeLimeMoments *moments, const int32_t *chosen, int32_t count, const double *coefficients) {
    double rest = moments->squares;
    if (!(rest > 0)) return 1;
    for (int32_t i = 0; i < count; i++) {
        double fitted = 0;
        for (int32_t j = 0; j < count; j++) fitted += product_of(moments, chosen[i], chosen[j]) * coefficients[j];
        rest -= coefficients[i] * (2 * moments->targets[chosen[i]] - fitted);
    }
    return 1 - rest / moments->squares;
}

// --- choosing columns

void forge_lime_choose_next(ForgeLimeMoments *moments, int32_t *chosen, int32_t found) {
    int32_t p = moments->columns, best = -1;
    double largest = -1;
    for (int32_t c = 0; c < p; c++) {
        int32_t taken = 0;
        for (int32_t i = 0; i < found; i++) taken |= chosen[i] == c;
        if (taken) continue;
        // What is left of a column that those chosen determine is rounding.
        double left = product_of(moments, c, c), at_first = moments->weight * moments->means[c] * (1 - moments->means[c]);
        double gain = left > 1e-10 * at_first ? moments->targets[c] * moments->targets[c] / left : 0;
        if (gain > largest) {
            largest = gain;
            best = c;
        }
    }
    chosen[found] = best;
    if (!(largest > 0)) return;
    const double *pivot = moments->products + (int64_t) best * p;
    double left = pivot[best], target = moments->targets[best];
    for (int32_t i = 0; i < p; i++) {
        if (i == best) continue;
        double share = product_of(moments, i, best) / left;
        moments->targets[i] -= share * target;
        for (int32_t j = 0; j < p; j++)
            if (j != best) moments->products[(int64_t) i * p + j] -= share * pivot[j];
    }
}

void forge_lime_largest(const double *coefficients, int32_t columns, int32_t wanted, int32_t *chosen) {
    for (int32_t found = 0; found < wanted; found++) {
        int32_t best = -1;
        for (int32_t c = 0; c < columns; c++) {
            double size = fabs(coefficients[c]);
            if (found > 0) {
                double before = fabs(coefficients[chosen[found - 1]]);
                if (size > before || (size == before && c <= chosen[found - 1])) continue;
            }
            if (best < 0 || size > fabs(coefficients[best])) best = c;
        }
        chosen[found] = best;
    }
}

// --- the normal distribution

static double polynomial(const double coefficients[8], double x) {
    double sum = coefficients[7];
    for (int i = 6; i >= 0; i--) sum = sum * x + coefficients[i];
    return sum;
}

double forge_normal_quantile(double share) {
    static const double a[] = {
        3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
        67265.770927008700853, 33430.575583588128105, 2509.0809287301226727};
    static const double b[] = {
        1, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077, 21213.794301586595867, 39307.895800092710610,
        28729.085735721942674, 5226.4952788528545610};
    static const double c[] = {
        1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504, 1.27045825245236838258,
        0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4};
    static const double d[] = {
        1, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550, 0.148103976427480074590,
        0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9};
    static const double e[] = {
        6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230, 0.0265321895265761230930,
        0.00124266094738807843860, 2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[] = {
        1, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525, 7.86869131145613259100e-4,
        1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15};
    double q = share - 0.5;
    if (fabs(q) <= 0.425) {
        double r = 0.180625 - q * q;
        return q * polynomial(a, r) / polynomial(b, r);
    }
    double r = sqrt(-log(q < 0 ? share : 1 - share));
    double size = r <= 5 ? polynomial(c, r - 1.6) / polynomial(d, r - 1.6) : polynomial(e, r - 5) / polynomial(f, r - 5);
    return q < 0 ? -size : size;
}
