// The request a worker reads: its row in forge.training_requests, and the identity that the row gives.
#pragma once
#include "forge_pg.h"

#include "query.h"
#include "utils/uuid.h"

typedef struct ForgeRequestColumn
{
	const char *name;
	const char *type;
	const char *role;
	int			kind;
} ForgeRequestColumn;

typedef struct ForgeRequest
{
	int64		id;
	Oid			requester;
	const char *source;
	const char *search_path;
	const char *time_zone;
	const char *id_column;		// NULL: none
	int			columns;		// without the id column
	ForgeRequestColumn *column;
} ForgeRequest;

// Refuses a request that is not running under this token, or whose requester may not train any more.
extern void forge_request_read(int64 id, const pg_uuid_t *token, ForgeRequest *request);
// Compares the columns stored with the request with those that the source has now; all differences in one error.
extern void forge_request_check_columns(const ForgeRequest *request, const ForgeQuery *query);

// What a query of the requester runs under; entered for each call and left before it returns. After an error the
// transaction's end restores both, as for SECURITY DEFINER functions.
typedef struct ForgeIdentity
{
	Oid			user;
	int			context;
	int			settings;
} ForgeIdentity;

extern ForgeIdentity forge_request_enter(const ForgeRequest *request);
extern void forge_request_leave(const ForgeIdentity *identity);
