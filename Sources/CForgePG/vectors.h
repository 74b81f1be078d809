// Values of pgvector's vector and halfvec, and of real[] and double precision[], as cells: their bytes are float4s, in
// the order of the dimensions and of no alignment; their length is four times the dimensions.
#pragma once
#include "cells.h"

#include "utils/jsonb.h"

// FORGE_FROM_VECTOR, FORGE_FROM_HALFVEC or an array's source; FORGE_FROM_NOTHING for any other type.
extern ForgeSource forge_vector_source(Oid type);
// The bytes lie in the value itself or in the current memory context. Refuses arrays that are no vector, and elements
// that are NULL, NaN, infinite or beyond float4.
extern void forge_vector_read(const ForgeConverter *converter, Datum value, ForgeCell *cell);
// The same from its text, [1,2,3] or {1,2,3}, and from an array in JSON; false where it is none.
extern bool forge_vector_parse(const ForgeConverter *converter, const char *text, int length, ForgeCell *cell);
extern bool forge_vector_from_json(const ForgeConverter *converter, const JsonbValue *array, ForgeCell *cell);
