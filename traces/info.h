/*
 * What a trace contains: counts, footprint, addresses. `mmusim trace info` prints it.
 */
#ifndef MMUSIM_TRACES_INFO_H
#define MMUSIM_TRACES_INFO_H

#include <stdint.h>

#include "traces/trace.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TRACE_RECORD_KINDS  (TRACE_MODIFY + 1)
#define TRACE_INFO_PAGE_LG2 12 /* pages are counted as 4 KiB pages */

/* Of the records of one kind. */
struct trace_kind_info {
    uint64_t records;
    uint64_t bytes;          /* sum of their sizes */
    uint64_t pages;          /* distinct virtual 4 KiB pages that they touch */
    uint64_t page_crossings; /* records whose bytes lie in two pages */
    uint64_t first_va;       /* of the first record; 0 if there is none */
    uint64_t last_va;        /* of the last record; 0 if there is none */
    uint64_t lowest_va;      /* UINT64_MAX if there is none */
    uint64_t highest_va;     /* of the last byte; 0 if there is none */
};

struct trace_info {
    enum trace_format format;
    const char *compression; /* "none", "gzip", "xz", "zstd" */
    uint64_t records;
    uint64_t lines;                                   /* that held records or lie before one */
    uint64_t pages;                                   /* distinct 4 KiB pages of all kinds together */
    uint64_t data_pages;                              /* of loads, stores and modifications together */
    struct trace_kind_info kinds[TRACE_RECORD_KINDS]; /* by trace_record_kind */
    uint64_t instructions_with_bytes;
    uint64_t accesses_with_pa;
    uint64_t accesses_before_instruction; /* in front of the first instruction: their pc is not known */
    const char *architecture; /* a guess: "aarch64" (every instruction is an aligned word), "x86_64", or
                                 "unknown" (no instructions) */
};

/* Reads the rest of the trace. 0, or -1 with the reason; `info` then holds what was read before. */
int trace_info_read(struct trace_reader *reader, struct trace_info *info, struct trace_error *error);

const char *
trace_record_kind_name(enum trace_record_kind kind); /* "instruction", "load", "store", "modify" */

#ifdef __cplusplus
}
#endif
#endif
