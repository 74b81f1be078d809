// One source for PostgreSQL 15 to 18: every difference between the versions is here.
#pragma once
#include "forge_pg.h"

#include "executor/executor.h"
#include "parser/parse_type.h"
#include "storage/proc.h"
#include "utils/acl.h"

#if PG_VERSION_NUM < 150000
#error "Forge needs PostgreSQL 15 or newer"
#endif

#if PG_VERSION_NUM >= 160000
#include "catalog/pg_proc.h"
#define forge_function_aclcheck(function, role) object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE)
#else
#define forge_function_aclcheck(function, role) pg_proc_aclcheck(function, role, ACL_EXECUTE)
#endif

#if PG_VERSION_NUM >= 180000
#define forge_relation_permitted(info) ExecCheckOneRelPerms(info)
#elif PG_VERSION_NUM >= 160000
#define forge_relation_permitted(info) ExecCheckPermissions(NIL, list_make1(info), false)
#endif

#if PG_VERSION_NUM >= 170000
#define forge_local_transaction() (MyProc->vxid.lxid)
#else
#define forge_local_transaction() (MyProc->lxid)
#endif

#if PG_VERSION_NUM >= 180000
#define forge_executor_run(query) ExecutorRun(query, ForwardScanDirection, 0)
#else
// The last argument says that the query is not run to its end at once: it will be resumed.
#define forge_executor_run(query) ExecutorRun(query, ForwardScanDirection, 0, false)
#endif
