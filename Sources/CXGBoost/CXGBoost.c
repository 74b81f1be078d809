#include "CXGBoost.h"
