// The library's entry: what runs when a server loads forge.so. Nothing of Swift runs here: under
// shared_preload_libraries this is the postmaster, and its children are forked from it.
#include "forge_pg.h"

#include <stdlib.h>

#include "settings.h"

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

// Swift's crash backtracer would hook the fatal signals and start a helper process that runs for half a minute while
// the postmaster waits. The runtime reads this variable in an initialiser of its own, which runs after this one
// (lower priority number first). A choice that the administrator made in the environment is overridden: a backend has
// no other safe value.
__attribute__((constructor(101))) static void
forge_backtracer_disable(void)
{
	setenv("SWIFT_BACKTRACE", "enable=no", 1);
}

void
_PG_init(void)
{
	forge_settings_define();
}
