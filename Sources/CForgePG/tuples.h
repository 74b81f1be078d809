// Rows that a scan hands over as they lie on the page, taken apart straight into a block.
#pragma once
#include "block.h"

typedef struct ForgeTupleReader ForgeTupleReader;

extern ForgeTupleReader *forge_tuple_reader_create(MemoryContext context);
// Adds the slot's row to the block; false if the slot does not hold a stored tuple.
extern bool forge_tuple_read(ForgeTupleReader *reader, ForgeBlock *block, TupleTableSlot *slot);
