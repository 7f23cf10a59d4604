/*
 * Machines with data caches under a test's hands: lists of operations of which each is timed.
 */
#ifndef MMUSIM_MMU_TEST_CACHE_RIG_H
#define MMUSIM_MMU_TEST_CACHE_RIG_H

#include "mmu/test/rig.h"

struct timed {
    struct core_operation operation;
    uint64_t cycles; /* answer: from being posted to its end */
    uint64_t value;  /* answer */
};

/* Defaults but for a small memory, no store buffer, and no caches. */
void cache_rig_defaults(struct rig *rig, unsigned cores);
/* The next level, with these lines and ways. */
struct cache_config *cache_rig_level(struct rig *rig, uint64_t lines, uint64_t ways, uint64_t latency_cycles);
/* Every core its list, of which the last one has the kind CORE_OPERATION_KINDS. */
void cache_rig_play(struct rig *rig, struct timed *const *lists);

/* Operations by physical address. A compare-exchange that fails: what a store costs, without a store. */
struct timed timed_read(uint64_t pa);
struct timed timed_exchange(uint64_t pa, uint64_t expected, uint64_t desired);
struct timed timed_clear(uint64_t pa);
struct timed timed_wait(uint64_t cycles);
struct timed timed_end(void);

#endif
