/*
 * The bare loop that the bench compares with: two levels of 4 KiB pages, true LRU by timestamps, plain
 * arrays, everything that can be a constant is one. It is a measuring stick, not a TLB.
 */
#ifndef MMUSIM_TLB_BENCH_BARE_H
#define MMUSIM_TLB_BENCH_BARE_H

#include <stdint.h>

enum { BARE_L1_SETS = 16, BARE_L1_WAYS = 4, BARE_L2_SETS = 128, BARE_L2_WAYS = 12 };

struct bare {
    uint64_t clock;
    uint64_t l1_pages[BARE_L1_SETS][BARE_L1_WAYS]; /* page number + 1; 0 is empty */
    uint64_t l1_stamps[BARE_L1_SETS][BARE_L1_WAYS];
    uint64_t l2_pages[BARE_L2_SETS][BARE_L2_WAYS];
    uint64_t l2_stamps[BARE_L2_SETS][BARE_L2_WAYS];
};

/* True if the page was there; it is now, as the most recently used. */
static inline int bare_look_up(uint64_t *pages, uint64_t *stamps, int ways, uint64_t page, uint64_t stamp)
{
    int oldest = 0;
    for (int way = 0; way < ways; way++) {
        if (pages[way] == page) {
            stamps[way] = stamp;
            return 1;
        }
    }
    for (int way = 1; way < ways; way++)
        if (stamps[way] < stamps[oldest])
            oldest = way;
    pages[oldest] = page;
    stamps[oldest] = stamp;
    return 0;
}

/* The level that hit: 1, 2, or 0 for none. */
static inline int bare_access(struct bare *bare, uint64_t va)
{
    uint64_t page = va >> 12;
    uint64_t l1 = page % BARE_L1_SETS;
    uint64_t l2 = page % BARE_L2_SETS;
    uint64_t stamp = ++bare->clock;
    if (bare_look_up(bare->l1_pages[l1], bare->l1_stamps[l1], BARE_L1_WAYS, page + 1, stamp))
        return 1;
    return bare_look_up(bare->l2_pages[l2], bare->l2_stamps[l2], BARE_L2_WAYS, page + 1, stamp) ? 2 : 0;
}

#endif
