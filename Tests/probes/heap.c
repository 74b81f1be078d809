// The heap of a backend, watched; no part of the extension. Loaded before the server (LD_PRELOAD), it stands in front
// of malloc. It counts what the extension's library asks for by itself – Swift's runtime: its C asks Postgres – and can
// be told to run dry. Once dry, only what is freed can be had again, as in a process at its limit.
#define _GNU_SOURCE
#include "postgres.h"
#include "fmgr.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>

PG_MODULE_MAGIC;

// What glibc calls its own.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

static int64 forge_heap_left = -1;	// allocations until the heap runs dry; -1: it does not
static int64 forge_heap_freed = 0;	// bytes given back since then

static int64 forge_heap_asked = -1;	// allocations by the library; -1: not counted
static bool forge_heap_looking = false;

// dladdr() may allocate.
static void
forge_heap_count(const void *caller)
{
	Dl_info		library;

	if (forge_heap_asked < 0 || forge_heap_looking)
		return;
	forge_heap_looking = true;
	if (dladdr(caller, &library) && (strstr(library.dli_fname, "forge.so") || strstr(library.dli_fname, "libstdc++")))
		forge_heap_asked++;
	forge_heap_looking = false;
}

static bool
forge_heap_gives(size_t size, const void *caller)
{
	forge_heap_count(caller);
	if (forge_heap_left < 0)
		return true;
	if (forge_heap_left > 0)
	{
		forge_heap_left--;
		return true;
	}
	if ((int64) size > forge_heap_freed)
		return false;
	forge_heap_freed -= size;
	return true;
}

PGDLLEXPORT void *
malloc(size_t size)
{
	return forge_heap_gives(size, __builtin_return_address(0)) ? __libc_malloc(size) : NULL;
}

PGDLLEXPORT void *
calloc(size_t count, size_t size)
{
	return forge_heap_gives(count * size, __builtin_return_address(0)) ? __libc_calloc(count, size) : NULL;
}

PGDLLEXPORT void *
realloc(void *memory, size_t size)
{
	return forge_heap_gives(size, __builtin_return_address(0)) ? __libc_realloc(memory, size) : NULL;
}

PGDLLEXPORT int
posix_memalign(void **memory, size_t alignment, size_t size)
{
	*memory = forge_heap_gives(size, __builtin_return_address(0)) ? __libc_memalign(alignment, size) : NULL;
	return *memory ? 0 : ENOMEM;
}

PGDLLEXPORT void
free(void *memory)
{
	if (forge_heap_left == 0)
		forge_heap_freed += malloc_usable_size(memory);
	__libc_free(memory);
}

// How often the library has asked for memory since this was first called.
PG_FUNCTION_INFO_V1(forge_heap_asked_for);
Datum
forge_heap_asked_for(PG_FUNCTION_ARGS)
{
	forge_heap_asked = Max(forge_heap_asked, 0);
	PG_RETURN_INT64(forge_heap_asked);
}

// The heap runs dry after so many more allocations.
PG_FUNCTION_INFO_V1(forge_heap_dry_after);
Datum
forge_heap_dry_after(PG_FUNCTION_ARGS)
{
	forge_heap_freed = 0;
	forge_heap_left = PG_GETARG_INT64(0);
	PG_RETURN_VOID();
}
