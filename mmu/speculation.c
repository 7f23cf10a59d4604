#include "mmu/speculation.h"

#include "mmu/prefetch.h"

/* Some level from `front` to before `level` takes such pages. */
static bool is_taken(const struct core *core, uint8_t size_lg2, unsigned side, uint32_t front, uint32_t level)
{
    for (uint32_t i = front; i < level; i++)
        if (hierarchy_array_for(core->hierarchy.path[side][i - 1], size_lg2))
            return true;
    return false;
}

/* Some level before `front` has the entry. */
static bool is_before(const struct core *core, const struct tlb_entry *entry, unsigned side, uint32_t front)
{
    for (uint32_t i = 1; i < front; i++) {
        const struct tlb_group *group = core->hierarchy.path[side][i - 1];
        for (uint32_t k = 0; k < group->array_count; k++)
            if (tlb_find(&group->arrays[k]->tlb, entry) != TLB_NONE)
                return true;
    }
    return false;
}

uint32_t speculation_fill_levels(struct core *core, const struct translation_fill *fill, unsigned side,
                                 uint32_t front, uint32_t behind, struct filled_slot *last)
{
    uint32_t count = 0;
    for (uint32_t level = behind - 1; level >= front; level--) {
        const struct tlb_group *group = core->hierarchy.path[side][level - 1];
        struct translation_array *array = hierarchy_array_for(group, fill->entry.size_lg2);
        bool exclusive = group->inclusion == TLB_INCLUSION_EXCLUSIVE;
        if (!array || !hierarchy_takes(core, group, &fill->entry))
            continue;
        if (exclusive && (is_taken(core, fill->entry.size_lg2, side, front, level) ||
                          is_before(core, &fill->entry, side, front)))
            continue;
        uint32_t slot = hierarchy_fill_array(core, array, fill);
        if (last)
            *last = (struct filled_slot){array, slot};
        count++;
    }
    return count;
}

void speculation_ends(struct core *core, const struct miss *miss, bool filled)
{
    if (miss->cause == CAUSE_PREFETCH)
        prefetch_ends(core, miss, filled);
}

void speculation_fill(struct core *core, const struct miss *miss, const struct translation_fill *fill)
{
    uint32_t behind = core->hierarchy.depth[miss->side] + 1;
    struct filled_slot last;
    uint32_t count = speculation_fill_levels(core, fill, miss->side, miss->front, behind, &last);
    if (miss->cause == CAUSE_PREFETCH)
        prefetch_fills(core, count > 0 ? &last : NULL);
    else
        core->counters.adversary.fills += count > 0;
}
