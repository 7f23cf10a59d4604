/* What is said of a translation that breaks a rule, or of a TLB entry. */
#include <inttypes.h>
#include <stdio.h>

#include "sim/judge/sighting.h"

#define USER_RIGHTS (ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD) - 1u)

struct who who_accessed(const struct mmu_event *event)
{
    const struct event_translation *access = &event->as.translation;
    const char *half = access->half == 0 ? "" : access->half == 1 ? " (first half)" : " (second half)";
    struct who who;
    (void)snprintf(who.text, sizeof who.text, "a %s of core %u%s, issued in cycle %" PRIu64 ",",
                   judge_access_name(access->access_kind), event->core + 1, half, access->issue_cycle);
    return who;
}

struct judge_finding finding_of_access(const struct mmu_event *event)
{
    const struct event_translation *access = &event->as.translation;
    return (struct judge_finding){.cycle = event->cycle,
                                  .core = event->core,
                                  .space = access->space,
                                  .va = access->va,
                                  .walk = access->walk,
                                  .entry = access->entry};
}

/* Who made the version; of a pair, both: "operation 7" or "operation 7 and, of the second stage, 3". */
struct makers {
    char text[80];
};

static const struct stage_pair *pair_of(const struct judge *judge, const struct version *version,
                                        uint32_t space)
{
    return judge->spaces[space].stage2 ? (const struct stage_pair *)(const void *)version : NULL;
}

static struct makers makers_of(const struct judge *judge, const struct version *version, uint32_t space)
{
    const struct stage_pair *pair = pair_of(judge, version, space);
    struct makers makers;
    if (pair)
        (void)snprintf(makers.text, sizeof makers.text,
                       "operation %" PRIu64 " and, of the second stage, %" PRIu64, pair->first->created_by,
                       pair->second->created_by);
    else
        (void)snprintf(makers.text, sizeof makers.text, "operation %" PRIu64, version->created_by);
    return makers;
}

/* Of a pair, if it was the second stage that ended. */
static const char *stage_ended(const struct judge *judge, const struct version *version, uint32_t space)
{
    const struct stage_pair *pair = pair_of(judge, version, space);
    return pair && pair->second->ended.end < pair->first->ended.end ? " of the second stage" : "";
}

static void report_nothing(struct judge *judge, const struct judge_finding *finding,
                           const struct sighting *sighting, const char *who)
{
    judge_report(judge, finding, "%s has 0x%" PRIx64 " for 0x%" PRIx64 " in space %u, where %s", who,
                 sighting->pa, sighting->va, sighting->space,
                 finding->rule == RULE_STALE_TRANSLATION
                     ? "only a mapping that ended long ago may have had it"
                     : "nothing was mapped");
}

static void report_stale(struct judge *judge, const struct judge_finding *finding,
                         const struct version *version, const struct sighting *sighting, const char *who)
{
    const struct use *use = &sighting->use;
    judge_report(judge, finding,
                 "%s has 0x%" PRIx64 " for 0x%" PRIx64 " in space %u, used until cycle %" PRIu64
                 ", but operation %" PRIu64 " (%s) had ended this mapping%s in cycle %s",
                 who, sighting->pa, sighting->va, sighting->space,
                 use->last > use->first ? use->last : use->first, version->ended_by,
                 version->ended_by_protect ? "protect" : "unmap",
                 stage_ended(judge, version, sighting->space), cycle_print(version->ended.end).text);
}

static uint8_t allowed(const struct judge *judge, const struct version *version,
                       const struct sighting *sighting)
{
    const struct stage_pair *pair = pair_of(judge, version, sighting->space);
    return pair ? pair->allowed : controls_allow(judge, version, &sighting->controls);
}

static void report_forbidden(struct judge *judge, const struct judge_finding *finding,
                             const struct version *version, const struct sighting *sighting, const char *who)
{
    judge_report(
        judge, finding,
        "%s reached 0x%" PRIx64 " at 0x%" PRIx64 " in space %u, but the mapping of %s"
        " allows %s%s and the access was a %s by the %s",
        who, sighting->pa, sighting->va, sighting->space, makers_of(judge, version, sighting->space).text,
        rights_print(allowed(judge, version, sighting)).text, controls_print(&sighting->controls).text,
        judge_access_name(sighting->access), sighting->right & USER_RIGHTS ? "user" : "kernel");
}

static void report_too_early(struct judge *judge, const struct judge_finding *finding,
                             const struct version *version, const struct sighting *sighting, const char *who)
{
    judge_report(judge, finding,
                 "%s has 0x%" PRIx64 " for 0x%" PRIx64 " in space %u and completed in cycle %" PRIu64
                 ", but %s mapped it no earlier than cycle %" PRIu64,
                 who, sighting->pa, sighting->va, sighting->space, sighting->use.complete,
                 makers_of(judge, version, sighting->space).text, version->created.begin);
}

static void report_other(struct judge *judge, const struct judge_finding *finding,
                         const struct version *version, const struct sighting *sighting, const char *who)
{
    uint64_t expected = version->mapping.frame.base + (sighting->va - version->mapping.va);
    judge_report(judge, finding,
                 "%s has 0x%" PRIx64 " (page 2^%u, %s) for 0x%" PRIx64
                 " in space %u, but %s mapped 0x%" PRIx64 " (page 2^%u, %s)",
                 who, sighting->pa, sighting->size_lg2, rights_print(sighting->rights).text, sighting->va,
                 sighting->space, makers_of(judge, version, sighting->space).text, expected,
                 version->mapping.frame.size_lg2, rights_print(version->rights).text);
}

void sighting_report(struct judge *judge, const struct judge_finding *about, const struct verdict *verdict,
                     const struct sighting *sighting, const char *who)
{
    const struct version *version = verdict->version;
    struct judge_finding finding = *about;
    finding.rule = (uint8_t)verdict->rule;
    finding.space = sighting->space;
    if (!version) {
        report_nothing(judge, &finding, sighting, who);
        return;
    }
    finding.operation = version->created_by;
    switch (verdict->rule) {
    case RULE_STALE_TRANSLATION:
        finding.operation = version->ended_by;
        finding.invalidation = version->invalidation;
        report_stale(judge, &finding, version, sighting, who);
        break;
    case RULE_FORBIDDEN_ACCESS:
        report_forbidden(judge, &finding, version, sighting, who);
        break;
    case RULE_NEVER_MAPPED:
        report_too_early(judge, &finding, version, sighting, who);
        break;
    default:
        report_other(judge, &finding, version, sighting, who);
        break;
    }
}

void entry_report(struct judge *judge, const struct mmu_event *event, const struct version *version,
                  enum judge_rule rule, const char *what)
{
    const struct event_tlb_entry *entry = &event->as.tlb_entry;
    const struct judge_config *config = &judge->config;
    const char *name = entry->tlb < config->array_count ? config->arrays[entry->tlb].name : "unnamed";
    struct judge_finding finding = {.rule = (uint8_t)rule,
                                    .cycle = event->cycle,
                                    .core = event->core,
                                    .space = entry->space,
                                    .va = entry->va,
                                    .operation = version ? version->ended_by : 0,
                                    .invalidation = version ? version->invalidation : 0,
                                    .walk = entry->walk,
                                    .entry = entry->id};
    char why[96] = "only a mapping that ended long ago may have had it";
    if (version)
        (void)snprintf(why, sizeof why, "operation %" PRIu64 " had ended its mapping%s in cycle %s",
                       version->ended_by, stage_ended(judge, version, entry->space),
                       cycle_print(version->ended.end).text);
    judge_report(judge, &finding,
                 "entry 0x%" PRIx64 " of the %s TLB of core %u, for 0x%" PRIx64
                 " in space %u, %s (filled %" PRIu64 ", last hit %s, last access complete %s, gone %" PRIu64
                 "), but %s",
                 entry->id, name, event->core + 1, entry->va, entry->space, what, entry->fill_cycle,
                 cycle_print(entry->last_hit_cycle).text, cycle_print(entry->last_done_cycle).text,
                 entry->end_cycle, why);
}
