/* What came of reading a trace in a test: everything at once. */
#ifndef MMUSIM_TRACES_TEST_OUTCOME_H
#define MMUSIM_TRACES_TEST_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

#include "traces/trace.h"

#define OUTCOME_RECORDS_MAX 64

struct outcome {
    bool opened;
    bool failed; /* by trace_open or by trace_read */
    enum trace_format format;
    char compression[8];
    size_t count; /* all of them, those that are not kept too */
    struct trace_record records[OUTCOME_RECORDS_MAX];
    struct trace_error error; /* valid when failed */
};

/* Reads a trace in memory, `batch` records a call. Its name is "t". */
struct outcome outcome_of_memory(const void *data, size_t size_bytes, size_t batch);
struct outcome outcome_of_text(const char *text);
struct outcome outcome_of_file(const char *path);

/* Fails the test unless reading fails with a sentence that has both parts. */
void assert_refused(const char *text, const char *place, const char *reason);

/* Compresses with libarchive: "none", "gzip", "xz" or "zstd". The result is the caller's to free. */
void *compressed(const char *compression, const void *text, size_t text_bytes, size_t *size_bytes);

#endif
