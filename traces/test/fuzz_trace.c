/*
 * Whatever the bytes are, reading them as a trace ends, stays in its memory and gives either records that
 * keep the contract of traces/trace.h, or a sentence. Built for libFuzzer with -DMMUSIM_FUZZ=ON (clang); the
 * ordinary build runs the same function over test/corpus/ and pieces of it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "traces/reader.h"

#define BATCH 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void check_record(const struct trace_record *record, uint64_t line_before)
{
    require(record->kind <= TRACE_MODIFY);
    require(record->size_bytes >= 1 && record->size_bytes <= 512);
    require(record->va + (record->size_bytes - 1) >= record->va);
    require(record->line > line_before);
    require(record->kind != TRACE_INSTRUCTION || record->pc == record->va);
    require(record->kind != TRACE_INSTRUCTION || record->size_bytes <= TRACE_INSTRUCTION_BYTES_MAX);
    require(record->bytes_count == 0 || record->bytes_count == record->size_bytes);
}

static void check_sentence(const struct trace_error *error)
{
    require(memchr(error->text, '\0', sizeof error->text) != NULL);
    require(strncmp(error->text, "fuzz:", 5) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    struct trace_error error = {""};
    struct trace_record records[BATCH];
    uint64_t line = 0;
    long count;
    struct trace_reader *reader = trace_open_memory("fuzz", data, size_bytes, &error);
    if (reader == NULL) {
        check_sentence(&error);
        return 0;
    }
    require(trace_reader_format(reader) != TRACE_UNKNOWN);
    while ((count = trace_read(reader, records, BATCH, &error)) > 0) {
        require(count <= BATCH);
        for (long i = 0; i < count; i++) {
            check_record(&records[i], line);
            line = records[i].line;
        }
    }
    if (count < 0)
        check_sentence(&error);
    else
        require(line > 0); /* a trace without records is an error */
    trace_close(reader);
    return 0;
}
