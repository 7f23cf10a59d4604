/*
 * Counters: what a core did, counted once each. Named in one table, for the record and the summary.
 */
#ifndef MMUSIM_MMU_COUNTERS_H
#define MMUSIM_MMU_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "mmu/histogram.h"

#ifdef __cplusplus
extern "C" {
#endif

struct tlb_counters {
    uint64_t lookups, hits, misses;
};

/* Every member before the histogram is a uint64_t and has a row in the table of names. */
struct core_counters {
    struct tlb_counters l1i, l1d, l2;
    struct {
        uint64_t merged, l2_hits, walks, no_walk;
    } misses; /* how first-level misses were served, an access each */
    struct {
        uint64_t walks, steps, faults, cycles, unfilled, restarted;
    } walker;
    struct {
        uint64_t translations, loads, stores, fetches, crossing, faulted, retries;
    } accesses;
    struct {
        uint64_t requests, busy_cycles, wait_cycles;
    } bus;
    struct {
        uint64_t stores, forwarded, full_cycles;
    } store_buffer;
    struct {
        uint64_t issued, completed, cycles, received, entries_dropped;
    } invalidations;
    struct {
        uint64_t barriers, barrier_cycles, switches, faults;
    } programs;
    struct histogram walk_cycles;         /* from the second-level miss to the end of the walk */
    struct histogram invalidation_cycles; /* from the issue to the last acknowledgement */
};

struct mmu_counter {
    const char *name; /* "l1d.hits" */
    size_t offset;    /* of its uint64_t in struct core_counters */
    const char *text; /* one line */
};

/* By index; NULL past the end. */
const struct mmu_counter *mmu_counter_at(unsigned index);
uint64_t mmu_counter_get(const struct core_counters *counters, const struct mmu_counter *counter);
void mmu_counters_add(struct core_counters *into, const struct core_counters *from);

#ifdef __cplusplus
}
#endif
#endif
