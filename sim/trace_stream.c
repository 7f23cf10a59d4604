#include "sim/trace_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "traces/trace.h"

#define BLOCK 256u

struct trace_stream {
    struct stream stream;
    struct trace_stream_config config;
    struct trace_reader *reader;
    struct trace_record records[BLOCK];
    long count, next;
    uint64_t left;      /* records still to be replayed */
    bool store_follows; /* the store of an M record that did not fit the last block */
    struct stream_access store;
    struct trace_error error;
};

static bool refill(struct trace_stream *self)
{
    if (self->left == 0)
        return false;
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

/* How many accesses one record gave: 0, 1, or 2. */
static size_t translate(struct trace_stream *self, const struct trace_record *record,
                        struct stream_access *place)
{
    if (record->kind == TRACE_INSTRUCTION && !self->config.fetches)
        return 0;
    place[0] = (struct stream_access){.va = record->va + self->config.offset,
                                      .pc = record->pc + (record->pc ? self->config.offset : 0),
                                      .size_bytes = (uint16_t)record->size_bytes,
                                      .kind = kind_of(record)};
    if (record->kind != TRACE_MODIFY)
        return 1;
    self->store = place[0];
    self->store.kind = ACCESS_STORE;
    self->store_follows = true;
    return 1;
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
        if (self->store_follows) {
            accesses[given++] = self->store;
            self->store_follows = false;
            continue;
        }
        if (self->next == self->count && !refill(self))
            break;
        const struct trace_record *record = &self->records[self->next++];
        if (!count_instruction(self, record)) {
            stream->error = "out of memory";
            return -1;
        }
        given += translate(self, record, &accesses[given]);
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
