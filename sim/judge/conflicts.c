/*
 * TLB conflicts: whether two entries really matched where the machine says so.
 *
 * Entries are told when they leave their array, so what is not yet found to be a conflict may still become
 * one, until the run ends.
 */
#include <stdlib.h>

#include "sim/judge/internal.h"

#define CONFLICTS_MAX 65536u /* kept; what is said of further ones is believed */

struct conflict_doubt {
    size_t conflict;
    struct judge_finding finding;
};

void conflict_told(struct judge *judge, const struct mmu_event *event)
{
    const struct event_conflict *told = &event->as.conflict;
    struct conflicts *conflicts = &judge->conflicts;
    if (conflicts->count == CONFLICTS_MAX) {
        judge->unjudged[UNJUDGED_LIMIT]++;
        return;
    }
    if (conflicts->count == conflicts->capacity) {
        struct conflict *grown = judge_grow(judge, conflicts->list, &conflicts->capacity, sizeof *grown);
        if (!grown)
            return;
        conflicts->list = grown;
    }
    conflicts->list[conflicts->count++] = (struct conflict){
        .cycle = event->cycle, .va = told->va, .space = told->space, .core = event->core, .tlb = told->tlb};
}

/* Arrays of one level that serve the same accesses are looked up together. */
static bool looked_up_together(const struct judge *judge, const struct conflict *conflict, uint8_t tlb,
                               uint8_t core)
{
    const struct judge_config *config = &judge->config;
    if (tlb >= config->array_count || conflict->tlb >= config->array_count)
        return tlb == conflict->tlb && core == conflict->core;
    const struct judge_array *found = &config->arrays[conflict->tlb];
    const struct judge_array *array = &config->arrays[tlb];
    return array->level == found->level && array->side == found->side &&
           (array->shared || core == conflict->core);
}

static bool matches(struct judge *judge, const struct conflict *conflict, const struct mmu_event *event)
{
    const struct event_tlb_entry *entry = &event->as.tlb_entry;
    const struct space *space = judge_space(judge, conflict->space);
    const struct mapping page = {entry->va, entry->frame};
    return space && entry->fill_cycle <= conflict->cycle && conflict->cycle <= entry->end_cycle &&
           mapping_contains(&page, conflict->va) && entry->vmid == space->vmid &&
           (entry->frame.attributes & FRAME_GLOBAL || entry->asid == space->asid) &&
           looked_up_together(judge, conflict, entry->tlb, event->core);
}

void conflict_entry(struct judge *judge, const struct mmu_event *event)
{
    struct conflicts *conflicts = &judge->conflicts;
    for (size_t i = conflicts->open; i < conflicts->count; i++)
        conflicts->list[i].matched += matches(judge, &conflicts->list[i], event);
    while (conflicts->open < conflicts->count && conflicts->list[conflicts->open].matched >= 2)
        conflicts->open++;
}

enum conflict_known conflict_of(const struct judge *judge, const struct mmu_event *event, size_t *which)
{
    const struct event_translation *access = &event->as.translation;
    const struct conflicts *conflicts = &judge->conflicts;
    unsigned page_lg2 = judge->spaces[access->space].format->page_lg2;
    for (size_t i = conflicts->count; i > 0; i--) {
        const struct conflict *conflict = &conflicts->list[i - 1];
        if (conflict->cycle < access->issue_cycle)
            break;
        if (conflict->core != event->core || conflict->space != access->space ||
            conflict->cycle > event->cycle || (conflict->va ^ access->va) >> page_lg2 != 0)
            continue;
        *which = i - 1;
        return conflict->matched >= 2 ? CONFLICT_REAL : CONFLICT_OPEN;
    }
    return conflicts->count == CONFLICTS_MAX ? CONFLICT_REAL : CONFLICT_NONE;
}

void conflict_doubt(struct judge *judge, size_t which, const struct judge_finding *finding)
{
    struct conflicts *conflicts = &judge->conflicts;
    if (conflicts->doubt_count == judge->config.findings_max) {
        judge->unjudged[UNJUDGED_LIMIT]++;
        return;
    }
    if (conflicts->doubt_count == conflicts->doubt_capacity) {
        struct conflict_doubt *grown =
            judge_grow(judge, conflicts->doubts, &conflicts->doubt_capacity, sizeof *grown);
        if (!grown)
            return;
        conflicts->doubts = grown;
    }
    conflicts->doubts[conflicts->doubt_count++] = (struct conflict_doubt){which, *finding};
}

void conflicts_finish(struct judge *judge)
{
    const struct conflicts *conflicts = &judge->conflicts;
    for (size_t i = 0; i < conflicts->doubt_count; i++) {
        const struct conflict_doubt *doubt = &conflicts->doubts[i];
        if (conflicts->list[doubt->conflict].matched < 2)
            judge_report(judge, &doubt->finding, "%s", doubt->finding.text);
    }
}

void conflicts_destroy(struct conflicts *conflicts)
{
    free(conflicts->list);
    free(conflicts->doubts);
}
