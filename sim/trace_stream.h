/*
 * A trace as a stream: what a captured program did, replayed by a simulated core.
 */
#ifndef MMUSIM_SIM_TRACE_STREAM_H
#define MMUSIM_SIM_TRACE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmu/stream.h"
#include "sim/instructions.h"

#ifdef __cplusplus
extern "C" {
#endif

struct trace_stream_config {
    const char *path;
    uint64_t skip;                          /* records of the trace left out at its beginning */
    uint64_t records;                       /* how many records are replayed; UINT64_MAX: to the end */
    uint64_t offset;                        /* added to every address, modulo 2^64 */
    bool fetches;                           /* instruction records are fetches; else only their pc is kept */
    struct instruction_table *instructions; /* counts them; or NULL */
};

/* NULL on error, with a sentence. A lackey M record becomes a load and a store. */
struct stream *trace_stream_open(const struct trace_stream_config *config, char *error, size_t error_bytes);

#ifdef __cplusplus
}
#endif
#endif
