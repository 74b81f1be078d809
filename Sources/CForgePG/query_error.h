// Errors of the requester's own query, told as Forge's.
#pragma once
#include "forge_pg.h"

// In PG_CATCH: raises the caught error again, as FG005 or FG022 where the source is at fault. `what` says what failed.
extern _Noreturn void forge_query_error_translate(const char *text, const char *what, MemoryContext caller);
