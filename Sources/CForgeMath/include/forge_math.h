// Scoring kernels in plain C: fixed order of operations, no contraction, no allocation, no global state.
#pragma once
#include "forge_abi.h"
