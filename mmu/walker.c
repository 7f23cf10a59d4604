/*
 * Walks: their slots, their way through walk caches and memory, and what they leave behind.
 */
#include "mmu/core.h"

/* ---- what is told ------------------------------------------------------------------------------ */

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

void walker_tell(struct core *core, const struct miss *miss, uint8_t fault, uint8_t fault_level, bool filled)
{
    struct mmu_event *event = core_event(core, EVENT_WALK, core->now);
    if (!event)
        return;
    event->as.walk = (struct event_walk){.id = miss->id,
                                         .va = miss->walk.va,
                                         .request_cycle = miss->request_cycle,
                                         .start_cycle = miss->start_cycle,
                                         .space = miss->context->space,
                                         .asid = miss->context->asid,
                                         .waiters = (uint16_t)miss->waiters,
                                         .steps = miss->steps,
                                         .fault = fault,
                                         .fault_level = fault_level,
                                         .filled = filled};
    if (fault == FAULT_NONE)
        event->as.walk.leaf = miss->walk.leaf;
}

/* The update became visible in the cycle in which the bus took it. */
static void tell_update(struct core *core, const struct miss *miss, const struct bus_request *request)
{
    struct mmu_event *event = core_event(core, EVENT_ENTRY_WRITE, core->now);
    if (event)
        event->as.entry_write = (struct event_entry_write){.walk = miss->id,
                                                           .pa = request->pa,
                                                           .old_value = miss->update.expected,
                                                           .new_value = miss->update.desired,
                                                           .issue_cycle = request->cycle,
                                                           .visible_cycle = request->grant_cycle};
}

/* ---- walk caches ------------------------------------------------------------------------------- */

static struct translation_array *walk_cache_at(const struct core *core, uint32_t index)
{
    return core->hierarchy.arrays[core->machine->config.tlb_count + index];
}

static void note_cache_hit(struct core *core, struct translation_array *cache, uint32_t slot)
{
    tlb_touch(&cache->tlb, slot);
    if (!core->track)
        return;
    struct event_tlb_entry *life = &cache->pool->lives[cache->lives[slot]].event;
    if (life->hits++ == 0)
        life->first_hit_cycle = core->now;
    life->last_hit_cycle = core->now;
    life->last_done_cycle = core->now;
}

/* All caches of this kind at once; the entry that covers least leads furthest. NULL if none has one. */
static struct translation_array *look_up_caches(struct core *core, enum walk_cache_holds holds, uint64_t va,
                                                uint64_t space, uint32_t *slot)
{
    struct translation_array *best = NULL;
    for (uint32_t i = 0; i < core->machine->config.walk_cache_count; i++) {
        struct translation_array *cache = walk_cache_at(core, i);
        if (cache->holds != holds)
            continue;
        uint32_t found = tlb_probe(&cache->tlb, va, space);
        core->counters.arrays[cache->number].lookups++;
        if (found == TLB_NONE)
            continue;
        core->counters.arrays[cache->number].hits++;
        if (best && best->tlb.entries[*slot].size_lg2 <= cache->tlb.entries[found].size_lg2)
            continue;
        best = cache;
        *slot = found;
    }
    if (best)
        note_cache_hit(core, best, *slot);
    return best;
}

/* The first cache of this kind that takes entries of this size; NULL if none does. */
static struct translation_array *cache_for(const struct core *core, enum walk_cache_holds holds,
                                           uint8_t size_lg2)
{
    for (uint32_t i = 0; i < core->machine->config.walk_cache_count; i++) {
        struct translation_array *cache = walk_cache_at(core, i);
        if (cache->holds == holds && cache->sizes >> size_lg2 & 1)
            return cache;
    }
    return NULL;
}

/* A walk that an invalidation has caught caches nothing any more. */
static void cache_table(struct core *core, const struct miss *miss)
{
    const struct walk_format *format = miss->walk.regime->format;
    struct walk_table table;
    if (core->walk_caches[WALK_CACHE_TABLES] == 0 || miss->settle || !format->table ||
        !format->table(&miss->walk, &table))
        return;
    struct translation_array *cache = cache_for(core, WALK_CACHE_TABLES, table.span_lg2);
    if (!cache)
        return;
    struct translation_fill fill = {.entry = {.va = table.va,
                                              .pa = table.pa,
                                              .asid = miss->context->asid,
                                              .vmid = miss->context->vmid,
                                              .size_lg2 = table.span_lg2},
                                    .space = miss->context->space,
                                    .walk = miss->id};
    cache->tables[hierarchy_fill_array(core, cache, &fill)] = table;
}

/* Where the walk begins: at the root, or at the furthest table that the caches know. */
static void enter_walk(struct core *core, struct miss *miss)
{
    const struct translation_regime *regime = &miss->context->regime;
    uint32_t slot;
    struct translation_array *cache = NULL;
    if (core->walk_caches[WALK_CACHE_TABLES])
        cache = look_up_caches(core, WALK_CACHE_TABLES, miss->va,
                               tlb_space(miss->context->asid, miss->context->vmid), &slot);
    if (cache && regime->format->enter)
        (void)regime->format->enter(&miss->walk, regime, miss->va, &cache->tables[slot]);
    else
        (void)regime->format->start(&miss->walk, regime, miss->va);
}

/* ---- fetches ----------------------------------------------------------------------------------- */

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

static void request_update(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    struct bus_request *request =
        bus_prepare(core, MEMORY_COMPARE_EXCHANGE, miss->update.pa, 8, CALENDAR_ENTRY, index);
    request->index = UPDATE_INDEX;
    request->expected = miss->update.expected;
    request->value = miss->update.desired;
    bus_ask(core, request);
}

/* ---- slots ------------------------------------------------------------------------------------- */

bool walker_has_room(const struct core *core)
{
    if (!walker_limits_queue(core))
        return true;
    const struct mmu_config *config = &core->machine->config;
    return core->walks_expected + core->queue_count + core->walks_active <
           config->walker_queue + config->walker_slots;
}

static void begin_walk(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    miss->start_cycle = core->now;
    miss->state = MISS_CACHE;
    if (core->walk_cache_cycles[WALK_CACHE_TABLES] > 0)
        core_schedule(core, core->now + core->walk_cache_cycles[WALK_CACHE_TABLES], CALENDAR_WALKER, index);
    else
        walker_continue(core, index);
}

static void begin_queued_walk(struct core *core)
{
    if (core->queue_count == 0 || core->walks_active >= core->machine->config.walker_slots)
        return;
    uint32_t index = core->queue[core->queue_first];
    core->queue_first = (core->queue_first + 1) % MMU_MISSES_MAX;
    core->queue_count--;
    core->walks_active++;
    begin_walk(core, index);
}

/* The pool that all cores share answers after its latency, whoever freed the slot. */
static void grant_shared_slot(struct machine *machine, struct core *by)
{
    const struct mmu_config *config = &machine->config;
    while (machine->walkers.count > 0 && machine->walkers.active < config->walker_slots) {
        uint32_t place = machine->walkers.first;
        struct core *core = &machine->cores[machine->walkers.queue[place].core];
        uint32_t index = machine->walkers.queue[place].miss;
        machine->walkers.first = (place + 1) % (MMU_CORES_MAX * MMU_MISSES_MAX);
        machine->walkers.count--;
        machine->walkers.active++;
        core_deliver(core, by->now + config->walker_request_cycles,
                     calendar_order(CALENDAR_WALKER, core->misses[index].id >> EVENT_CORE_BITS), index,
                     core->index);
    }
}

static void ask_shared_slot(struct core *core, uint32_t index)
{
    struct machine *machine = core->machine;
    uint32_t last = (machine->walkers.first + machine->walkers.count++) % (MMU_CORES_MAX * MMU_MISSES_MAX);
    machine->walkers.queue[last].core = (uint8_t)core->index;
    machine->walkers.queue[last].miss = (uint8_t)index;
    core->slots_awaited++;
    core_limit(core, core->now + machine->config.walker_request_cycles);
    grant_shared_slot(machine, core);
}

void walker_queue(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    core->counters.walker.walks++;
    miss->id = ++core->walk_count << EVENT_CORE_BITS | core->index;
    miss->request_cycle = core->now;
    miss->state = MISS_QUEUED;
    if (core->machine->config.walker_shared) {
        ask_shared_slot(core, index);
        return;
    }
    core->queue[(core->queue_first + core->queue_count++) % MMU_MISSES_MAX] = index;
    begin_queued_walk(core);
}

static void release_slot(struct core *core)
{
    if (core->machine->config.walker_shared) {
        core->machine->walkers.active--;
        return;
    }
    core->walks_active--;
}

static void hand_on_slot(struct core *core)
{
    if (core->machine->config.walker_shared) {
        grant_shared_slot(core->machine, core);
        return;
    }
    begin_queued_walk(core);
    if (walker_limits_queue(core))
        miss_wake_last_levels(core);
}

/* ---- invalidations ----------------------------------------------------------------------------- */

/*
 * A walk depends on the entries that led to the table which it reads, and finds its leaf there: on no others.
 * Where the format cannot say which addresses that table translates, every invalidation of its space counts.
 */
bool walker_is_caught(const struct miss *miss, const struct invalidation *what)
{
    struct walk_table table;
    if (miss->state != MISS_WALKING)
        return false;
    const struct walk_format *format = miss->walk.regime->format;
    if (what->scope == INVALIDATE_IPA)
        return what->vmid == miss->context->vmid;
    bool anywhere = !format->table || !format->table(&miss->walk, &table);
    return invalidation_selects(what, anywhere ? what->va : table.va, anywhere ? 0 : table.span_lg2,
                                miss->context->asid, miss->context->vmid);
}

/* Whether the entry that this leaf would become is one of those that are dropped. */
static bool drops_leaf(const struct invalidation_order *order, const struct walk_leaf *leaf,
                       const struct address_context *context)
{
    struct translation_fill fill = hierarchy_fill_of(context, leaf, 0);
    for (uint32_t i = 0; i < order->count; i++) {
        const struct invalidation *what = order->interrupt ? &order->list[i] : &order->single;
        struct tlb_selection selection = invalidation_selection(what);
        if (what->scope == INVALIDATE_IPA || tlb_selects(&selection, &fill.entry))
            return true;
    }
    return false;
}

/*
 * Of the invalidations that caught this walk, those that mean its page: their acknowledgement goes on to
 * wait for the accesses that now get the old translation. Says whether there are any.
 */
static bool hand_over_settling(struct core *core, struct miss *miss)
{
    bool meant = false;
    for (uint64_t left = miss->settle; left; left &= left - 1) {
        uint32_t place = (uint32_t)__builtin_ctzll(left);
        struct invalidation_target *target = &core->targets[place];
        if (!drops_leaf(target->order, &miss->walk.leaf, miss->context))
            continue;
        meant = true;
        if (core->machine->config.mutant_early_acknowledgement)
            continue;
        for (uint32_t i = miss->waiters ? miss->first_waiter : NO_INDEX; i != NO_INDEX;
             i = core->slots[i].next) {
            core->slots[i].settle |= UINT64_C(1) << place;
            target->pending++;
            target->accesses_settled++;
        }
    }
    return meant;
}

/* ---- one walk ---------------------------------------------------------------------------------- */

bool walker_request(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    const struct translation_regime *regime = &miss->context->regime;
    return regime->format->start(&miss->walk, regime, miss->va) != WALK_FAULT;
}

static void end_walk(struct core *core, uint32_t index, uint8_t fault, uint8_t level)
{
    struct miss *miss = &core->misses[index];
    uint64_t cycles = core->now - miss->request_cycle;
    bool caught = fault == FAULT_NONE && hand_over_settling(core, miss);
    release_slot(core);
    core->counters.walker.cycles += cycles;
    core->counters.walker.faults += fault != FAULT_NONE;
    core->counters.walker.unfilled += caught;
    histogram_add(&core->counters.walk_cycles, cycles);
    miss_end_walk(core, index, fault, level, fault == FAULT_NONE && !caught);
    hand_on_slot(core);
}

static void advance(struct core *core, uint32_t index, enum walk_status status)
{
    struct miss *miss = &core->misses[index];
    switch (status) {
    case WALK_FETCH:
        request_fetches(core, index);
        break;
    case WALK_LEAF:
        if (walk_needs_update(&miss->walk, miss_wants_update(core, miss, &miss->walk.leaf), &miss->update))
            request_update(core, index);
        else
            end_walk(core, index, FAULT_NONE, 0);
        break;
    case WALK_FAULT:
        end_walk(core, index, miss->walk.fault, miss->walk.fault_level);
        break;
    }
}

void walker_continue(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    if (miss->state == MISS_QUEUED) { /* its shared slot has come */
        core->slots_awaited--;
        begin_walk(core, index);
        return;
    }
    miss->state = MISS_WALKING;
    enter_walk(core, miss);
    request_fetches(core, index);
}

/* Somebody else has changed the entry meanwhile: the walk begins anew. */
static void update_answered(struct core *core, uint32_t index, const struct bus_request *request)
{
    struct miss *miss = &core->misses[index];
    const struct walk_format *format = miss->walk.regime->format;
    if (request->aborted) {
        end_walk(core, index, FAULT_EXTERNAL_ABORT, miss->walk.level);
    } else if (request->value == miss->update.expected) {
        core->counters.walker.updates++;
        tell_update(core, miss, request);
        format->updated(&miss->walk);
        advance(core, index, WALK_LEAF);
    } else {
        core->counters.walker.updates_failed++;
        advance(core, index, format->start(&miss->walk, &miss->context->regime, miss->va));
    }
}

void walker_entry(struct core *core, uint32_t index, const struct bus_request *request)
{
    struct miss *miss = &core->misses[index];
    if (request->index == UPDATE_INDEX) {
        update_answered(core, index, request);
        return;
    }
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
    enum walk_status status = miss->walk.regime->format->resume(&miss->walk, miss->words);
    if (status == WALK_FETCH)
        cache_table(core, miss);
    advance(core, index, status);
}
