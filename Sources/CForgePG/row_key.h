// The stable hash of a row, which decides the part it belongs to.
#pragma once
#include "block.h"

// Of the id column's value.
extern uint64 forge_id_key(Oid type, Datum value, bool isnull);
// Of the cells of the columns marked in_key, for every row of the block.
extern void forge_block_hash_rows(ForgeBlock *block);
