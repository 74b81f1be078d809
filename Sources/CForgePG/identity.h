// Who asked for a training or a schedule, and acting in that role's name.
#pragma once
#include "forge_pg.h"

typedef struct ForgeRequester
{
	Oid			role;
	const char *search_path;
	const char *time_zone;
} ForgeRequester;

// Refuses with FG022 a role that no longer exists or may not train any more; `asked` is what it asked for: request 7.
extern void forge_requester_check(const ForgeRequester *requester, const char *asked);

// What code of the requester runs under; entered for each call and left before it returns. After an error the
// transaction's end restores both, as for SECURITY DEFINER functions.
typedef struct ForgeIdentity
{
	Oid			user;
	int			context;
	int			settings;
} ForgeIdentity;

extern ForgeIdentity forge_identity_enter(const ForgeRequester *requester);
extern void forge_identity_leave(const ForgeIdentity *identity);
