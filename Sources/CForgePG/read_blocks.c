// forge.read_blocks: the set-returning face of the reader, a block for each value.
#include "reader.h"

#include "access/xact.h"
#include "funcapi.h"
#include "send_buffer.h"
#include "utils/builtins.h"

static void
forge_require_snapshot(void)
{
	if (XactIsoLevel != XACT_REPEATABLE_READ || !XactReadOnly)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_STATE),
				 errmsg("forge.read_blocks needs a transaction that is REPEATABLE READ and READ ONLY"),
				 errhint("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;")));
}

// A FunctionScan would write all blocks to a temporary file before it gives the first one.
static void
forge_require_target_list(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	if (result == NULL || !IsA(result, ReturnSetInfo) || !(result->allowedModes & SFRM_ValuePerCall)
		|| (result->allowedModes & SFRM_Materialize_Preferred))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("forge.read_blocks must be called in the target list"),
				 errhint("COPY (SELECT forge.read_blocks(request, token)) TO STDOUT (FORMAT binary);")));
}

// When the outer query ends before the last block.
static void
forge_read_stop(Datum reader)
{
	forge_reader_close((ForgeReader *) DatumGetPointer(reader));
}

static void
forge_read_start(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	FuncCallContext *call;
	MemoryContext caller;

	forge_require_target_list(fcinfo);
	forge_require_snapshot();
	call = SRF_FIRSTCALL_INIT();
	caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
	if (!PG_ARGISNULL(0) && !PG_ARGISNULL(1))
	{
		forge_send_buffer_widen();
		call->user_fctx = forge_reader_open(PG_GETARG_INT64(0), PG_GETARG_UUID_P(1));
		RegisterExprContextCallback(result->econtext, forge_read_stop, PointerGetDatum(call->user_fctx));
	}
	MemoryContextSwitchTo(caller);
}

PG_FUNCTION_INFO_V1(forge_read_blocks);
Datum
forge_read_blocks(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	bytea	   *block;

	if (SRF_IS_FIRSTCALL())
		forge_read_start(fcinfo);
	call = SRF_PERCALL_SETUP();
	block = call->user_fctx ? forge_reader_next(call->user_fctx) : NULL;
	if (block == NULL)
	{
		if (call->user_fctx)
			UnregisterExprContextCallback(((ReturnSetInfo *) fcinfo->resultinfo)->econtext, forge_read_stop,
										  PointerGetDatum(call->user_fctx));
		SRF_RETURN_DONE(call);
	}
	SRF_RETURN_NEXT(call, PointerGetDatum(block));
}
