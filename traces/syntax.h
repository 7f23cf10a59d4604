/*
 * The formats of traces. A format is one `const struct trace_syntax` and one row in `trace_syntaxes`.
 * Internal to traces/.
 */
#ifndef MMUSIM_TRACES_SYNTAX_H
#define MMUSIM_TRACES_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

#include "traces/scan.h"
#include "traces/trace.h"

enum trace_line {
    TRACE_LINE_RECORD,
    TRACE_LINE_SKIPPED, /* right, but no record */
    TRACE_LINE_WRONG,   /* cursor->at and cursor->expected say why */
};

struct trace_syntax {
    enum trace_format format;
    const char *name;
    const char *example; /* of a line */
    const char *advice;  /* what to do about a file that has no records */
    /* Does a text that begins so mean to be of this format? `text` ends with '\0'. */
    bool (*recognizes)(const char *text);
    /* Reads a line with its newline. Fills va, pa, size_bytes, kind, bytes_count and bytes. */
    enum trace_line (*parse)(struct trace_cursor *cursor, struct trace_record *record);
};

extern const struct trace_syntax trace_syntax_lackey;
extern const struct trace_syntax trace_syntax_mtrace;
extern const struct trace_syntax *const trace_syntaxes[];
extern const size_t trace_syntaxes_count;

#endif
