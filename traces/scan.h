/*
 * Reading a line from left to right. Internal to traces/.
 *
 * The text is followed by a byte that no line contains ('\0'), so scanners need no bound: they stop
 * there, and a cursor that stopped at the end of the text says that the line is not complete.
 */
#ifndef MMUSIM_TRACES_SCAN_H
#define MMUSIM_TRACES_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trace_cursor {
    const char *at;
    const char *end;      /* of the text; *end is '\0' */
    const char *expected; /* set by the scanner that failed, at `at` */
};

/* 0 to 15 for a hexadecimal digit of either case, 0xff for everything else. */
extern const uint8_t trace_hex_values[256];

static inline bool scan_fail(struct trace_cursor *cursor, const char *at, const char *expected)
{
    cursor->at = at;
    cursor->expected = expected;
    return false;
}

static inline bool scan_character(struct trace_cursor *cursor, char wanted, const char *expected)
{
    if (*cursor->at != wanted)
        return scan_fail(cursor, cursor->at, expected);
    cursor->at++;
    return true;
}

/* 1 to 16 hexadecimal digits. */
static inline bool scan_address(struct trace_cursor *cursor, uint64_t *address)
{
    const char *at = cursor->at;
    uint64_t value = 0;
    uint8_t digit;
    while ((digit = trace_hex_values[(uint8_t)*at]) < 16) {
        value = value << 4 | digit;
        at++;
    }
    if (at == cursor->at)
        return scan_fail(cursor, at, "a hexadecimal address without 0x");
    if (at - cursor->at > 16)
        return scan_fail(cursor, at == cursor->end ? at : cursor->at,
                         "an address of 16 hexadecimal digits at the most");
    cursor->at = at;
    *address = value;
    return true;
}

/* 1 to 4 decimal digits without leading zeros; the range is the caller's. */
static inline bool scan_size(struct trace_cursor *cursor, uint32_t maximum, const char *expected,
                             uint32_t *size)
{
    const char *at = cursor->at;
    uint32_t value = 0;
    while (*at >= '0' && *at <= '9' && at - cursor->at < 5) {
        value = value * 10 + (uint32_t)(*at - '0');
        at++;
    }
    if (at == cursor->end)
        return scan_fail(cursor, at, expected);
    if (at == cursor->at || *cursor->at == '0' || value > maximum)
        return scan_fail(cursor, cursor->at, expected);
    cursor->at = at;
    *size = value;
    return true;
}

#endif
