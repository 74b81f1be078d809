// A function that lets Swift trap, to see what a server makes of it; no part of the extension.
#include "postgres.h"
#include "fmgr.h"

PG_MODULE_MAGIC;
extern int64_t forge_probe_overflow(int64_t value);

PG_FUNCTION_INFO_V1(forge_probe_trap);
Datum
forge_probe_trap(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(forge_probe_overflow(PG_GETARG_INT64(0)));
}
