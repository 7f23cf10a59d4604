/*
 * Hits of a stream, at one a cycle: what most accesses are, without slots, and without an item of the
 * calendar for each.
 */
#include "mmu/core.h"

static void tell_hit(struct core *core, const struct stream_access *access, uint32_t number,
                     const struct tlb_entry *entry, const struct entry_life *life)
{
    uint64_t translated = core->now + 1;
    struct mmu_event *event = core_event(core, EVENT_TRANSLATION, translated);
    if (!event)
        return;
    event->as.translation =
        (struct event_translation){.va = access->va,
                                   .pa = entry->pa + (access->va - entry->va),
                                   .pc = access->pc,
                                   .issue_cycle = core->now,
                                   .translated_cycle = translated,
                                   .performed_cycle = EVENT_NEVER,
                                   .fault_ipa = EVENT_NEVER,
                                   .entry = life->event.id,
                                   .access = number,
                                   .space = address_context_half(core->context, access->va)->space,
                                   .asid = core->context->asid,
                                   .vmid = core->context->vmid,
                                   .size_bytes = access->size_bytes,
                                   .access_kind = access->kind,
                                   .privilege = (uint8_t)core->op.privilege,
                                   .outcome = OUTCOME_L1_HIT,
                                   .page_size_lg2 = entry->size_lg2,
                                   .whole_size_lg2 = (uint8_t)entry->whole_lg2,
                                   .rights = entry->rights,
                                   .attributes = (uint32_t)entry->attributes};
}

static void note_fast_hit(struct core *core, const struct stream_access *access, uint32_t number,
                          const struct translation_array *array, uint32_t tlb_slot)
{
    struct entry_life *life = &core->lives.lives[array->lives[tlb_slot]];
    if (life->event.hits++ == 0)
        life->event.first_hit_cycle = core->now;
    life->event.last_hit_cycle = core->now;
    if (core->tell_hits)
        tell_hit(core, access, number, &array->tlb.entries[tlb_slot], life);
}

/* What a run of issues did, by kind of access. */
struct issued {
    uint64_t hits[ACCESS_KINDS];
    uint64_t merges[ACCESS_KINDS];
};

/* Both sides may share a unified first level. */
static void count_level(struct core *core, unsigned side, uint64_t hits, uint64_t misses)
{
    if (hits + misses == 0)
        return;
    struct tlb_counters *level = &core->counters.tlb[core->hierarchy.path[side][0]->counters];
    struct array_counters *array = &core->counters.arrays[core->hierarchy.simple[side]->number];
    level->lookups += hits + misses;
    level->hits += hits;
    level->misses += misses;
    array->lookups += hits + misses;
    array->hits += hits;
}

static void count_many(struct core *core, const struct issued *issued)
{
    struct core_counters *counters = &core->counters;
    uint64_t sums[ACCESS_KINDS], all = 0, merges = 0;
    for (unsigned kind = 0; kind < ACCESS_KINDS; kind++) {
        sums[kind] = issued->hits[kind] + issued->merges[kind];
        all += sums[kind];
        merges += issued->merges[kind];
    }
    counters->accesses.translations += all;
    counters->accesses.loads += sums[ACCESS_LOAD];
    counters->accesses.stores += sums[ACCESS_STORE];
    counters->accesses.fetches += sums[ACCESS_FETCH];
    count_level(core, TLB_SIDE_DATA, issued->hits[ACCESS_LOAD] + issued->hits[ACCESS_STORE],
                issued->merges[ACCESS_LOAD] + issued->merges[ACCESS_STORE]);
    count_level(core, TLB_SIDE_INSTRUCTION, issued->hits[ACCESS_FETCH], issued->merges[ACCESS_FETCH]);
    counters->misses.merged += merges;
    core->first_issues += all;
    if (all > 0)
        core->now--; /* the last cycle that issued */
}

/* A first-level hit that is allowed; false if it is none, or not allowed. */
static bool issue_hit(struct core *core, const struct stream_access *access, struct translation_array *array,
                      bool *missed)
{
    struct tlb *tlb = &array->tlb;
    uint32_t tlb_slot = tlb_probe(tlb, access->va, core->space);
    *missed = tlb_slot == TLB_NONE;
    if (*missed || !(tlb->entries[tlb_slot].allowed & ACCESS_RIGHT(core->op.privilege, access->kind)))
        return false;
    tlb_touch(tlb, tlb_slot);
    core->access_count++;
    if (core->track)
        note_fast_hit(core, access, core->access_count, array, tlb_slot);
    return true;
}

/* The first level, if a hit in it is complete before the next issue and is told by one array, and teaches no
 * prefetcher anything; or NULL. */
static struct translation_array *quick_array(const struct core *core, unsigned side)
{
    struct translation_array *array = core->hierarchy.simple[side];
    bool quick = array && array->latency_cycles == 1 && !tlb_overlapping(&array->tlb);
    return quick && array->unproven_count == 0 ? array : NULL;
}

/*
 * The stream's next accesses, as long as they end with their translation and either hit or merge. With a
 * latency of one cycle a hit is complete before the next issue, so that it never counts in the window.
 * Nothing else happens meanwhile: once an access to a page has missed, the next one to it misses too.
 */
void access_issue_many(struct core *core, uint64_t bound, uint32_t window)
{
    unsigned page_lg2 = core->page_lg2;
    struct translation_array *arrays[2] = {quick_array(core, TLB_SIDE_INSTRUCTION),
                                           quick_array(core, TLB_SIDE_DATA)};
    bool merges = !core->track && core->machine->config.walker_merge;
    struct issued issued = {{0}, {0}};
    uint64_t missed_page = NO_PAGE;
    unsigned missed_side = 0;
    uint32_t miss = NO_INDEX;
    while (core->now < bound && core->block_next < core->block_count && core->in_flight < window) {
        const struct stream_access *access = &core->block[core->block_next];
        uint64_t page = access->va >> page_lg2;
        unsigned side = access_side(access->kind);
        if ((access->va + access->size_bytes - 1) >> page_lg2 != page || !arrays[side])
            break;
        if (page != missed_page || side != missed_side) {
            bool missed;
            if (issue_hit(core, access, arrays[side], &missed)) {
                issued.hits[access->kind]++;
                core->block_next++;
                core->now++;
                continue;
            }
            if (!missed || !merges || (miss = miss_find(core, page)) == NO_INDEX)
                break;
            missed_page = page;
            missed_side = side;
        }
        miss_merge_light(core, miss, access, ++core->access_count);
        issued.merges[access->kind]++;
        core->block_next++;
        core->now++;
    }
    count_many(core, &issued);
}
