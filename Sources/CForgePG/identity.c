// Becoming the role that asked for something, for as long as its own code may run.
#include "identity.h"

#include "access/htup_details.h"
#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/syscache.h"

#define FORGE_TRAINER "forge_trainer"

void
forge_requester_check(const ForgeRequester *requester, const char *asked)
{
	HeapTuple	role = SearchSysCache1(AUTHOID, ObjectIdGetDatum(requester->role));
	Oid			trainer = get_role_oid(FORGE_TRAINER, true);
	char	   *name;

	if (!HeapTupleIsValid(role))
		ereport(ERROR,
				(errcode(FORGE_NOT_PERMITTED),
				 errmsg("the role that made %s no longer exists (OID %u)", asked, requester->role),
				 errhint("Ask for it again as another role.")));
	name = pstrdup(NameStr(((Form_pg_authid) GETSTRUCT(role))->rolname));
	ReleaseSysCache(role);
	if (!OidIsValid(trainer) || !is_member_of_role(requester->role, trainer))
		ereport(ERROR,
				(errcode(FORGE_NOT_PERMITTED),
				 errmsg("role \"%s\" may not train models", name),
				 errhint("GRANT %s TO %s;", FORGE_TRAINER, quote_identifier(name))));
}

static void
forge_setting_apply(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

ForgeIdentity
forge_identity_enter(const ForgeRequester *requester)
{
	ForgeIdentity identity;

	GetUserIdAndSecContext(&identity.user, &identity.context);
	SetUserIdAndSecContext(requester->role,
						   identity.context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	identity.settings = NewGUCNestLevel();
	forge_setting_apply("search_path", requester->search_path);
	forge_setting_apply("TimeZone", requester->time_zone);
	// The same rows in the same order every time: scans begin at the table's first page.
	forge_setting_apply("synchronize_seqscans", "off");
	return identity;
}

void
forge_identity_leave(const ForgeIdentity *identity)
{
	AtEOXact_GUC(false, identity->settings);
	SetUserIdAndSecContext(identity->user, identity->context);
}
