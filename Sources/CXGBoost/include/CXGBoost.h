// The functions of XGBoost's C API that Forge calls; the wheel carries the library without its header.
#pragma once
#include <stddef.h>
#include <stdint.h>
const char *XGBGetLastError(void);
void XGBoostVersion(int *major, int *minor, int *patch);
