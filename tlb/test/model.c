#include "tlb/test/model.h"

#include <stdlib.h>

enum { NOWHERE = -1 };

bool model_init(struct model *model, const struct tlb_geometry *geometry, enum model_fault fault)
{
    *model = (struct model){.geometry = *geometry,
                            .fault = fault,
                            .sets = geometry->entries / geometry->ways,
                            .random = geometry->seed};
    model->ways = calloc(geometry->entries, sizeof *model->ways);
    return model->ways != NULL;
}

void model_destroy(struct model *model)
{
    free(model->ways);
    *model = (struct model){0};
}

/* ---- pages and spaces --------------------------------------------------------------------------- */

static uint64_t last_byte(const struct tlb_entry *entry)
{
    return entry->va + ((UINT64_C(1) << entry->size_lg2) - 1);
}

static bool same_page(const struct tlb_entry *one, const struct tlb_entry *other)
{
    return one->va == other->va && one->size_lg2 == other->size_lg2 && one->vmid == other->vmid &&
           one->global == other->global && (one->global || one->asid == other->asid);
}

static uint64_t set_of(const struct model *model, const struct tlb_entry *entry)
{
    unsigned size_lg2 = model->fault == MODEL_SET_OF_SMALLEST_PAGE ? 12 : entry->size_lg2;
    return (entry->va >> size_lg2) % model->sets;
}

/* ---- look-ups ----------------------------------------------------------------------------------- */

static bool usable(const struct model *model, const struct tlb_entry *entry,
                   const struct model_address *address)
{
    bool global = entry->global && model->fault != MODEL_GLOBAL_NOT_SHARED;
    bool any_vmid =
        model->fault == MODEL_VMID_IGNORED || (global && model->fault == MODEL_GLOBAL_FOR_EVERY_VMID);
    if (entry->vmid != address->vmid && !any_vmid)
        return false;
    return global || entry->asid == address->asid || model->fault == MODEL_ASID_IGNORED;
}

static bool matches(const struct model *model, const struct model_way *way,
                    const struct model_address *address)
{
    return way->used && address->va >= way->entry.va && address->va <= last_byte(&way->entry) &&
           usable(model, &way->entry, address);
}

/* Whether, of two entries that both match, the first is the one that hardware uses. */
static bool goes_before(const struct model *model, const struct tlb_entry *one, const struct tlb_entry *other)
{
    if (one->size_lg2 != other->size_lg2)
        return (one->size_lg2 < other->size_lg2) != (model->fault == MODEL_LARGEST_FIRST);
    if (one->global == other->global)
        return false;
    return other->global != (model->fault == MODEL_GLOBAL_FIRST);
}

uint32_t model_matches(const struct model *model, const struct model_address *address,
                       struct tlb_entry *entries)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->geometry.entries; i++) {
        if (!matches(model, &model->ways[i], address))
            continue;
        uint32_t place = count++;
        for (; place > 0 && goes_before(model, &model->ways[i].entry, &entries[place - 1]); place--)
            entries[place] = entries[place - 1];
        entries[place] = model->ways[i].entry;
    }
    return count;
}

static void use_way(struct model *model, struct model_way *way)
{
    if (model->fault == MODEL_HIT_IS_NO_USE && model->geometry.replacement == TLB_LRU)
        return;
    way->touched = ++model->now;
    if (model->fault == MODEL_HIT_IS_A_FILL)
        way->filled = way->touched;
    way->interval = model->fault == MODEL_HIT_STEPS_NEARER && way->interval > 0 ? way->interval - 1 : 0;
}

const struct model_way *model_look_up(struct model *model, const struct model_address *address, bool use)
{
    struct model_way *best = NULL;
    for (uint32_t i = 0; i < model->geometry.entries; i++) {
        struct model_way *way = &model->ways[i];
        if (matches(model, way, address) && (!best || goes_before(model, &way->entry, &best->entry)))
            best = way;
    }
    if (best && use)
        use_way(model, best);
    return best;
}

/* ---- replacement: each takes the ways of a full set and gives one of them ------------------------ */

static uint32_t least_recently_used(const struct model *model, const struct model_way *ways)
{
    uint32_t oldest = 0;
    uint32_t second = 0;
    for (uint32_t i = 1; i < model->geometry.ways; i++) {
        if (ways[i].touched < ways[oldest].touched) {
            second = oldest;
            oldest = i;
        } else if (second == oldest || ways[i].touched < ways[second].touched) {
            second = i;
        }
    }
    return model->fault == MODEL_SECOND_OLDEST_GOES ? second : oldest;
}

static uint32_t first_in(const struct model *model, const struct model_way *ways)
{
    uint32_t first = 0;
    for (uint32_t i = 1; i < model->geometry.ways; i++)
        if (ways[i].filled < ways[first].filled)
            first = i;
    return first;
}

static uint64_t last_touch(const struct model *model, const struct model_way *ways, uint32_t from,
                           uint32_t to)
{
    uint64_t last = 0;
    for (uint32_t i = from; i < to && i < model->geometry.ways; i++)
        last = ways[i].touched > last ? ways[i].touched : last;
    return last;
}

/* What the bits of a tree mean: at each node, go to the half whose last touch is longer ago. */
static uint32_t tree(const struct model *model, const struct model_way *ways)
{
    uint32_t from = 0;
    uint32_t to = 1;
    while (to < model->geometry.ways)
        to *= 2;
    while (to - from > 1) {
        uint32_t middle = from + (to - from) / 2;
        bool upper = last_touch(model, ways, from, middle) > last_touch(model, ways, middle, to);
        if (middle >= model->geometry.ways && model->fault != MODEL_TREE_OF_ALL_LEAVES)
            upper = false;
        from = upper ? middle : from;
        to = upper ? to : middle;
    }
    return from % model->geometry.ways;
}

/* SplitMix64, and its upper half as a fraction of the ways. */
static uint32_t drawn(struct model *model)
{
    uint64_t z = (model->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z = z ^ (z >> 31);
    uint32_t ways = model->geometry.ways;
    uint32_t bound = model->fault == MODEL_LAST_WAY_SPARED && ways > 1 ? ways - 1 : ways;
    return (uint32_t)(((z >> 32) * bound) >> 32);
}

/* Step by step as the paper has it: look for a 3, else make all of them one more distant and look again. */
static uint32_t distant(const struct model *model, struct model_way *ways)
{
    for (;;) {
        for (uint32_t i = 0; i < model->geometry.ways; i++)
            if (ways[i].interval == 3)
                return i;
        for (uint32_t i = 0; i < model->geometry.ways; i++)
            ways[i].interval++;
    }
}

static uint32_t victim_of(struct model *model, struct model_way *ways)
{
    switch (model->geometry.replacement) {
    case TLB_LRU:
        return least_recently_used(model, ways);
    case TLB_TREE_PLRU:
        return tree(model, ways);
    case TLB_FIFO:
        return first_in(model, ways);
    case TLB_RANDOM:
        return drawn(model);
    default:
        return distant(model, ways);
    }
}

static int64_t find_empty(const struct model *model, const struct model_way *ways)
{
    int64_t found = NOWHERE;
    for (uint32_t i = 0; i < model->geometry.ways; i++)
        if (!ways[i].used && (found == NOWHERE || model->fault == MODEL_EMPTY_WAYS_FROM_THE_END))
            found = i;
    return found;
}

/* ---- fills and drops ---------------------------------------------------------------------------- */

static struct model_way *find(const struct model *model, const struct tlb_entry *entry)
{
    for (uint32_t i = 0; i < model->geometry.entries; i++)
        if (model->ways[i].used && same_page(&model->ways[i].entry, entry))
            return &model->ways[i];
    return NULL;
}

bool model_fill(struct model *model, const struct tlb_entry *entry, struct tlb_entry *victim)
{
    struct model_way *way = model->fault == MODEL_SAME_PAGE_TWICE ? NULL : find(model, entry);
    bool refill = way != NULL;
    if (!refill) {
        struct model_way *ways = &model->ways[set_of(model, entry) * model->geometry.ways];
        int64_t empty = find_empty(model, ways);
        way = &ways[empty == NOWHERE ? victim_of(model, ways) : (uint32_t)empty];
    }
    bool replaced = way->used;
    *victim = way->entry;
    way->used = true;
    way->entry = *entry;
    way->touched = ++model->now;
    if (!refill || model->fault != MODEL_REFILL_IS_NO_FILL)
        way->filled = model->now;
    way->interval = model->fault == MODEL_FILLED_AS_DISTANT ? 3 : 2;
    return replaced;
}

bool model_drop(struct model *model, const struct tlb_entry *entry)
{
    struct model_way *way = find(model, entry);
    if (way)
        way->used = false;
    return way != NULL;
}

static bool selected(const struct model *model, const struct tlb_selection *selection,
                     const struct tlb_entry *entry)
{
    uint64_t end = selection->last_va - (model->fault == MODEL_RANGE_ENDS_EARLY && selection->last_va > 0);
    if (selection->by_va && !(entry->va <= end && last_byte(entry) >= selection->va))
        return false;
    if (selection->by_vmid && entry->vmid != selection->vmid && model->fault != MODEL_VMID_NOT_SELECTED)
        return false;
    if (!entry->global)
        return !selection->by_asid || entry->asid == selection->asid;
    if (model->fault == MODEL_GLOBAL_SURVIVES_VA && selection->by_va && selection->by_asid)
        return false;
    if (model->fault == MODEL_GLOBAL_DIES_WITH_ASID && !selection->by_va)
        return true;
    return selection->global_too;
}

/* How often a set is looked at for pages of one size. */
static uint32_t looks_for_size(const struct model *model, const struct tlb_selection *selection, uint32_t set,
                               unsigned size_lg2)
{
    uint64_t page = selection->va >> size_lg2;
    for (uint32_t i = 0; i < model->sets && page <= selection->last_va >> size_lg2; i++, page++)
        if (page % model->sets == set)
            return 1;
    return 0;
}

static uint32_t looks_at(const struct model *model, const struct tlb_selection *selection, uint32_t set)
{
    if (!selection->by_va)
        return 1;
    uint32_t looks = 0;
    for (unsigned size_lg2 = 0; size_lg2 < TLB_PAGE_SIZES; size_lg2++) {
        bool present = false;
        for (uint32_t i = 0; i < model->geometry.entries; i++)
            present = present || (model->ways[i].used && model->ways[i].entry.size_lg2 == size_lg2);
        if (present)
            looks += looks_for_size(model, selection, set, size_lg2);
    }
    return looks > 1 && model->fault != MODEL_SETS_COUNTED_TWICE ? 1 : looks;
}

struct tlb_invalidated model_invalidate(struct model *model, const struct tlb_selection *selection,
                                        struct tlb_entry *dropped)
{
    struct tlb_invalidated result = {0};
    for (uint32_t set = 0; set < model->sets; set++) {
        uint32_t looks = looks_at(model, selection, set);
        result.sets += looks;
        for (uint32_t i = set * model->geometry.ways; i < (set + 1) * model->geometry.ways; i++)
            result.entries += looks > 0 && model->ways[i].used;
    }
    for (uint32_t i = 0; i < model->geometry.entries; i++) {
        struct model_way *way = &model->ways[i];
        if (!way->used || !selected(model, selection, &way->entry))
            continue;
        dropped[result.dropped++] = way->entry;
        way->used = false;
        if (model->fault == MODEL_ONE_SIZE_DROPPED_BY_VA && selection->by_va)
            break;
    }
    return result;
}

/* ---- overlaps ----------------------------------------------------------------------------------- */

static bool overlap(const struct model *model, const struct tlb_entry *one, const struct tlb_entry *other)
{
    bool global = (one->global || other->global) && model->fault != MODEL_GLOBAL_OVERLAPS_NOTHING;
    return one->va <= last_byte(other) && other->va <= last_byte(one) && one->vmid == other->vmid &&
           (one->asid == other->asid || global);
}

uint64_t model_overlapping(const struct model *model)
{
    uint64_t pairs = 0;
    for (uint32_t i = 0; i < model->geometry.entries; i++)
        for (uint32_t j = 0; j < i; j++)
            pairs += model->ways[i].used && model->ways[j].used &&
                     overlap(model, &model->ways[i].entry, &model->ways[j].entry);
    return pairs;
}
