#include "mmu/counters.h"

#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(struct core_counters, member)

struct named {
    const char *name;
    size_t offset;
    const char *text;
};

static const struct named accesses[] = {
    {"accesses.translations", AT(accesses.translations),
     "translations asked for; a page-crossing access is two"},
    {"accesses.loads", AT(accesses.loads), "translations for loads"},
    {"accesses.stores", AT(accesses.stores), "translations for stores"},
    {"accesses.fetches", AT(accesses.fetches), "translations for instruction fetches"},
    {"accesses.crossing", AT(accesses.crossing), "accesses that crossed a page"},
    {"accesses.faulted", AT(accesses.faulted), "translations that ended with a fault"},
    {"accesses.retries", AT(accesses.retries), "translations asked for again after their fault was handled"},
    {"accesses.conflicts", AT(accesses.conflicts), "look-ups for which several TLB entries matched"},
};

static const struct named others[] = {
    {"misses.merged", AT(misses.merged),
     "first-level misses that waited for an earlier one to the same page"},
    {"misses.walks", AT(misses.walks), "first-level misses that started a walk"},
    {"misses.no_walk", AT(misses.no_walk), "first-level misses that faulted before any fetch"},
    {"walker.walks", AT(walker.walks), "walks"},
    {"walker.steps", AT(walker.steps), "fetches of page-table entries; one of several words counts once"},
    {"walker.stage2_steps", AT(walker.stage2_steps), "of them: of stage 2"},
    {"walker.faults", AT(walker.faults), "walks that ended with a fault"},
    {"walker.cycles", AT(walker.cycles), "cycles from last-level miss to the end of the walk, summed"},
    {"walker.unfilled", AT(walker.unfilled),
     "walks that filled nothing: an invalidation arrived meanwhile, or they found an entry to be marked that "
     "allows no access that waited"},
    {"walker.restarted", AT(walker.restarted), "walks of accesses that had merged into one that faulted"},
    {"walker.updates", AT(walker.updates), "entries that hardware marked as accessed or dirty"},
    {"walker.updates_failed", AT(walker.updates_failed),
     "such updates that found another entry than the walk had read, so that it began anew"},
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
    {"invalidations.entries_dropped", AT(invalidations.entries_dropped),
     "entries of TLBs and walk caches that they dropped"},
    {"invalidations.interrupts", AT(invalidations.interrupts), "interrupts sent for them"},
    {"programs.barriers", AT(programs.barriers), "barriers: DSB, DMB, ISB, FENCE and MFENCE"},
    {"programs.barrier_cycles", AT(programs.barrier_cycles), "cycles spent in them"},
    {"programs.switches", AT(programs.switches), "switches of address space"},
    {"programs.faults", AT(programs.faults), "faults delivered to a program"},
    {"prefetch.asked", AT(prefetch.asked), "pages that the prefetcher named"},
    {"prefetch.issued", AT(prefetch.issued), "of them: walks begun"},
    {"prefetch.dropped", AT(prefetch.dropped), "of them: no miss or walker was free, or the space was left"},
    {"prefetch.useless", AT(prefetch.useless), "of them: some level had the page, or a miss was under way"},
    {"prefetch.filled", AT(prefetch.filled), "prefetches whose entry was there before anybody wanted it"},
    {"prefetch.unfilled", AT(prefetch.unfilled),
     "prefetches that left nothing: a fault, a flag to set, an invalidation meanwhile"},
    {"prefetch.useful", AT(prefetch.useful), "first hits on such entries, and late prefetches"},
    {"prefetch.late", AT(prefetch.late), "prefetches that an access waited for before they ended"},
    {"prefetch.unused", AT(prefetch.unused), "entries of prefetches that left without a hit"},
    {"adversary.acts", AT(adversary.acts), "times that the adversary acted"},
    {"adversary.idle", AT(adversary.idle), "of them: there was nothing to do, or no walker free"},
    {"adversary.walks", AT(adversary.walks), "of them: walks that nobody asked for"},
    {"adversary.fills", AT(adversary.fills), "walks of these whose result was filled while nobody wanted it"},
    {"adversary.evictions", AT(adversary.evictions),
     "of the acts: entries thrown out of TLBs and walk caches"},
    {"adversary.refills", AT(adversary.refills),
     "of the acts: entries of further levels put into levels in front"},
};

/* Of machines with a range TLB. */
static const struct named of_ranges[] = {
    {"misses.range_hits", AT(misses.range_hits),
     "first-level misses that a range answered, behind all levels"},
};

/* Of machines with data caches. */
static const struct named of_transactions[] = {
    {"transactions.direct", AT(transactions.direct), "transactions of requests that passed no cache"},
    {"transactions.fills", AT(transactions.fills), "transactions that fetched a line"},
    {"transactions.upgrades", AT(transactions.upgrades), "transactions that made a line the core's own"},
    {"transactions.writebacks", AT(transactions.writebacks), "transactions that wrote a dirty line back"},
    {"transactions.supplied", AT(transactions.supplied),
     "lines that came from another core's cache, on the bus or at a shared level"},
};

#define SIZE_OF(member) sizeof(((struct core_counters *)0)->member)

_Static_assert(
    (sizeof accesses + sizeof others + sizeof of_ranges + sizeof of_transactions) / sizeof(struct named) ==
        (AT(walk_cycles) - SIZE_OF(tlb) - SIZE_OF(arrays) - SIZE_OF(misses.hits) - SIZE_OF(caches)) /
            sizeof(uint64_t),
    "every counter has a name");

static const struct named of_level[] = {
    {"lookups", offsetof(struct tlb_counters, lookups), "look-ups of this level, one an access or miss"},
    {"hits", offsetof(struct tlb_counters, hits), "look-ups that an entry answered"},
    {"misses", offsetof(struct tlb_counters, misses), "look-ups that went on to the next level or a walk"},
};

static const struct named of_array[] = {
    {"lookups", offsetof(struct array_counters, lookups), "look-ups of this array"},
    {"hits", offsetof(struct array_counters, hits),
     "look-ups that one of its entries answered; of several, the one that is used"},
    {"fills", offsetof(struct array_counters, fills), "entries that were put in"},
    {"refilled", offsetof(struct array_counters, refilled), "of the fills, those in place of the same page"},
    {"evictions", offsetof(struct array_counters, evictions), "entries that made room for another"},
    {"dropped", offsetof(struct array_counters, dropped),
     "entries that left otherwise: invalidated, moved to another level, taken away"},
};

static const struct named of_cache[] = {
    {"lookups", offsetof(struct cache_counters, lookups), "look-ups of this level"},
    {"hits", offsetof(struct cache_counters, hits), "look-ups that found the line"},
    {"misses", offsetof(struct cache_counters, misses),
     "look-ups that asked the next level or memory for it"},
    {"merged", offsetof(struct cache_counters, merged), "look-ups that found the line on its way"},
    {"upgrades", offsetof(struct cache_counters, upgrades),
     "lines that were there and had to become the core's own for a store"},
    {"fills", offsetof(struct cache_counters, fills), "lines that came"},
    {"evictions", offsetof(struct cache_counters, evictions), "lines that made room for another"},
    {"dropped", offsetof(struct cache_counters, dropped),
     "lines that left otherwise: another core's store, a level behind that lost them, a clear"},
    {"writebacks", offsetof(struct cache_counters, writebacks), "evictions of lines that were dirty"},
    {"snooped", offsetof(struct cache_counters, snooped),
     "lines that another core took, or took a copy of while they were owned here"},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void set(struct mmu_counter *counter, const char *prefix, const char *name, const char *suffix,
                size_t offset, const char *text)
{
    snprintf(counter->name, sizeof counter->name, "%s%s%s%s", prefix, name, *suffix ? "." : "", suffix);
    counter->offset = offset;
    counter->text = text;
}

static bool fixed_at(const struct named *rows, size_t count, unsigned *index, struct mmu_counter *counter)
{
    if (*index >= count) {
        *index -= (unsigned)count;
        return false;
    }
    set(counter, "", rows[*index].name, "", rows[*index].offset, rows[*index].text);
    return true;
}

static bool has_group(const struct mmu_config *config, unsigned group)
{
    for (uint64_t i = 0; i < config->tlb_count; i++)
        if (counter_group(config->tlbs[i].level, config->tlbs[i].side) == group)
            return true;
    return false;
}

/* "l1i.lookups": by level; of one level fetches, loads and stores, both. */
static bool level_at(const struct mmu_config *config, unsigned *index, struct mmu_counter *counter)
{
    static const char *const sides[TLB_SIDES] = {"i", "d", ""};
    for (unsigned group = 0; group < COUNTER_GROUPS; group++) {
        char name[8];
        if (!has_group(config, group))
            continue;
        if (*index >= COUNT(of_level)) {
            *index -= (unsigned)COUNT(of_level);
            continue;
        }
        const struct named *suffix = &of_level[*index];
        snprintf(name, sizeof name, "l%u%s", group / TLB_SIDES + 1, sides[group % TLB_SIDES]);
        set(counter, "", name, suffix->name, AT(tlb) + group * sizeof(struct tlb_counters) + suffix->offset,
            suffix->text);
        return true;
    }
    return false;
}

static bool hits_at(const struct mmu_config *config, unsigned *index, struct mmu_counter *counter)
{
    uint64_t levels = 1;
    for (uint64_t i = 0; i < config->tlb_count; i++)
        levels = config->tlbs[i].level > levels ? config->tlbs[i].level : levels;
    if (*index >= levels - 1) {
        *index -= (unsigned)(levels - 1);
        return false;
    }
    unsigned level = *index + 2;
    snprintf(counter->name, sizeof counter->name, "misses.l%u_hits", level);
    counter->offset = AT(misses.hits) + (level - 1) * sizeof(uint64_t);
    counter->text = "first-level misses that hit this level";
    return true;
}

static unsigned array_count(const struct mmu_config *config)
{
    return (unsigned)(config->tlb_count + config->walk_cache_count + (config->range_tlb_entries > 0));
}

static const char *array_name(const struct mmu_config *config, unsigned number)
{
    if (number < config->tlb_count)
        return config->tlbs[number].name;
    number -= (unsigned)config->tlb_count;
    return number < config->walk_cache_count ? config->walk_caches[number].name : "range_tlb";
}

/* "tlb.l1d_2m.fills", "walk_cache.tables.hits", "range_tlb.hits" */
static bool array_at(const struct mmu_config *config, unsigned *index, struct mmu_counter *counter)
{
    unsigned number = *index / (unsigned)COUNT(of_array);
    unsigned arrays = array_count(config);
    if (number >= arrays) {
        *index -= arrays * (unsigned)COUNT(of_array);
        return false;
    }
    const struct named *suffix = &of_array[*index % COUNT(of_array)];
    const char *family = number < config->tlb_count                              ? "tlb."
                         : number < config->tlb_count + config->walk_cache_count ? "walk_cache."
                                                                                 : "";
    set(counter, family, array_name(config, number), suffix->name,
        AT(arrays) + number * sizeof(struct array_counters) + suffix->offset, suffix->text);
    return true;
}

/* "cache.l1.hits" */
static bool cache_at(const struct mmu_config *config, unsigned index, struct mmu_counter *counter)
{
    unsigned level = index / (unsigned)COUNT(of_cache);
    if (level >= config->cache_count)
        return false;
    const struct named *suffix = &of_cache[index % COUNT(of_cache)];
    set(counter, "cache.", config->caches[level].name, suffix->name,
        AT(caches) + level * sizeof(struct cache_counters) + suffix->offset, suffix->text);
    return true;
}

bool mmu_counter_at(const struct mmu_config *config, unsigned index, struct mmu_counter *counter)
{
    return fixed_at(accesses, COUNT(accesses), &index, counter) || level_at(config, &index, counter) ||
           hits_at(config, &index, counter) || fixed_at(others, COUNT(others), &index, counter) ||
           array_at(config, &index, counter) ||
           (config->range_tlb_entries > 0 && fixed_at(of_ranges, COUNT(of_ranges), &index, counter)) ||
           (config->cache_count > 0 && (fixed_at(of_transactions, COUNT(of_transactions), &index, counter) ||
                                        cache_at(config, index, counter)));
}

bool mmu_counter_find(const struct mmu_config *config, const char *name, struct mmu_counter *counter)
{
    for (unsigned i = 0; mmu_counter_at(config, i, counter); i++)
        if (strcmp(counter->name, name) == 0)
            return true;
    return false;
}

struct tlb_counters mmu_counters_of_level(const struct core_counters *counters, unsigned level)
{
    struct tlb_counters sum = {0, 0, 0};
    for (unsigned side = 0; side < TLB_SIDES; side++) {
        const struct tlb_counters *part = &counters->tlb[counter_group(level, side)];
        sum.lookups += part->lookups;
        sum.hits += part->hits;
        sum.misses += part->misses;
    }
    return sum;
}

uint64_t mmu_counter_get(const struct core_counters *counters, const struct mmu_counter *counter)
{
    uint64_t value;
    memcpy(&value, (const char *)counters + counter->offset, sizeof value);
    return value;
}

void mmu_counters_add(struct core_counters *into, const struct core_counters *from)
{
    for (size_t offset = 0; offset < AT(walk_cycles); offset += sizeof(uint64_t)) {
        uint64_t a, b;
        memcpy(&a, (const char *)into + offset, sizeof a);
        memcpy(&b, (const char *)from + offset, sizeof b);
        a += b;
        memcpy((char *)into + offset, &a, sizeof a);
    }
    histogram_merge(&into->walk_cycles, &from->walk_cycles);
    histogram_merge(&into->invalidation_cycles, &from->invalidation_cycles);
}
