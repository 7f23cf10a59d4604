/*
 * Streams: bulk work for a core, described once and executed in C.
 *
 * A stream gives accesses one after the other, in blocks. It is deterministic: the same description and
 * seed give the same accesses, whoever asks and in whatever block sizes.
 */
#ifndef MMUSIM_MMU_STREAM_H
#define MMUSIM_MMU_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "pagetables/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

struct stream_access {
    uint64_t va;
    uint64_t pc;         /* 0 if unknown */
    uint16_t size_bytes; /* 1 to 64 */
    uint8_t kind;        /* access_kind */
};

/* A source of accesses. `next` fills at most `capacity` and returns how many; 0 is the end; < 0 an error. */
struct stream {
    long (*next)(struct stream *stream, struct stream_access *accesses, size_t capacity);
    void (*close)(struct stream *stream); /* frees it */
    uint64_t remaining;                   /* how many are left; UINT64_MAX if unknown */
    const char *error;                    /* after next returned < 0: one sentence, owned by the stream */
};

enum stream_pattern {
    STREAM_SEQUENTIAL, /* base, base + step, ... and again from the base at the end of the region */
    STREAM_STRIDE,     /* the same with any stride, modulo the region; places where the access would reach
                          beyond the region are passed over */
    STREAM_UNIFORM,    /* base + a uniform multiple of the access size */
    STREAM_ZIPF,  /* pages by rank with probability ~ 1 / rank^skew; rank to page by a seeded permutation;
                     offset in the page uniform and aligned */
    STREAM_CHASE, /* one seeded cycle through all lines of `step_bytes` of the region (Sattolo) */
    STREAM_PATTERNS
};

struct stream_config {
    enum stream_pattern pattern;
    uint64_t base;         /* va, bytes */
    uint64_t region_bytes; /* at least one access; a multiple of the page for zipf */
    uint64_t accesses;     /* how many in all */
    uint64_t step_bytes;   /* sequential, stride: distance; chase: line. 0: 64 */
    uint64_t page_bytes;   /* zipf: 0 is 4096 */
    uint64_t seed;
    double skew;           /* zipf: > 0 */
    double store_fraction; /* 0 .. 1: this share of the accesses, drawn with the seed, are stores */
    uint16_t size_bytes;   /* of an access; 0: 8 */
    uint8_t kind;          /* access_kind of the others */
};

/* NULL on error, with a sentence in `error`. */
struct stream *stream_open(const struct stream_config *config, char *error, size_t error_bytes);

const char *stream_pattern_name(enum stream_pattern pattern);

#ifdef __cplusplus
}
#endif
#endif
