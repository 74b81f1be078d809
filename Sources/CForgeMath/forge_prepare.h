// The parts of the row encoder.
#pragma once
#include "forge_math.h"

// Writes a part of the date; returns where the next one goes.
double *forge_put_date_part(int32_t part, double seconds, double *out);

// tf-idf features of a text; `work` as forge_text_work says.
void forge_put_text(const ForgeArena *arena, const ForgeColumn *column, ForgeCell text, char *work, double *out);
