/*
 * Who waits for a miss, and what they want. A light waiter is an access of a stream of which no more is kept
 * than what it takes to issue it again.
 */
#include "mmu/core.h"
#include "mmu/rights.h"

void miss_add_waiter(struct core *core, struct miss *miss, uint32_t index)
{
    struct access_slot *slot = &core->slots[index];
    slot->state = SLOT_MISS;
    slot->next = NO_INDEX;
    if (miss->waiters++ == 0)
        miss->first_waiter = index;
    else
        core->slots[miss->last_waiter].next = index;
    miss->last_waiter = index;
    miss->sides |= (uint8_t)(1u << access_side(slot->event.access_kind));
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
    miss->sides |= (uint8_t)(1u << access_side(access->kind));
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

/* Puts a slot among the waiters where its age belongs. */
static void insert_waiter(struct core *core, struct miss *miss, uint32_t index)
{
    uint32_t before = miss->first_waiter;
    uint64_t issue_cycle = core->slots[index].event.issue_cycle;
    if (miss->waiters == 0 || core->slots[before].event.issue_cycle > issue_cycle) {
        core->slots[index].next = miss->waiters ? before : NO_INDEX;
        miss->first_waiter = index;
        if (miss->waiters++ == 0)
            miss->last_waiter = index;
        return;
    }
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

void miss_make_lights_ordinary(struct core *core)
{
    for (uint32_t i = 0; i < core->machine->config.misses; i++)
        if (core->misses[i].state != MISS_FREE && core->misses[i].lights > 0)
            make_lights_ordinary(core, &core->misses[i]);
}

static unsigned rights_now(const struct core *core, const struct walk_leaf *leaf)
{
    return rights_allowed(core, leaf->va, leaf->rights, leaf->frame.attributes);
}

static unsigned rights_when_dirty(const struct core *core, const struct walk_leaf *leaf)
{
    return rights_allowed(core, leaf->va, leaf->rights_when_dirty, leaf->frame.attributes);
}

static unsigned rights_of_lights(const struct core *core, const struct miss *miss)
{
    unsigned rights = 0;
    for (unsigned kind = 0; miss->lights > 0 && kind < ACCESS_KINDS; kind++)
        if (miss->light_kinds & 1u << kind)
            rights |= ACCESS_RIGHT(core->op.privilege, kind);
    return rights;
}

static unsigned right_of_slot(const struct access_slot *slot)
{
    return ACCESS_RIGHT(slot->event.privilege, slot->event.access_kind);
}

unsigned miss_first_right(const struct core *core, const struct miss *miss)
{
    const struct access_slot *first = miss->waiters ? &core->slots[miss->first_waiter] : NULL;
    const struct light_waiter *light = miss->lights ? &core->lights[miss->first_light] : NULL;
    if (light && (!first || light->issue_cycle < first->event.issue_cycle))
        return ACCESS_RIGHT(core->op.privilege, light->access.kind);
    return first ? right_of_slot(first) : 0;
}

unsigned miss_rights_wanted(const struct core *core, const struct miss *miss)
{
    unsigned rights = rights_of_lights(core, miss);
    for (uint32_t i = miss->waiters ? miss->first_waiter : NO_INDEX; i != NO_INDEX; i = core->slots[i].next)
        rights |= right_of_slot(&core->slots[i]);
    return rights;
}

void miss_end_lights(struct core *core, struct miss *miss, const struct walk_leaf *leaf, uint8_t fault)
{
    if (miss->lights == 0)
        return;
    if (fault == FAULT_NONE && leaf && !(rights_of_lights(core, miss) & ~rights_now(core, leaf)))
        free_lights(core, miss);
    else
        make_lights_ordinary(core, miss);
}

bool miss_is_refused(const struct core *core, const struct miss *miss, const struct walk_leaf *leaf)
{
    return miss_is_wanted(miss) && !(miss_rights_wanted(core, miss) & rights_when_dirty(core, leaf));
}

bool miss_wants_update(const struct core *core, const struct miss *miss, const struct walk_leaf *leaf)
{
    const unsigned stores =
        ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE);
    if (leaf->rights == leaf->rights_when_dirty || !miss_is_wanted(miss))
        return false;
    unsigned missing = rights_when_dirty(core, leaf) & ~rights_now(core, leaf) & stores;
    return missing & miss_rights_wanted(core, miss);
}
