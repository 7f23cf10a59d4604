/* Random numbers for tests: the seed is printed; it is MMUSIM_SEED, or 1. */
#ifndef MMUSIM_PAGETABLES_TEST_RANDOM_H
#define MMUSIM_PAGETABLES_TEST_RANDOM_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct random_stream {
    uint64_t state;
};

/* splitmix64: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. */
static inline uint64_t random_next(struct random_stream *stream)
{
    uint64_t z = stream->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline uint64_t random_below(struct random_stream *stream, uint64_t limit)
{
    return random_next(stream) % limit;
}

static inline struct random_stream random_begin(const char *test)
{
    const char *seed = getenv("MMUSIM_SEED");
    struct random_stream stream = {seed ? strtoull(seed, NULL, 0) : 1};
    printf("%s: MMUSIM_SEED=%" PRIu64 "\n", test, stream.state);
    return stream;
}

#endif
