/*
 * Walks: their slots, their way through walk caches and memory, and what they leave behind.
 */
#include <assert.h>

#include "mmu/core.h"

/* ---- what is told ------------------------------------------------------------------------------ */

static void tell_word(struct core *core, const struct miss *miss, const struct bus_request *request,
                      unsigned word)
{
    struct mmu_event *event = core_event(core, EVENT_WALK_STEP, core->now);
    if (!event)
        return;
    const struct two_stage_walk *nested = miss->nested;
    bool intermediate = nested && nested->stage == 1;
    bool forwarded = request->forwarded >> word & 1;
    event->as.walk_step = (struct event_walk_step){
        .walk = miss->id,
        .pa = request->pa + 8 * word,
        .value = request->aborted ? 0 : miss->words[request->index * miss->fetch_words + word],
        .request_cycle = request->cycle,
        .grant_cycle = forwarded ? request->cycle : request->grant_cycle,
        .ipa = intermediate ? nested->stage1.fetch[request->index] + 8 * word : EVENT_NEVER,
        .index = miss->steps,
        .level = nested ? nested->level : miss->walk.level,
        .stage = nested ? nested->stage : 1};
}

/* One for each word: of one request they have the same number. */
static void tell_step(struct core *core, const struct miss *miss, const struct bus_request *request)
{
    for (unsigned word = 0; core->track && word < miss->fetch_words; word++)
        tell_word(core, miss, request, word);
}

/* The intermediate address that a fault names; EVENT_NEVER if it has none. */
uint64_t walker_fault_ipa(const struct two_stage_fault *fault)
{
    return fault->kind != FAULT_NONE && fault->stage == 2 ? fault->ipa : EVENT_NEVER;
}

void walker_tell(struct core *core, const struct miss *miss, bool filled)
{
    struct mmu_event *event = core_event(core, EVENT_WALK, core->now);
    if (!event)
        return;
    event->as.walk = (struct event_walk){.id = miss->id,
                                         .va = miss->va,
                                         .request_cycle = miss->request_cycle,
                                         .start_cycle = miss->start_cycle,
                                         .fault_ipa = walker_fault_ipa(&miss->fault),
                                         .space = miss->half->space,
                                         .asid = miss->context->asid,
                                         .vmid = miss->context->vmid,
                                         .waiters = (uint16_t)miss->waiters,
                                         .steps = miss->steps,
                                         .cause = miss->cause,
                                         .fault = miss->fault.kind,
                                         .fault_level = miss->fault.level,
                                         .fault_stage = miss->fault.stage,
                                         .fault_on_table = miss->fault.on_table,
                                         .filled = filled};
    if (miss->fault.kind != FAULT_NONE)
        return;
    event->as.walk.leaf = miss->leaf;
    event->as.walk.leaf.stage1_rights &= (uint8_t)~STAGE1_WRITABLE;
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

/* ---- fetches ----------------------------------------------------------------------------------- */

/*
 * On x86 a walk sees the core's own earlier stores; on Arm and RISC-V it reads memory, and software needs a
 * barrier (SDM volume 3, 4.10.4; DDI 0487, D8.2.3; Privileged, SFENCE.VMA). Of several words each is the
 * youngest store's or memory's. True if memory need not be asked.
 */
static bool forward_own_stores(struct core *core, struct bus_request *request, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++)
        if (store_buffer_find(core, request->pa + 8 * i, 8, &request->words[i]) == STORE_CONTAINS)
            request->forwarded |= (uint8_t)(1u << i);
    if (request->forwarded + 1u != 1u << words)
        return false;
    request->cycle = request->grant_cycle = core->now;
    core_schedule(core, core->now + 1, CALENDAR_ENTRY, (uint32_t)(request - core->requests));
    return true;
}

void walker_fetch(struct core *core, uint32_t index, const uint64_t *addresses, uint32_t count,
                  uint32_t words)
{
    struct miss *miss = &core->misses[index];
    bool forwards = core->stores.count > 0 && core->machine->config.ordering == ORDERING_X86;
    uint64_t *place = miss->words;
    assert(count <= WALK_FETCHES_MAX && words <= WALK_FETCH_WORDS_MAX && count * words <= WALK_WORDS_MAX);
    miss->fetches_missing = (uint8_t)count;
    miss->fetch_words = (uint8_t)words;
    miss->aborted = false;
    for (uint32_t i = 0; i < count; i++, place += words) {
        struct bus_request *request =
            bus_prepare(core, MEMORY_READ, addresses[i], 8 * words, CALENDAR_ENTRY, index);
        request->index = (uint8_t)i;
        request->words = place;
        if (!forwards || !forward_own_stores(core, request, words))
            bus_ask(core, request);
    }
}

/*
 * Hardware may set access flags speculatively, but never make an entry dirty (DDI 0487, D8.5.3 and D8.5.4).
 * Here it does neither: a walk that nobody waits for ends.
 */
static void decline_update(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    const struct two_stage_walk *nested = miss->nested;
    miss->fault = (struct two_stage_fault){.ipa = nested ? nested->ipa : 0,
                                           .kind = FAULT_ACCESS_FLAG,
                                           .level = nested ? nested->level : miss->walk.level,
                                           .stage = nested ? nested->stage : 1,
                                           .on_table = nested && nested->on_table};
    walker_end(core, index);
}

void walker_update(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    if (miss_is_speculative(miss) && !miss_is_wanted(miss)) {
        decline_update(core, index);
        return;
    }
    struct bus_request *request =
        bus_prepare(core, MEMORY_COMPARE_EXCHANGE, miss->update.pa, 8, CALENDAR_ENTRY, index);
    miss->updating = true;
    request->index = UPDATE_INDEX;
    request->expected = miss->update.expected;
    request->value = miss->update.desired;
    bus_ask(core, request);
}

static void request_fetches(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    const struct walk_format *format = miss->walk.regime->format;
    struct walk_table table;
    if (core->walk_caches[WALK_CACHE_TABLES] && !walk_cache_gave(miss, 1) && format->table &&
        format->table(&miss->walk, &table))
        walk_cache_add_table(core, WALK_CACHE_TABLES, miss, &table, NULL);
    walker_fetch(core, index, miss->walk.fetch, miss->walk.fetches, miss->walk.fetch_words);
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

bool walker_is_idle(const struct core *core)
{
    const struct machine *machine = core->machine;
    if (machine->config.walker_shared)
        return machine->walkers.count == 0 && machine->walkers.active < machine->config.walker_slots;
    return core->queue_count == 0 && core->walks_active < machine->config.walker_slots &&
           walker_has_room(core);
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

/* Behind what a core's own walks have in the same cycle: no two items of a calendar are equal. */
#define GRANT_AGE (UINT64_C(1) << 55)

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
                     calendar_order(CALENDAR_WALKER, GRANT_AGE | core->misses[index].id >> EVENT_CORE_BITS),
                     index, core->index);
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

bool walker_is_caught(const struct miss *miss, const struct invalidation *what)
{
    if (miss->state != MISS_WALKING && miss->state != MISS_IPA_CACHE && miss->state != MISS_STAGE2_CACHE)
        return false;
    if (!miss->nested)
        return invalidation_concerns_walk(what, &miss->walk, miss->updating, miss->context->asid,
                                          miss->context->vmid);
    return invalidation_concerns_nested_walk(what, miss->context->asid, miss->context->vmid);
}

/* Whether the entry that this leaf would become is one of those that are dropped. */
static bool drops_leaf(const struct invalidation_order *order, const struct miss *miss)
{
    struct translation_fill fill = hierarchy_fill_of(miss, &miss->leaf);
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
        if (!drops_leaf(target->order, miss))
            continue;
        meant = true;
        for (uint32_t i = miss->waiters ? miss->first_waiter : NO_INDEX; i != NO_INDEX;
             i = core->slots[i].next) {
            if (core->slots[i].settle >> place & 1)
                continue;
            core->slots[i].settle |= UINT64_C(1) << place;
            target->pending++;
            target->accesses_settled++;
        }
    }
    return meant;
}

/* ---- one walk ---------------------------------------------------------------------------------- */

static void keep_fault(struct miss *miss, uint8_t kind, uint8_t level)
{
    miss->fault = (struct two_stage_fault){.kind = kind, .level = level, .stage = 1};
}

bool walker_request(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    const struct translation_regime *regime = &miss->half->regime;
    miss->fault = (struct two_stage_fault){.kind = FAULT_NONE};
    miss->nested = NULL;
    if (miss->half->two_stage)
        return nested_request(core, index);
    if (regime->format->start(&miss->walk, regime, miss->va) != WALK_FAULT)
        return true;
    keep_fault(miss, miss->walk.fault, miss->walk.fault_level);
    return false;
}

static void end_walk(struct core *core, uint32_t index, bool usable)
{
    struct miss *miss = &core->misses[index];
    uint64_t cycles = core->now - miss->request_cycle;
    bool faulted = miss->fault.kind != FAULT_NONE;
    bool caught = !faulted && hand_over_settling(core, miss);
    bool filled = !faulted && !caught && usable;
    release_slot(core);
    core->counters.walker.cycles += cycles;
    core->counters.walker.faults += faulted;
    core->counters.walker.unfilled += !faulted && !filled;
    histogram_add(&core->counters.walk_cycles, cycles);
    miss_end_walk(core, index, filled);
    hand_on_slot(core);
}

void walker_end(struct core *core, uint32_t index)
{
    end_walk(core, index, true);
}

/* Nothing is cached of an entry that hardware would have to change first, for accesses that it does not allow
 * (RISC-V Privileged, 4.3.2: step 5 comes before step 7). */
void walker_refuse(struct core *core, uint32_t index)
{
    end_walk(core, index, false);
}

static void leaf_found(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    const struct walk_leaf *leaf = &miss->walk.leaf;
    if (!walk_needs_update(&miss->walk, miss_wants_update(core, miss, leaf), &miss->update)) {
        miss->leaf = *leaf;
        walker_end(core, index);
    } else if (miss_is_refused(core, miss, leaf)) {
        miss->leaf = *leaf;
        walker_refuse(core, index);
    } else {
        walker_update(core, index);
    }
}

static void advance(struct core *core, uint32_t index, enum walk_status status)
{
    struct miss *miss = &core->misses[index];
    switch (status) {
    case WALK_FETCH:
        request_fetches(core, index);
        break;
    case WALK_LEAF:
        leaf_found(core, index);
        break;
    case WALK_UPDATE:
        miss->update = miss->walk.table_update;
        walker_update(core, index);
        break;
    case WALK_FAULT:
        keep_fault(miss, miss->walk.fault, miss->walk.fault_level);
        walker_end(core, index);
        break;
    }
}

/* At the root, or at the furthest table that the caches know. */
static void enter(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    const struct translation_regime *regime = &miss->half->regime;
    struct walk_cache_found found = walk_cache_find(core, WALK_CACHE_TABLES, miss->context, miss->va);
    miss->state = MISS_WALKING;
    miss->entered = (uint8_t)((found.cache && regime->format->enter) << 1);
    if (found.cache && regime->format->enter)
        advance(core, index,
                regime->format->enter(&miss->walk, regime, miss->va, &found.cache->tables[found.slot]));
    else
        request_fetches(core, index); /* as it was when the walk was asked for */
}

void walker_continue(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    if (miss->state == MISS_QUEUED) { /* its shared slot has come */
        core->slots_awaited--;
        begin_walk(core, index);
    } else if (miss->state != MISS_CACHE) {
        nested_continue(core, index);
    } else if (miss->nested) {
        nested_begin(core, index);
    } else {
        enter(core, index);
    }
}

/* Somebody else may have changed the entry meanwhile: then the walk begins anew. */
static void update_answered(struct core *core, uint32_t index, const struct bus_request *request)
{
    struct miss *miss = &core->misses[index];
    bool done = request->value == miss->update.expected;
    *(done ? &core->counters.walker.updates : &core->counters.walker.updates_failed) += 1;
    if (done)
        tell_update(core, miss, request);
    if (miss->nested) {
        nested_updated(core, index, done);
        return;
    }
    const struct walk_format *format = miss->walk.regime->format;
    advance(core, index,
            done ? format->updated(&miss->walk) : format->start(&miss->walk, &miss->half->regime, miss->va));
}

static void aborted(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    if (miss->nested) {
        nested_abort(core, index);
        return;
    }
    keep_fault(miss, FAULT_EXTERNAL_ABORT, miss->walk.level);
    walker_end(core, index);
}

void walker_entry(struct core *core, uint32_t index, const struct bus_request *request)
{
    struct miss *miss = &core->misses[index];
    miss->updating = false;
    if (request->index == UPDATE_INDEX && !request->aborted) {
        update_answered(core, index, request);
        return;
    }
    if (request->index != UPDATE_INDEX) {
        core->counters.walker.steps++;
        core->counters.walker.stage2_steps += miss->nested && miss->nested->stage == 2;
        tell_step(core, miss, request);
        miss->steps++;
    }
    miss->aborted |= request->aborted;
    if (request->index != UPDATE_INDEX && --miss->fetches_missing > 0)
        return;
    if (miss->aborted)
        aborted(core, index);
    else if (miss->nested)
        nested_words(core, index);
    else
        advance(core, index, miss->walk.regime->format->resume(&miss->walk, miss->words));
}
