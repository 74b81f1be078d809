// Where the tensors of an artifact lie: filled by ForgeModel's header reader, a plain struct so that it needs no
// memory.
#pragma once
#include <stdint.h>

#define FORGE_MAX_TENSORS 48

typedef struct ForgeTensor {
    int64_t offset;   // bytes from the artifact's start
    int64_t count;    // elements
    int64_t shape[2]; // rank 1: (count, 1)
    int32_t present, dtype, rank;
} ForgeTensor;

typedef struct ForgeTensorTable {
    ForgeTensor items[FORGE_MAX_TENSORS];
} ForgeTensorTable;
