/*
 * Counters: what a core did, counted once each. Named in one table, for the record and the summary.
 */
#ifndef MMUSIM_MMU_COUNTERS_H
#define MMUSIM_MMU_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mmu/config.h"
#include "mmu/histogram.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What one level does for one side: each access or miss that looks it up is one look-up, however many arrays
 * stand side by side. */
struct tlb_counters {
    uint64_t lookups, hits, misses;
};

/* Levels from 1, and sides. */
#define COUNTER_GROUPS (MMU_TLB_LEVELS_MAX * TLB_SIDES)

static inline unsigned counter_group(uint64_t level, uint64_t side)
{
    return (unsigned)((level - 1) * TLB_SIDES + side);
}

enum {
    GROUP_L1I = TLB_SIDE_INSTRUCTION,
    GROUP_L1D = TLB_SIDE_DATA,
    GROUP_L2 = TLB_SIDES + TLB_SIDE_BOTH,
};

/* One array: a TLB, a walk cache, or the range TLB. fills = refilled + evictions + dropped + what is still
 * there. */
struct array_counters {
    uint64_t lookups, hits;
    uint64_t fills;
    uint64_t refilled;  /* of them: in place of the same page */
    uint64_t evictions; /* entries that made room for another */
    uint64_t dropped;   /* entries that left otherwise: invalidated, moved, taken away */
};

#define COUNTER_ARRAYS (MMU_TLBS_MAX + MMU_WALK_CACHES_MAX + 1) /* the last: the range TLB */

struct bus_counters {
    uint64_t requests, busy_cycles, wait_cycles;
};

/* One level of the data caches, by what this core caused; of its own caches also by what others did to them.
 */
struct cache_counters {
    uint64_t lookups; /* hits + misses + merged */
    uint64_t hits, misses;
    uint64_t merged;     /* found the line on its way */
    uint64_t upgrades;   /* began to ask to own a line that is there */
    uint64_t fills;      /* lines that came; evictions + dropped + what is still there */
    uint64_t evictions;  /* lines that made room for another */
    uint64_t dropped;    /* lines that left otherwise */
    uint64_t writebacks; /* of the evictions: dirty, here or in front */
    uint64_t snooped;    /* lines that another core took, or took a copy of while they were owned here */
};

/* Every member before the histograms is a uint64_t with a name. */
struct core_counters {
    struct tlb_counters tlb[COUNTER_GROUPS];
    struct array_counters arrays[COUNTER_ARRAYS]; /* by number, as in the record */
    struct {
        uint64_t merged, walks, no_walk, range_hits;
        uint64_t hits[MMU_TLB_LEVELS_MAX]; /* by level; the first is unused */
    } misses;                              /* how first-level misses were served, an access each */
    struct {
        uint64_t walks, steps, stage2_steps, faults, cycles, unfilled, restarted, updates, updates_failed;
    } walker;
    struct {
        uint64_t translations, loads, stores, fetches, crossing, faulted, retries, conflicts;
    } accesses;
    struct bus_counters bus;
    struct {
        uint64_t stores, forwarded, full_cycles;
    } store_buffer;
    struct {
        uint64_t issued, completed, cycles, received, entries_dropped, interrupts;
    } invalidations;
    struct {
        uint64_t barriers, barrier_cycles, switches, faults;
    } programs;
    struct {
        uint64_t asked; /* issued + dropped + useless */
        uint64_t issued, dropped, useless;
        uint64_t filled, unfilled; /* issued = filled + unfilled + late, once all walks have ended */
        uint64_t useful, late;     /* filled = useful - late + unused + what is there and was not hit */
        uint64_t unused;
    } prefetch;
    struct {
        uint64_t acts; /* idle + walks + evictions + refills */
        uint64_t idle, walks, fills, evictions, refills;
    } adversary;
    /* of machines with data caches */
    struct {
        uint64_t direct; /* passed no cache */
        uint64_t fills, upgrades, writebacks;
        uint64_t supplied; /* lines that came from another core's cache: on the bus they are fills, too */
    } transactions;        /* direct + fills + upgrades + writebacks = bus.requests, once all are granted */
    struct cache_counters caches[MMU_CACHES_MAX];
    struct histogram walk_cycles;         /* from the last level's miss to the end of the walk */
    struct histogram invalidation_cycles; /* from the issue to the last acknowledgement */
};

struct mmu_counter {
    char name[48];    /* "l1d.hits" */
    size_t offset;    /* of its uint64_t in struct core_counters */
    const char *text; /* one line */
};

/* The counters of this machine, by index; false past the end. Levels and arrays that it does not have are
 * left out. */
bool mmu_counter_at(const struct mmu_config *config, unsigned index, struct mmu_counter *counter);
bool mmu_counter_find(const struct mmu_config *config, const char *name, struct mmu_counter *counter);
/* Of all sides of a level, from 1. */
struct tlb_counters mmu_counters_of_level(const struct core_counters *counters, unsigned level);
uint64_t mmu_counter_get(const struct core_counters *counters, const struct mmu_counter *counter);
void mmu_counters_add(struct core_counters *into, const struct core_counters *from);

#ifdef __cplusplus
}
#endif
#endif
