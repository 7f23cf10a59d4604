#include "sim/trace_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "traces/trace.h"

#define BLOCK            256u
#define ACCESS_BYTES_MAX 64u

struct trace_stream {
    struct stream stream;
    struct trace_stream_config config;
    struct trace_reader *reader;
    struct trace_record records[BLOCK];
    long count, next;
    uint64_t left;             /* records still to be replayed */
    struct stream_access rest; /* of the record given last: what is left of its bytes */
    uint32_t rest_bytes;
    struct stream_access store; /* of an M record: it follows the load */
    uint32_t store_bytes;
    struct trace_error error;
};

static bool refill(struct trace_stream *self)
{
    if (self->left == 0 || self->count < 0)
        return false; /* at its end, or failed: it stays so */
    size_t wanted = self->left < BLOCK ? (size_t)self->left : BLOCK;
    self->next = 0;
    self->count = trace_read(self->reader, self->records, wanted, &self->error);
    if (self->count > 0)
        self->left -= (uint64_t)self->count;
    return self->count > 0;
}

static uint8_t kind_of(const struct trace_record *record)
{
    static const uint8_t kinds[] = {[TRACE_INSTRUCTION] = ACCESS_FETCH,
                                    [TRACE_LOAD] = ACCESS_LOAD,
                                    [TRACE_STORE] = ACCESS_STORE,
                                    [TRACE_MODIFY] = ACCESS_LOAD};
    return kinds[record->kind];
}

/* A record becomes one access, or several of at most 64 bytes (a saved register file, say). */
static void begin_record(struct trace_stream *self, const struct trace_record *record)
{
    if (record->kind == TRACE_INSTRUCTION && !self->config.fetches)
        return;
    self->rest = (struct stream_access){.va = record->va + self->config.offset,
                                        .pc = record->pc + (record->pc ? self->config.offset : 0),
                                        .kind = kind_of(record)};
    self->rest_bytes = record->size_bytes;
    if (record->kind != TRACE_MODIFY)
        return;
    self->store = self->rest;
    self->store.kind = ACCESS_STORE;
    self->store_bytes = record->size_bytes;
}

static struct stream_access take_access(struct trace_stream *self)
{
    struct stream_access access = self->rest;
    access.size_bytes = (uint16_t)(self->rest_bytes < ACCESS_BYTES_MAX ? self->rest_bytes : ACCESS_BYTES_MAX);
    self->rest.va += access.size_bytes;
    self->rest_bytes -= access.size_bytes;
    if (self->rest_bytes == 0 && self->store_bytes > 0) {
        self->rest = self->store;
        self->rest_bytes = self->store_bytes;
        self->store_bytes = 0;
    }
    return access;
}

static bool count_instruction(struct trace_stream *self, const struct trace_record *record)
{
    if (!self->config.instructions)
        return true;
    struct trace_record moved = *record;
    moved.va += self->config.offset;
    return instruction_table_add(self->config.instructions, &moved);
}

static long trace_stream_next(struct stream *stream, struct stream_access *accesses, size_t capacity)
{
    struct trace_stream *self = (struct trace_stream *)stream;
    size_t given = 0;
    while (given < capacity) {
        if (self->rest_bytes > 0) {
            accesses[given++] = take_access(self);
            continue;
        }
        if (self->next >= self->count && !refill(self))
            break;
        const struct trace_record *record = &self->records[self->next++];
        if (!count_instruction(self, record)) {
            stream->error = "out of memory";
            return -1;
        }
        begin_record(self, record);
    }
    if (given == 0 && self->count < 0) {
        stream->error = self->error.text;
        return -1;
    }
    return (long)given;
}

static void trace_stream_close(struct stream *stream)
{
    struct trace_stream *self = (struct trace_stream *)stream;
    if (self->reader)
        trace_close(self->reader);
    free(self);
}

static bool skip_records(struct trace_stream *self)
{
    for (uint64_t left = self->config.skip; left > 0;) {
        long count =
            trace_read(self->reader, self->records, left < BLOCK ? (size_t)left : BLOCK, &self->error);
        if (count < 0)
            return false;
        if (count == 0) {
            snprintf(self->error.text, sizeof self->error.text,
                     "%s: the trace ends %" PRIu64 " records before those that are to be replayed",
                     self->config.path, left);
            return false;
        }
        left -= (uint64_t)count;
    }
    return true;
}

struct stream *trace_stream_open(const struct trace_stream_config *config, char *error, size_t error_bytes)
{
    struct trace_stream *self = calloc(1, sizeof *self);
    if (!self) {
        snprintf(error, error_bytes, "out of memory");
        return NULL;
    }
    self->config = *config;
    self->left = config->records;
    self->stream =
        (struct stream){.next = trace_stream_next, .close = trace_stream_close, .remaining = UINT64_MAX};
    self->reader = trace_open(config->path, &self->error);
    if (self->reader && skip_records(self)) {
        self->config.path = NULL; /* the caller's, gone after this call */
        return &self->stream;
    }
    snprintf(error, error_bytes, "%s", self->error.text);
    trace_stream_close(&self->stream);
    return NULL;
}
