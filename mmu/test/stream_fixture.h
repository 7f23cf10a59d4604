/* What the tests of streams share: configurations, and a whole stream as an array. */
#ifndef MMUSIM_MMU_TEST_STREAM_FIXTURE_H
#define MMUSIM_MMU_TEST_STREAM_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mmu/stream.h"

#define BASE         UINT64_C(0x400000)
#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint64_t test_seed = 1; /* MMUSIM_SEED */

static inline struct stream *open_or_fail(const struct stream_config *config)
{
    char error[200] = "";
    struct stream *stream = stream_open(config, error, sizeof error);

    if (!stream)
        fail_msg("%s", error);
    return stream;
}

/* The whole stream, in blocks of `block`; with 0, in blocks of random size. The caller frees it. */
static inline struct stream_access *take_all(const struct stream_config *config, size_t block)
{
    struct stream *stream = open_or_fail(config);
    struct stream_access *accesses = calloc((size_t)config->accesses + 1, sizeof *accesses);
    size_t taken = 0;
    long got;

    assert_non_null(accesses);
    do {
        size_t left = (size_t)config->accesses - taken;
        size_t wanted = block ? block : 1 + (size_t)rand() % 300;

        assert_int_equal(stream->remaining, left);
        got = stream->next(stream, accesses + taken, wanted < left ? wanted : left + 1);
        assert_true(got >= 0);
        taken += (size_t)got;
    } while (got > 0);
    assert_int_equal(taken, config->accesses);
    assert_int_equal(stream->remaining, 0);
    stream->close(stream);
    return accesses;
}

static inline bool same_addresses(const struct stream_access *a, const struct stream_access *b,
                                  uint64_t count)
{
    while (count > 0 && a->va == b->va)
        a++, b++, count--;
    return count == 0;
}

static inline bool same_accesses(const struct stream_access *a, const struct stream_access *b, uint64_t count)
{
    bool same = same_addresses(a, b, count);

    for (; same && count > 0; a++, b++, count--)
        same = a->pc == b->pc && a->size_bytes == b->size_bytes && a->kind == b->kind;
    return same;
}

static inline struct stream_config zipf_config(uint64_t pages, double skew, uint64_t accesses)
{
    return (struct stream_config){.pattern = STREAM_ZIPF,
                                  .base = BASE,
                                  .region_bytes = pages * 4096,
                                  .page_bytes = 4096,
                                  .seed = test_seed,
                                  .skew = skew,
                                  .accesses = accesses};
}

static inline struct stream_config any_config(enum stream_pattern pattern, uint64_t seed)
{
    return (struct stream_config){.pattern = pattern,
                                  .base = BASE,
                                  .region_bytes = 64 * 4096,
                                  .step_bytes = 192,
                                  .seed = seed,
                                  .skew = 0.99,
                                  .store_fraction = 0.3,
                                  .accesses = 10000};
}

/* The tests of test_stream_random.c; how many failed. */
int stream_random_tests(void);

/* MMUSIM_SEED, or 1; printed, so that a failure can be run again. */
static inline void read_seed(void)
{
    const char *text = getenv("MMUSIM_SEED");

    if (text)
        test_seed = strtoull(text, NULL, 0);
    srand((unsigned)test_seed);
    printf("MMUSIM_SEED=%llu\n", (unsigned long long)test_seed);
}

#endif
