// Which version a model's name means, to whom, and as of when.
#pragma once
#include "forge_pg.h"

#include "access/xact.h"
#include "compat.h"
#include "utils/snapmgr.h"
#include "utils/snapshot.h"

#define FORGE_MODELS_SCHEMA "forge_models"
#define FORGE_CHAMPION "champion"
#define FORGE_SHA256_LENGTH 32

// `churn`, `churn@challenger`, `churn/3`.
typedef struct ForgeName
{
	char		model[NAMEDATALEN];
	char		alias[NAMEDATALEN];	// empty when a version is named
	int			version;
} ForgeName;

typedef struct ForgeVersion
{
	int64		id;				// unique in the database
	int			version;
	char		model[NAMEDATALEN];
	uint8		sha256[FORGE_SHA256_LENGTH];
} ForgeVersion;

// Identifies what a snapshot can see, within this backend. Of two MVCC snapshots with equal xmax, the one with the
// same number of running transactions sees the same ones (a transaction once ended never runs again); the rest is this
// transaction's own work: which subtransaction asks (an aborted one takes its changes along), up to which command.
typedef struct ForgeMoment
{
	LocalTransactionId transaction;
	SubTransactionId subtransaction;
	CommandId	command;
	TransactionId xmin;
	TransactionId xmax;
	uint32		running;
	int32		running_sub;
} ForgeMoment;

static inline ForgeMoment
forge_moment(void)
{
	Snapshot	snapshot = GetActiveSnapshot();

	return (ForgeMoment) {forge_local_transaction(), GetCurrentSubTransactionId(), snapshot->curcid, snapshot->xmin,
		snapshot->xmax, snapshot->xcnt, snapshot->subxcnt};
}

static inline bool
forge_moment_equal(const ForgeMoment *a, const ForgeMoment *b)
{
	return a->xmax == b->xmax && a->xmin == b->xmin && a->command == b->command && a->running == b->running
		&& a->running_sub == b->running_sub && a->subtransaction == b->subtransaction && a->transaction == b->transaction;
}

extern bool forge_name_parse(const char *text, int length, ForgeName *name);
extern void forge_name_require(const char *text, int length, ForgeName *name);
// Refuses a caller who lacks EXECUTE on forge_models.<model>(record).
extern void forge_model_require_execute(const char *model);
extern void forge_version_find(const ForgeName *name, ForgeVersion *version);
