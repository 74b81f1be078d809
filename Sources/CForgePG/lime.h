// What forge.explain_lime perturbs a row by: how the values of each column fell in the training rows.
#pragma once
#include "scorer.h"

#include "forge_lime.h"

// (columns) for the row in scorer->cells, whose bytes must outlive the result. FG010: the version has no statistics.
extern ForgeLimeColumn *forge_lime_columns(const ForgeScorer *scorer);
// What is true of the explained row's value: "age > 37.00", "30.00 < age <= 37.00", "plan=gold", "plan is null".
extern char *forge_lime_rule(const ForgeModelColumn *column, const ForgeLimeColumn *lime);
