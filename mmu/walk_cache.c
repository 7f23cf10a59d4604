/*
 * Walk caches: what walks have found on their way, for later ones.
 *
 * Three kinds: tables of stage 1 by virtual address (under a second stage together with where the table lies
 * in physical memory), tables of stage 2 by intermediate address, and whole translations of stage 2. Caches
 * of one kind are looked up at once. A walk that an invalidation has caught leaves nothing in them.
 */
#include "mmu/core.h"

static struct translation_array *cache_at(const struct core *core, uint32_t index)
{
    return core->hierarchy.arrays[core->machine->config.tlb_count + index];
}

static void note_hit(struct core *core, struct translation_array *cache, uint32_t slot)
{
    tlb_touch(&cache->tlb, slot);
    if (!core->track)
        return;
    struct event_tlb_entry *life = &cache->pool->lives[cache->lives[slot]].event;
    if (life->hits++ == 0)
        life->first_hit_cycle = core->now;
    life->last_hit_cycle = core->now;
    life->last_done_cycle = core->now;
}

/* The space of a kind's entries: stage 2 knows no ASIDs. */
static uint64_t space_of(const struct address_context *context, enum walk_cache_holds holds)
{
    return tlb_space(holds == WALK_CACHE_TABLES ? context->asid : 0, context->vmid);
}

struct walk_cache_found walk_cache_find(struct core *core, enum walk_cache_holds holds,
                                        const struct address_context *context, uint64_t address)
{
    struct walk_cache_found best = {NULL, 0};
    if (core->walk_caches[holds] == 0)
        return best;
    for (uint32_t i = 0; i < core->machine->config.walk_cache_count; i++) {
        struct translation_array *cache = cache_at(core, i);
        if (cache->holds != holds)
            continue;
        uint32_t slot = tlb_probe(&cache->tlb, address, space_of(context, holds));
        core->counters.arrays[cache->number].lookups++;
        if (slot == TLB_NONE)
            continue;
        /* the entry that covers least leads furthest */
        if (best.cache && best.cache->tlb.entries[best.slot].size_lg2 <= cache->tlb.entries[slot].size_lg2)
            continue;
        best = (struct walk_cache_found){cache, slot};
    }
    if (best.cache) {
        core->counters.arrays[best.cache->number].hits++;
        note_hit(core, best.cache, best.slot);
    }
    return best;
}

/* The first cache of this kind that takes entries of this size; NULL if none does. */
static struct translation_array *cache_for(const struct core *core, enum walk_cache_holds holds,
                                           uint8_t size_lg2)
{
    for (uint32_t i = 0; core->walk_caches[holds] && i < core->machine->config.walk_cache_count; i++) {
        struct translation_array *cache = cache_at(core, i);
        if (cache->holds == holds && cache->sizes >> size_lg2 & 1)
            return cache;
    }
    return NULL;
}

static void fill(struct core *core, enum walk_cache_holds holds, const struct miss *miss,
                 const struct walk_table *table, const struct walk_leaf *leaf)
{
    uint8_t size_lg2 = table ? table->span_lg2 : leaf->frame.size_lg2;
    struct translation_array *cache = miss->settle ? NULL : cache_for(core, holds, size_lg2);
    if (!cache)
        return;
    struct translation_fill filled = {.entry = {.va = table ? table->va : leaf->va,
                                                .pa = table ? table->pa : leaf->frame.base,
                                                .attributes = table ? 0 : leaf->frame.attributes,
                                                .asid = holds == WALK_CACHE_TABLES ? miss->context->asid : 0,
                                                .vmid = miss->context->vmid,
                                                .size_lg2 = size_lg2,
                                                .rights = table ? 0 : leaf->rights},
                                      .space = miss->half->space,
                                      .walk = miss->id};
    uint32_t slot = hierarchy_fill_array(core, cache, &filled);
    if (table)
        cache->tables[slot] = *table;
    if (leaf)
        cache->leaves[slot] = *leaf;
}

void walk_cache_add_table(struct core *core, enum walk_cache_holds holds, const struct miss *miss,
                          const struct walk_table *table, const struct walk_leaf *stage2)
{
    fill(core, holds, miss, table, stage2);
}

void walk_cache_add_leaf(struct core *core, const struct miss *miss, const struct walk_leaf *leaf)
{
    fill(core, WALK_CACHE_IPA, miss, NULL, leaf);
}
