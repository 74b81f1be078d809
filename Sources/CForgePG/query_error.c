// What the parser, the analyser and the executor raise about a source becomes FG005 or FG022, so that a request fails
// for good with one class of codes; errors of the machine (lost connections, cancels, no memory, deadlocks) pass as
// they are. An error it stays: the transaction fails as it would have.
#include "query_error.h"

#include "miscadmin.h"

static bool
forge_error_is_refusal(int sqlstate)
{
	return sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE || sqlstate == ERRCODE_READ_ONLY_SQL_TRANSACTION;
}

// What only the queue may say of a job: a source that raises such a code must not make the worker believe it.
static bool
forge_error_is_of_queue(int sqlstate)
{
	switch (sqlstate)
	{
		case FORGE_LEASE_LOST:
		case FORGE_ERRCODE(18): // worker lost
		case FORGE_ERRCODE(19): // time limit
		case FORGE_ERRCODE(20): // memory limit
		case FORGE_ERRCODE(21): // cancelled
		case FORGE_ERRCODE(26): // invalid transition
			return true;
		default:
			return false;
	}
}

static bool
forge_error_is_of_query(int sqlstate)
{
	if (forge_error_is_of_queue(sqlstate))
		return true;
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case MAKE_SQLSTATE('0', 'A', '0', '0', '0'):	// feature not supported
		case MAKE_SQLSTATE('2', '1', '0', '0', '0'):	// cardinality violation
		case MAKE_SQLSTATE('2', '2', '0', '0', '0'):	// data exception
		case MAKE_SQLSTATE('2', '5', '0', '0', '0'):	// writing in a read-only transaction
		case MAKE_SQLSTATE('2', 'F', '0', '0', '0'):	// SQL routine exception
		case MAKE_SQLSTATE('3', '8', '0', '0', '0'):	// external routine exception
		case MAKE_SQLSTATE('3', '9', '0', '0', '0'):
		case MAKE_SQLSTATE('3', 'D', '0', '0', '0'):	// invalid catalog name
		case MAKE_SQLSTATE('3', 'F', '0', '0', '0'):	// invalid schema name
		case MAKE_SQLSTATE('4', '2', '0', '0', '0'):	// syntax error or access rule violation
		case MAKE_SQLSTATE('P', '0', '0', '0', '0'):	// RAISE EXCEPTION
			return true;
		default:
			return sqlstate == ERRCODE_TOO_MANY_COLUMNS || sqlstate == ERRCODE_STATEMENT_TOO_COMPLEX;
	}
}

void
forge_query_error_translate(const char *text, const char *what, MemoryContext caller)
{
	ErrorData  *error;

	MemoryContextSwitchTo(caller);
	error = CopyErrorData();
	if (!forge_error_is_of_query(error->sqlerrcode))
		PG_RE_THROW();
	FlushErrorState();
	if (forge_error_is_refusal(error->sqlerrcode))
		ereport(ERROR,
				(errcode(FORGE_NOT_PERMITTED),
				 errmsg("%s: %s", what, error->message),
				 error->context ? errdetail_internal("%s", error->context) : 0,
				 errhint("A source is read as role \"%s\", which may only read: grant it what it lacks, or read from something else.",
						 GetUserNameFromId(GetUserId(), false))));
	ereport(ERROR,
			(errcode(FORGE_INVALID_SOURCE),
			 errmsg("%s: %s", what, error->message),
			 error->detail ? errdetail_internal("%s", error->detail)
			 : error->context ? errdetail_internal("%s", error->context) : 0,
			 error->hint ? errhint("%s", error->hint)
			 : errhint("Give a relation's name or exactly one SELECT that runs by itself."),
			 error->cursorpos > 0 ? (internalerrquery(text), internalerrposition(error->cursorpos)) : 0));
	pg_unreachable();
}
