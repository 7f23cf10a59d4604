/*
 * The core as a whole: its calendar, its events, its making.
 */
#include "mmu/core.h"

#include "mmu/adversary.h"
#include "mmu/prefetch.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_EVENTS 1024u

/* ---- time -------------------------------------------------------------------------------------- */

static void push(struct core *core, uint64_t cycle, uint64_t order, uint32_t what, uint32_t from)
{
    if (!calendar_push(&core->calendar, cycle, order, what, from))
        machine_fail(core->machine, "out of memory: the calendar of core %u cannot grow", core->index + 1);
}

uint64_t core_draw(uint64_t *state)
{
    uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

uint64_t core_random(struct core *core)
{
    return core_draw(&core->random);
}

/* What may touch something that cores share. */
static bool is_shared(const struct core *core, enum calendar_kind kind)
{
    return core->machine->coupled &&
           (kind == CALENDAR_LOOKUP || kind == CALENDAR_ENTRY || kind == CALENDAR_WALKER ||
            kind == CALENDAR_INVALIDATION_DROPS || kind == CALENDAR_SPECULATION);
}

uint64_t core_next_shared(const struct core *core)
{
    uint64_t next = NEVER;
    for (uint32_t i = 0; i < core->calendar.count; i++) {
        const struct calendar_item *item = &core->calendar.items[i];
        if (item->cycle < next && is_shared(core, calendar_kind_of(item)))
            next = item->cycle;
    }
    return next;
}

static void schedule(struct core *core, uint64_t cycle, enum calendar_kind kind, uint64_t order,
                     uint32_t what)
{
    if (is_shared(core, kind) && cycle < core->limit)
        core->limit = cycle;
    push(core, cycle, order, what, core->index);
}

void core_schedule(struct core *core, uint64_t cycle, enum calendar_kind kind, uint32_t what)
{
    schedule(core, cycle, kind, calendar_order(kind, core->age++), what);
}

void core_schedule_keyed(struct core *core, uint64_t cycle, uint64_t order, uint32_t what)
{
    schedule(core, cycle, calendar_kind_of_order(order), order, what);
}

void core_deliver(struct core *core, uint64_t cycle, uint64_t order, uint32_t what, uint32_t from)
{
    if (cycle <= core->now)
        machine_fail(core->machine,
                     "causality: core %u had handled cycle %llu when something arrived for cycle %llu",
                     core->index + 1, (unsigned long long)core->now, (unsigned long long)cycle);
    push(core, cycle, order, what, from);
}

/* The core's own next action, as far as it knows; NEVER if it waits for others. */
uint64_t core_next(const struct core *core)
{
    uint64_t next = calendar_next(&core->calendar);
    if (core->suspended) {
        bool finishes = !core->blocked && operation_half_issued(core);
        return finishes && core->ready_at < next ? core->ready_at : next;
    }
    if (core->program == PROGRAM_DUE)
        return core->due_cycle < next ? core->due_cycle : next;
    if (core->program == PROGRAM_RUNNING && !core->blocked && core->ready_at < next)
        return core->ready_at;
    return next;
}

static void handle(struct core *core, const struct calendar_item *item)
{
    switch (calendar_kind_of(item)) {
    case CALENDAR_STORE_DONE:
        store_buffer_done(core, &core->requests[item->what]);
        bus_release(core, item->what);
        break;
    case CALENDAR_INVALIDATION_ARRIVES:
        invalidation_arrives(core, item->from, item->what);
        break;
    case CALENDAR_INVALIDATION_DROPS:
        invalidation_drops(core, item->what);
        break;
    case CALENDAR_ACKNOWLEDGEMENT:
        invalidation_answered(core, item->what, item->from);
        break;
    case CALENDAR_DATA:
        if (core->requests[item->what].what == NO_INDEX)
            operation_answer(core, &core->requests[item->what]);
        else
            access_data(core, core->requests[item->what].what, &core->requests[item->what]);
        bus_release(core, item->what);
        break;
    case CALENDAR_ENTRY:
        if (core->adversary && adversary_delays(core, item->what))
            break;
        walker_entry(core, core->requests[item->what].what, &core->requests[item->what]);
        bus_release(core, item->what);
        break;
    case CALENDAR_WALKER:
        walker_continue(core, item->what);
        break;
    case CALENDAR_LOOKUP:
        miss_look_up(core, item->what);
        break;
    case CALENDAR_TRANSLATED:
        access_translated_event(core, item->what);
        break;
    case CALENDAR_STORE_DRAIN:
        store_buffer_drain(core);
        break;
    case CALENDAR_HANDLER_ENDS:
        invalidation_resumes(core);
        break;
    case CALENDAR_SPECULATION:
        if (item->what == NO_INDEX)
            adversary_act(core);
        else
            prefetch_begin(core);
        break;
    }
}

void core_step(struct core *core, uint64_t cycle)
{
    core->now = cycle;
    while (calendar_next(&core->calendar) == cycle) {
        struct calendar_item item = calendar_pop(&core->calendar);
        core->blocked = false;
        handle(core, &item);
    }
    if (core->suspended) {
        if (operation_half_issued(core) && !core->blocked && core->ready_at <= cycle)
            operation_finish_issue(core);
        return;
    }
    if (core->program == PROGRAM_DUE && core->due_cycle == cycle) {
        core->asked = true;
        return;
    }
    if (core->program == PROGRAM_RUNNING && !core->blocked && core->ready_at <= cycle)
        operation_issue(core);
    if (core->program == PROGRAM_DUE && core->due_cycle == cycle)
        core->asked = true;
}

/* ---- events ------------------------------------------------------------------------------------ */

static bool grow_events(struct core *core)
{
    if (core->events_first > 0) {
        memmove(core->events, core->events + core->events_first, core->events_count * sizeof *core->events);
        core->events_first = 0;
        if (core->events_count < core->events_capacity / 2)
            return true;
    }
    uint32_t capacity = core->events_capacity ? core->events_capacity * 2 : FIRST_EVENTS;
    struct mmu_event *events = realloc(core->events, capacity * sizeof *events);
    if (!events)
        return false;
    core->events = events;
    core->events_capacity = capacity;
    return true;
}

struct mmu_event *core_event(struct core *core, enum event_kind kind, uint64_t cycle)
{
    if (!core->track)
        return NULL;
    if (core->events_first + core->events_count == core->events_capacity && !grow_events(core)) {
        machine_fail(core->machine, "out of memory: the events of core %u cannot be kept", core->index + 1);
        return NULL;
    }
    struct mmu_event *event = &core->events[core->events_first + core->events_count++];
    core->machine->events_buffered++;
    memset(event, 0, sizeof *event);
    event->cycle = cycle;
    event->sequence = core->sequence++;
    event->kind = (uint8_t)kind;
    event->core = (uint8_t)core->index;
    return event;
}

/* ---- making and unmaking ----------------------------------------------------------------------- */

static void chain_slots(struct core *core)
{
    for (uint32_t i = 0; i < SLOTS_MAX; i++)
        core->slots[i].next = i + 1 < SLOTS_MAX ? i + 1 : NO_INDEX;
    for (uint32_t i = 0; i < MMU_WINDOW_MAX; i++)
        core->lights[i].next = i + 1;
    for (uint32_t i = 0; i < REQUESTS_MAX; i++)
        core->free_requests[i] = REQUESTS_MAX - 1 - i;
    core->free_request_count = REQUESTS_MAX;
}

static void sum_up_walk_caches(struct core *core)
{
    const struct mmu_config *config = &core->machine->config;
    for (uint64_t i = 0; i < config->walk_cache_count; i++) {
        const struct walk_cache_config *cache = &config->walk_caches[i];
        core->walk_caches[cache->holds]++;
        if (cache->latency_cycles > core->walk_cache_cycles[cache->holds])
            core->walk_cache_cycles[cache->holds] = cache->latency_cycles;
    }
}

bool core_init(struct core *core, struct machine *machine, uint32_t index, const char **why)
{
    memset(core, 0, sizeof *core);
    *why = "out of memory";
    core->machine = machine;
    core->index = index;
    core->stalled = NO_INDEX;
    for (uint32_t i = 0; i < MMU_MISSES_MAX; i++)
        core->miss_pages[i] = NO_PAGE;
    core->misses_free = (uint32_t)machine->config.misses;
    core->stores.capacity =
        machine->config.store_buffer_depth ? (uint32_t)machine->config.store_buffer_depth : 1;
    core->stores.waiting_since = NEVER;
    core->arrivals_capacity = (uint32_t)machine->config.cores * TARGETS_MAX;
    core->slots = calloc(SLOTS_MAX, sizeof *core->slots);
    core->faulted = calloc(SLOTS_MAX, sizeof *core->faulted);
    core->again = calloc(SLOTS_MAX, sizeof *core->again);
    core->requests = calloc(REQUESTS_MAX, sizeof *core->requests);
    core->issues = calloc(TARGETS_MAX, sizeof *core->issues);
    core->nested = calloc(machine->config.misses, sizeof *core->nested);
    core->arrivals = calloc(core->arrivals_capacity, sizeof *core->arrivals);
    if (!core->nested || !core->slots || !core->faulted || !core->again || !core->requests || !core->issues ||
        !core->arrivals || !calendar_init(&core->calendar, 64))
        return false;
    chain_slots(core);
    sum_up_walk_caches(core);
    core->random = machine->config.seed ^ ((uint64_t)index + 1) << 48;
    if (!hierarchy_init(core, why))
        return false;
    *why = "out of memory";
    return prefetch_init(core) && adversary_init(core);
}

void core_destroy(struct core *core)
{
    prefetch_destroy(core);
    adversary_destroy(core);
    hierarchy_destroy(core);
    calendar_destroy(&core->calendar);
    free(core->slots);
    free(core->faulted);
    free(core->again);
    free(core->requests);
    free(core->issues);
    free(core->nested);
    free(core->arrivals);
    free(core->events);
}
