#include "forge_math.h"
