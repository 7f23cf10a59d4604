/*
 * First-level misses: merging, the second level, and the walker.
 *
 * A miss stands for one page of the smallest size; later accesses to that page wait with the first. What
 * comes back is forwarded to all of them without a second look-up.
 */
#include <string.h>

#include "mmu/core.h"

static uint64_t page_of(const struct core *core, uint64_t va)
{
    return va >> core->context->regime.format->page_lg2;
}

static uint8_t side_of(const struct access_slot *slot)
{
    return (uint8_t)(1u << (slot->event.access_kind == ACCESS_FETCH ? TLB_L1I : TLB_L1D));
}

static void add_waiter(struct core *core, struct miss *miss, uint32_t index)
{
    struct access_slot *slot = &core->slots[index];
    slot->state = SLOT_MISS;
    slot->next = NO_INDEX;
    if (miss->waiters++ == 0)
        miss->first_waiter = index;
    else
        core->slots[miss->last_waiter].next = index;
    miss->last_waiter = index;
    miss->sides |= side_of(slot);
}

/* The miss of this page; with NO_PAGE, a free one. NO_INDEX if there is none. */
uint32_t miss_find(const struct core *core, uint64_t page)
{
    uint64_t found = 0; /* a bit a miss: without branches, since which one it is cannot be foreseen */
    for (uint32_t i = 0; i < core->machine->config.misses; i++)
        found |= (uint64_t)(core->miss_pages[i] == page) << i;
    return found ? (uint32_t)__builtin_ctzll(found) : NO_INDEX;
}

bool miss_start(struct core *core, uint32_t index)
{
    struct access_slot *slot = &core->slots[index];
    uint64_t page = page_of(core, slot->event.va);
    uint32_t merge = miss_find(core, page);
    if (merge != NO_INDEX) {
        slot->event.outcome = OUTCOME_MERGED;
        core->counters.misses.merged++;
        add_waiter(core, &core->misses[merge], index);
        return true;
    }
    uint32_t free = miss_find(core, NO_PAGE);
    if (free == NO_INDEX)
        return false;
    struct miss *miss = &core->misses[free];
    miss->state = MISS_SECOND_LEVEL;
    core->miss_pages[free] = page;
    miss->id = 0;
    miss->waiters = 0;
    miss->lights = 0;
    miss->light_kinds = 0;
    miss->sides = 0;
    miss->steps = 0;
    miss->settle = 0;
    add_waiter(core, miss, index);
    unsigned side = slot->event.access_kind == ACCESS_FETCH ? TLB_L1I : TLB_L1D;
    uint64_t known = slot->event.issue_cycle + core->l1_latency[side];
    uint64_t from = core->now > known ? core->now : known;
    core_schedule(core, from + core->l2_latency, CALENDAR_SECOND_LEVEL, free);
    return true;
}

void miss_merge_light(struct core *core, uint32_t index, const struct stream_access *access, uint32_t number)
{
    struct miss *miss = &core->misses[index];
    uint32_t place = core->free_light;
    struct light_waiter *light = &core->lights[place];
    core->free_light = light->next;
    light->access = *access;
    light->issue_cycle = core->now;
    light->number = number;
    light->next = NO_INDEX;
    if (miss->lights++ == 0)
        miss->first_light = place;
    else
        core->lights[miss->last_light].next = place;
    miss->last_light = place;
    miss->light_kinds |= (uint8_t)(1u << access->kind);
    miss->sides |= (uint8_t)(1u << (access->kind == ACCESS_FETCH ? TLB_L1I : TLB_L1D));
    core->in_flight++;
}

static void free_lights(struct core *core, struct miss *miss)
{
    if (miss->lights == 0)
        return;
    core->lights[miss->last_light].next = core->free_light;
    core->free_light = miss->first_light;
    core->in_flight -= miss->lights;
    miss->lights = 0;
}

/* Puts a slot among the waiters where its age belongs; the first waiter is the oldest of all. */
static void insert_waiter(struct core *core, struct miss *miss, uint32_t index)
{
    uint32_t before = miss->first_waiter;
    uint64_t issue_cycle = core->slots[index].event.issue_cycle;
    while (core->slots[before].next != NO_INDEX &&
           core->slots[core->slots[before].next].event.issue_cycle < issue_cycle)
        before = core->slots[before].next;
    core->slots[index].next = core->slots[before].next;
    core->slots[before].next = index;
    if (core->slots[index].next == NO_INDEX)
        miss->last_waiter = index;
    miss->waiters++;
}

/* Light waiters become ordinary ones, because the miss ends in a fault for some of them. */
static void make_lights_ordinary(struct core *core, struct miss *miss)
{
    uint32_t place = miss->first_light, lights = miss->lights;
    for (uint32_t i = 0; i < lights; i++, place = core->lights[place].next) {
        const struct light_waiter *light = &core->lights[place];
        struct wanted_access wanted = {.access = light->access,
                                       .number = light->number,
                                       .privilege = (uint8_t)core->op.privilege,
                                       .data_mode = DATA_NONE};
        uint32_t slot = access_take_slot(core, &wanted, light->access.va, light->access.size_bytes, 0);
        core->slots[slot].event.issue_cycle = light->issue_cycle;
        core->slots[slot].event.outcome = OUTCOME_MERGED;
        core->slots[slot].state = SLOT_MISS;
        insert_waiter(core, miss, slot);
    }
    free_lights(core, miss);
}

static bool allows_all_lights(const struct core *core, const struct miss *miss, const struct walk_leaf *leaf)
{
    for (unsigned kind = 0; kind < ACCESS_KINDS; kind++)
        if (miss->light_kinds & 1u << kind && !(leaf->rights & ACCESS_RIGHT(core->op.privilege, kind)))
            return false;
    return true;
}

/* The light waiters' part of a miss that ends: they are complete, or become ordinary waiters. */
static void end_lights(struct core *core, struct miss *miss, const struct walk_leaf *leaf, uint8_t fault)
{
    if (miss->lights == 0)
        return;
    if (fault == FAULT_NONE && leaf && allows_all_lights(core, miss, leaf))
        free_lights(core, miss);
    else
        make_lights_ordinary(core, miss);
}

static void request_fetches(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    miss->words_missing = miss->walk.fetches;
    for (unsigned i = 0; i < miss->walk.fetches; i++) {
        struct bus_request *request =
            bus_prepare(core, MEMORY_READ, miss->walk.fetch[i], 8, CALENDAR_ENTRY, index);
        request->index = (uint8_t)i;
        bus_ask(core, request);
    }
}

static void begin_walk(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    miss->state = MISS_WALKING;
    miss->start_cycle = core->now;
    core->walks_active++;
    request_fetches(core, index);
}

static void begin_queued_walk(struct core *core)
{
    if (core->queue_count == 0 || core->walks_active >= core->machine->config.walker_slots)
        return;
    uint32_t index = core->queue[core->queue_first];
    core->queue_first = (core->queue_first + 1) % MMU_MISSES_MAX;
    core->queue_count--;
    begin_walk(core, index);
}

static void queue_walk(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    core->counters.walker.walks++;
    miss->id = ++core->walk_count << EVENT_CORE_BITS | core->index;
    miss->request_cycle = core->now;
    miss->state = MISS_QUEUED;
    core->queue[(core->queue_first + core->queue_count++) % MMU_MISSES_MAX] = index;
    begin_queued_walk(core);
}

/* Hands the result to everybody who waited, oldest first, and frees the miss. */
static void forward(struct core *core, struct miss *miss, const struct walk_leaf *leaf, uint8_t fault,
                    uint8_t level)
{
    uint32_t index = miss->first_waiter;
    uint64_t walk = miss->id;
    miss->state = MISS_FREE;
    core->miss_pages[miss - core->misses] = NO_PAGE;
    while (index != NO_INDEX) {
        uint32_t next = core->slots[index].next;
        core->slots[index].event.walk = walk;
        access_forward(core, index, leaf, fault, level);
        index = next;
    }
}

static void fill_first_levels(struct core *core, const struct miss *miss, const struct walk_leaf *leaf,
                              uint64_t walk)
{
    if (miss->sides & 1u << TLB_L1I)
        core_fill(core, TLB_L1I, leaf, walk);
    if (miss->sides & 1u << TLB_L1D)
        core_fill(core, TLB_L1D, leaf, walk);
}

static void second_level_hit(struct core *core, struct miss *miss, uint32_t tlb_slot)
{
    const struct tlb_entry *entry = &core->tlbs[TLB_L2].entries[tlb_slot];
    struct access_slot *first = &core->slots[miss->first_waiter];
    struct walk_leaf leaf = {.va = entry->va,
                             .frame = {.base = entry->pa,
                                       .attributes = entry->attributes & FRAME_ATTRIBUTES_ALL,
                                       .size_lg2 = entry->size_lg2},
                             .rights = entry->rights,
                             .level = (uint8_t)(entry->attributes >> CORE_LEVEL_SHIFT)};
    uint64_t walk = 0;
    core->counters.l2.hits++;
    core->counters.misses.l2_hits++;
    first->event.outcome = OUTCOME_L2_HIT;
    if (core->track) {
        struct event_tlb_entry *life = &core->lives[core->lives_of[TLB_L2][tlb_slot]].event;
        if (life->hits++ == 0)
            life->first_hit_cycle = core->now;
        life->last_hit_cycle = core->now;
        life->last_done_cycle = core->now;
        walk = life->walk;
        for (uint32_t i = miss->first_waiter; i != NO_INDEX; i = core->slots[i].next)
            core->slots[i].event.entry = life->id;
    }
    fill_first_levels(core, miss, &leaf, walk);
    end_lights(core, miss, &leaf, FAULT_NONE);
    forward(core, miss, &leaf, FAULT_NONE, 0);
}

static void second_level_miss(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    struct access_slot *first = &core->slots[miss->first_waiter];
    const struct translation_regime *regime = &core->context->regime;
    core->counters.l2.misses++;
    if (regime->format->start(&miss->walk, regime, first->event.va) == WALK_FAULT) {
        first->event.outcome = OUTCOME_NO_WALK;
        core->counters.misses.no_walk++;
        end_lights(core, miss, NULL, miss->walk.fault);
        forward(core, miss, NULL, miss->walk.fault, miss->walk.fault_level);
        return;
    }
    first->event.outcome = OUTCOME_WALK;
    core->counters.misses.walks++;
    queue_walk(core, index);
}

void miss_second_level(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    uint64_t va = core->slots[miss->first_waiter].event.va;
    uint32_t tlb_slot = tlb_lookup(&core->tlbs[TLB_L2], va, tlb_space(core->context->asid, 0));
    core->counters.l2.lookups++;
    if (tlb_slot != TLB_NONE)
        second_level_hit(core, miss, tlb_slot);
    else
        second_level_miss(core, index);
}

static void tell_step(struct core *core, const struct miss *miss, const struct bus_request *request)
{
    struct mmu_event *event = core_event(core, EVENT_WALK_STEP, core->now);
    if (event)
        event->as.walk_step = (struct event_walk_step){.walk = miss->id,
                                                       .pa = request->pa,
                                                       .value = request->value,
                                                       .request_cycle = request->cycle,
                                                       .grant_cycle = request->grant_cycle,
                                                       .index = miss->steps,
                                                       .level = miss->walk.level};
}

static void tell_walk(struct core *core, const struct miss *miss, uint8_t fault, uint8_t fault_level,
                      bool filled)
{
    struct mmu_event *event = core_event(core, EVENT_WALK, core->now);
    if (!event)
        return;
    event->as.walk = (struct event_walk){.id = miss->id,
                                         .va = miss->walk.va,
                                         .request_cycle = miss->request_cycle,
                                         .start_cycle = miss->start_cycle,
                                         .space = core->context->space,
                                         .asid = core->context->asid,
                                         .waiters = (uint16_t)miss->waiters,
                                         .steps = miss->steps,
                                         .fault = fault,
                                         .fault_level = fault_level,
                                         .filled = filled};
    if (fault == FAULT_NONE)
        event->as.walk.leaf = miss->walk.leaf;
}

/* Whether the entry that this leaf would become is one of those that the invalidation drops. */
static bool drops_leaf(const struct invalidation *what, const struct walk_leaf *leaf, uint16_t asid)
{
    bool global = (leaf->frame.attributes & FRAME_GLOBAL) != 0;
    if (what->scope == INVALIDATE_VA && !global && what->asid != asid)
        return false;
    if (what->scope == INVALIDATE_ASID && global)
        return false;
    return invalidation_selects(what, leaf->va, leaf->frame.size_lg2, asid);
}

/*
 * Of the invalidations that caught this walk, those that mean its page: their acknowledgement goes on to
 * wait for the accesses that now get the old translation. Says whether there are any.
 */
static bool hand_over_settling(struct core *core, struct miss *miss)
{
    const struct walk_leaf *leaf = &miss->walk.leaf;
    bool meant = false;
    for (uint64_t left = miss->settle; left; left &= left - 1) {
        uint32_t place = (uint32_t)__builtin_ctzll(left);
        struct invalidation_target *target = &core->targets[place];
        if (!drops_leaf(&target->what, leaf, core->context->asid))
            continue;
        meant = true;
        for (uint32_t i = miss->first_waiter; i != NO_INDEX; i = core->slots[i].next) {
            core->slots[i].settle |= UINT64_C(1) << place;
            target->pending++;
            target->accesses_settled++;
        }
    }
    return meant;
}

/*
 * A fault is taken by those who asked before the walk read anything. An access that merged later may have
 * been issued after the page was mapped, and invalid entries are not cached (Arm ARM DDI 0487, D8.17.1): it
 * walks again, first of those that are left.
 */
static bool keep_late_waiters(struct core *core, struct miss *miss, struct miss *late)
{
    uint32_t last = miss->first_waiter, waiters = 1;
    uint32_t next = core->slots[last].next;
    for (; next != NO_INDEX && core->slots[next].event.issue_cycle < miss->start_cycle; waiters++) {
        last = next;
        next = core->slots[last].next;
    }
    if (next == NO_INDEX)
        return false;
    *late = *miss;
    late->first_waiter = next;
    late->waiters = miss->waiters - waiters;
    core->slots[last].next = NO_INDEX;
    miss->last_waiter = last;
    miss->waiters = waiters;
    return true;
}

static void walk_again(struct core *core, uint32_t index, const struct miss *late)
{
    struct miss *miss = &core->misses[index];
    const struct translation_regime *regime = &core->context->regime;
    *miss = *late;
    core->miss_pages[index] = page_of(core, core->slots[late->first_waiter].event.va);
    miss->settle = 0;
    miss->steps = 0;
    core->counters.walker.restarted++;
    (void)regime->format->start(&miss->walk, regime, core->slots[miss->first_waiter].event.va);
    queue_walk(core, index);
}

static void end_walk(struct core *core, uint32_t index, uint8_t fault, uint8_t level)
{
    struct miss *miss = &core->misses[index];
    uint64_t cycles = core->now - miss->request_cycle;
    uint64_t settle = miss->settle;
    bool caught = fault == FAULT_NONE && hand_over_settling(core, miss);
    bool filled = fault == FAULT_NONE && !caught;
    struct walk_leaf leaf = miss->walk.leaf;
    end_lights(core, miss, &leaf, fault);
    struct miss late;
    bool again = fault != FAULT_NONE && keep_late_waiters(core, miss, &late);
    core->walks_active--;
    core->counters.walker.cycles += cycles;
    core->counters.walker.faults += fault != FAULT_NONE;
    core->counters.walker.unfilled += caught;
    histogram_add(&core->counters.walk_cycles, cycles);
    tell_walk(core, miss, fault, level, filled);
    if (filled) {
        core_fill(core, TLB_L2, &leaf, miss->id);
        fill_first_levels(core, miss, &leaf, miss->id);
    }
    forward(core, miss, &leaf, fault, level);
    invalidation_settle(core, settle);
    if (again)
        walk_again(core, index, &late);
    begin_queued_walk(core);
}

void miss_entry(struct core *core, uint32_t index, const struct bus_request *request)
{
    struct miss *miss = &core->misses[index];
    core->counters.walker.steps++;
    tell_step(core, miss, request);
    miss->steps++;
    if (request->aborted) {
        end_walk(core, index, FAULT_EXTERNAL_ABORT, miss->walk.level);
        return;
    }
    miss->words[request->index] = request->value;
    if (--miss->words_missing > 0)
        return;
    switch (miss->walk.regime->format->resume(&miss->walk, miss->words)) {
    case WALK_FETCH:
        request_fetches(core, index);
        break;
    case WALK_LEAF:
        end_walk(core, index, FAULT_NONE, 0);
        break;
    case WALK_FAULT:
        end_walk(core, index, miss->walk.fault, miss->walk.fault_level);
        break;
    }
}
