/*
 * Where the text of a trace comes from: a file or memory, decompressed on the way. Internal to traces/.
 *
 * libarchive does the work (its raw format with the gzip, xz and zstd filters), so the compression is
 * detected from the content.
 */
#ifndef MMUSIM_TRACES_SOURCE_H
#define MMUSIM_TRACES_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "traces/trace.h"

struct trace_source;

/* NULL on error. An empty text is not an error here. */
struct trace_source *trace_source_open(const char *path, struct trace_error *error);
/* The memory stays the caller's and must live as long as the source; `name` stands in sentences. */
struct trace_source *trace_source_open_memory(const char *name, const void *data, size_t size_bytes,
                                              struct trace_error *error);
void trace_source_close(struct trace_source *source);

/*
 * The next piece of text, valid until the next call: 1 and a piece of at least one byte, 0 at the end, -1 on
 * error (the data is damaged or cut, or reading failed).
 */
int trace_source_read(struct trace_source *source, const char **text, size_t *size_bytes,
                      struct trace_error *error);

const char *trace_source_name(const struct trace_source *source);
const char *trace_source_compression(const struct trace_source *source); /* "none", "gzip", "xz", "zstd" */

#endif
