#include "forge_math.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void forge_status_append(char *field, int64_t size, const void *bytes, int64_t length) {
    int64_t used = (int64_t) strnlen(field, (size_t) size);
    int64_t room = size - 1 - used;
    if (room <= 0 || length <= 0) return;
    int64_t take = length < room ? length : room;
    if (take < length)
        while (take > 0 && (((const unsigned char *) bytes)[take] & 0xC0) == 0x80) take--;
    memcpy(field + used, bytes, (size_t) take);
    field[used + take] = 0;
}

// The fewest digits that read back as the same double.
void forge_status_append_number(char *field, int64_t size, double value) {
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value) break;
    }
    const char *text = value > 1.7976931348623157e308 ? "Infinity" : value < -1.7976931348623157e308 ? "-Infinity" : digits;
    forge_status_append(field, size, text, (int64_t) strlen(text));
}
