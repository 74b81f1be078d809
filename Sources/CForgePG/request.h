// The request a worker reads: its row in forge.training_requests.
#pragma once
#include "forge_pg.h"

#include "identity.h"
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
	ForgeRequester requester;
	const char *source;
	const char *id_column;		// NULL: none
	int			columns;		// without the id column
	ForgeRequestColumn *column;
} ForgeRequest;

// Refuses a request that is not running under this token, or whose requester may not train any more.
extern void forge_request_read(int64 id, const pg_uuid_t *token, ForgeRequest *request);
// Compares the columns stored with the request with those that the source has now; all differences in one error.
extern void forge_request_check_columns(const ForgeRequest *request, const ForgeQuery *query);
