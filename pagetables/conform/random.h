/* Random numbers that a seed replays. */
#ifndef MMUSIM_PAGETABLES_CONFORM_RANDOM_H
#define MMUSIM_PAGETABLES_CONFORM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct conform_random {
    uint64_t state;
};

/* splitmix64: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. */
static inline uint64_t conform_next(struct conform_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline uint64_t conform_below(struct conform_random *random, uint64_t limit)
{
    return conform_next(random) % limit;
}

/* With this chance in a hundred. */
static inline bool conform_chance(struct conform_random *random, unsigned percent)
{
    return conform_below(random, 100) < percent;
}

#endif
