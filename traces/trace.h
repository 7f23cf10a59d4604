/*
 * Traces: what programs did, read from files of several formats.
 *
 * The file may be plain or compressed with gzip, xz or zstd; both the compression and the format are
 * detected from the content, never from the name.
 */
#ifndef MMUSIM_TRACES_TRACE_H
#define MMUSIM_TRACES_TRACE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum trace_format { TRACE_UNKNOWN, TRACE_LACKEY, TRACE_MTRACE, TRACE_FORMATS };

enum trace_record_kind {
    TRACE_INSTRUCTION,
    TRACE_LOAD,
    TRACE_STORE,
    TRACE_MODIFY, /* a load and a store of the same bytes (lackey's M) */
};

#define TRACE_INSTRUCTION_BYTES_MAX 16
#define TRACE_NO_PA                 UINT64_MAX

struct trace_record {
    uint64_t va;         /* instruction: its pc; va + size_bytes - 1 never wraps around */
    uint64_t pc;         /* of the last instruction record; 0 before the first */
    uint64_t pa;         /* TRACE_NO_PA if the trace does not say */
    uint64_t line;       /* 1, 2, ... in the uncompressed text */
    uint32_t size_bytes; /* instructions 1 to 16; accesses 1 to 64, in lackey 1 to 512 (XSAVE) */
    uint8_t kind;        /* trace_record_kind */
    uint8_t bytes_count; /* instruction bytes; 0 if the trace has none */
    uint8_t bytes[TRACE_INSTRUCTION_BYTES_MAX];
};

/* Why something failed: a full sentence with file, line or byte offset, and what would be right. */
struct trace_error {
    char text[512];
};

struct trace_reader;

/*
 * NULL on error: the file is missing, a directory, empty, or its first line is of no known format. Lines that
 * are wrong later, and a trace that ends in the middle of a line or without any record, are errors of
 * trace_read; damaged or cut compressed data is an error of the one or the other. A reader serves one thread.
 */
struct trace_reader *trace_open(const char *path, struct trace_error *error);
void trace_close(struct trace_reader *reader);

/*
 * At most `capacity` (at least 1) records; returns how many, 0 at the end, -1 on error. Records in front of
 * an error are given first, the error by the next call and by every one after it.
 */
long trace_read(struct trace_reader *reader, struct trace_record *records, size_t capacity,
                struct trace_error *error);

enum trace_format trace_reader_format(const struct trace_reader *reader);
const char *trace_reader_compression(const struct trace_reader *reader); /* "none", "gzip", "xz", "zstd" */
const char *trace_format_name(enum trace_format format);                 /* "lackey", "mtrace" */

#ifdef __cplusplus
}
#endif
#endif
