/* Translations: what accesses, walks and TLB entries may use. */
#include <inttypes.h>
#include <stdio.h>

#include "sim/judge/sighting.h"

/* Without an active space no access may be translated. */
static bool judge_no_space(struct judge *judge, const struct mmu_event *event, bool final)
{
    const struct event_translation *access = &event->as.translation;
    bool broken = access->fault == FAULT_NONE;
    if (!broken || !final)
        return broken;
    struct judge_finding finding = finding_of_access(event);
    finding.rule = RULE_NEVER_MAPPED;
    judge_report(judge, &finding, "%s has 0x%" PRIx64 " for 0x%" PRIx64 ", but no address space was active",
                 who_accessed(event).text, access->pa, access->va);
    return true;
}

bool judge_translation(struct judge *judge, const struct mmu_event *event, bool final)
{
    const struct event_translation *access = &event->as.translation;
    if (access->space == 0)
        return judge_no_space(judge, event, final);
    if (!judge_translating(judge, access->space))
        return false; /* counted when it arrived */
    if (access->fault != FAULT_NONE)
        return judge_fault(judge, event, final);
    struct sighting sighting = {.use = {access->issue_cycle, event->cycle, event->cycle},
                                .gone = event->cycle,
                                .va = access->va,
                                .pa = access->pa,
                                .space = access->space,
                                .attributes = ATTRIBUTES_ANY,
                                .right = ACCESS_RIGHT(access->privilege, access->access_kind),
                                .controls = controls_at(judge, event->core, access->issue_cycle),
                                .access = access->access_kind,
                                .size_lg2 = access->page_size_lg2,
                                .rights = access->rights};
    struct verdict verdict = sighting_examine(judge, &sighting);
    if (verdict.rule == RULE_NONE || !final)
        return verdict.rule != RULE_NONE;
    struct judge_finding finding = finding_of_access(event);
    sighting_report(judge, &finding, &verdict, &sighting, who_accessed(event).text);
    return true;
}

bool judge_walk(struct judge *judge, const struct mmu_event *event, bool final)
{
    const struct event_walk *walk = &event->as.walk;
    if (walk->fault != FAULT_NONE || !judge_translating(judge, walk->space))
        return false;
    struct sighting sighting = {
        .use = {walk->start_cycle, walk->filled ? event->cycle : walk->start_cycle, event->cycle},
        .gone = walk->filled ? event->cycle : walk->start_cycle,
        .va = walk->leaf.va,
        .pa = walk->leaf.frame.base,
        .space = walk->space,
        .attributes = walk->leaf.frame.attributes,
        .size_lg2 = walk->leaf.frame.size_lg2,
        .rights = walk->leaf.rights};
    struct verdict verdict = sighting_examine(judge, &sighting);
    if (verdict.rule == RULE_NONE || !final)
        return verdict.rule != RULE_NONE;
    struct judge_finding finding = {
        .cycle = event->cycle, .core = event->core, .va = walk->va, .walk = walk->id};
    char who[WHO_BYTES];
    (void)snprintf(who, sizeof who, "walk 0x%" PRIx64 " of core %u, started in cycle %" PRIu64 ",", walk->id,
                   event->core + 1, walk->start_cycle);
    sighting_report(judge, &finding, &verdict, &sighting, who);
    return true;
}

static uint64_t known(uint64_t cycle)
{
    return cycle == EVENT_NEVER ? 0 : cycle;
}

static uint64_t greater(uint64_t one, uint64_t other)
{
    return one > other ? one : other;
}

static uint64_t gone(const struct event_tlb_entry *entry)
{
    uint64_t used = known(entry->last_hit_cycle) > known(entry->last_done_cycle)
                        ? known(entry->last_hit_cycle)
                        : known(entry->last_done_cycle);
    return used > entry->end_cycle ? used : entry->end_cycle;
}

/* After the end of what explains it, an entry may not be there, be hit, or have served an access. */
static bool judge_lifetime(struct judge *judge, const struct mmu_event *event, const struct version *reach,
                           bool final)
{
    const struct event_tlb_entry *entry = &event->as.tlb_entry;
    uint64_t end = reach->ended.end;
    bool hit = known(entry->last_hit_cycle) > end;
    bool served = known(entry->last_done_cycle) > end;
    bool resident =
        entry->end_cycle > end && context_could_use(judge, event, greater(end, entry->fill_cycle));
    if (final && (hit || served))
        entry_report(judge, event, reach, RULE_STALE_TRANSLATION,
                     hit ? "was hit too late" : "served an access that completed too late");
    if (final && resident)
        entry_report(judge, event, reach, RULE_STALE_ENTRY, "stayed too long");
    return hit || served || resident;
}

bool judge_tlb_entry(struct judge *judge, const struct mmu_event *event, bool final)
{
    const struct event_tlb_entry *entry = &event->as.tlb_entry;
    if (!judge_translating(judge, entry->space))
        return false;
    struct sighting sighting = {.use = {entry->fill_cycle, entry->fill_cycle, entry->fill_cycle},
                                .gone = gone(entry),
                                .va = entry->va,
                                .pa = entry->frame.base,
                                .space = entry->space,
                                .attributes = entry->frame.attributes,
                                .size_lg2 = entry->frame.size_lg2,
                                .rights = entry->rights};
    struct verdict verdict = sighting_examine(judge, &sighting);
    const struct version *reach = verdict.rule == RULE_NONE ? sighting_reach(judge, &sighting) : NULL;
    if (reach)
        return judge_lifetime(judge, event, reach, final);
    if (!final || verdict.rule == RULE_NONE)
        return verdict.rule != RULE_NONE;
    if (verdict.rule == RULE_STALE_TRANSLATION) {
        uint64_t end = verdict.version ? verdict.version->ended.end : 0;
        if (!context_could_use(judge, event, greater(end, entry->fill_cycle)))
            return false;
        entry_report(judge, event, verdict.version, RULE_STALE_TRANSLATION, "was filled too late");
        entry_report(judge, event, verdict.version, RULE_STALE_ENTRY, "stayed too long");
        return true;
    }
    struct judge_finding finding = {
        .cycle = event->cycle, .core = event->core, .va = entry->va, .walk = entry->walk, .entry = entry->id};
    char who[WHO_BYTES];
    (void)snprintf(who, sizeof who, "entry 0x%" PRIx64 " of core %u, filled in cycle %" PRIu64 ",", entry->id,
                   event->core + 1, entry->fill_cycle);
    sighting_report(judge, &finding, &verdict, &sighting, who);
    return true;
}

/*
 * Both halves of a crossing access have to succeed before either is performed. The two events of one
 * attempt overlap in time and have one number; a retry begins after the fault of the attempt before.
 */
void judge_crossing(struct judge *judge, const struct mmu_event *event)
{
    const struct event_translation *access = &event->as.translation;
    struct crossing *first =
        &judge->crossings[event->core % JUDGE_CORES][access->access & ((1u << CROSSING_LG2) - 1)];
    bool pair = first->half && first->half != access->half && first->access == access->access &&
                first->retry == access->retry && access->issue_cycle <= first->cycle &&
                first->issue_cycle <= event->cycle;
    if (!pair) {
        *first = (struct crossing){access->issue_cycle, event->cycle, access->performed_cycle, access->va,
                                   access->access,      access->half, access->retry,           access->fault};
        return;
    }
    first->half = 0;
    bool torn = (first->fault && access->performed_cycle != EVENT_NEVER && !access->fault) ||
                (access->fault && first->performed_cycle != EVENT_NEVER && !first->fault);
    if (!torn)
        return;
    struct judge_finding finding = finding_of_access(event);
    finding.rule = RULE_TORN_ACCESS;
    finding.va = first->fault ? access->va : first->va;
    judge_report(judge, &finding,
                 "the half at 0x%" PRIx64 " of access %u of core %u was performed in cycle %" PRIu64
                 ", but its other half at 0x%" PRIx64 " had a fault",
                 finding.va, access->access, event->core + 1,
                 first->fault ? access->performed_cycle : first->performed_cycle,
                 first->fault ? first->va : access->va);
}
