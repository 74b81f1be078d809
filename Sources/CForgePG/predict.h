// What the functions of predict.c and explain.c share.
#pragma once
#include "scorer.h"

// The scorer of this call's model, up to date; NULL when the model or the features are NULL.
extern ForgeScorer *forge_call_scorer(FunctionCallInfo fcinfo);
extern Jsonb *forge_text_json(Datum features);
