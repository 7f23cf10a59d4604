#include "mmu/prefetch.h"

#include <stdlib.h>

#include "mmu/predictor.h"
#include "mmu/speculation.h"

#define REQUESTS_WAITING 256u /* pages that are asked for in one cycle; further ones are dropped */

struct prefetch_request {
    const struct address_context *context;
    uint64_t va;
    uint8_t side;
};

struct tlb_prefetcher {
    struct predictor *predictor;
    struct prefetch_request requests[REQUESTS_WAITING]; /* each has an item of the calendar: a ring */
    uint32_t first, count;
};

static bool mark_last_levels(struct core *core)
{
    struct hierarchy *hierarchy = &core->hierarchy;
    for (unsigned side = 0; side < 2; side++) {
        const struct tlb_group *last = hierarchy->path[side][hierarchy->depth[side] - 1];
        for (uint32_t i = 0; i < last->array_count; i++) {
            struct translation_array *array = last->arrays[i];
            if (!array->unproven)
                array->unproven = calloc(array->tlb.geometry.entries, sizeof *array->unproven);
            if (!array->unproven)
                return false;
        }
    }
    return true;
}

bool prefetch_init(struct core *core)
{
    const struct mmu_config *config = &core->machine->config;
    if (config->prefetcher == PREFETCH_NONE)
        return true;
    core->prefetcher = calloc(1, sizeof *core->prefetcher);
    if (!core->prefetcher)
        return false;
    core->prefetcher->predictor =
        predictor_create((enum prefetcher)config->prefetcher, (uint32_t)config->prefetch_entries,
                         (uint32_t)config->prefetch_degree);
    return core->prefetcher->predictor && mark_last_levels(core);
}

void prefetch_destroy(struct core *core)
{
    if (core->prefetcher)
        predictor_destroy(core->prefetcher->predictor);
    free(core->prefetcher);
}

/* ---- asking ------------------------------------------------------------------------------------ */

/* The same half of the addresses, and within the reach of the tables. */
static bool is_in_reach(const struct core *core, uint64_t page, uint64_t missed)
{
    const struct walk_format *format = address_context_half(core->context, missed)->regime.format;
    uint64_t va = page << core->page_lg2;
    return page >> (64 - core->page_lg2) == 0 && (va ^ missed) >> 63 == 0 &&
           walk_format_reaches(format, va, UINT64_C(1) << core->page_lg2);
}

static void ask(struct core *core, const struct prefetch_request *request)
{
    struct tlb_prefetcher *prefetcher = core->prefetcher;
    core->counters.prefetch.asked++;
    if (prefetcher->count == REQUESTS_WAITING) {
        core->counters.prefetch.dropped++;
        return;
    }
    prefetcher->requests[(prefetcher->first + prefetcher->count++) % REQUESTS_WAITING] = *request;
    core_schedule(core, core->now + 1, CALENDAR_SPECULATION, 0);
}

/* A space that was left meanwhile teaches nothing any more. */
static void miss_of(struct core *core, const struct address_context *context, uint64_t va, uint64_t pc,
                    unsigned side)
{
    struct predictor_miss miss = {.page = va >> core->page_lg2, .pc = pc, .space = core->space};
    uint64_t pages[PREDICTIONS_MAX];
    if (context != core->context)
        return;
    unsigned count = predictor_miss(core->prefetcher->predictor, &miss, pages);
    for (unsigned i = 0; i < count; i++)
        if (is_in_reach(core, pages[i], va))
            ask(core, &(struct prefetch_request){context, pages[i] << core->page_lg2, (uint8_t)side});
}

void prefetch_trigger(struct core *core, const struct address_context *context,
                      const struct event_translation *access)
{
    miss_of(core, context, access->va, access->pc, access_side(access->access_kind));
}

/* ---- walking ----------------------------------------------------------------------------------- */

static bool is_there(const struct core *core, const struct prefetch_request *request)
{
    const struct hierarchy *hierarchy = &core->hierarchy;
    if (miss_find(core, request->va >> core->page_lg2) != NO_INDEX || range_tlb_contains(core, request->va))
        return true;
    for (uint32_t level = 0; level < hierarchy->depth[request->side]; level++) {
        const struct tlb_group *group = hierarchy->path[request->side][level];
        for (uint32_t i = 0; i < group->array_count; i++)
            if (tlb_probe(&group->arrays[i]->tlb, request->va, core->space) != TLB_NONE)
                return true;
    }
    return false;
}

/* A space that was left meanwhile is not looked at any more. */
void prefetch_begin(struct core *core)
{
    struct tlb_prefetcher *prefetcher = core->prefetcher;
    struct prefetch_request request = prefetcher->requests[prefetcher->first];
    prefetcher->first = (prefetcher->first + 1) % REQUESTS_WAITING;
    prefetcher->count--;
    struct speculation walk = {.context = request.context,
                               .va = request.va,
                               .side = request.side,
                               .cause = CAUSE_PREFETCH,
                               .front = (uint8_t)core->hierarchy.depth[request.side]};
    if (request.context != core->context)
        core->counters.prefetch.dropped++;
    else if (is_there(core, &request))
        core->counters.prefetch.useless++;
    else if (miss_speculate(core, &walk))
        core->counters.prefetch.issued++;
    else
        core->counters.prefetch.dropped++;
}

/* ---- what comes of it -------------------------------------------------------------------------- */

/* As it would have missed by itself: whoever came first. Light waiters stand in a list of their own. */
static void trigger_by_waiter(struct core *core, const struct miss *miss)
{
    const struct light_waiter *light = miss->lights ? &core->lights[miss->first_light] : NULL;
    const struct event_translation *first = miss->waiters ? &core->slots[miss->first_waiter].event : NULL;
    if (light && (!first || light->issue_cycle < first->issue_cycle))
        miss_of(core, miss->context, light->access.va, light->access.pc, access_side(light->access.kind));
    else if (first)
        prefetch_trigger(core, miss->context, first);
}

void prefetch_ends(struct core *core, const struct miss *miss, bool filled)
{
    if (miss_is_wanted(miss) && miss->fault.kind == FAULT_NONE) {
        core->counters.prefetch.late++;
        core->counters.prefetch.useful++;
        trigger_by_waiter(core, miss);
    } else if (!filled) {
        core->counters.prefetch.unfilled++;
    }
}

void prefetch_fills(struct core *core, const struct filled_slot *filled)
{
    if (!filled) {
        core->counters.prefetch.unfilled++;
        return;
    }
    core->counters.prefetch.filled++;
    filled->array->unproven[filled->slot] = true;
    filled->array->unproven_count++;
}

static void forget(struct translation_array *array, uint32_t slot)
{
    array->unproven[slot] = false;
    array->unproven_count--;
}

void prefetch_proves(struct core *core, struct translation_array *array, uint32_t slot,
                     const struct event_translation *access)
{
    forget(array, slot);
    core->counters.prefetch.useful++;
    prefetch_trigger(core, core->context, access);
}

void prefetch_leaves(struct core *core, struct translation_array *array, uint32_t slot, enum entry_end end)
{
    if (end == ENTRY_END_RUN)
        return;
    forget(array, slot);
    core->counters.prefetch.unused++;
}

/* What was never hit is still where it was among the pages evicted before. */
void prefetch_evicts(struct core *core, const struct translation_array *array, uint32_t slot,
                     const struct tlb_entry *victim)
{
    if (!array->unproven[slot])
        predictor_evicted(core->prefetcher->predictor, victim->va >> core->page_lg2,
                          tlb_space(victim->asid, victim->vmid));
}
