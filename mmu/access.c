/*
 * Accesses in flight: look-up, translation, data, completion.
 *
 * Translations may complete in any order. Data on the bus is asked for in program order: a younger access
 * does not touch memory before each older one has, or has faulted, so that a core sees its own stores.
 */
#include "mmu/core.h"
#include "mmu/prefetch.h"
#include "mmu/rights.h"

uint64_t access_bytes(uint64_t value, unsigned size_bytes)
{
    return size_bytes < 8 ? value & ((UINT64_C(1) << 8 * size_bytes) - 1) : value;
}

/* What a second half stores: the value, which repeats every 8 bytes, from where the first half ended. */
static uint64_t rotated(uint64_t value, unsigned bytes)
{
    unsigned shift = 8 * (bytes % 8);
    return shift ? value >> shift | value << (64 - shift) : value;
}

static bool has_turn(const struct access_slot *slot)
{
    return slot->wanted.data_mode == DATA_BUS &&
           (slot->event.access_kind != ACCESS_FETCH || slot->wanted.fetch_data);
}

static void count_issue(struct core *core, const struct wanted_access *wanted)
{
    struct core_counters *counters = &core->counters;
    counters->accesses.translations++;
    counters->accesses.retries += wanted->retry;
    switch (wanted->access.kind) {
    case ACCESS_LOAD:
        counters->accesses.loads++;
        break;
    case ACCESS_STORE:
        counters->accesses.stores++;
        break;
    default:
        counters->accesses.fetches++;
        break;
    }
}

uint32_t access_take_slot(struct core *core, const struct wanted_access *wanted, uint64_t va,
                          uint16_t size_bytes, uint8_t half)
{
    uint32_t index = core->free_slot;
    struct access_slot *slot = &core->slots[index];
    core->free_slot = slot->next;
    core->in_flight++;
    slot->wanted = *wanted;
    slot->settle = 0;
    slot->life = NO_INDEX;
    slot->level = 0;
    slot->value = half == 2 ? rotated(wanted->value, wanted->access.size_bytes - size_bytes) : wanted->value;
    slot->event = (struct event_translation){.va = va,
                                             .pc = wanted->access.pc,
                                             .issue_cycle = core->now,
                                             .performed_cycle = EVENT_NEVER,
                                             .fault_ipa = EVENT_NEVER,
                                             .access = wanted->number,
                                             .space = address_context_half(core->context, va)->space,
                                             .asid = core->context->asid,
                                             .vmid = core->context->vmid,
                                             .size_bytes = size_bytes,
                                             .access_kind = wanted->access.kind,
                                             .privilege = wanted->privilege,
                                             .half = half,
                                             .retry = wanted->retry};
    if (has_turn(slot))
        core->order[(core->order_first + core->order_count++) % SLOTS_MAX] = index;
    return index;
}

static uint32_t take_slot(struct core *core, const struct wanted_access *wanted, uint64_t va,
                          uint16_t size_bytes, uint8_t half)
{
    count_issue(core, wanted);
    return access_take_slot(core, wanted, va, size_bytes, half);
}

static void set_fault(struct access_slot *slot, const struct two_stage_fault *fault)
{
    slot->fault = *fault;
    slot->event.fault = fault->kind;
    slot->event.fault_level = fault->level;
    slot->event.fault_stage = fault->stage;
}

/* The stage whose rights, as the core's controls have them, do not permit it; stage 1 is asked first. */
static void refuse(const struct core *core, struct access_slot *slot, const struct walk_leaf *leaf,
                   uint64_t stage2_part)
{
    unsigned right = ACCESS_RIGHT(slot->event.privilege, slot->event.access_kind);
    uint8_t stage1 = leaf->stage1_rights & (uint8_t)~STAGE1_WRITABLE;
    uint32_t attributes = leaf->frame.attributes & ~(uint32_t)FRAME_WRITABLE;
    attributes |= leaf->stage1_rights & STAGE1_WRITABLE ? FRAME_WRITABLE : 0;
    attributes = stage1 ? attributes : leaf->frame.attributes;
    bool second = stage1 && rights_allowed(core, leaf->va, stage1, attributes) & right;
    uint8_t rights = leaf->rights;
    if (stage1)
        rights = second ? (uint8_t)(stage2_part & STAGE2_RIGHTS) : stage1;
    uint64_t ipa = (stage2_part & ~(uint64_t)STAGE2_RIGHTS) + (slot->event.va - leaf->va);
    set_fault(slot, &(struct two_stage_fault){.ipa = second ? ipa : 0,
                                              .kind = FAULT_PERMISSION,
                                              .level = second ? leaf->stage2_level : leaf->level,
                                              .stage = second ? 2 : 1,
                                              .rights = rights,
                                              .attributes = attributes});
}

/* What the translation says of this access: its address, and whether it is allowed. */
static void apply_translation(const struct core *core, struct access_slot *slot, const struct walk_leaf *leaf,
                              uint64_t stage2_part)
{
    struct event_translation *event = &slot->event;
    unsigned right = ACCESS_RIGHT(event->privilege, event->access_kind);
    event->page_size_lg2 = leaf->frame.size_lg2;
    event->whole_size_lg2 = leaf->stage1_rights ? leaf->stage1_size_lg2 : 0;
    event->rights = leaf->rights;
    event->attributes = leaf->frame.attributes;
    slot->level = leaf->level;
    if (rights_allowed(core, leaf->va, leaf->rights, leaf->frame.attributes) & right)
        event->pa = leaf->frame.base + (event->va - leaf->va);
    else
        refuse(core, slot, leaf, stage2_part);
}

static void note_hit(struct core *core, struct access_slot *slot, const struct tlb_found *found)
{
    if (!core->track)
        return;
    slot->life = found->array->lives[found->slot];
    struct entry_life *life = &core->lives.lives[slot->life];
    life->users++;
    if (life->event.hits++ == 0)
        life->event.first_hit_cycle = core->now;
    life->event.last_hit_cycle = core->now;
    slot->event.entry = life->event.id;
}

static struct tlb_found look_at_first_level(struct core *core, unsigned side, uint64_t va)
{
    const struct tlb_group *group = core->hierarchy.path[side][0];
    return hierarchy_look(core, group, 0, group->step_count, va);
}

bool access_conflict(struct core *core, uint64_t va, const struct tlb_found *found)
{
    if (found->matches < 2)
        return false;
    core->counters.accesses.conflicts++;
    struct mmu_event *event = core_event(core, EVENT_CONFLICT, core->now);
    if (event)
        event->as.conflict = (struct event_conflict){
            .va = va,
            .entry = found->array->pool->lives[found->array->lives[found->slot]].event.id,
            .space = address_context_half(core->context, va)->space,
            .matches = found->matches,
            .tlb = found->array->number};
    return core->machine->config.tlb_conflict == TLB_CONFLICT_ABORT;
}

/* A store that finds an entry which hardware has to make dirty first walks, as if it had found none. */
static bool is_clean(const struct core *core, const struct event_translation *event,
                     const struct walk_leaf *leaf)
{
    unsigned right = ACCESS_RIGHT(event->privilege, ACCESS_STORE);
    if (event->access_kind != ACCESS_STORE || leaf->rights == leaf->rights_when_dirty)
        return false;
    return right & rights_allowed(core, leaf->va, leaf->rights_when_dirty, leaf->frame.attributes) &
           ~(unsigned)rights_allowed(core, leaf->va, leaf->rights, leaf->frame.attributes);
}

static void first_level_hit(struct core *core, uint32_t index, const struct tlb_found *found,
                            const struct walk_leaf *leaf)
{
    struct access_slot *slot = &core->slots[index];
    slot->event.outcome = OUTCOME_L1_HIT;
    note_hit(core, slot, found);
    if (prefetch_is_unproven(found->array, found->slot))
        prefetch_proves(core, found->array, found->slot, &slot->event);
    if (access_conflict(core, slot->event.va, found)) {
        set_fault(slot,
                  &(struct two_stage_fault){.kind = FAULT_TLB_CONFLICT, .level = leaf->level, .stage = 1});
    } else {
        apply_translation(core, slot, leaf, found->array->tlb.entries[found->slot].more);
    }
    slot->state = SLOT_LOOKUP;
    core_schedule(core, core->now + found->cycles, CALENDAR_TRANSLATED, index);
}

static void look_up(struct core *core, uint32_t index)
{
    struct access_slot *slot = &core->slots[index];
    unsigned side = access_side(slot->event.access_kind);
    struct tlb_group *group = core->hierarchy.path[side][0];
    struct tlb_counters *counters = &core->counters.tlb[group->counters];
    if (group->ports)
        (void)hierarchy_take_port(group, core->now);
    struct tlb_found found = look_at_first_level(core, side, slot->event.va);
    hierarchy_count_look_up(core, group);
    if (found.array) {
        struct walk_leaf leaf = hierarchy_leaf(&found.array->tlb.entries[found.slot]);
        if (!is_clean(core, &slot->event, &leaf)) {
            counters->hits++;
            first_level_hit(core, index, &found, &leaf);
            return;
        }
        core->counters.arrays[found.array->number].hits--;
    }
    counters->misses++;
    if (!miss_start(core, index)) {
        slot->state = SLOT_STALLED;
        core->stalled = index;
    }
}

/* Whether the first level takes a look-up now. If not, some event of the calendar, or `ready_at`, comes
 * first. */
bool access_can_issue(struct core *core, uint8_t access_kind)
{
    const struct tlb_group *group = core->hierarchy.path[access_side(access_kind)][0];
    if (!group->gated)
        return true;
    if (!group->hit_under_miss && group->outstanding > 0) {
        core->blocked = true;
        return false;
    }
    uint64_t earliest = hierarchy_port_free(group);
    if (earliest <= core->now)
        return true;
    core->ready_at = earliest;
    return false;
}

void access_issue(struct core *core, const struct wanted_access *wanted)
{
    unsigned page_lg2 = core->page_lg2;
    uint64_t va = wanted->access.va;
    uint64_t last = va + wanted->access.size_bytes - 1;
    bool crosses = (va ^ last) >> page_lg2 != 0;
    uint16_t size_bytes = wanted->access.size_bytes;
    if (crosses) {
        size_bytes = (uint16_t)((UINT64_C(1) << page_lg2) - (va & ((UINT64_C(1) << page_lg2) - 1)));
        core->second = *wanted;
        core->second_valid = true;
        core->second_size_bytes = (uint16_t)(wanted->access.size_bytes - size_bytes);
        core->counters.accesses.crossing++;
    }
    look_up(core, take_slot(core, wanted, va, size_bytes, crosses ? 1 : 0));
}

void access_issue_second(struct core *core)
{
    const struct wanted_access *wanted = &core->second;
    uint64_t va = wanted->access.va + wanted->access.size_bytes - core->second_size_bytes;
    core->second_valid = false;
    look_up(core, take_slot(core, wanted, va, core->second_size_bytes, 2));
}

/* True if nothing is stalled any more. */
bool access_retry_stalled(struct core *core)
{
    if (core->stalled == NO_INDEX)
        return true;
    if (core->misses_free == 0 || !miss_start(core, core->stalled))
        return false;
    core->stalled = NO_INDEX;
    return true;
}

static void release_slot(struct core *core, uint32_t index)
{
    core->slots[index].state = SLOT_FREE;
    core->slots[index].next = core->free_slot;
    core->free_slot = index;
    core->in_flight--;
}

void access_complete(struct core *core, uint32_t index)
{
    struct access_slot *slot = &core->slots[index];
    bool tell = slot->event.outcome != OUTCOME_L1_HIT || slot->event.fault || core->tell_hits;
    if (slot->event.fault && core->track)
        slot->event.fault_code = fault_report_of(core, &slot->event, &slot->fault).code;
    struct mmu_event *event = tell ? core_event(core, EVENT_TRANSLATION, core->now) : NULL;
    if (event)
        event->as.translation = slot->event;
    core->counters.accesses.faulted += slot->event.fault != FAULT_NONE;
    if (slot->life != NO_INDEX)
        hierarchy_release_life(core, slot->life);
    operation_access_done(core, slot);
    uint64_t settle = slot->settle;
    release_slot(core, index);
    invalidation_settle(core, settle);
}

/* The translation, or its fault, is known at this cycle. */
static void after_translation(struct core *core, uint32_t index)
{
    struct access_slot *slot = &core->slots[index];
    slot->event.translated_cycle = core->now;
    if (has_turn(slot)) {
        slot->state = slot->event.fault ? SLOT_FAULTED : SLOT_READY;
        access_advance_data(core);
    } else if (slot->event.fault || slot->wanted.data_mode != DATA_FIXED ||
               slot->event.access_kind == ACCESS_FETCH) {
        access_complete(core, index);
    } else {
        slot->state = SLOT_FIXED;
        core_schedule(core, core->now + core->machine->config.fixed_data_cycles, CALENDAR_TRANSLATED, index);
    }
}

void access_translated_event(struct core *core, uint32_t index)
{
    if (core->slots[index].state == SLOT_FIXED)
        access_complete(core, index);
    else
        after_translation(core, index);
}

void access_forward(struct core *core, uint32_t index, const struct translated *result)
{
    struct access_slot *slot = &core->slots[index];
    if (result->fault->kind == FAULT_NONE) {
        apply_translation(core, slot, result->leaf, result->stage2_part);
    } else {
        set_fault(slot, result->fault);
        slot->event.fault_ipa = walker_fault_ipa(result->fault);
    }
    after_translation(core, index);
}

static void abort_data(struct core *core, uint32_t index)
{
    struct access_slot *slot = &core->slots[index];
    set_fault(slot,
              &(struct two_stage_fault){.kind = FAULT_EXTERNAL_ABORT, .level = slot->level, .stage = 1});
    slot->event.pa = 0;
    access_complete(core, index);
}

static bool start_load(struct core *core, uint32_t index)
{
    struct access_slot *slot = &core->slots[index];
    uint64_t value;
    switch (store_buffer_find(core, slot->event.pa, slot->event.size_bytes, &value)) {
    case STORE_OVERLAPS:
        return false;
    case STORE_CONTAINS:
        slot->event.value = access_bytes(value, slot->event.size_bytes);
        slot->event.performed_cycle = core->now;
        slot->event.forwarded = 1;
        core->counters.store_buffer.forwarded++;
        access_complete(core, index);
        return true;
    default:
        slot->state = SLOT_DATA;
        bus_ask(core,
                bus_prepare(core, MEMORY_READ, slot->event.pa, slot->event.size_bytes, CALENDAR_DATA, index));
        return true;
    }
}

static bool start_store(struct core *core, uint32_t index)
{
    struct access_slot *slot = &core->slots[index];
    if (!store_buffer_has_room(core)) {
        if (core->stores.waiting_since == NEVER)
            core->stores.waiting_since = core->now;
        return false;
    }
    bool waits = core->machine->config.store_buffer_depth == 0;
    slot->event.value = access_bytes(slot->value, slot->event.size_bytes);
    struct buffered_store store = {.event = slot->event,
                                   .pa = slot->event.pa,
                                   .value = slot->value,
                                   .issue_cycle = core->now,
                                   .settle = waits ? 0 : slot->settle,
                                   .life = waits ? NO_INDEX : slot->life,
                                   .slot = waits ? index : NO_INDEX,
                                   .size_bytes = slot->event.size_bytes,
                                   .translated = true};
    store_buffer_put(core, &store);
    if (waits) {
        slot->state = SLOT_DATA;
        return true;
    }
    operation_access_done(core, slot);
    release_slot(core, index);
    return true;
}

/* False if it has to wait. */
static bool start_data(struct core *core, uint32_t index)
{
    struct access_slot *slot = &core->slots[index];
    if (!memory_contains(&core->machine->memory, slot->event.pa, slot->event.size_bytes)) {
        abort_data(core, index);
        return true;
    }
    return slot->event.access_kind == ACCESS_STORE ? start_store(core, index) : start_load(core, index);
}

static uint32_t turn_at(const struct core *core, uint32_t place)
{
    return core->order[(core->order_first + place) % SLOTS_MAX];
}

static void next_turn(struct core *core)
{
    core->order_first = (core->order_first + 1) % SLOTS_MAX;
    core->order_count--;
}

/* A crossing access: both halves are translated, or neither is performed. False if it has to wait. */
static bool advance_halves(struct core *core)
{
    if (core->order_count < 2)
        return false;
    uint32_t first = turn_at(core, 0), second = turn_at(core, 1);
    uint8_t states[2] = {core->slots[first].state, core->slots[second].state};
    for (unsigned i = 0; i < 2; i++)
        if (states[i] != SLOT_READY && states[i] != SLOT_FAULTED)
            return false;
    if (states[0] == SLOT_READY && states[1] == SLOT_READY) {
        if (!start_data(core, first))
            return false;
        next_turn(core);
        return true; /* the second half has its own turn now */
    }
    next_turn(core);
    next_turn(core);
    access_complete(core, first);
    access_complete(core, second);
    return true;
}

void access_advance_data(struct core *core)
{
    while (core->order_count > 0) {
        uint32_t index = turn_at(core, 0);
        struct access_slot *slot = &core->slots[index];
        if (slot->event.half == 1) {
            if (!advance_halves(core))
                return;
            continue;
        }
        if (slot->state != SLOT_READY && slot->state != SLOT_FAULTED)
            return;
        if (slot->state == SLOT_READY && !start_data(core, index))
            return;
        next_turn(core);
        if (slot->state == SLOT_FAULTED)
            access_complete(core, index);
    }
}

void access_data(struct core *core, uint32_t index, const struct bus_request *request)
{
    struct access_slot *slot = &core->slots[index];
    if (request->aborted) {
        abort_data(core, index);
        return;
    }
    slot->event.value = access_bytes(request->value, slot->event.size_bytes);
    slot->event.performed_cycle = request->grant_cycle;
    access_complete(core, index);
}
