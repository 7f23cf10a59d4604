#include "mmu/adversary.h"

#include <stdlib.h>

#include "mmu/speculation.h"

#define CONTEXTS_MAX 8u
#define RING         16u /* recent addresses of each sort */
#define LOOK_MAX     64u /* slots that it looks at for one that is used */
/* The key of its only item: behind all prefetches of the cycle. */
#define KEY (calendar_order(CALENDAR_SPECULATION, UINT64_C(1) << 55))

/* An address as some space has it. */
struct place {
    uint64_t va;
    uint64_t space; /* tlb_space */
};

struct ring {
    struct place places[RING];
    uint32_t count; /* ever */
};

struct adversary {
    uint64_t random;
    uint64_t next_cycle;
    bool acts; /* an item of the calendar stands for it */
    struct ring missed, invalidated;
    const struct address_context *contexts[CONTEXTS_MAX]; /* the active one, and some that were */
    uint32_t context_count, next_context;
};

static uint64_t below(struct core *core, uint64_t bound)
{
    return core_draw(&core->adversary->random) % bound;
}

static uint64_t draw_wait(struct core *core)
{
    return 1 + below(core, 2 * core->machine->config.adversary_period_cycles - 1);
}

bool adversary_init(struct core *core)
{
    const struct mmu_config *config = &core->machine->config;
    if (config->adversary_period_cycles == 0)
        return true;
    core->adversary = calloc(1, sizeof *core->adversary);
    if (!core->adversary)
        return false;
    core->adversary->random = config->seed ^ ((uint64_t)core->index + 1) << 40;
    core->adversary->next_cycle = draw_wait(core);
    return true;
}

void adversary_destroy(struct core *core)
{
    free(core->adversary);
}

/* ---- when -------------------------------------------------------------------------------------- */

static void schedule(struct core *core)
{
    core->adversary->acts = true;
    core_schedule_keyed(core, core->adversary->next_cycle, KEY, NO_INDEX);
}

/* What was due while there was no program comes at once. */
void adversary_resume(struct core *core, uint64_t cycle)
{
    struct adversary *adversary = core->adversary;
    if (!adversary || adversary->acts)
        return;
    if (adversary->next_cycle <= cycle)
        adversary->next_cycle = cycle + 1;
    schedule(core);
}

void adversary_pause(struct core *core)
{
    struct adversary *adversary = core->adversary;
    if (!adversary || !adversary->acts)
        return;
    adversary->acts = false;
    calendar_remove(&core->calendar, KEY);
}

/* ---- what it knows ----------------------------------------------------------------------------- */

static void note(struct ring *ring, uint64_t va, uint64_t space)
{
    ring->places[ring->count++ % RING] = (struct place){va, space};
}

static uint64_t space_of(const struct address_context *context)
{
    return tlb_space(context->asid, context->vmid);
}

static void forget_context(struct adversary *adversary, uint32_t index)
{
    adversary->contexts[index] = adversary->contexts[--adversary->context_count];
}

/* One context a tag. */
void adversary_saw_switch(struct core *core)
{
    struct adversary *adversary = core->adversary;
    for (uint32_t i = adversary->context_count; i-- > 0;)
        if (space_of(adversary->contexts[i]) == core->space)
            forget_context(adversary, i);
    if (adversary->context_count == CONTEXTS_MAX)
        forget_context(adversary, adversary->next_context++ % CONTEXTS_MAX);
    adversary->contexts[adversary->context_count++] = core->context;
}

void adversary_saw_miss(struct core *core, uint64_t va)
{
    note(&core->adversary->missed, va, core->space);
}

static bool is_whole(const struct invalidation *what, const struct address_context *context)
{
    if (invalidation_names_address(what) || what->scope == INVALIDATE_IPA || what->vmid != context->vmid)
        return false;
    return what->scope != INVALIDATE_ASID || what->asid == context->asid;
}

void adversary_saw_invalidation(struct core *core, const struct invalidation *what)
{
    struct adversary *adversary = core->adversary;
    if (invalidation_names_address(what))
        note(&adversary->invalidated, what->va, tlb_space(what->asid, what->vmid));
    for (uint32_t i = adversary->context_count; !what->broadcast && i-- > 0;)
        if (adversary->contexts[i] != core->context && is_whole(what, adversary->contexts[i]))
            forget_context(adversary, i);
}

/* ---- choosing ---------------------------------------------------------------------------------- */

static bool pick_slot(struct core *core, const struct translation_array *array, uint32_t *slot)
{
    uint32_t entries = array->tlb.geometry.entries;
    uint32_t first = (uint32_t)below(core, entries);
    for (uint32_t i = 0; array->tlb.used > 0 && i < LOOK_MAX && i < entries; i++) {
        *slot = (first + i) % entries;
        if (tlb_slot_used(&array->tlb, *slot))
            return true;
    }
    return false;
}

static struct translation_array *pick_tlb(struct core *core)
{
    return core->hierarchy.arrays[below(core, core->machine->config.tlb_count)];
}

static bool pick_entry(struct core *core, struct place *place)
{
    const struct translation_array *array = pick_tlb(core);
    uint32_t slot;
    if (!pick_slot(core, array, &slot))
        return false;
    const struct tlb_entry *entry = &array->tlb.entries[slot];
    *place = (struct place){entry->va, tlb_space(entry->asid, entry->vmid)};
    return true;
}

static bool pick_from(struct core *core, const struct ring *ring, struct place *place)
{
    uint32_t count = ring->count < RING ? ring->count : RING;
    if (count == 0)
        return false;
    *place = ring->places[below(core, count)];
    return true;
}

static bool pick_place(struct core *core, struct place *place)
{
    switch (below(core, 3)) {
    case 0:
        return pick_from(core, &core->adversary->missed, place);
    case 1:
        return pick_from(core, &core->adversary->invalidated, place);
    default:
        return pick_entry(core, place);
    }
}

/* Whose the place is, now and then another one that the core knows; the active one if neither may be walked.
 */
static const struct address_context *pick_context(struct core *core, uint64_t space)
{
    const struct adversary *adversary = core->adversary;
    if (core->machine->config.invalidation_scheme != INVALIDATION_BROADCAST)
        return core->context;
    if (below(core, 4) == 0)
        return adversary->contexts[below(core, adversary->context_count)];
    for (uint32_t i = 0; i < adversary->context_count; i++)
        if (space_of(adversary->contexts[i]) == space)
            return adversary->contexts[i];
    return core->context;
}

/* ---- what it does: each says whether there was anything to do ---------------------------------- */

static bool walk(struct core *core)
{
    struct place place;
    uint64_t reach = core->machine->config.adversary_reach;
    if (!core->context || !pick_place(core, &place))
        return false;
    struct speculation what = {.context = pick_context(core, place.space), .cause = CAUSE_ADVERSARY};
    uint64_t pages = below(core, 2 * reach + 1) - reach;
    what.va = place.va + (pages << core->page_lg2);
    what.side = (uint8_t)below(core, 2);
    what.front = (uint8_t)(1 + below(core, core->hierarchy.depth[what.side]));
    if (!miss_speculate(core, &what))
        return false;
    core->counters.adversary.walks++;
    return true;
}

static bool evict(struct core *core)
{
    struct translation_array *array = core->hierarchy.arrays[below(core, core->hierarchy.array_count)];
    uint32_t slot;
    if (!pick_slot(core, array, &slot))
        return false;
    hierarchy_evict(core, array, slot);
    core->counters.adversary.evictions++;
    return true;
}

/* The path to the array; false if its level takes no entry twice. */
static bool find_side(const struct core *core, const struct translation_array *array, unsigned first,
                      unsigned *side)
{
    for (unsigned i = 0; i < 2; i++) {
        *side = (first + i) % 2;
        if (core->hierarchy.depth[*side] < array->level)
            continue;
        const struct tlb_group *group = core->hierarchy.path[*side][array->level - 1];
        for (uint32_t k = 0; k < group->array_count; k++)
            if (group->arrays[k] == array)
                return group->inclusion != TLB_INCLUSION_EXCLUSIVE;
    }
    return false;
}

/*
 * Where cores are told by interrupts, software tells those alone that ran the space: what a core never ran
 * its hardware cannot ask for, and takes from nobody.
 */
static bool may_hold(const struct core *core, const struct tlb_entry *entry)
{
    uint64_t space = tlb_space_of(entry);
    return core->machine->config.invalidation_scheme == INVALIDATION_BROADCAST ||
           (core->context && (space == core->space || space == tlb_global_space(core->space)));
}

static bool refill(struct core *core)
{
    const struct translation_array *array = pick_tlb(core);
    unsigned side, first = (unsigned)below(core, 2);
    uint32_t slot;
    if (array->level == 1 || !find_side(core, array, first, &side) || !pick_slot(core, array, &slot) ||
        !may_hold(core, &array->tlb.entries[slot]))
        return false;
    struct translation_fill fill = {.entry = array->tlb.entries[slot]};
    if (core->track) {
        const struct event_tlb_entry *life = &array->pool->lives[array->lives[slot]].event;
        fill.space = life->space;
        fill.walk = life->walk;
    }
    uint32_t front = 1 + (uint32_t)below(core, array->level - 1u);
    if (speculation_fill_levels(core, &fill, side, front, array->level, NULL) == 0)
        return false;
    core->counters.adversary.refills++;
    return true;
}

/* An update is no reading: what it has changed is changed, and the walk acts on it at once. */
bool adversary_delays(struct core *core, uint32_t index)
{
    struct bus_request *request = &core->requests[index];
    uint64_t most = core->machine->config.adversary_delay_cycles;
    if (most == 0 || request->delayed || request->kind != MEMORY_READ)
        return false;
    uint64_t cycles = below(core, most + 1);
    request->delayed = true;
    if (cycles > 0)
        core_schedule(core, core->now + cycles, CALENDAR_ENTRY, index);
    return cycles > 0;
}

static const struct {
    bool (*act)(struct core *core);
    uint32_t weight;
} acts[] = {{walk, 8}, {evict, 5}, {refill, 3}};
#define WEIGHTS 16u /* their sum */

void adversary_act(struct core *core)
{
    uint64_t drawn = below(core, WEIGHTS);
    uint32_t chosen = 0;
    for (; drawn >= acts[chosen].weight; chosen++)
        drawn -= acts[chosen].weight;
    core->counters.adversary.acts++;
    core->counters.adversary.idle += !acts[chosen].act(core);
    core->adversary->next_cycle = core->now + draw_wait(core);
    schedule(core);
}
