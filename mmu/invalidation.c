/*
 * Invalidations, at both ends.
 *
 * The issuer sends one message to each core concerned (to itself without the network). There it waits for the
 * invalidation unit, drops the entries, and is acknowledged when the walks that were in flight are settled
 * and every access that already used such a translation is complete, buffered stores included.
 *
 * A walk in flight is let finish: it forwards its result to those who waited for it, fills nothing, and the
 * acknowledgement waits for it and for them.
 *
 * An interrupt does the same in software: a handler runs, while the program issues nothing new, carries out a
 * list of invalidations, and acknowledges when every access of the core is complete.
 */
#include "mmu/adversary.h"
#include "mmu/core.h"

/* ---- what is meant ----------------------------------------------------------------------------- */

/* A format that leaves the entries of upper levels where they are has it so while a space of it is active. */
static bool keeps_tables(const struct core *core, enum walk_cache_holds holds)
{
    const struct address_context *context = core->context;
    if (holds == WALK_CACHE_STAGE2_TABLES)
        return context && context->two_stage && context->two_stage->stage2->format->address_keeps_tables;
    return context && (context->regime.format->address_keeps_tables ||
                       (context->high && context->high->regime.format->address_keeps_tables));
}

static bool selects_tables(const struct core *core, const struct invalidation *what,
                           struct tlb_selection *selection)
{
    return invalidation_selects_tables(what, (enum ordering)core->machine->config.ordering,
                                       keeps_tables(core, WALK_CACHE_TABLES), selection);
}

static bool selects(const struct core *core, const struct translation_array *array,
                    const struct invalidation *what, struct tlb_selection *selection)
{
    if (array->level == 0 && array->holds == WALK_CACHE_TABLES)
        return selects_tables(core, what, selection);
    *selection = invalidation_selection(what);
    if (array->level > 0)
        return what->scope != INVALIDATE_IPA;
    selection->by_va = what->scope == INVALIDATE_IPA;
    bool leaves_alone = what->last_level_only || (selection->by_va && keeps_tables(core, array->holds));
    if (array->holds == WALK_CACHE_STAGE2_TABLES && leaves_alone)
        return false;
    return what->scope == INVALIDATE_IPA || what->scope == INVALIDATE_VMID;
}

/* ---- the issuer -------------------------------------------------------------------------------- */

/* Each invalidation of a list has an identifier of its own: they are consecutive. */
static uint64_t item_id(const struct invalidation_issue *issue, uint32_t item)
{
    return issue->id + ((uint64_t)item << EVENT_CORE_BITS);
}

static void tell_issue(struct core *core, const struct invalidation_issue *issue)
{
    const struct invalidation_order *order = &issue->order;
    for (uint32_t i = 0; i < order->count; i++) {
        struct mmu_event *event = core_event(core, EVENT_INVALIDATION, core->now);
        if (event)
            event->as.invalidation =
                (struct event_invalidation){.id = item_id(issue, i),
                                            .operation = issue->operation,
                                            .what = order->interrupt ? order->list[i] : order->single,
                                            .list = order->interrupt ? order->count : 0,
                                            .targets = issue->missing};
    }
}

/* Messages of one sender leave one after the other. */
static void send(struct core *issuer, uint32_t slot, struct core *target)
{
    const struct mmu_config *config = &issuer->machine->config;
    uint64_t latency = 1, leaves = issuer->now;
    if (target != issuer) {
        leaves = issuer->message_cycle > leaves ? issuer->message_cycle : leaves;
        issuer->message_cycle = leaves + config->invalidate_message_cycles;
        latency = config->network_latency_cycles;
    }
    uint64_t age = (uint64_t)issuer->index << 40 | (issuer->invalidation_count & UINT32_MAX);
    core_deliver(target, leaves + latency, calendar_order(CALENDAR_INVALIDATION_ARRIVES, age), slot,
                 issuer->index);
}

static uint32_t free_issue(const struct core *core)
{
    uint32_t limit = (uint32_t)core->machine->config.invalidations_in_flight;
    for (uint32_t slot = 0; slot < limit; slot++)
        if (!core->issues[slot].used)
            return slot;
    return NO_INDEX;
}

bool invalidation_issue(struct core *core, const struct invalidation_order *order, uint64_t targets,
                        uint64_t operation)
{
    uint32_t slot = free_issue(core);
    if (slot == NO_INDEX)
        return false;
    struct machine *machine = core->machine;
    struct invalidation_issue *issue = &core->issues[slot];
    issue->used = true;
    issue->order = *order;
    issue->id = (core->invalidation_count + 1) << EVENT_CORE_BITS | core->index;
    core->invalidation_count += order->count;
    issue->operation = operation;
    issue->issue_cycle = core->now;
    issue->missing = (uint32_t)__builtin_popcountll(targets);
    issue->targets = targets;
    issue->begun = issue->dropped = 0;
    issue->local = targets == UINT64_C(1) << core->index && !order->single.broadcast;
    *(issue->local ? &core->outstanding_local : &core->outstanding_broadcast) += 1;
    core->counters.invalidations.issued += order->count;
    core->counters.invalidations.interrupts += order->interrupt ? issue->missing : 0;
    tell_issue(core, issue);
    /* one that waited for room, or for an interrupt's handler to end, is sent while the core runs */
    core_limit(core, core->now + machine->config.network_latency_cycles);
    for (uint32_t i = 0; i < machine->config.cores; i++)
        if (targets >> i & 1)
            send(core, slot, &machine->cores[i]);
    return true;
}

static void complete(struct core *core, struct invalidation_issue *issue)
{
    uint64_t cycles = core->now - issue->issue_cycle;
    *(issue->local ? &core->outstanding_local : &core->outstanding_broadcast) -= 1;
    issue->used = false;
    for (uint32_t i = 0; i < issue->order.count; i++) {
        core->counters.invalidations.completed++;
        core->counters.invalidations.cycles += cycles;
        histogram_add(&core->counters.invalidation_cycles, cycles);
        struct mmu_event *event = core_event(core, EVENT_COMPLETION, core->now);
        if (event)
            event->as.completion = (struct event_completion){.invalidation = item_id(issue, i),
                                                             .issue_cycle = issue->issue_cycle};
    }
}

void invalidation_answered(struct core *core, uint32_t issuer_slot, uint32_t from)
{
    struct invalidation_issue *issue = &core->issues[issuer_slot];
    for (uint32_t i = 0; i < issue->order.count; i++) {
        struct mmu_event *event = core_event(core, EVENT_ACKNOWLEDGEMENT, core->now);
        if (!event)
            break;
        event->as.acknowledgement = issue->answers[from];
        event->as.acknowledgement.invalidation = item_id(issue, i);
        if (i > 0)
            event->as.acknowledgement.entries_dropped = 0;
    }
    if (--issue->missing == 0)
        complete(core, issue);
}

/* ---- the target -------------------------------------------------------------------------------- */

static const struct invalidation *item_of(const struct invalidation_target *target, uint32_t index)
{
    return target->order->interrupt ? &target->order->list[index] : &target->order->single;
}

/* The unit, or the handler, begins with the first that waits. */
static void begin_next(struct core *core)
{
    const struct mmu_config *config = &core->machine->config;
    if (core->unit_busy || core->unit_count == 0)
        return;
    uint32_t place = core->unit_queue[core->unit_first];
    const struct invalidation_target *target = &core->targets[place];
    uint64_t cycles = config->invalidate_cycles;
    core->unit_first = (core->unit_first + 1) % TARGETS_MAX;
    core->unit_count--;
    core->unit_busy = true;
    if (target->order->interrupt) {
        core->suspended = true;
        cycles += config->interrupt_entry_cycles;
    }
    core_schedule(core, core->now + cycles, CALENDAR_INVALIDATION_DROPS, place);
}

static void accept(struct core *core, const struct waiting_arrival *arrival, uint32_t place)
{
    const struct invalidation_issue *issue =
        &core->machine->cores[arrival->issuer].issues[arrival->issuer_slot];
    core->targets[place] = (struct invalidation_target){.order = &issue->order,
                                                        .arrive_cycle = arrival->cycle,
                                                        .issuer = arrival->issuer,
                                                        .issuer_slot = arrival->issuer_slot,
                                                        .used = true};
    core->unit_queue[(core->unit_first + core->unit_count++) % TARGETS_MAX] = (uint8_t)place;
    begin_next(core);
}

void invalidation_arrives(struct core *core, uint32_t issuer, uint32_t issuer_slot)
{
    struct waiting_arrival arrival = {
        .cycle = core->now, .issuer = (uint8_t)issuer, .issuer_slot = (uint8_t)issuer_slot};
    core->counters.invalidations.received += core->machine->cores[issuer].issues[issuer_slot].order.count;
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
    if (target->order->interrupt)
        core_schedule(core, core->now + core->machine->config.interrupt_exit_cycles, CALENDAR_HANDLER_ENDS,
                      0);
    if (core->arrivals_count == 0)
        return;
    struct waiting_arrival next = core->arrivals[core->arrivals_first];
    core->arrivals_first = (core->arrivals_first + 1) % core->arrivals_capacity;
    core->arrivals_count--;
    accept(core, &next, place);
}

void invalidation_resumes(struct core *core)
{
    core->suspended = false;
    core->unit_busy = false;
    if (core->program == PROGRAM_DUE && core->due_cycle < core->now)
        core->due_cycle = core->result.cycle = core->now;
    if (core->ready_at < core->now)
        core->ready_at = core->now;
    begin_next(core);
}

void invalidation_settle(struct core *core, uint64_t mask)
{
    for (; mask; mask &= mask - 1) {
        uint32_t place = (uint32_t)__builtin_ctzll(mask);
        if (--core->targets[place].pending == 0 && core->targets[place].dropped)
            acknowledge(core, place);
    }
}

/* ---- shared levels ------------------------------------------------------------------------------ */

/*
 * The cores carry out an invalidation one after the other, and what stands in a shared level goes with the
 * first. From then on until its own turn, a core might put an old translation there, the result of a walk
 * that it began before, or a victim of its first level; a core that is done with the invalidation would find
 * it. So the level takes nothing from it that the invalidation means. These things happen at global time.
 */
static void note_shared_drop(struct core *core, const struct invalidation_target *target)
{
    struct invalidation_issue *issue = &core->machine->cores[target->issuer].issues[target->issuer_slot];
    uint64_t bit = UINT64_C(1) << core->index;
    if (!core->machine->shared.lives.lives)
        return;
    core->machine->shared_drops += issue->begun == 0;
    issue->begun |= bit;
    if (target->next < target->order->count)
        return;
    issue->dropped |= bit;
    core->machine->shared_drops -= issue->dropped == issue->targets;
}

static bool bars(const struct core *core, const struct invalidation_issue *issue,
                 const struct tlb_entry *entry)
{
    uint64_t bit = UINT64_C(1) << core->index;
    if (!issue->used || issue->begun == 0 || !(issue->targets & ~issue->dropped & bit))
        return false;
    for (uint32_t i = 0; i < issue->order.count; i++) {
        const struct invalidation *what =
            issue->order.interrupt ? &issue->order.list[i] : &issue->order.single;
        struct tlb_selection selection = invalidation_selection(what);
        if (what->scope != INVALIDATE_IPA && tlb_selects(&selection, entry))
            return true;
    }
    return false;
}

bool invalidation_bars(const struct core *core, const struct tlb_entry *entry)
{
    const struct machine *machine = core->machine;
    for (uint32_t i = 0; machine->shared_drops > 0 && i < machine->config.cores; i++)
        for (uint32_t slot = 0; slot < machine->config.invalidations_in_flight; slot++)
            if (bars(core, &machine->cores[i].issues[slot], entry))
                return true;
    return false;
}

/* ---- dropping and settling --------------------------------------------------------------------- */

struct drop_visit {
    struct core *core;
    struct translation_array *array;
    uint64_t invalidation;
};

static void dropped(void *context, uint32_t slot, const struct tlb_entry *entry)
{
    const struct drop_visit *visit = context;
    (void)entry;
    visit->core->counters.arrays[visit->array->number].dropped++;
    hierarchy_end_life(visit->core, visit->array, slot, ENTRY_END_INVALIDATED, visit->invalidation);
}

/* The cycles that the looking has cost. */
static uint64_t count_dropped(struct core *core, struct invalidation_target *target,
                              const struct tlb_invalidated *done)
{
    const struct mmu_config *config = &core->machine->config;
    target->entries_dropped += done->dropped;
    core->counters.invalidations.entries_dropped += done->dropped;
    return done->sets * config->invalidate_set_cycles + done->entries * config->invalidate_entry_cycles;
}

/* The cycles that the looking costs beyond the least. */
static uint64_t drop_entries(struct core *core, struct invalidation_target *target,
                             const struct invalidation *what)
{
    uint64_t id =
        item_id(&core->machine->cores[target->issuer].issues[target->issuer_slot], target->next - 1);
    uint64_t cycles = 0;
    for (uint32_t i = 0; i < core->hierarchy.array_count; i++) {
        struct translation_array *array = core->hierarchy.arrays[i];
        struct drop_visit visit = {core, array, id};
        struct tlb_selection selection;
        if (!selects(core, array, what, &selection))
            continue;
        struct tlb_invalidated done = tlb_invalidate(&array->tlb, &selection, dropped, &visit);
        cycles += count_dropped(core, target, &done);
    }
    if (core->ranges && what->scope != INVALIDATE_IPA) {
        struct tlb_selection selection = invalidation_selection(what);
        struct tlb_invalidated done = range_tlb_invalidate(core, &selection, id);
        cycles += count_dropped(core, target, &done);
    }
    return cycles;
}

static void catch_walks(struct core *core, struct invalidation_target *target,
                        const struct invalidation *what, uint64_t bit)
{
    for (uint32_t i = 0; i < core->machine->config.misses; i++) {
        struct miss *miss = &core->misses[i];
        if (miss->settle & bit || !walker_is_caught(miss, what))
            continue;
        miss->settle |= bit;
        target->pending++;
        target->walks_settled++;
    }
}

/* Everything that the core has under way, for an interrupt. */
static bool uses_translation(const struct invalidation *what, const struct event_translation *access)
{
    uint8_t size_lg2 =
        access->whole_size_lg2 > access->page_size_lg2 ? access->whole_size_lg2 : access->page_size_lg2;
    return !what || (access->page_size_lg2 != 0 &&
                     invalidation_selects(what, access->va, size_lg2, access->asid, access->vmid));
}

/* Once, even if the access waits for a walk that an interrupt's list has caught, too. */
static void wait_for(struct invalidation_target *target, uint64_t *settle, uint64_t bit)
{
    if (*settle & bit)
        return;
    *settle |= bit;
    target->pending++;
    target->accesses_settled++;
}

/* Those that used what `what` selects; all if it is NULL. */
static void catch_accesses(struct core *core, struct invalidation_target *target,
                           const struct invalidation *what, uint64_t bit)
{
    if (!what)
        miss_make_lights_ordinary(core);
    for (uint32_t i = 0; core->in_flight && i < SLOTS_MAX; i++) {
        struct access_slot *slot = &core->slots[i];
        bool translated = slot->state == SLOT_LOOKUP || slot->state >= SLOT_READY;
        if (what ? translated && uses_translation(what, &slot->event) : slot->state != SLOT_FREE)
            wait_for(target, &slot->settle, bit);
    }
    for (uint32_t i = 0; i < core->stores.count; i++) {
        struct buffered_store *store = &core->stores.entries[(core->stores.first + i) % MMU_STORE_BUFFER_MAX];
        if (store->slot == NO_INDEX &&
            (!what || (store->translated && uses_translation(what, &store->event))))
            wait_for(target, &store->settle, bit);
    }
}

static void await_all(struct core *core, uint32_t place)
{
    struct invalidation_target *target = &core->targets[place];
    target->dropped = true;
    if (!target->order->interrupt) {
        core->unit_busy = false;
        begin_next(core);
    }
    if (target->pending == 0)
        acknowledge(core, place);
}

/* A list's next one, or what remains when all are dropped. */
static void go_on(struct core *core, uint32_t place)
{
    struct invalidation_target *target = &core->targets[place];
    if (target->next < target->order->count) {
        core_schedule(core, core->now + core->machine->config.invalidate_cycles, CALENDAR_INVALIDATION_DROPS,
                      place);
    } else if (target->order->interrupt && operation_half_issued(core)) {
        core_schedule(core, core->now + 1, CALENDAR_INVALIDATION_DROPS, place);
    } else {
        if (target->order->interrupt)
            catch_accesses(core, target, NULL, UINT64_C(1) << place);
        await_all(core, place);
    }
}

void invalidation_drops(struct core *core, uint32_t place)
{
    struct invalidation_target *target = &core->targets[place];
    uint64_t bit = UINT64_C(1) << place;
    if (target->paying || target->next == target->order->count) {
        target->paying = false;
        go_on(core, place);
        return;
    }
    const struct invalidation *what = item_of(target, target->next++);
    uint64_t cycles = drop_entries(core, target, what);
    note_shared_drop(core, target);
    target->drop_cycle = core->now;
    catch_walks(core, target, what, bit);
    if (core->adversary)
        adversary_saw_invalidation(core, what);
    if (!target->order->interrupt)
        catch_accesses(core, target, what, bit);
    if (cycles == 0) {
        go_on(core, place);
        return;
    }
    target->paying = true;
    core_schedule(core, core->now + cycles, CALENDAR_INVALIDATION_DROPS, place);
}
