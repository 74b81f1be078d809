// The settings that an administrator can change (docs/settings.md).
#include "settings.h"

#include "forge_pg.h"
#include <limits.h>

#include "miscadmin.h"
#include "utils/guc.h"

bool		forge_inprocess_predict = true;
int			forge_model_cache_mb = 256;
int			forge_max_model_mb = 1024;

void
forge_settings_define(void)
{
	DefineCustomBoolVariable("forge.inprocess_predict",
							 "Lets this server score models in its own processes.",
							 "Off refuses every prediction with FG029, at once for all sessions after a reload.",
							 &forge_inprocess_predict, true, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("forge.model_cache_mb",
							"Memory that decoded models may take in each session.",
							"The models used longest ago leave first; a model in use stays until its query ends.",
							&forge_model_cache_mb, 256, 1, MAX_KILOBYTES / 1024, PGC_SUSET, GUC_UNIT_MB, NULL, NULL, NULL);
	DefineCustomIntVariable("forge.max_model_mb",
							"Largest model, stored or decoded, that a session will load.",
							NULL,
							&forge_max_model_mb, 1024, 1, MAX_KILOBYTES / 1024, PGC_SUSET, GUC_UNIT_MB, NULL, NULL, NULL);
}

void
forge_require_predict(void)
{
	if (unlikely(!forge_inprocess_predict))
		ereport(ERROR,
				(errcode(FORGE_DISABLED),
				 errmsg("predictions are switched off on this server"),
				 errhint("An administrator sets forge.inprocess_predict = on and reloads the configuration.")));
	check_stack_depth();
}
