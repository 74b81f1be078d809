// The parts of the row encoder.
#pragma once
#include "forge_math.h"

// tf-idf features of a text; `work` as forge_text_work says.
void forge_put_text(const ForgeArena *arena, const ForgeColumn *column, ForgeCell text, char *work, double *out);
