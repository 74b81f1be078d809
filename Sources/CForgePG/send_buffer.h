// The backend's buffer towards its client.
#pragma once
#include "forge_pg.h"

// Lets messages of a block's size leave in one call of the system each; for this session, as long as it lasts.
extern void forge_send_buffer_widen(void);
