/*
 * First-level misses: merging, and their way through the further levels.
 *
 * A miss stands for one page of the smallest size; later accesses to that page wait with the first. What
 * comes back is forwarded to all of them without a second look-up.
 */
#include <string.h>

#include "mmu/adversary.h"
#include "mmu/core.h"
#include "mmu/prefetch.h"
#include "mmu/rights.h"
#include "mmu/speculation.h"

static uint64_t page_of(const struct core *core, uint64_t va)
{
    return va >> core->page_lg2;
}

static struct tlb_group *group_of(struct core *core, const struct miss *miss)
{
    return core->hierarchy.path[miss->side][miss->level - 1];
}

/* The miss of this page; with NO_PAGE, a free one. NO_INDEX if there is none. */
uint32_t miss_find(const struct core *core, uint64_t page)
{
    uint64_t found = 0; /* a bit a miss: without branches, since which one it is cannot be foreseen */
    for (uint32_t i = 0; i < core->machine->config.misses; i++)
        found |= (uint64_t)(core->miss_pages[i] == page) << i;
    return found ? (uint32_t)__builtin_ctzll(found) : NO_INDEX;
}

/* ---- levels ------------------------------------------------------------------------------------ */

static void schedule_step(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    const struct tlb_group *group = group_of(core, miss);
    core_schedule(core, miss->lookup_cycle + group->steps[miss->step].cycles, CALENDAR_LOOKUP, index);
}

static void begin_look_up(struct core *core, uint32_t index, uint64_t from)
{
    struct miss *miss = &core->misses[index];
    miss->state = MISS_LOOKUP;
    miss->lookup_cycle = from;
    miss->step = 0;
    schedule_step(core, index);
}

/* Whether the level has to let an earlier miss pass first. */
static bool must_wait(const struct core *core, const struct tlb_group *group, const struct miss *miss)
{
    if (!group->hit_under_miss && group->outstanding > 0)
        return true;
    return miss->level == core->hierarchy.depth[miss->side] && !walker_has_room(core);
}

static void wait_in_line(struct tlb_group *group, uint32_t index)
{
    group->waiting[(group->waiting_first + group->waiting_count++) % MMU_MISSES_MAX] = index;
}

/* A look-up that may have to wait, at the cycle in which it could begin. */
static void try_look_up(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    struct tlb_group *group = group_of(core, miss);
    if (must_wait(core, group, miss)) {
        wait_in_line(group, index);
        return;
    }
    uint64_t begin = hierarchy_take_port(group, core->now);
    if (begin > core->now) {
        core_schedule(core, begin, CALENDAR_LOOKUP, index);
        return;
    }
    core->walks_expected += walker_limits_queue(core) && miss->level == core->hierarchy.depth[miss->side];
    begin_look_up(core, index, core->now);
}

static void leave_levels(struct core *core, uint32_t index);

/* No level is left. Behind a single level, misses wait for room in the walkers' queue here. */
static void try_walk(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    if (core->hierarchy.depth[miss->side] == 1 && !walker_has_room(core))
        wait_in_line(core->hierarchy.path[miss->side][0], index);
    else
        leave_levels(core, index);
}

static void try_again(struct core *core, uint32_t index)
{
    const struct miss *miss = &core->misses[index];
    if (miss->level > core->hierarchy.depth[miss->side])
        try_walk(core, index);
    else
        try_look_up(core, index);
}

/*
 * The miss reaches its next level, at `from` or later. What several cores share is touched only by an item of
 * the calendar, at global time: `by_item` says that this is one.
 */
static void enter_level(struct core *core, uint32_t index, uint64_t from, bool by_item)
{
    struct miss *miss = &core->misses[index];
    bool walks = miss->level > core->hierarchy.depth[miss->side];
    miss->state = MISS_WAITING;
    if (!walks && !group_of(core, miss)->gated && !walker_limits_queue(core))
        begin_look_up(core, index, from);
    else if (from > core->now || (core->machine->coupled && !by_item))
        core_schedule(core, from > core->now ? from : core->now + 1, CALENDAR_LOOKUP, index);
    else
        try_again(core, index);
}

static void pass_level(struct core *core, struct miss *miss)
{
    struct tlb_group *group = group_of(core, miss);
    if (!group->hit_under_miss) {
        group->outstanding++;
        miss->passed |= (uint8_t)(1u << (miss->level - 1));
    }
    miss->level++;
}

/* Those who waited in front of the level try again, in the order in which they came. */
static void wake_level(struct core *core, struct tlb_group *group)
{
    uint32_t waiting = group->waiting_count;
    for (uint32_t i = 0; i < waiting; i++) {
        uint32_t index = group->waiting[group->waiting_first];
        group->waiting_first = (group->waiting_first + 1) % MMU_MISSES_MAX;
        group->waiting_count--;
        try_again(core, index);
    }
}

void miss_wake_last_levels(struct core *core)
{
    for (unsigned side = 0; side < 2; side++)
        wake_level(core, core->hierarchy.path[side][core->hierarchy.depth[side] - 1]);
}

static void release_levels(struct core *core, const struct miss *miss)
{
    for (unsigned passed = miss->passed; passed; passed &= passed - 1) {
        struct tlb_group *group = core->hierarchy.path[miss->side][__builtin_ctz(passed)];
        if (--group->outstanding == 0)
            wake_level(core, group);
    }
}

/* A miss that nobody waits for yet. */
static struct miss *take_miss(struct core *core, uint32_t index, uint64_t va, unsigned side)
{
    struct miss *miss = &core->misses[index];
    core->miss_pages[index] = page_of(core, va);
    core->misses_free--;
    miss->context = core->context;
    miss->half = address_context_half(core->context, va);
    miss->va = va;
    miss->id = 0;
    miss->waiters = 0;
    miss->first_waiter = NO_INDEX;
    miss->lights = 0;
    miss->light_kinds = 0;
    miss->sides = (uint8_t)(1u << side);
    miss->side = (uint8_t)side;
    miss->cause = CAUSE_DEMAND;
    miss->level = 1;
    miss->passed = 0;
    miss->steps = 0;
    miss->settle = 0;
    miss->updating = false;
    miss->stage2_part = 0;
    return miss;
}

bool miss_start(struct core *core, uint32_t index)
{
    struct access_slot *slot = &core->slots[index];
    uint64_t page = page_of(core, slot->event.va);
    uint32_t merge = core->machine->config.walker_merge ? miss_find(core, page) : NO_INDEX;
    if (merge != NO_INDEX) {
        slot->event.outcome = OUTCOME_MERGED;
        core->counters.misses.merged++;
        miss_add_waiter(core, &core->misses[merge], index);
        return true;
    }
    uint32_t free = miss_find(core, NO_PAGE);
    if (free == NO_INDEX)
        return false;
    struct miss *miss = take_miss(core, free, slot->event.va, access_side(slot->event.access_kind));
    uint64_t known = slot->event.issue_cycle + group_of(core, miss)->miss_cycles;
    if (core->ranges && core->hierarchy.depth[miss->side] == 1)
        known += core->machine->config.range_tlb_latency_cycles;
    miss_add_waiter(core, miss, index);
    pass_level(core, miss);
    enter_level(core, free, core->now > known ? core->now : known, false);
    return true;
}

bool miss_speculate(struct core *core, const struct speculation *what)
{
    uint32_t free = miss_find(core, NO_PAGE);
    if (free == NO_INDEX || core->stalled != NO_INDEX || !walker_is_idle(core))
        return false;
    struct miss *miss = take_miss(core, free, what->va, what->side);
    miss->context = what->context;
    miss->half = address_context_half(what->context, what->va);
    miss->cause = what->cause;
    miss->front = what->front;
    miss->level = (uint8_t)(core->hierarchy.depth[what->side] + 1);
    if (what->context != core->context)
        core->miss_pages[free] = FOREIGN_PAGE;
    if (walker_request(core, free)) {
        walker_queue(core, free);
        return true;
    }
    miss->state = MISS_FREE;
    core->miss_pages[free] = NO_PAGE;
    core->misses_free++;
    return false;
}

/* Hands the result to everybody who waited, oldest first, and frees the miss. */
static void forward(struct core *core, struct miss *miss, const struct translated *result)
{
    uint32_t index = miss->waiters ? miss->first_waiter : NO_INDEX;
    uint64_t walk = miss->id;
    miss->state = MISS_FREE;
    core->miss_pages[miss - core->misses] = NO_PAGE;
    core->misses_free++;
    while (index != NO_INDEX) {
        uint32_t next = core->slots[index].next;
        core->slots[index].event.walk = walk;
        access_forward(core, index, result);
        index = next;
    }
}

/* The entry answers all who wait; the walk that once made it. */
static uint64_t note_hit(struct core *core, const struct miss *miss, const struct tlb_found *found)
{
    if (!core->track)
        return 0;
    struct event_tlb_entry *life = &found->array->pool->lives[found->array->lives[found->slot]].event;
    if (life->hits++ == 0)
        life->first_hit_cycle = core->now;
    life->last_hit_cycle = core->now;
    life->last_done_cycle = core->now;
    for (uint32_t i = miss->first_waiter; i != NO_INDEX; i = core->slots[i].next)
        core->slots[i].event.entry = life->id;
    return life->walk;
}

static void level_hit(struct core *core, uint32_t index, const struct tlb_found *found)
{
    struct miss *miss = &core->misses[index];
    const struct tlb_group *group = group_of(core, miss);
    struct translation_fill fill = {.entry = found->array->tlb.entries[found->slot],
                                    .space = miss->half->space};
    struct walk_leaf leaf = hierarchy_leaf(&fill.entry);
    uint32_t level = miss->level;
    core->counters.tlb[group->counters].hits++;
    core->counters.misses.hits[level - 1]++;
    core->slots[miss->first_waiter].event.outcome = translation_outcome_of_level(level);
    fill.walk = note_hit(core, miss, found);
    if (prefetch_is_unproven(found->array, found->slot))
        prefetch_proves(core, found->array, found->slot, &core->slots[miss->first_waiter].event);
    bool conflict = access_conflict(core, miss->va, found);
    const struct two_stage_fault fault = {
        .kind = conflict ? FAULT_TLB_CONFLICT : FAULT_NONE, .level = leaf.level, .stage = conflict};
    if (!conflict && group->inclusion == TLB_INCLUSION_EXCLUSIVE &&
        hierarchy_front_takes(core, miss->sides, level, fill.entry.size_lg2))
        hierarchy_drop(core, found->array, found->slot, ENTRY_END_MOVED, 0);
    if (!conflict)
        hierarchy_fill(core, miss->sides, level, &fill);
    miss_end_lights(core, miss, &leaf, fault.kind);
    release_levels(core, miss);
    forward(core, miss, &(struct translated){&leaf, fill.entry.more, &fault});
}

/* No level has it, but a range does. The first level takes the page. */
static void range_answers(struct core *core, struct miss *miss, const struct range_hit *hit)
{
    const struct two_stage_fault none = {.kind = FAULT_NONE};
    struct walk_leaf leaf = hierarchy_leaf(&hit->fill.entry);
    uint64_t entry = range_tlb_use(core, hit);
    core->counters.misses.range_hits++;
    core->slots[miss->first_waiter].event.outcome = OUTCOME_RANGE_HIT;
    for (uint32_t i = miss->first_waiter; i != NO_INDEX; i = core->slots[i].next)
        core->slots[i].event.entry = entry;
    hierarchy_fill(core, miss->sides, 2, &hit->fill);
    miss_end_lights(core, miss, &leaf, FAULT_NONE);
    release_levels(core, miss);
    forward(core, miss, &(struct translated){&leaf, 0, &none});
}

static bool ask_ranges(struct core *core, struct miss *miss)
{
    struct range_hit hit;
    if (!core->ranges || !range_tlb_look_up(core, miss->va, &hit))
        return false;
    struct walk_leaf leaf = hierarchy_leaf(&hit.fill.entry);
    if (miss_wants_update(core, miss, &leaf))
        return false;
    range_answers(core, miss, &hit);
    return true;
}

/* No level has it. */
static void leave_levels(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    struct access_slot *first = &core->slots[miss->first_waiter];
    if (ask_ranges(core, miss))
        return;
    if (walker_request(core, index)) {
        first->event.outcome = OUTCOME_WALK;
        core->counters.misses.walks++;
        walker_queue(core, index);
        if (core->prefetcher)
            prefetch_trigger(core, miss->context, &first->event);
        if (core->adversary)
            adversary_saw_miss(core, miss->va);
        return;
    }
    first->event.outcome = OUTCOME_NO_WALK;
    core->counters.misses.no_walk++;
    struct two_stage_fault fault = miss->fault;
    miss_end_lights(core, miss, NULL, fault.kind);
    release_levels(core, miss);
    forward(core, miss, &(struct translated){NULL, 0, &fault});
}

/* The steps that answer in this cycle. */
static struct tlb_found look_now(struct core *core, struct miss *miss)
{
    const struct tlb_group *group = group_of(core, miss);
    uint32_t first = miss->step;
    while (miss->step < group->step_count &&
           miss->lookup_cycle + group->steps[miss->step].cycles == core->now)
        miss->step++;
    return hierarchy_look(core, group, first, miss->step, miss->va);
}

void miss_look_up(struct core *core, uint32_t index)
{
    struct miss *miss = &core->misses[index];
    if (miss->state == MISS_WAITING) {
        try_again(core, index);
        return;
    }
    const struct tlb_group *group = group_of(core, miss);
    bool expected = walker_limits_queue(core) && miss->level == core->hierarchy.depth[miss->side];
    struct tlb_found found = look_now(core, miss);
    if (found.array) {
        struct walk_leaf leaf = hierarchy_leaf(&found.array->tlb.entries[found.slot]);
        if (miss_wants_update(core, miss, &leaf)) {
            core->counters.arrays[found.array->number].hits--; /* a clean entry is no answer to a store */
            found.array = NULL;
            miss->step = (uint8_t)group->step_count;
        }
    }
    if (!found.array && miss->step < group->step_count) {
        schedule_step(core, index);
        return;
    }
    hierarchy_count_look_up(core, group);
    core->walks_expected -= expected;
    if (found.array) {
        level_hit(core, index, &found);
        if (expected)
            miss_wake_last_levels(core);
        return;
    }
    core->counters.tlb[group->counters].misses++;
    pass_level(core, miss);
    enter_level(core, index, core->now, true);
    if (expected)
        miss_wake_last_levels(core); /* the look-up may have ended without a walk */
}

/* ---- the end of a walk ------------------------------------------------------------------------- */

/*
 * A fault is taken by those who asked before the walk read anything. An access that merged later may have
 * been issued after the page was mapped, and invalid entries are not cached (Arm ARM DDI 0487, D8.17.1): it
 * walks again, first of those that are left. So does one that wants something else than the walk was made
 * for.
 */
static bool takes_fault(const struct core *core, const struct miss *miss, uint32_t index)
{
    const struct event_translation *event = &core->slots[index].event;
    return event->issue_cycle < miss->start_cycle &&
           nested_fault_is_of(miss, ACCESS_RIGHT(event->privilege, event->access_kind));
}

static bool keep_late_waiters(struct core *core, struct miss *miss, struct miss *late)
{
    uint32_t next = miss->waiters ? miss->first_waiter : NO_INDEX;
    *late = *miss;
    late->waiters = miss->waiters = 0;
    while (next != NO_INDEX) {
        uint32_t index = next;
        next = core->slots[index].next;
        struct miss *list = takes_fault(core, miss, index) ? miss : late;
        if (list->waiters++ == 0)
            list->first_waiter = index;
        else
            core->slots[list->last_waiter].next = index;
        list->last_waiter = index;
        core->slots[index].next = NO_INDEX;
    }
    if (late->waiters == 0)
        return false;
    miss->passed = 0; /* the levels go on counting the late one */
    return true;
}

static void walk_again(struct core *core, uint32_t index, const struct miss *late)
{
    struct miss *miss = &core->misses[index];
    *miss = *late;
    miss->va = core->slots[late->first_waiter].event.va;
    core->miss_pages[index] = page_of(core, miss->va);
    core->misses_free--;
    miss->settle = 0;
    miss->steps = 0;
    miss->cause = CAUSE_RESTARTED;
    core->counters.walker.restarted++;
    (void)walker_request(core, index);
    walker_queue(core, index);
}

/* One that no invalidation may have meant meanwhile: it covers more than the page. */
static bool found_range(const struct miss *miss)
{
    return !miss->nested && miss->half->regime.format->ranges && miss->walk.range.bytes > 0 &&
           miss->settle == 0;
}

void miss_end_walk(struct core *core, uint32_t index, bool filled)
{
    struct miss *miss = &core->misses[index];
    struct walk_leaf leaf = miss->leaf;
    struct two_stage_fault fault = miss->fault;
    const struct translated result = {&leaf, miss->stage2_part, &fault};
    uint64_t settle = miss->settle;
    struct miss late;
    bool unwanted = miss_is_speculative(miss) && !miss_is_wanted(miss);
    if (miss_is_speculative(miss))
        speculation_ends(core, miss, filled);
    miss_end_lights(core, miss, &leaf, fault.kind);
    bool again = fault.kind != FAULT_NONE && keep_late_waiters(core, miss, &late);
    walker_tell(core, miss, filled);
    if (filled) {
        struct translation_fill fill = hierarchy_fill_of(miss, &leaf);
        if (unwanted)
            speculation_fill(core, miss, &fill);
        else
            hierarchy_fill(core, miss->sides, MMU_TLB_LEVELS_MAX + 1, &fill);
        if (core->ranges && found_range(miss))
            range_tlb_fill(core, miss);
    }
    release_levels(core, miss);
    forward(core, miss, &result);
    invalidation_settle(core, settle);
    if (again)
        walk_again(core, index, &late);
}
