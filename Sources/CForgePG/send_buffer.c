// Before version 17 a backend sends in pieces of 8 kB, each a call of the system that may wake the client: for the
// blocks of a million rows that took longer than reading the table. The buffer grows to fit a message that must not
// block, and stays so; later versions send large messages past the buffer. So the first large message goes out by that
// way.
#include "send_buffer.h"

#include "libpq/libpq.h"
#include "tcop/tcopprot.h"

#if PG_VERSION_NUM < 170000
#define FORGE_LARGE_MESSAGE (64 * 1024)

static const PQcommMethods *forge_usual_methods;
static PQcommMethods forge_methods;
static bool forge_send_buffer_wide;

static int
forge_put_first_large_message(char type, const char *bytes, size_t length)
{
	if (length < FORGE_LARGE_MESSAGE)
		return forge_usual_methods->putmessage(type, bytes, length);
	PqCommMethods = forge_usual_methods;
	forge_send_buffer_wide = true;
	forge_usual_methods->putmessage_noblock(type, bytes, length);
	return 0;
}

void
forge_send_buffer_widen(void)
{
	if (forge_send_buffer_wide || whereToSendOutput != DestRemote || PqCommMethods == &forge_methods)
		return;
	forge_usual_methods = PqCommMethods;
	forge_methods = *PqCommMethods;
	forge_methods.putmessage = forge_put_first_large_message;
	PqCommMethods = &forge_methods;
}
#else
void
forge_send_buffer_widen(void)
{
}
#endif
