// The executor's permission checks, made before anything runs, with the relation and the remedy in the message.
#include "query_rights.h"

#include "compat.h"
#include "executor/executor.h"
#include "forge_pg.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"

static void
forge_relation_refuse(Oid relation, Oid check_as)
{
	Oid			role = OidIsValid(check_as) ? check_as : GetUserId();
	const char *name = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), get_rel_name(relation));

	ereport(ERROR,
			(errcode(FORGE_NOT_PERMITTED),
			 errmsg("permission denied for relation %s", name),
			 errdetail("Role \"%s\" %s needs SELECT on it.", GetUserNameFromId(role, false),
					   OidIsValid(check_as) ? "(owner of the view that reads it)" : "(who asked for the training)"),
			 errhint("GRANT SELECT ON %s TO %s;", name, quote_identifier(GetUserNameFromId(role, false)))));
}

static bool
forge_function_denied(Oid function, void *context)
{
	if (forge_function_aclcheck(function, GetUserId()) == ACLCHECK_OK)
		return false;
	ereport(ERROR,
			(errcode(FORGE_NOT_PERMITTED),
			 errmsg("permission denied for function %s", format_procedure(function)),
			 errhint("GRANT EXECUTE ON FUNCTION %s TO %s;", format_procedure(function),
					 quote_identifier(GetUserNameFromId(GetUserId(), false)))));
}

static void
forge_relations_check(const Query *query)
{
	ListCell   *cell;

#if PG_VERSION_NUM >= 160000
	foreach(cell, query->rteperminfos)
	{
		RTEPermissionInfo *info = lfirst_node(RTEPermissionInfo, cell);

		if (!forge_relation_permitted(info))
			forge_relation_refuse(info->relid, info->checkAsUser);
	}
#else
	foreach(cell, query->rtable)
	{
		RangeTblEntry *entry = lfirst_node(RangeTblEntry, cell);

		if (entry->rtekind == RTE_RELATION && !ExecCheckRTEPerms(entry))
			forge_relation_refuse(entry->relid, entry->checkAsUser);
	}
#endif
}

static bool
forge_rights_walk(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		forge_relations_check((Query *) node);
		return query_tree_walker((Query *) node, forge_rights_walk, context, 0);
	}
	check_functions_in_node(node, forge_function_denied, context);
	return expression_tree_walker(node, forge_rights_walk, context);
}

void
forge_query_check_rights(Query *query)
{
	forge_rights_walk((Node *) query, NULL);
}
