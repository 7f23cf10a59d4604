#include "mmu/coherence.h"

#include "mmu/core.h"
#include "mmu/memory_access.h"
#include "mmu/transaction.h"
#include "mmu/transfer.h"

/* A copy of a line in one cache: in the array, on its way there, or both (an upgrade). */
struct copy {
    struct cache *cache;
    struct transfer *fill; /* decided; NULL if there is none */
    uint32_t slot;         /* TLB_NONE if there is none */
    uint8_t state;
};

static bool find_copy(const struct memory_system *system, unsigned level, unsigned core, uint64_t line,
                      struct copy *copy)
{
    copy->cache = cache_of(system, level, core);
    copy->slot = cache_find(copy->cache, line);
    uint32_t fill = transfer_fill_of(system, copy->cache, line);
    copy->fill = fill != NO_INDEX && system->transfers[fill].decided ? &system->transfers[fill] : NULL;
    copy->state = copy->slot != TLB_NONE ? copy->cache->states[copy->slot] : 0;
    copy->state |= copy->fill ? copy->fill->state : 0;
    return copy->slot != TLB_NONE || copy->fill;
}

static void drop_copy(struct copy *copy)
{
    if (copy->slot != TLB_NONE)
        cache_drop(copy->cache, copy->slot);
    if (copy->fill)
        copy->fill->dropped = true;
}

static void share_copy(struct copy *copy)
{
    if (copy->slot != TLB_NONE)
        copy->cache->states[copy->slot] = 0;
    if (copy->fill)
        copy->fill->state = 0;
}

static struct cache_counters *counters_of(struct machine *machine, unsigned core, unsigned level)
{
    return &machine->cores[core].counters.caches[level - 1];
}

/* Another core's own caches; true if it owned the line. */
static bool snoop(struct machine *machine, unsigned core, uint64_t line, bool own, uint64_t *ready_cycle)
{
    struct memory_system *system = &machine->memory_system;
    bool owned = false;
    for (unsigned level = 1; level < system->coherent_level; level++) {
        struct copy copy;
        if (!find_copy(system, level, core, line, &copy) || (!own && !(copy.state & LINE_OWNED)))
            continue;
        owned |= (copy.state & LINE_OWNED) != 0;
        if (copy.fill && copy.fill->ready_cycle > *ready_cycle)
            *ready_cycle = copy.fill->ready_cycle;
        counters_of(machine, core, level)->snooped++;
        if (!own) {
            share_copy(&copy);
            continue;
        }
        counters_of(machine, core, level)->dropped += copy.slot != TLB_NONE;
        drop_copy(&copy);
    }
    return owned;
}

bool coherence_acquire(struct machine *machine, struct core *core, uint64_t line, bool own,
                       uint64_t *ready_cycle)
{
    uint64_t arrived_cycle = *ready_cycle;
    bool supplied = false;
    for (uint32_t i = 0; i < machine->config.cores; i++)
        if (i != core->index)
            supplied |= snoop(machine, i, line, own, &arrived_cycle);
    if (!supplied)
        return false;
    core->counters.transactions.supplied++;
    *ready_cycle = arrived_cycle + machine->memory_system.supply_cycles;
    return true;
}

/* ---- inclusion --------------------------------------------------------------------------------- */

/* True if one of the copies was dirty. `core` is charged with those of shared caches. */
static bool drop_everywhere(struct machine *machine, const struct core *core, unsigned level, uint64_t line)
{
    struct memory_system *system = &machine->memory_system;
    uint32_t count = system->levels[level - 1].count;
    bool dirty = false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t owner = count > 1 ? i : core->index;
        struct copy copy;
        if (!find_copy(system, level, owner, line, &copy))
            continue;
        dirty |= (copy.state & LINE_DIRTY) != 0;
        counters_of(machine, owner, level)->dropped += copy.slot != TLB_NONE;
        drop_copy(&copy);
    }
    return dirty;
}

/* Of the levels in front of this one, in caches that stand before its cache. */
static bool drop_in_front(struct machine *machine, const struct core *core, unsigned level, uint64_t line)
{
    struct memory_system *system = &machine->memory_system;
    bool dirty = false;
    for (unsigned front = 1; front < level; front++) {
        struct copy copy;
        if (system->levels[level - 1].shared) {
            dirty |= drop_everywhere(machine, core, front, line);
        } else if (find_copy(system, front, core->index, line, &copy)) {
            dirty |= (copy.state & LINE_DIRTY) != 0;
            counters_of(machine, core->index, front)->dropped += copy.slot != TLB_NONE;
            drop_copy(&copy);
        }
    }
    return dirty;
}

/* The next level that holds the line, as inclusion promises, takes it; memory, if there is none. */
static void pass_dirty_on(struct machine *machine, struct core *core, unsigned level, uint64_t line,
                          uint64_t cycle)
{
    struct memory_system *system = &machine->memory_system;
    for (unsigned behind = level + 1; behind <= system->level_count; behind++) {
        struct copy copy;
        if (!find_copy(system, behind, core->index, line, &copy))
            continue;
        if (copy.slot != TLB_NONE)
            copy.cache->states[copy.slot] |= LINE_DIRTY;
        else
            copy.fill->state |= LINE_DIRTY;
        return;
    }
    transaction_write_back(machine, core, line, cycle);
}

void coherence_evict(struct machine *machine, struct core *core, unsigned level,
                     const struct cache_victim *victim, uint64_t cycle)
{
    struct cache_counters *counters = counters_of(machine, core->index, level);
    bool dirty = drop_in_front(machine, core, level, victim->line) || (victim->state & LINE_DIRTY) != 0;
    counters->evictions++;
    if (!dirty)
        return;
    counters->writebacks++;
    pass_dirty_on(machine, core, level, victim->line, cycle);
}

/* ---- around the caches ------------------------------------------------------------------------- */

bool coherence_is_dirty(const struct machine *machine, uint64_t line)
{
    const struct memory_system *system = &machine->memory_system;
    for (unsigned level = 1; level <= system->level_count; level++)
        for (uint32_t i = 0; i < system->levels[level - 1].count; i++) {
            struct copy copy;
            if (find_copy(system, level, i, line, &copy) && copy.state & LINE_DIRTY)
                return true;
        }
    return transaction_writes_back(system, line);
}

/* Foreign memory gets the line before the request, within its transaction; ours has it anyway. */
static void clean(struct machine *machine, struct core *core, uint64_t line, uint64_t cycle)
{
    struct line_transaction transaction = {.core = core, .line = line, .grant_cycle = cycle};
    if (machine->port.access && coherence_is_dirty(machine, line))
        (void)memory_access_write_line(machine, &transaction);
}

void coherence_bypass(struct machine *machine, struct core *core, const struct bus_request *request)
{
    struct memory_system *system = &machine->memory_system;
    if (system->level_count == 0 || !memory_contains(&machine->memory, request->pa, request->size_bytes))
        return;
    uint64_t first = request->pa >> system->line_lg2;
    uint64_t last = (request->pa + request->size_bytes - 1) >> system->line_lg2;
    for (uint64_t line = first; line <= last; line++) {
        clean(machine, core, line, request->grant_cycle);
        for (unsigned level = 1; request->kind != MEMORY_READ && level <= system->level_count; level++)
            (void)drop_everywhere(machine, core, level, line);
    }
}
