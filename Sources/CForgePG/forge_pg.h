// What every file of the extension sees first: the server's basics, the error codes, the settings.
#pragma once
#include "postgres.h"

#include "fmgr.h"
#include "forge_abi.h"

// SQLSTATEs of class FG; the table with meanings and remedies is in docs/internals.md.
#define FORGE_ERRCODE(n) MAKE_SQLSTATE('F', 'G', '0', '0' + (n) / 10, '0' + (n) % 10)
#define FORGE_INVALID_MODEL_NAME FORGE_ERRCODE(1)
#define FORGE_UNKNOWN_MODEL FORGE_ERRCODE(2)
#define FORGE_INVALID_PARAMETER FORGE_ERRCODE(4)
#define FORGE_INVALID_SOURCE FORGE_ERRCODE(5)
#define FORGE_MISSING_COLUMN FORGE_ERRCODE(6)
#define FORGE_WRONG_COLUMN_TYPE FORGE_ERRCODE(7)
#define FORGE_UNSUPPORTED_TYPE FORGE_ERRCODE(8)
#define FORGE_NOT_ENOUGH_ROWS FORGE_ERRCODE(10)
#define FORGE_TOO_MANY_LEVELS FORGE_ERRCODE(11)
#define FORGE_VALUE_OUT_OF_RANGE FORGE_ERRCODE(12)
#define FORGE_TOO_LARGE FORGE_ERRCODE(13)
#define FORGE_CORRUPT_ARTIFACT FORGE_ERRCODE(15)
#define FORGE_MULTICLASS FORGE_ERRCODE(16)
#define FORGE_LEASE_LOST FORGE_ERRCODE(17)
#define FORGE_NOT_PERMITTED FORGE_ERRCODE(22)
#define FORGE_VERSION_MISMATCH FORGE_ERRCODE(28)
#define FORGE_DISABLED FORGE_ERRCODE(29)
#define FORGE_NOT_A_CLASSIFIER FORGE_ERRCODE(30)

// Settings (settings.c).
extern bool forge_inprocess_predict;
extern int forge_model_cache_mb;
extern int forge_max_model_mb;

// The kill switch and the stack guard; called before Swift is entered.
extern void forge_require_predict(void);

// Raises what Swift reported, after Swift has returned.
extern _Noreturn void forge_status_raise(const ForgeStatus *status);

// Memory for `size` bytes in `context`, refused with an error rather than a trap when the machine has none.
extern void *forge_allocate(MemoryContext context, Size size, const char *purpose);

// Text of Forge is UTF-8 everywhere; only a database in another encoding needs the conversion.
extern const char *forge_to_utf8(const char *bytes, int length, int *utf8_length);
extern char *forge_from_utf8(const char *bytes, int length);
