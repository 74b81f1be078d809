#include "forge_abi.h"
