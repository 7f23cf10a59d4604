/* Random numbers of the TLB's tests: printed seed, replay by MMUSIM_SEED, and the same on every machine. */
#ifndef MMUSIM_TLB_TEST_RANDOM_H
#define MMUSIM_TLB_TEST_RANDOM_H

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* SplitMix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014. */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t mixed = (*state += UINT64_C(0x9e3779b97f4a7c15));
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

/* 0 to bound - 1. The bias is below bound / 2^64: nothing, for the bounds of a test. */
static inline uint64_t random_below(uint64_t *state, uint64_t bound)
{
    return random_next(state) % bound;
}

static inline bool random_chance(uint64_t *state, unsigned percent)
{
    return random_below(state, 100) < percent;
}

/* A number from the environment, or `standard` if it is not set. */
static inline uint64_t random_setting(const char *name, uint64_t standard)
{
    const char *text = getenv(name);
    if (!text)
        return standard;
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 0);
    if (errno != 0 || end == text || *end != '\0') {
        (void)fprintf(stderr, "%s is \"%s\", but must be a number below 2^64\n", name, text);
        exit(2);
    }
    return value;
}

/* The seed of this run, which is printed: MMUSIM_SEED if it is set, else 1. */
static inline uint64_t random_seed(void)
{
    uint64_t seed = random_setting("MMUSIM_SEED", 1);
    if (printf("MMUSIM_SEED=0x%" PRIx64 " replays this run\n", seed) < 0 || fflush(stdout) != 0)
        exit(2);
    return seed;
}

/* How many random cases to try: MMUSIM_RUNS if it is set. */
static inline unsigned random_runs(unsigned standard)
{
    return (unsigned)random_setting("MMUSIM_RUNS", standard);
}

#endif
