/*
 * How sentences about a trace are put together. Internal to traces/.
 */
#ifndef MMUSIM_TRACES_MESSAGE_H
#define MMUSIM_TRACES_MESSAGE_H

#include <stddef.h>

#include "traces/trace.h"

/* Writes a sentence; one that does not fit is cut. `error` may be NULL. */
__attribute__((format(printf, 2, 3))) void trace_error_set(struct trace_error *error, const char *format,
                                                           ...);

/* A piece of a trace in double quotes, cut at its newline or after some 40 characters, unprintable bytes
 * as \xNN; "the end of the line" where nothing is left. */
struct trace_quote {
    char text[192];
};

struct trace_quote trace_quote(const char *text, size_t length_bytes);

#endif
