#include "mmu/counters.h"

#include <string.h>

#define AT(member) offsetof(struct core_counters, member)

static const struct mmu_counter names[] = {
    {"accesses.translations", AT(accesses.translations),
     "translations asked for; a page-crossing access is two"},
    {"accesses.loads", AT(accesses.loads), "translations for loads"},
    {"accesses.stores", AT(accesses.stores), "translations for stores"},
    {"accesses.fetches", AT(accesses.fetches), "translations for instruction fetches"},
    {"accesses.crossing", AT(accesses.crossing), "accesses that crossed a page"},
    {"accesses.faulted", AT(accesses.faulted), "translations that ended with a fault"},
    {"accesses.retries", AT(accesses.retries), "translations asked for again after their fault was handled"},
    {"l1i.lookups", AT(l1i.lookups), "first-level instruction TLB: look-ups"},
    {"l1i.hits", AT(l1i.hits), "first-level instruction TLB: hits"},
    {"l1i.misses", AT(l1i.misses), "first-level instruction TLB: misses"},
    {"l1d.lookups", AT(l1d.lookups), "first-level data TLB: look-ups"},
    {"l1d.hits", AT(l1d.hits), "first-level data TLB: hits"},
    {"l1d.misses", AT(l1d.misses), "first-level data TLB: misses"},
    {"l2.lookups", AT(l2.lookups),
     "second-level TLB: look-ups, one for each first-level miss that did not merge"},
    {"l2.hits", AT(l2.hits), "second-level TLB: hits"},
    {"l2.misses", AT(l2.misses), "second-level TLB: misses"},
    {"misses.merged", AT(misses.merged),
     "first-level misses that waited for an earlier one to the same page"},
    {"misses.l2_hits", AT(misses.l2_hits), "first-level misses that hit the second level"},
    {"misses.walks", AT(misses.walks), "first-level misses that started a walk"},
    {"misses.no_walk", AT(misses.no_walk), "first-level misses that faulted before any fetch"},
    {"walker.walks", AT(walker.walks), "walks"},
    {"walker.steps", AT(walker.steps), "page-table entries fetched"},
    {"walker.faults", AT(walker.faults), "walks that ended with a fault"},
    {"walker.cycles", AT(walker.cycles), "cycles from second-level miss to the end of the walk, summed"},
    {"walker.unfilled", AT(walker.unfilled),
     "walks that filled nothing, since an invalidation arrived meanwhile"},
    {"walker.restarted", AT(walker.restarted), "walks of accesses that had merged into one that faulted"},
    {"bus.requests", AT(bus.requests), "transactions"},
    {"bus.busy_cycles", AT(bus.busy_cycles), "cycles that the core's transactions kept the bus"},
    {"bus.wait_cycles", AT(bus.wait_cycles), "cycles from request to grant, summed"},
    {"store_buffer.stores", AT(store_buffer.stores), "stores that entered"},
    {"store_buffer.forwarded", AT(store_buffer.forwarded), "loads served from it"},
    {"store_buffer.full_cycles", AT(store_buffer.full_cycles), "cycles that stores waited for room, summed"},
    {"invalidations.issued", AT(invalidations.issued), "invalidations issued"},
    {"invalidations.completed", AT(invalidations.completed), "invalidations acknowledged by every core"},
    {"invalidations.cycles", AT(invalidations.cycles), "cycles from issue to last acknowledgement, summed"},
    {"invalidations.received", AT(invalidations.received), "invalidations carried out at this core"},
    {"invalidations.entries_dropped", AT(invalidations.entries_dropped), "TLB entries they dropped"},
    {"programs.barriers", AT(programs.barriers), "DSB and ISB"},
    {"programs.barrier_cycles", AT(programs.barrier_cycles), "cycles spent in them"},
    {"programs.switches", AT(programs.switches), "switches of address space"},
    {"programs.faults", AT(programs.faults), "faults delivered to a program"},
};

_Static_assert(sizeof names / sizeof *names == AT(walk_cycles) / sizeof(uint64_t),
               "every counter has a name");

const struct mmu_counter *mmu_counter_at(unsigned index)
{
    return index < sizeof names / sizeof *names ? &names[index] : NULL;
}

uint64_t mmu_counter_get(const struct core_counters *counters, const struct mmu_counter *counter)
{
    uint64_t value;
    memcpy(&value, (const char *)counters + counter->offset, sizeof value);
    return value;
}

void mmu_counters_add(struct core_counters *into, const struct core_counters *from)
{
    const struct mmu_counter *counter;
    for (unsigned i = 0; (counter = mmu_counter_at(i)); i++) {
        uint64_t sum = mmu_counter_get(into, counter) + mmu_counter_get(from, counter);
        memcpy((char *)into + counter->offset, &sum, sizeof sum);
    }
    histogram_merge(&into->walk_cycles, &from->walk_cycles);
    histogram_merge(&into->invalidation_cycles, &from->invalidation_cycles);
}
