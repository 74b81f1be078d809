// LIME for rows of a table (Ribeiro, Singh and Guestrin 2016, "Why should I trust you?"), as LimeTabularExplainer of
// Python's package lime does it by default: rows are drawn anew, column by column, from the distribution of the training
// rows; a ridge regression on "this column is as in the explained row" says what moves the prediction nearby.
#pragma once
#include "forge_abi.h"

#pragma clang assume_nonnull begin

// One way in which a column's value can fall: a bin of a number, a level of a category, or missing.
typedef struct ForgeLimeChoice {
    double reach;       // share of the training rows with this choice or one before it; 1 for the last
    int32_t drawn;      // 1: a number is drawn from a normal that ends at lower and upper; 0: it is `cell`
    double lower, upper, mean, deviation;
    ForgeCell cell;
} ForgeLimeChoice;

typedef struct ForgeLimeColumn {
    int32_t choices;    // 0: the column stays as it is
    int32_t own;        // the explained row's; -1: none of them
    ForgeLimeChoice *_Nullable choice;  // (choices)
    ForgeCell cell;     // of the explained row
} ForgeLimeColumn;

// Row `sample` of those drawn: cells and same, both (columns). Row 0 is the explained one. same[c] is 1 where the column
// fell as in the explained row. Each number comes from a hash of seed, row and column: rows can be drawn in any order.
void forge_lime_draw(
    const ForgeLimeColumn *columns, int32_t count, uint64_t seed, int64_t sample, ForgeCell *cells, uint8_t *same);

// How close a drawn row is, from 0 to 1: sqrt(exp(-d²/width²)), d the euclidean distance of `same` from ones.
double forge_lime_weight(const uint8_t *same, int32_t columns, double width);

// Weighted moments of the drawn rows; targets are counted from that of the explained row.
typedef struct ForgeLimeMoments {
    int32_t columns;
    double weight, target, squares;     // Σ w, Σ w·y, Σ w·y²; centred: the mean of y, Σ w·(y - mean)²
    double *means;                      // (columns) Σ w·x; centred: the mean
    double *targets;                    // (columns) Σ w·x·y; centred
    double *products;                   // (columns, columns) Σ w·x·x', below and on the diagonal; centred: all of it
} ForgeLimeMoments;

void forge_lime_add(ForgeLimeMoments *moments, const uint8_t *same, double weight, double target);
// After the last row, before what follows.
void forge_lime_center(ForgeLimeMoments *moments);

// One more row of the Cholesky factor of products + alpha over `chosen` columns; factor: (count, count).
void forge_lime_factor_row(
    const ForgeLimeMoments *moments, const int32_t *chosen, int32_t count, double alpha, int32_t row, double *factor);
// The ridge coefficients, (count), from the whole factor.
void forge_lime_solve(
    const ForgeLimeMoments *moments, const int32_t *chosen, int32_t count, const double *factor, double *coefficients);
// Weighted R² of the regression.
double forge_lime_score(
    const ForgeLimeMoments *moments, const int32_t *chosen, int32_t count, const double *coefficients);

// Adds to chosen[0 ..< found] the column that explains most of what those leave unexplained. Uses up the products and
// targets, from which those chosen are swept out.
void forge_lime_choose_next(ForgeLimeMoments *moments, int32_t *chosen, int32_t found);
// The `wanted` largest |coefficients|, (columns), largest first, of equal ones the first column.
void forge_lime_largest(const double *coefficients, int32_t columns, int32_t wanted, int32_t *chosen);

// Φ⁻¹ to about 16 digits (Wichura 1988, algorithm AS 241), for shares above 0 and below 1.
double forge_normal_quantile(double share);

#pragma clang assume_nonnull end
