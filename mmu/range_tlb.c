#include "mmu/range_tlb.h"

#include <stdlib.h>

#include "mmu/core.h"

bool range_tlb_init(struct core *core)
{
    const struct mmu_config *config = &core->machine->config;
    uint32_t number = (uint32_t)(config->tlb_count + config->walk_cache_count);
    if (config->range_tlb_entries == 0)
        return true;
    struct range_tlb *ranges = core->ranges = calloc(1, sizeof *core->ranges);
    if (!ranges)
        return false;
    ranges->count = (uint32_t)config->range_tlb_entries;
    ranges->entries = calloc(ranges->count, sizeof *ranges->entries);
    ranges->array.lives = calloc(ranges->count, sizeof *ranges->array.lives);
    ranges->array.pool = &core->lives;
    ranges->array.number = (uint8_t)number;
    ranges->array.holds = HOLDS_RANGE - HOLDS_TABLE;
    core->hierarchy.arrays[number] = &ranges->array; /* behind all that are looked up, filled and evicted */
    return ranges->entries && ranges->array.lives;
}

void range_tlb_destroy(struct core *core)
{
    if (!core->ranges)
        return;
    free(core->ranges->entries);
    free(core->ranges->array.lives);
    free(core->ranges);
}

static struct array_counters *counters_of(struct core *core)
{
    return &core->counters.arrays[core->ranges->array.number];
}

/* ---- look-ups ---------------------------------------------------------------------------------- */

static bool serves(const struct tlb_entry *page, uint64_t space)
{
    uint64_t own = tlb_space_of(page);
    return own == space || own == tlb_global_space(space);
}

/* A range of the ASID before a global one. */
static const struct range_entry *find(const struct core *core, uint64_t va)
{
    const struct range_tlb *ranges = core->ranges;
    const struct range_entry *found = NULL;
    for (uint32_t i = 0; i < ranges->count; i++) {
        const struct range_entry *entry = &ranges->entries[i];
        if (va - entry->va < entry->bytes && serves(&entry->page, core->space) &&
            (!found || found->page.global))
            found = entry;
    }
    return found;
}

bool range_tlb_contains(const struct core *core, uint64_t va)
{
    return core->ranges && find(core, va);
}

/* Of the size that walks found in this range, or of the smallest where that would reach beyond it. */
static struct tlb_entry page_of(const struct core *core, const struct range_entry *range, uint64_t va)
{
    struct tlb_entry page = range->page;
    uint64_t bytes = UINT64_C(1) << page.size_lg2, first = va & ~(bytes - 1);
    if (range->bytes < bytes || first < range->va || first - range->va > range->bytes - bytes) {
        page.size_lg2 = (uint8_t)core->page_lg2;
        first = va & ~((UINT64_C(1) << core->page_lg2) - 1);
    }
    page.va = first;
    page.pa = range->pa + (first - range->va);
    return page;
}

static uint64_t note_hit(struct core *core, uint32_t slot)
{
    if (!core->track)
        return 0;
    struct event_tlb_entry *life = &core->lives.lives[core->ranges->array.lives[slot]].event;
    if (life->hits++ == 0)
        life->first_hit_cycle = core->now;
    life->last_hit_cycle = core->now;
    life->last_done_cycle = core->now;
    return life->id;
}

bool range_tlb_look_up(struct core *core, uint64_t va, struct range_hit *hit)
{
    struct range_tlb *ranges = core->ranges;
    const struct range_entry *range = find(core, va);
    counters_of(core)->lookups++;
    if (!range)
        return false;
    hit->slot = (uint32_t)(range - ranges->entries);
    hit->fill = (struct translation_fill){
        .entry = page_of(core, range, va), .space = range->space, .walk = range->walk};
    return true;
}

uint64_t range_tlb_use(struct core *core, const struct range_hit *hit)
{
    counters_of(core)->hits++;
    core->ranges->entries[hit->slot].stamp = ++core->ranges->clock;
    return note_hit(core, hit->slot);
}

/* ---- fills and drops --------------------------------------------------------------------------- */

static void leave(struct core *core, uint32_t slot, enum entry_end end, uint64_t invalidation)
{
    hierarchy_end_life(core, &core->ranges->array, slot, end, invalidation);
    core->ranges->entries[slot].bytes = 0;
    core->ranges->used--;
}

static bool overlaps(const struct range_entry *range, uint64_t first, uint64_t last)
{
    return range->bytes > 0 && range->va <= last && first <= range->va + (range->bytes - 1);
}

/* An empty place, or that of the range that was used least recently. */
static uint32_t place_for(struct core *core)
{
    const struct range_tlb *ranges = core->ranges;
    uint32_t place = 0;
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (ranges->entries[i].bytes == 0)
            return i;
        if (ranges->entries[i].stamp < ranges->entries[place].stamp)
            place = i;
    }
    leave(core, place, ENTRY_END_EVICTED, 0);
    counters_of(core)->evictions++;
    return place;
}

static void take_place_of_others(struct core *core, const struct range_entry *range)
{
    for (uint32_t i = 0; i < core->ranges->count; i++) {
        const struct range_entry *other = &core->ranges->entries[i];
        if (!overlaps(other, range->va, range->va + (range->bytes - 1)) ||
            tlb_space_of(&other->page) != tlb_space_of(&range->page))
            continue;
        leave(core, i, ENTRY_END_REFILLED, 0);
        counters_of(core)->refilled++;
    }
}

void range_tlb_fill(struct core *core, const struct miss *miss)
{
    struct range_tlb *ranges = core->ranges;
    struct translation_fill page = hierarchy_fill_of(miss, &miss->leaf);
    struct range_entry range = {.page = page.entry,
                                .va = miss->walk.range.va,
                                .bytes = miss->walk.range.bytes,
                                .pa = miss->walk.range.pa,
                                .stamp = ++ranges->clock,
                                .walk = page.walk,
                                .space = page.space};
    take_place_of_others(core, &range);
    uint32_t place = place_for(core);
    ranges->entries[place] = range;
    ranges->used++;
    counters_of(core)->fills++;
    if (!core->track)
        return;
    page.entry.va = range.va;
    page.entry.pa = range.pa;
    hierarchy_begin_life(core, &ranges->array, place, &page);
    core->lives.lives[ranges->array.lives[place]].event.bytes = range.bytes;
}

/* As of a page with the range's tags (tlb_selects), whose bytes are the range's. */
static bool is_selected(const struct range_entry *range, const struct tlb_selection *selection)
{
    struct tlb_selection tags = *selection;
    tags.by_va = false;
    return range->bytes > 0 && tlb_selects(&tags, &range->page) &&
           (!selection->by_va || overlaps(range, selection->va, selection->last_va));
}

struct tlb_invalidated range_tlb_invalidate(struct core *core, const struct tlb_selection *selection,
                                            uint64_t invalidation)
{
    struct range_tlb *ranges = core->ranges;
    struct tlb_invalidated done = {.sets = ranges->used > 0, .entries = ranges->used};
    for (uint32_t i = 0; i < ranges->count; i++) {
        if (!is_selected(&ranges->entries[i], selection))
            continue;
        leave(core, i, ENTRY_END_INVALIDATED, invalidation);
        counters_of(core)->dropped++;
        done.dropped++;
    }
    return done;
}

void range_tlb_end_lives(struct core *core)
{
    for (uint32_t i = 0; core->ranges && i < core->ranges->count; i++)
        if (core->ranges->entries[i].bytes > 0)
            hierarchy_end_life(core, &core->ranges->array, i, ENTRY_END_RUN, 0);
}
