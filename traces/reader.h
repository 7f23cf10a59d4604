/*
 * The reader's door for tests, benchmarks and the fuzzer: a trace in memory. Internal to traces/.
 */
#ifndef MMUSIM_TRACES_READER_H
#define MMUSIM_TRACES_READER_H

#include "traces/trace.h"

/* As trace_open. The memory stays the caller's and must live as long as the reader; `name` stands in
 * sentences. */
struct trace_reader *trace_open_memory(const char *name, const void *data, size_t size_bytes,
                                       struct trace_error *error);

#endif
