// From the stored bytes of a version to the arena that scoring reads.
#pragma once
#include "version.h"

// Reads the chunks, compares their SHA-256, and decodes them into `context`. Nothing is kept on an error.
extern void *forge_artifact_decode(const ForgeVersion *version, MemoryContext context, Size *arena_length);
