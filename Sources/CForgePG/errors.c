// Errors and memory at the border between C and Swift, and the text encoding both agree on.
#include "forge_pg.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

static const char *
forge_status_text(const char *utf8)
{
	return forge_from_utf8(utf8, strlen(utf8));
}

void
forge_status_raise(const ForgeStatus *status)
{
	const char *s = status->sqlstate;

	ereport(ERROR,
			(errcode(MAKE_SQLSTATE(s[0], s[1], s[2], s[3], s[4])),
			 errmsg_internal("%s", forge_status_text(status->message)),
			 status->detail[0] ? errdetail_internal("%s", forge_status_text(status->detail)) : 0,
			 status->hint[0] ? errhint("%s", forge_status_text(status->hint)) : 0));
	pg_unreachable();
}

void *
forge_allocate(MemoryContext context, Size size, const char *purpose)
{
	// malloc() of AllocSet adds a header of its own: round up, and keep clear of overflow.
	void	   *memory = AllocHugeSizeIsValid(size)
		? MemoryContextAllocExtended(context, Max(size, 1), MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE) : NULL;

	if (memory == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed to allocate %zu bytes for %s.", size, purpose)));
	return memory;
}

const char *
forge_to_utf8(const char *bytes, int length, int *utf8_length)
{
	if (likely(GetDatabaseEncoding() == PG_UTF8))
	{
		*utf8_length = length;
		return bytes;
	}
	// Returns its argument when there is nothing to convert, else a NUL-terminated copy.
	const char *text = pg_server_to_any(bytes, length, PG_UTF8);

	*utf8_length = text == bytes ? length : (int) strlen(text);
	return text;
}

char *
forge_from_utf8(const char *bytes, int length)
{
	char	   *text = pnstrdup(bytes, length);

	return pg_any_to_server(text, length, PG_UTF8);
}
