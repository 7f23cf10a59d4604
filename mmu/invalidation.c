/*
 * Invalidations, at both ends.
 *
 * The issuer sends one to each core concerned (itself without the network). There it waits for the
 * invalidation unit, drops the entries, and is acknowledged when the walks that were in flight are settled
 * and every access that already used such a translation is complete, buffered stores included.
 *
 * A walk in flight is let finish: it forwards its result to those who waited for it, fills nothing, and the
 * acknowledgement waits for it and for them.
 */
#include "mmu/core.h"

static struct tlb_selection selection_of(const struct invalidation *what)
{
    bool by_va = what->scope == INVALIDATE_VA || what->scope == INVALIDATE_VA_ALL_ASIDS;
    bool by_asid = what->scope == INVALIDATE_VA || what->scope == INVALIDATE_ASID;
    return (struct tlb_selection){.va = what->va,
                                  .last_va = what->va,
                                  .asid = what->asid,
                                  .by_va = by_va,
                                  .by_asid = by_asid,
                                  .global_too = what->scope != INVALIDATE_ASID};
}

/* Whether a page could be meant, its being global left open. */
bool invalidation_selects(const struct invalidation *what, uint64_t va, uint8_t size_lg2, uint16_t asid)
{
    switch (what->scope) {
    case INVALIDATE_VA:
    case INVALIDATE_VA_ALL_ASIDS:
        return (what->va ^ va) >> size_lg2 == 0;
    case INVALIDATE_ASID:
        return what->asid == asid;
    default:
        return true;
    }
}

static void tell_issue(struct core *core, const struct invalidation_issue *issue)
{
    struct mmu_event *event = core_event(core, EVENT_INVALIDATION, core->now);
    if (event)
        event->as.invalidation = (struct event_invalidation){
            .id = issue->id, .operation = issue->operation, .what = issue->what, .targets = issue->missing};
}

static void send(struct core *issuer, uint32_t slot, struct core *target)
{
    uint64_t latency = target == issuer ? 1 : issuer->machine->config.network_latency_cycles;
    uint64_t age = (uint64_t)issuer->index << 40 | (issuer->invalidation_count & UINT32_MAX);
    core_deliver(target, issuer->now + latency, calendar_order(CALENDAR_INVALIDATION_ARRIVES, age), slot,
                 issuer->index);
}

/* False if too many are outstanding; an acknowledgement will make room. */
bool invalidation_issue(struct core *core, const struct invalidation *what, uint64_t operation)
{
    uint32_t slot = 0;
    while (slot < TARGETS_MAX && core->issues[slot].used)
        slot++;
    if (slot == TARGETS_MAX)
        return false;
    struct machine *machine = core->machine;
    struct invalidation_issue *issue = &core->issues[slot];
    issue->used = true;
    issue->what = *what;
    issue->id = ++core->invalidation_count << EVENT_CORE_BITS | core->index;
    issue->operation = operation;
    issue->issue_cycle = core->now;
    issue->missing = what->broadcast ? (uint32_t)machine->config.cores : 1;
    *(what->broadcast ? &core->outstanding_broadcast : &core->outstanding_local) += 1;
    core->counters.invalidations.issued++;
    tell_issue(core, issue);
    for (uint32_t i = 0; i < machine->config.cores; i++)
        if (what->broadcast || i == core->index)
            send(core, slot, &machine->cores[i]);
    return true;
}

static void accept(struct core *core, const struct waiting_arrival *arrival, uint32_t place)
{
    struct invalidation_target *target = &core->targets[place];
    *target = (struct invalidation_target){
        .what = core->machine->cores[arrival->issuer].issues[arrival->issuer_slot].what,
        .arrive_cycle = arrival->cycle,
        .issuer = arrival->issuer,
        .issuer_slot = arrival->issuer_slot,
        .used = true};
    uint64_t start = core->now > core->unit_free_cycle ? core->now : core->unit_free_cycle;
    core->unit_free_cycle = start + core->machine->config.invalidate_cycles;
    core_schedule(core, core->unit_free_cycle, CALENDAR_INVALIDATION_DROPS, place);
}

void invalidation_arrives(struct core *core, uint32_t issuer, uint32_t issuer_slot)
{
    struct waiting_arrival arrival = {
        .cycle = core->now, .issuer = (uint8_t)issuer, .issuer_slot = (uint8_t)issuer_slot};
    core->counters.invalidations.received++;
    for (uint32_t place = 0; place < TARGETS_MAX; place++) {
        if (core->targets[place].used)
            continue;
        accept(core, &arrival, place);
        return;
    }
    uint32_t last = (core->arrivals_first + core->arrivals_count++) % core->arrivals_capacity;
    core->arrivals[last] = arrival;
}

static void acknowledge(struct core *core, uint32_t place)
{
    struct invalidation_target *target = &core->targets[place];
    struct core *issuer = &core->machine->cores[target->issuer];
    struct invalidation_issue *issue = &issuer->issues[target->issuer_slot];
    issue->answers[core->index] = (struct event_acknowledgement){.invalidation = issue->id,
                                                                 .arrive_cycle = target->arrive_cycle,
                                                                 .drop_cycle = target->drop_cycle,
                                                                 .acknowledge_cycle = core->now,
                                                                 .entries_dropped = target->entries_dropped,
                                                                 .walks_settled = target->walks_settled,
                                                                 .accesses_settled = target->accesses_settled,
                                                                 .target = (uint8_t)core->index};
    uint64_t latency = issuer == core ? 1 : core->machine->config.network_latency_cycles;
    uint64_t age = (uint64_t)core->index << 40 | (issue->id >> EVENT_CORE_BITS & UINT32_MAX);
    core_deliver(issuer, core->now + latency, calendar_order(CALENDAR_ACKNOWLEDGEMENT, age),
                 target->issuer_slot, core->index);
    target->used = false;
    if (core->arrivals_count == 0)
        return;
    struct waiting_arrival next = core->arrivals[core->arrivals_first];
    core->arrivals_first = (core->arrivals_first + 1) % core->arrivals_capacity;
    core->arrivals_count--;
    accept(core, &next, place);
}

void invalidation_settle(struct core *core, uint64_t mask)
{
    for (; mask; mask &= mask - 1) {
        uint32_t place = (uint32_t)__builtin_ctzll(mask);
        if (--core->targets[place].pending == 0)
            acknowledge(core, place);
    }
}

struct drop_visit {
    struct core *core;
    enum tlb_id tlb;
    uint64_t invalidation;
};

static void dropped(void *context, uint32_t slot, const struct tlb_entry *entry)
{
    const struct drop_visit *visit = context;
    (void)entry;
    core_end_life(visit->core, visit->tlb, slot, ENTRY_END_INVALIDATED, visit->invalidation);
}

static void drop_entries(struct core *core, struct invalidation_target *target)
{
    struct tlb_selection selection = selection_of(&target->what);
    uint64_t id = core->machine->cores[target->issuer].issues[target->issuer_slot].id;
    for (unsigned tlb = 0; tlb < TLBS; tlb++) {
        struct drop_visit visit = {core, (enum tlb_id)tlb, id};
        target->entries_dropped += tlb_invalidate(&core->tlbs[tlb], &selection, dropped, &visit).dropped;
    }
    core->counters.invalidations.entries_dropped += target->entries_dropped;
}

/* A walk's page size is known only at its end: it is caught if any size of page could be meant. */
static void catch_walks(struct core *core, struct invalidation_target *target, uint64_t bit)
{
    for (uint32_t i = 0; i < core->machine->config.misses; i++) {
        struct miss *miss = &core->misses[i];
        if (miss->state != MISS_WALKING)
            continue;
        const struct walk_format *format = miss->walk.regime->format;
        uint8_t largest = format->frame_size_lg2[format->frame_sizes - 1];
        if (!invalidation_selects(&target->what, miss->walk.va, largest, core->context->asid))
            continue;
        miss->settle |= bit;
        target->pending++;
        target->walks_settled++;
    }
}

static bool used_translation(const struct invalidation *what, const struct event_translation *access)
{
    return access->page_size_lg2 != 0 &&
           invalidation_selects(what, access->va, access->page_size_lg2, access->asid);
}

static void catch_accesses(struct core *core, struct invalidation_target *target, uint64_t bit)
{
    for (uint32_t i = 0; core->in_flight && i < SLOTS_MAX; i++) {
        struct access_slot *slot = &core->slots[i];
        bool translated = slot->state == SLOT_LOOKUP || slot->state >= SLOT_READY;
        if (!translated || !used_translation(&target->what, &slot->event))
            continue;
        slot->settle |= bit;
        target->pending++;
        target->accesses_settled++;
    }
    for (uint32_t i = 0; i < core->stores.count; i++) {
        struct buffered_store *store = &core->stores.entries[(core->stores.first + i) % MMU_STORE_BUFFER_MAX];
        if (!store->translated || store->slot != NO_INDEX || !used_translation(&target->what, &store->event))
            continue;
        store->settle |= bit;
        target->pending++;
        target->accesses_settled++;
    }
}

void invalidation_drops(struct core *core, uint32_t place)
{
    struct invalidation_target *target = &core->targets[place];
    uint64_t bit = UINT64_C(1) << place;
    target->drop_cycle = core->now;
    drop_entries(core, target);
    catch_walks(core, target, bit);
    catch_accesses(core, target, bit);
    if (target->pending == 0)
        acknowledge(core, place);
}

static void complete(struct core *core, struct invalidation_issue *issue)
{
    uint64_t cycles = core->now - issue->issue_cycle;
    *(issue->what.broadcast ? &core->outstanding_broadcast : &core->outstanding_local) -= 1;
    core->counters.invalidations.completed++;
    core->counters.invalidations.cycles += cycles;
    histogram_add(&core->counters.invalidation_cycles, cycles);
    issue->used = false;
    struct mmu_event *event = core_event(core, EVENT_COMPLETION, core->now);
    if (event)
        event->as.completion =
            (struct event_completion){.invalidation = issue->id, .issue_cycle = issue->issue_cycle};
}

void invalidation_answered(struct core *core, uint32_t issuer_slot, uint32_t from)
{
    struct invalidation_issue *issue = &core->issues[issuer_slot];
    struct mmu_event *event = core_event(core, EVENT_ACKNOWLEDGEMENT, core->now);
    if (event)
        event->as.acknowledgement = issue->answers[from];
    if (--issue->missing == 0)
        complete(core, issue);
}
