/*
 * The TLB levels of a core: their arrays, look-ups, fills, and the lives of entries.
 */
#include "mmu/hierarchy.h"

#include "mmu/core.h"
#include "mmu/prefetch.h"
#include "mmu/rights.h"

/* In an entry's attributes, above the frame's 32 bits. */
#define DIRTY_RIGHTS_SHIFT  32
#define STAGE1_RIGHTS_SHIFT 40
#define LEVEL_SHIFT         48
#define STAGE2_LEVEL_SHIFT  52
#define LEVEL_MASK          0xfu

/* ---- entries ----------------------------------------------------------------------------------- */

struct translation_fill hierarchy_fill_of(const struct miss *miss, const struct walk_leaf *leaf)
{
    return (struct translation_fill){
        .entry = {.va = leaf->va,
                  .pa = leaf->frame.base,
                  .attributes = leaf->frame.attributes |
                                (uint64_t)leaf->rights_when_dirty << DIRTY_RIGHTS_SHIFT |
                                (uint64_t)leaf->stage1_rights << STAGE1_RIGHTS_SHIFT |
                                (uint64_t)(leaf->level & LEVEL_MASK) << LEVEL_SHIFT |
                                (uint64_t)(leaf->stage2_level & LEVEL_MASK) << STAGE2_LEVEL_SHIFT,
                  .more = miss->stage2_part,
                  .asid = miss->context->asid,
                  .vmid = miss->context->vmid,
                  .size_lg2 = leaf->frame.size_lg2,
                  .rights = leaf->rights,
                  .whole_lg2 = miss->nested ? leaf->stage1_size_lg2 & 0x7fu : 0u,
                  .global = (leaf->frame.attributes & FRAME_GLOBAL) != 0},
        .space = miss->half->space,
        .walk = miss->id};
}

struct walk_leaf hierarchy_leaf(const struct tlb_entry *entry)
{
    return (struct walk_leaf){
        .va = entry->va,
        .frame = {.base = entry->pa, .attributes = (uint32_t)entry->attributes, .size_lg2 = entry->size_lg2},
        .rights = entry->rights,
        .rights_when_dirty = (uint8_t)(entry->attributes >> DIRTY_RIGHTS_SHIFT),
        .stage1_rights = (uint8_t)(entry->attributes >> STAGE1_RIGHTS_SHIFT),
        .level = (uint8_t)(entry->attributes >> LEVEL_SHIFT & LEVEL_MASK),
        .stage2_level = (uint8_t)(entry->attributes >> STAGE2_LEVEL_SHIFT & LEVEL_MASK),
        .stage1_size_lg2 = entry->whole_lg2};
}

/* ---- lives ------------------------------------------------------------------------------------- */

static uint64_t first_level_cycles(const struct core *core, const struct event_tlb_entry *entry)
{
    const struct translation_array *array = core->hierarchy.arrays[entry->tlb];
    return array->level == 1 ? array->latency_cycles : 0;
}

static void tell_life(struct core *core, struct life_pool *pool, uint32_t index)
{
    struct entry_life *life = &pool->lives[index];
    struct event_tlb_entry *entry = &life->event;
    struct mmu_event *event = core_event(core, EVENT_TLB_ENTRY, core->now);
    uint64_t latency = first_level_cycles(core, entry);
    if (event && entry->hits > 0 && latency > 0) {
        uint64_t done = entry->last_hit_cycle + latency;
        if (entry->last_done_cycle == EVENT_NEVER || entry->last_done_cycle < done)
            entry->last_done_cycle = done;
    }
    if (event)
        event->as.tlb_entry = *entry;
    life->next_free = pool->first_free;
    pool->first_free = index;
}

void hierarchy_end_life(struct core *core, struct translation_array *array, uint32_t slot, enum entry_end end,
                        uint64_t invalidation)
{
    if (prefetch_is_unproven(array, slot))
        prefetch_leaves(core, array, slot, end);
    if (!core->track)
        return;
    uint32_t index = array->lives[slot];
    struct entry_life *life = &array->pool->lives[index];
    life->event.end = (uint8_t)end;
    life->event.end_cycle = core->now;
    life->event.invalidation = invalidation;
    life->ended = true;
    if (life->users == 0)
        tell_life(core, array->pool, index);
}

/* An access that hit this entry is complete. */
void hierarchy_release_life(struct core *core, uint32_t index)
{
    struct entry_life *life = &core->lives.lives[index];
    life->event.last_done_cycle = core->now;
    if (--life->users == 0 && life->ended)
        tell_life(core, &core->lives, index);
}

void hierarchy_begin_life(struct core *core, struct translation_array *array, uint32_t slot,
                          const struct translation_fill *fill)
{
    struct life_pool *pool = array->pool;
    uint32_t index = pool->first_free;
    struct entry_life *life = &pool->lives[index];
    const struct tlb_entry *entry = &fill->entry;
    pool->first_free = life->next_free;
    array->lives[slot] = index;
    life->users = 0;
    life->ended = false;
    life->event = (struct event_tlb_entry){
        .id = ++core->entry_count << EVENT_CORE_BITS | core->index,
        .va = entry->va,
        .frame = hierarchy_leaf(entry).frame,
        .walk = fill->walk,
        .fill_cycle = core->now,
        .first_hit_cycle = EVENT_NEVER,
        .last_hit_cycle = EVENT_NEVER,
        .last_done_cycle = EVENT_NEVER,
        .space = fill->space,
        .asid = entry->asid,
        .vmid = entry->vmid,
        .rights = entry->rights,
        .tlb = array->number,
        .holds = (uint8_t)(array->level ? HOLDS_TRANSLATION : HOLDS_TABLE + array->holds)};
}

static void end_lives_of(struct core *core, struct translation_array *array)
{
    for (uint32_t slot = 0; slot < array->tlb.geometry.entries; slot++)
        if (tlb_slot_used(&array->tlb, slot))
            hierarchy_end_life(core, array, slot, ENTRY_END_RUN, 0);
}

/* Shared arrays are told of by the first core. */
void hierarchy_end_all_lives(struct core *core)
{
    for (uint32_t i = 0; i < core->hierarchy.array_count; i++) {
        struct translation_array *array = core->hierarchy.arrays[i];
        if (array->pool == &core->lives || core->index == 0)
            end_lives_of(core, array);
    }
    range_tlb_end_lives(core);
}

/* ---- look-ups ---------------------------------------------------------------------------------- */

/* What the matches of one look-up come to. */
struct choice {
    struct tlb_found found;
    uint8_t size_lg2;
    bool global;
};

/* The smaller page comes first, and of two entries for one page the one of the ASID. */
static void consider(struct core *core, struct choice *choice, struct translation_array *array, uint32_t slot,
                     uint64_t cycles)
{
    const struct tlb_entry *entry = &array->tlb.entries[slot];
    bool better = entry->size_lg2 != choice->size_lg2 ? entry->size_lg2 < choice->size_lg2
                                                      : choice->global && !entry->global;
    choice->found.matches++;
    if (core->machine->config.tlb_conflict == TLB_CONFLICT_EITHER && choice->found.matches > 1)
        better = core_random(core) % choice->found.matches == 0;
    if (choice->found.matches > 1 && !better)
        return;
    choice->found.array = array;
    choice->found.slot = slot;
    choice->found.cycles = cycles;
    choice->size_lg2 = entry->size_lg2;
    choice->global = entry->global;
}

/* What of an array matches `va`; of any page size. */
static uint32_t find_matches(const struct tlb *tlb, uint64_t va, uint64_t space, uint32_t *slots)
{
    if (tlb_overlapping(tlb))
        return tlb_matches(tlb, va, space, slots, MATCHES_MAX);
    slots[0] = tlb_probe(tlb, va, space);
    return slots[0] != TLB_NONE;
}

/* Whether a step has found something. */
static bool take_step(struct core *core, struct choice *choice, struct translation_array *array,
                      const struct probe_step *step, uint64_t va)
{
    uint32_t slots[MATCHES_MAX], before = choice->found.matches;
    uint32_t count = find_matches(&array->tlb, va, core->space, slots);
    for (uint32_t i = 0; i < count; i++)
        if (step->size_lg2 == 0 || array->tlb.entries[slots[i]].size_lg2 == step->size_lg2)
            consider(core, choice, array, slots[i], step->cycles);
    return choice->found.matches > before;
}

/* One array that answers at once, and no two of its entries match one address. */
static struct tlb_found look_at_one(struct core *core, struct translation_array *array, uint64_t cycles,
                                    uint64_t va)
{
    uint32_t slot = tlb_lookup(&array->tlb, va, core->space);
    if (slot == TLB_NONE)
        return (struct tlb_found){.cycles = cycles};
    core->counters.arrays[array->number].hits++;
    return (struct tlb_found){.array = array, .slot = slot, .cycles = cycles, .matches = 1};
}

struct tlb_found hierarchy_look(struct core *core, const struct tlb_group *group, uint32_t first,
                                uint32_t last, uint64_t va)
{
    if (group->step_count == 1 && !tlb_overlapping(&group->arrays[0]->tlb))
        return look_at_one(core, group->arrays[0], group->miss_cycles, va);
    struct choice choice = {.found = {.cycles = group->miss_cycles}};
    uint64_t answered = 0; /* arrays that take one size after the other end with the first that matches */
    for (uint32_t i = first; i < last; i++) {
        const struct probe_step *step = &group->steps[i];
        struct translation_array *array = group->arrays[step->array];
        if (!(answered >> step->array & 1) && take_step(core, &choice, array, step, va))
            answered |= UINT64_C(1) << step->array;
    }
    if (choice.found.array) {
        tlb_touch(&choice.found.array->tlb, choice.found.slot);
        core->counters.arrays[choice.found.array->number].hits++;
    }
    return choice.found;
}

void hierarchy_count_look_up(struct core *core, const struct tlb_group *group)
{
    core->counters.tlb[group->counters].lookups++;
    for (uint32_t i = 0; i < group->array_count; i++)
        core->counters.arrays[group->arrays[i]->number].lookups++;
}

uint64_t hierarchy_port_free(const struct tlb_group *group)
{
    uint64_t free = group->ports ? NEVER : 0;
    for (uint32_t i = 0; i < group->ports; i++)
        free = group->port_free_cycles[i] < free ? group->port_free_cycles[i] : free;
    return free;
}

uint64_t hierarchy_take_port(struct tlb_group *group, uint64_t from)
{
    uint32_t best = 0;
    if (group->ports == 0)
        return from;
    for (uint32_t i = 1; i < group->ports; i++)
        if (group->port_free_cycles[i] < group->port_free_cycles[best])
            best = i;
    if (group->port_free_cycles[best] > from)
        return group->port_free_cycles[best];
    bool one_after_the_other = false;
    for (uint32_t i = 0; i < group->array_count; i++)
        one_after_the_other |= group->arrays[i]->sequential;
    group->port_free_cycles[best] = from + (one_after_the_other ? group->miss_cycles : 1);
    return from;
}

/* ---- fills ------------------------------------------------------------------------------------- */

struct translation_array *hierarchy_array_for(const struct tlb_group *group, uint8_t size_lg2)
{
    for (uint32_t i = 0; i < group->array_count; i++)
        if (group->arrays[i]->sizes >> size_lg2 & 1)
            return group->arrays[i];
    return NULL;
}

/* What left an inclusive level leaves the levels in front of it, too. */
static void back_invalidate(struct core *core, uint8_t level, const struct tlb_entry *victim)
{
    struct hierarchy *hierarchy = &core->hierarchy;
    for (uint32_t i = 0; i < hierarchy->array_count; i++) {
        struct translation_array *array = hierarchy->arrays[i];
        if (array->level == 0 || array->level >= level)
            continue;
        uint32_t slot = tlb_find(&array->tlb, victim);
        if (slot != TLB_NONE)
            hierarchy_drop(core, array, slot, ENTRY_END_INCLUSION, 0);
    }
}

static bool has_array(const struct tlb_group *group, const struct translation_array *array)
{
    for (uint32_t i = 0; i < group->array_count; i++)
        if (group->arrays[i] == array)
            return true;
    return false;
}

/* What an invalidation has taken from a shared level does not come back there. */
bool hierarchy_takes(const struct core *core, const struct tlb_group *group, const struct tlb_entry *entry)
{
    return !group->shared || !invalidation_bars(core, entry);
}

/* What an array evicts goes to the exclusive level behind it; behind a unified array that may be one a side.
 */
static void pass_back(struct core *core, const struct translation_array *array,
                      const struct translation_fill *victim)
{
    const struct hierarchy *hierarchy = &core->hierarchy;
    const struct tlb_group *done = NULL;
    for (unsigned side = 0; side < 2; side++) {
        if (hierarchy->depth[side] <= array->level ||
            !has_array(hierarchy->path[side][array->level - 1], array))
            continue;
        const struct tlb_group *behind = hierarchy->path[side][array->level];
        struct translation_array *next = hierarchy_array_for(behind, victim->entry.size_lg2);
        if (behind != done && behind->inclusion == TLB_INCLUSION_EXCLUSIVE && next &&
            hierarchy_takes(core, behind, &victim->entry))
            hierarchy_fill_array(core, next, victim);
        done = behind;
    }
}

static void after_eviction(struct core *core, const struct translation_array *array,
                           const struct translation_fill *victim)
{
    if (array->level == 0 || !core->layered)
        return;
    pass_back(core, array, victim);
    if (array->inclusive)
        back_invalidate(core, array->level, &victim->entry);
}

static bool same_page(const struct tlb_entry *a, const struct tlb_entry *b)
{
    return a->va == b->va && a->size_lg2 == b->size_lg2 && a->global == b->global && a->vmid == b->vmid &&
           (a->global || a->asid == b->asid);
}

uint32_t hierarchy_fill_array(struct core *core, struct translation_array *array,
                              const struct translation_fill *fill)
{
    struct array_counters *counters = &core->counters.arrays[array->number];
    struct tlb_fill_result filled = tlb_fill(&array->tlb, &fill->entry);
    bool refilled = filled.replaced && same_page(&filled.victim, &fill->entry);
    struct translation_fill victim = {.entry = filled.victim};
    counters->fills++;
    if (array->level == 1)
        array->tlb.entries[filled.slot].allowed =
            rights_allowed(core, fill->entry.va, fill->entry.rights, (uint32_t)fill->entry.attributes);
    if (filled.replaced && core->track) {
        const struct event_tlb_entry *life = &array->pool->lives[array->lives[filled.slot]].event;
        victim.space = life->space;
        victim.walk = life->walk;
    }
    if (filled.replaced) {
        if (array->unproven && !refilled)
            prefetch_evicts(core, array, filled.slot, &filled.victim);
        hierarchy_end_life(core, array, filled.slot, refilled ? ENTRY_END_REFILLED : ENTRY_END_EVICTED, 0);
        *(refilled ? &counters->refilled : &counters->evictions) += 1;
    }
    if (core->track)
        hierarchy_begin_life(core, array, filled.slot, fill);
    if (filled.replaced && !refilled)
        after_eviction(core, array, &victim);
    return filled.slot;
}

void hierarchy_drop(struct core *core, struct translation_array *array, uint32_t slot, enum entry_end end,
                    uint64_t invalidation)
{
    hierarchy_end_life(core, array, slot, end, invalidation);
    core->counters.arrays[array->number].dropped++;
    tlb_invalidate_slot(&array->tlb, slot);
}

void hierarchy_evict(struct core *core, struct translation_array *array, uint32_t slot)
{
    struct tlb_entry entry = array->tlb.entries[slot];
    hierarchy_drop(core, array, slot, ENTRY_END_SPECULATION, 0);
    if (array->inclusive)
        back_invalidate(core, array->level, &entry);
}

static void fill_group(struct core *core, const struct tlb_group *group, const struct translation_fill *fill)
{
    struct translation_array *array = hierarchy_array_for(group, fill->entry.size_lg2);
    if (array && hierarchy_takes(core, group, &fill->entry))
        hierarchy_fill_array(core, array, fill);
}

bool hierarchy_front_takes(const struct core *core, unsigned sides, uint32_t level, uint8_t size_lg2)
{
    const struct hierarchy *hierarchy = &core->hierarchy;
    for (unsigned side = 0; side < 2; side++)
        for (uint32_t i = 0; sides >> side & 1 && i + 1 < level; i++)
            if (hierarchy_array_for(hierarchy->path[side][i], size_lg2))
                return true;
    return false;
}

static void fill_levels(struct core *core, unsigned sides, uint32_t level,
                        const struct translation_fill *fill)
{
    const struct hierarchy *hierarchy = &core->hierarchy;
    for (uint32_t i = level - 1; i > 0; i--) {
        const struct tlb_group *done = NULL;
        for (unsigned side = 0; side < 2; side++) {
            const struct tlb_group *group =
                sides >> side & 1 && i <= hierarchy->depth[side] ? hierarchy->path[side][i - 1] : NULL;
            if (!group || group == done ||
                (group->inclusion == TLB_INCLUSION_EXCLUSIVE &&
                 hierarchy_front_takes(core, sides, i, fill->entry.size_lg2)))
                continue;
            fill_group(core, group, fill);
            done = group;
        }
    }
}

/* From the last level to the first, so that what a fill evicts finds its place behind. */
void hierarchy_fill(struct core *core, unsigned sides, uint32_t level, const struct translation_fill *fill)
{
    const struct hierarchy *hierarchy = &core->hierarchy;
    if (!hierarchy->plain) {
        fill_levels(core, sides, level, fill);
        return;
    }
    for (uint32_t i = 0; i < hierarchy->filled_count[sides]; i++)
        if (hierarchy->filled[sides][i]->level < level)
            (void)hierarchy_fill_array(core, hierarchy->filled[sides][i], fill);
}
