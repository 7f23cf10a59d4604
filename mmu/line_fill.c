/*
 * Look-ups and fills: how a request finds its lines in the levels, and how lines come there.
 */
#include "mmu/line_fill.h"

#include "mmu/coherence.h"
#include "mmu/core.h"
#include "mmu/memory_access.h"
#include "mmu/transfer.h"

static void finish_part(struct machine *machine, uint32_t index, uint64_t ready_cycle, uint64_t cycle,
                        bool aborted)
{
    struct memory_system *system = &machine->memory_system;
    const struct transfer *part = &system->transfers[index];
    struct core *core = &machine->cores[part->core];
    uint32_t number = part->request;
    struct bus_request *request = &core->requests[number];
    request->aborted |= aborted;
    if (ready_cycle > request->answer_cycle)
        request->answer_cycle = ready_cycle;
    transfer_release(system, index);
    if (--request->parts > 0)
        return;
    request->grant_cycle = cycle;
    if (!request->aborted)
        memory_access_cached(machine, core, request);
    memory_system_answer(core, number, cycle);
}

/* The last part of its request, which would be decided now, but for another access to a word of it. */
static bool is_in_the_way(struct machine *machine, const struct transfer *part, uint64_t cycle)
{
    const struct bus_request *request = &machine->cores[part->core].requests[part->request];
    return request->parts == 1 && !request->aborted && !memory_system_claim(machine, request, cycle);
}

/* The level has the line for the one that asks, from `ready_cycle` on; `state` is the line's there. */
static void serve(struct machine *machine, uint32_t index, uint64_t ready_cycle, uint8_t *state,
                  uint64_t cycle)
{
    struct memory_system *system = &machine->memory_system;
    const struct transfer *asking = &system->transfers[index];
    bool meets = asking->level < system->coherent_level && asking->target >= system->coherent_level;
    if (asking->kind == TRANSFER_PART && is_in_the_way(machine, asking, cycle)) {
        memory_system_schedule(machine, cycle + 1, MEMORY_ACT_PERFORM, 0, asking->core, index);
        return;
    }
    if (meets &&
        coherence_acquire(machine, &machine->cores[asking->core], asking->line, asking->own, &ready_cycle) &&
        !asking->own)
        *state |= LINE_DIRTY;
    if (asking->stores)
        *state |= LINE_DIRTY;
    if (ready_cycle < asking->least_cycle)
        ready_cycle = asking->least_cycle;
    if (asking->kind == TRANSFER_PART)
        finish_part(machine, index, ready_cycle, cycle, false);
    else
        line_decide(machine, index, ready_cycle, cycle);
}

static bool needs_owner(const struct memory_system *system, const struct transfer *asking)
{
    return asking->own && asking->target < system->coherent_level;
}

/* On a fill of the line that it looked for: served if that is decided and suffices. */
static void wait_for_fill(struct machine *machine, uint32_t index, uint32_t fill_index, uint64_t cycle)
{
    struct memory_system *system = &machine->memory_system;
    struct transfer *fill = &system->transfers[fill_index];
    bool suffices = !needs_owner(system, &system->transfers[index]) || fill->state & LINE_OWNED;
    if (fill->decided && suffices)
        serve(machine, index, fill->ready_cycle, &fill->state, cycle);
    else
        transfer_append(system, &fill->first_waiter, &fill->last_waiter, index);
}

void line_decide(struct machine *machine, uint32_t index, uint64_t ready_cycle, uint64_t cycle)
{
    struct memory_system *system = &machine->memory_system;
    struct transfer *fill = &system->transfers[index];
    uint32_t waiter = fill->first_waiter;
    fill->decided = true;
    fill->ready_cycle = ready_cycle;
    fill->state = fill->own ? LINE_OWNED : 0;
    fill->first_waiter = fill->last_waiter = NO_INDEX;
    memory_system_schedule(machine, ready_cycle, MEMORY_ACT_INSTALL, MMU_CACHES_MAX - fill->level, fill->core,
                           index);
    while (waiter != NO_INDEX) {
        uint32_t next = system->transfers[waiter].next;
        wait_for_fill(machine, waiter, index, cycle);
        waiter = next;
    }
}

void line_abort(struct machine *machine, uint32_t index, uint64_t ready_cycle, uint64_t cycle)
{
    struct memory_system *system = &machine->memory_system;
    uint32_t waiter = system->transfers[index].first_waiter;
    if (system->transfers[index].kind == TRANSFER_PART) {
        finish_part(machine, index, ready_cycle, cycle, true);
        return;
    }
    transfer_unchain(system, index);
    transfer_release(system, index);
    while (waiter != NO_INDEX) {
        uint32_t next = system->transfers[waiter].next;
        line_abort(machine, waiter, ready_cycle, cycle);
        waiter = next;
    }
}

static void begin_fill(struct machine *machine, uint32_t index)
{
    struct memory_system *system = &machine->memory_system;
    const struct transfer *asking = &system->transfers[index];
    unsigned level = asking->target, core = asking->core;
    uint64_t line = asking->line, known_cycle = asking->least_cycle;
    bool own = needs_owner(system, asking);
    uint32_t fill_index = transfer_take(machine, TRANSFER_FILL, core, line);
    struct transfer *fill = &system->transfers[fill_index];
    fill->level = (uint8_t)level;
    fill->target = (uint8_t)(level + 1);
    fill->own = own;
    if (machine->failed)
        return;
    transfer_chain(system, fill_index);
    transfer_append(system, &fill->first_waiter, &fill->last_waiter, index);
    memory_system_schedule(machine, known_cycle,
                           level < system->level_count ? MEMORY_ACT_LOOK_UP : MEMORY_ACT_ASK_BUS, 0, core,
                           fill_index);
}

void line_look_up(struct machine *machine, uint32_t index, uint64_t cycle, bool again)
{
    struct memory_system *system = &machine->memory_system;
    struct transfer *asking = &system->transfers[index];
    struct cache *cache = cache_of(system, asking->target, asking->core);
    struct cache_counters *counters = &machine->cores[asking->core].counters.caches[asking->target - 1];
    uint32_t slot = cache_find(cache, asking->line);
    bool there = slot != TLB_NONE;
    asking->least_cycle = cycle + system->levels[asking->target - 1].latency_cycles;
    counters->lookups += !again;
    if (there)
        cache_touch(cache, slot);
    if (there && (!needs_owner(system, asking) || cache->states[slot] & LINE_OWNED)) {
        counters->hits += !again;
        serve(machine, index, asking->least_cycle, &cache->states[slot], cycle);
        return;
    }
    uint32_t fill = transfer_fill_of(system, cache, asking->line);
    if (fill != NO_INDEX) {
        counters->merged += !again;
        wait_for_fill(machine, index, fill, cycle);
        return;
    }
    counters->hits += there && !again;
    counters->misses += !there && !again;
    counters->upgrades += there;
    begin_fill(machine, index);
}

/* Those that could not be served look the line up again. */
void line_install(struct machine *machine, uint32_t index, uint64_t cycle)
{
    struct memory_system *system = &machine->memory_system;
    struct transfer fill = system->transfers[index];
    struct core *core = &machine->cores[fill.core];
    struct cache *cache = cache_of(system, fill.level, fill.core);
    transfer_unchain(system, index);
    transfer_release(system, index);
    uint32_t slot = cache_find(cache, fill.line);
    if (!fill.dropped && slot != TLB_NONE) {
        cache->states[slot] |= fill.state;
    } else if (!fill.dropped) {
        struct cache_victim victim = cache_fill(cache, fill.line, fill.state);
        core->counters.caches[fill.level - 1].fills++;
        if (victim.there)
            coherence_evict(machine, core, fill.level, &victim, cycle);
    }
    for (uint32_t waiter = fill.first_waiter; waiter != NO_INDEX;) {
        uint32_t next = system->transfers[waiter].next;
        line_look_up(machine, waiter, cycle, true);
        waiter = next;
    }
}
