// The three forms of a call, f(model, features record | jsonb | text), for the functions that answer it.
#pragma once
#include "scorer.h"

// A call with its row read.
typedef struct ForgeCall
{
	ForgeScorer *scorer;		// of its model, up to date; NULL when the model or the features are NULL
	Jsonb	   *json;			// the features, unless they are a record
} ForgeCall;

// The scorer of the model that the first argument names, up to date; NULL when it is NULL.
extern ForgeScorer *forge_call_model(FunctionCallInfo fcinfo);
extern ForgeCall forge_call_row(FunctionCallInfo fcinfo);
extern ForgeCall forge_call_jsonb(FunctionCallInfo fcinfo);
extern ForgeCall forge_call_text(FunctionCallInfo fcinfo);

#define FORGE_ENTRY(name, result, call) \
	PG_FUNCTION_INFO_V1(name); \
	Datum name(PG_FUNCTION_ARGS) { return result(fcinfo, call(fcinfo)); } \
	extern Datum name(PG_FUNCTION_ARGS)

// name_row, name_jsonb and name_text, which give result(fcinfo, call).
#define FORGE_ENTRIES(name, result) \
	FORGE_ENTRY(name##_row, result, forge_call_row); \
	FORGE_ENTRY(name##_jsonb, result, forge_call_jsonb); \
	FORGE_ENTRY(name##_text, result, forge_call_text)
