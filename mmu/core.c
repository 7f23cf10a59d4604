/*
 * The core as a whole: its calendar, its TLB entries' lives, its events.
 */
#include "mmu/core.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_EVENTS 1024u

/* ---- time -------------------------------------------------------------------------------------- */

static void push(struct core *core, uint64_t cycle, uint64_t order, uint32_t what, uint32_t from)
{
    if (!calendar_push(&core->calendar, cycle, order, what, from))
        machine_fail(core->machine, "out of memory: the calendar of core %u cannot grow", core->index + 1);
}

void core_schedule(struct core *core, uint64_t cycle, enum calendar_kind kind, uint32_t what)
{
    push(core, cycle, calendar_order(kind, core->age++), what, core->index);
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
        miss_entry(core, core->requests[item->what].what, &core->requests[item->what]);
        bus_release(core, item->what);
        break;
    case CALENDAR_SECOND_LEVEL:
        miss_second_level(core, item->what);
        break;
    case CALENDAR_TRANSLATED:
        access_translated_event(core, item->what);
        break;
    case CALENDAR_STORE_DRAIN:
        store_buffer_drain(core);
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
    if (core->program == PROGRAM_DUE && core->due_cycle == cycle) {
        core->asked = true;
        return;
    }
    if (core->program == PROGRAM_RUNNING && !core->blocked && core->ready_at <= cycle)
        operation_issue(core);
    if (core->program == PROGRAM_DUE && core->due_cycle == cycle)
        core->asked = true;
}

/* ---- TLB entries ------------------------------------------------------------------------------- */

static void tell_life(struct core *core, uint32_t index)
{
    struct entry_life *life = &core->lives[index];
    struct event_tlb_entry *entry = &life->event;
    struct mmu_event *event = core_event(core, EVENT_TLB_ENTRY, core->now);
    if (event && entry->hits > 0 && entry->tlb != TLB_L2) {
        uint64_t done = entry->last_hit_cycle + core->l1_latency[entry->tlb];
        if (entry->last_done_cycle == EVENT_NEVER || entry->last_done_cycle < done)
            entry->last_done_cycle = done;
    }
    if (event)
        event->as.tlb_entry = *entry;
    life->next_free = core->free_life;
    core->free_life = index;
}

void core_end_life(struct core *core, enum tlb_id tlb, uint32_t slot, enum entry_end end,
                   uint64_t invalidation)
{
    if (!core->track)
        return;
    uint32_t index = core->lives_of[tlb][slot];
    struct entry_life *life = &core->lives[index];
    life->event.end = (uint8_t)end;
    life->event.end_cycle = core->now;
    life->event.invalidation = invalidation;
    life->ended = true;
    if (life->users == 0)
        tell_life(core, index);
}

/* An access that hit this entry is complete. */
void core_release_life(struct core *core, uint32_t index)
{
    struct entry_life *life = &core->lives[index];
    life->event.last_done_cycle = core->now;
    if (--life->users == 0 && life->ended)
        tell_life(core, index);
}

static void begin_life(struct core *core, enum tlb_id tlb, uint32_t slot, const struct walk_leaf *leaf,
                       uint64_t walk)
{
    uint32_t index = core->free_life;
    struct entry_life *life = &core->lives[index];
    core->free_life = life->next_free;
    core->lives_of[tlb][slot] = index;
    life->users = 0;
    life->ended = false;
    life->event = (struct event_tlb_entry){.id = ++core->entry_count << EVENT_CORE_BITS | core->index,
                                           .va = leaf->va,
                                           .frame = leaf->frame,
                                           .walk = walk,
                                           .fill_cycle = core->now,
                                           .first_hit_cycle = EVENT_NEVER,
                                           .last_hit_cycle = EVENT_NEVER,
                                           .last_done_cycle = EVENT_NEVER,
                                           .space = core->context->space,
                                           .asid = core->context->asid,
                                           .rights = leaf->rights,
                                           .tlb = (uint8_t)tlb};
}

void core_fill(struct core *core, enum tlb_id tlb, const struct walk_leaf *leaf, uint64_t walk)
{
    struct tlb_entry entry = {.va = leaf->va,
                              .pa = leaf->frame.base,
                              .attributes = leaf->frame.attributes | (uint32_t)leaf->level
                                                                         << CORE_LEVEL_SHIFT,
                              .asid = core->context->asid,
                              .size_lg2 = leaf->frame.size_lg2,
                              .rights = leaf->rights,
                              .global = (leaf->frame.attributes & FRAME_GLOBAL) != 0};
    struct tlb_fill_result filled = tlb_fill(&core->tlbs[tlb], &entry);
    bool same_page = filled.victim.va == entry.va && filled.victim.size_lg2 == entry.size_lg2 &&
                     filled.victim.global == entry.global && filled.victim.asid == entry.asid;
    if (filled.replaced)
        core_end_life(core, tlb, filled.slot, same_page ? ENTRY_END_REFILLED : ENTRY_END_EVICTED, 0);
    if (core->track)
        begin_life(core, tlb, filled.slot, leaf, walk);
}

void core_end_all_lives(struct core *core)
{
    for (unsigned tlb = 0; tlb < TLBS; tlb++)
        for (uint32_t slot = 0; slot < core->tlbs[tlb].geometry.entries; slot++)
            if (tlb_slot_used(&core->tlbs[tlb], slot))
                core_end_life(core, (enum tlb_id)tlb, slot, ENTRY_END_RUN, 0);
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

static const struct tlb_config *tlb_of_name(const struct mmu_config *config, const char *name)
{
    for (uint64_t i = 0; i < config->tlb_count; i++)
        if (strcmp(config->tlbs[i].name, name) == 0)
            return &config->tlbs[i];
    return NULL;
}

static bool init_tlbs(struct core *core, const char **why)
{
    const struct mmu_config *config = &core->machine->config;
    const struct tlb_config *configs[TLBS] = {tlb_of_name(config, "l1i"), tlb_of_name(config, "l1d"),
                                              tlb_of_name(config, "l2")};
    uint32_t lives = SLOTS_MAX + MMU_STORE_BUFFER_MAX;
    if (!configs[TLB_L1I] || !configs[TLB_L1D] || !configs[TLB_L2]) {
        *why = "a machine needs tlb.l1i, tlb.l1d and tlb.l2";
        return false;
    }
    for (unsigned i = 0; i < TLBS; i++) {
        struct tlb_geometry geometry = {.entries = (uint32_t)configs[i]->entries,
                                        .ways = (uint32_t)configs[i]->ways};
        core->lives_of[i] = calloc(geometry.entries, sizeof *core->lives_of[i]);
        if (!core->lives_of[i] || !tlb_init(&core->tlbs[i], &geometry, why))
            return false;
        lives += geometry.entries;
    }
    core->lives = calloc(lives, sizeof *core->lives);
    for (uint32_t i = 0; core->lives && i < lives; i++)
        core->lives[i].next_free = i + 1;
    core->l1_latency[TLB_L1I] = configs[TLB_L1I]->latency_cycles;
    core->l1_latency[TLB_L1D] = configs[TLB_L1D]->latency_cycles;
    core->l2_latency = configs[TLB_L2]->latency_cycles;
    return core->lives != NULL;
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
    core->stores.capacity =
        machine->config.store_buffer_depth ? (uint32_t)machine->config.store_buffer_depth : 1;
    core->stores.waiting_since = NEVER;
    core->arrivals_capacity = (uint32_t)machine->config.cores * TARGETS_MAX;
    core->slots = calloc(SLOTS_MAX, sizeof *core->slots);
    core->faulted = calloc(SLOTS_MAX, sizeof *core->faulted);
    core->again = calloc(SLOTS_MAX, sizeof *core->again);
    core->requests = calloc(REQUESTS_MAX, sizeof *core->requests);
    core->issues = calloc(TARGETS_MAX, sizeof *core->issues);
    core->arrivals = calloc(core->arrivals_capacity, sizeof *core->arrivals);
    if (!core->slots || !core->faulted || !core->again || !core->requests || !core->issues ||
        !core->arrivals || !calendar_init(&core->calendar, 64))
        return false;
    chain_slots(core);
    return init_tlbs(core, why);
}

void core_destroy(struct core *core)
{
    for (unsigned i = 0; i < TLBS; i++) {
        tlb_destroy(&core->tlbs[i]);
        free(core->lives_of[i]);
    }
    calendar_destroy(&core->calendar);
    free(core->slots);
    free(core->faulted);
    free(core->again);
    free(core->requests);
    free(core->issues);
    free(core->arrivals);
    free(core->lives);
    free(core->events);
}
