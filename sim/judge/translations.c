/* Translations: what accesses, walks and TLB entries may use. */
#include <inttypes.h>
#include <stdio.h>

#include "sim/judge/internal.h"

#define RULE_NONE      JUDGE_RULES
#define ATTRIBUTES_ANY UINT32_MAX
#define USER_RIGHTS    (ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD) - 1u)

/* A translation that somebody used. */
struct sighting {
    struct use use;
    uint64_t gone; /* the last cycle in which it was used or kept */
    uint64_t va;
    uint64_t pa; /* of va */
    uint32_t space;
    uint32_t attributes;             /* of the frame; ATTRIBUTES_ANY if not told */
    unsigned right;                  /* ACCESS_RIGHT that the access needed; 0: none */
    struct access_controls controls; /* that it was made under */
    uint8_t size_lg2;
    uint8_t rights;
    uint8_t access; /* access_kind, if it needed a right */
};

struct verdict {
    enum judge_rule rule;          /* RULE_NONE: fine */
    const struct version *version; /* that tells why; NULL if none does */
};

/* What the versions say of a sighting, each one version that says so, or NULL. */
struct tally {
    const struct version *fits;    /* in everything */
    const struct version *foreign; /* the same, a global mapping of another space */
    const struct version *forbids; /* fits, but does not permit the access */
    const struct version *ended;   /* fitted once, and ended before the last use */
    const struct version *present; /* in time, whatever it maps to; the same frame preferred */
    const struct version *once;    /* begins after the completion, but an equal one is forgotten */
    const struct version *later;   /* begins after the completion */
    bool certain;                  /* something was mapped all the time */
};

static bool same_place(const struct version *version, const struct sighting *sighting)
{
    const struct mapping *mapping = &version->mapping;
    return mapping->frame.size_lg2 == sighting->size_lg2 &&
           mapping->frame.base + (sighting->va - mapping->va) == sighting->pa;
}

static bool same_translation(const struct version *version, const struct sighting *sighting)
{
    return same_place(version, sighting) &&
           (version->rights == sighting->rights || version->first_rights == sighting->rights ||
            version->upgraded_rights == sighting->rights) &&
           (sighting->attributes == ATTRIBUTES_ANY ||
            version->mapping.frame.attributes == sighting->attributes ||
            version->upgraded_attributes == sighting->attributes);
}

/* Whether the mapping, and the core's controls, let the access happen. */
static bool permits(const struct judge *judge, const struct version *version, const struct sighting *sighting)
{
    return sighting->right == 0 || controls_allow(judge, version, &sighting->controls) & sighting->right;
}

static void weigh(const struct judge *judge, struct tally *tally, const struct version *version,
                  const struct sighting *sighting)
{
    bool own = version->space == sighting->space;
    const struct use *use = &sighting->use;
    if (same_translation(version, sighting)) {
        if (version_allows(version, use) && permits(judge, version, sighting))
            *(own ? &tally->fits : &tally->foreign) = version;
        else if (version_allows(version, use))
            tally->forbids = version;
        else if (use->complete < version->created.begin)
            *(use->complete < version->forgotten_since ? &tally->later : &tally->once) = version;
        else if (!tally->ended || tally->ended->ended.end < version->ended.end)
            tally->ended = version;
    }
    if (own && version_overlaps(version, use)) {
        if (!tally->present || same_place(version, sighting))
            tally->present = version;
        tally->certain |= version_certain(version, use);
    }
}

/* What was forgotten at this address. */
struct forgotten {
    uint64_t end; /* the last of any version; 0 if none was */
    bool lost;    /* a version that no other one stands for */
};

static void add_forgotten(const struct judge *judge, struct forgotten *forgotten, uint64_t va, uint32_t space,
                          uint64_t sizes)
{
    for (; sizes; sizes &= sizes - 1) {
        unsigned size_lg2 = (unsigned)__builtin_ctzll(sizes);
        struct region_key key = {.number = va >> size_lg2, .space = space, .size_lg2 = (uint8_t)size_lg2};
        const struct region *region = region_find(&judge->index, &key);
        if (region && region->forgotten_end > forgotten->end)
            forgotten->end = region->forgotten_end;
        forgotten->lost |= region && region->lost;
    }
}

static struct forgotten forgotten_at(const struct judge *judge, const struct sighting *sighting)
{
    struct forgotten forgotten = {0};
    add_forgotten(judge, &forgotten, sighting->va, sighting->space,
                  judge->spaces[sighting->space].sizes_used);
    add_forgotten(judge, &forgotten, sighting->va, SPACE_GLOBAL, judge->global_sizes);
    return forgotten;
}

static struct verdict conclude(struct judge *judge, const struct tally *tally,
                               const struct sighting *sighting)
{
    if (tally->fits || (tally->foreign && !tally->certain))
        return (struct verdict){RULE_NONE, NULL};
    struct forgotten forgotten = forgotten_at(judge, sighting);
    if (forgotten.end &&
        forgotten.end >= sighting->gone) { /* told too late: one of them may have allowed it */
        judge->unjudged[UNJUDGED_LATE_ACCESS]++;
        return (struct verdict){RULE_NONE, NULL};
    }
    if (tally->forbids)
        return (struct verdict){RULE_FORBIDDEN_ACCESS, tally->forbids};
    if (tally->ended)
        return (struct verdict){RULE_STALE_TRANSLATION, tally->ended};
    /* After a loss it may be a wrong frame, or never have been mapped: but an old mapping is likelier. */
    if (tally->once || (forgotten.lost && !tally->foreign))
        return (struct verdict){RULE_STALE_TRANSLATION, NULL};
    const struct version *present = tally->present;
    if (present && same_place(present, sighting) && !permits(judge, present, sighting))
        return (struct verdict){RULE_FORBIDDEN_ACCESS, present};
    if (present)
        return (struct verdict){RULE_WRONG_FRAME, present};
    return (struct verdict){RULE_NEVER_MAPPED, tally->later};
}

/* A global mapping serves the spaces of its virtual machine. */
static bool serves(const struct judge *judge, const struct version *version, uint32_t space)
{
    return version->space != space && judge->spaces[version->space].vmid == judge->spaces[space].vmid;
}

static struct verdict examine(struct judge *judge, const struct sighting *sighting)
{
    struct tally tally = {0};
    const struct version *version;
    struct version_cursor cursor = version_cursor_make(&judge->index, sighting->space, sighting->va,
                                                       judge->spaces[sighting->space].sizes_used);
    while ((version = version_next(&cursor))) {
        weigh(judge, &tally, version, sighting);
        if (tally.fits)
            return (struct verdict){RULE_NONE, NULL};
    }
    cursor = version_cursor_make(&judge->index, SPACE_GLOBAL, sighting->va, judge->global_sizes);
    while ((version = version_next(&cursor)))
        if (serves(judge, version, sighting->space))
            weigh(judge, &tally, version, sighting);
    return conclude(judge, &tally, sighting);
}

/* Reports what `examine` found; `who` is the subject of the sentence, from the access, walk or entry. */
static void report(struct judge *judge, struct judge_finding finding, const struct verdict *verdict,
                   const struct sighting *sighting, const char *who)
{
    const struct version *version = verdict->version;
    finding.rule = (uint8_t)verdict->rule;
    finding.space = sighting->space;
    if (!version) {
        judge_report(judge, &finding, "%s has 0x%" PRIx64 " for 0x%" PRIx64 " in space %u, where %s", who,
                     sighting->pa, sighting->va, sighting->space,
                     verdict->rule == RULE_STALE_TRANSLATION
                         ? "only a mapping that ended long ago may have had it"
                         : "nothing was mapped");
        return;
    }
    uint64_t expected = version->mapping.frame.base + (sighting->va - version->mapping.va);
    finding.operation = version->created_by;
    if (verdict->rule == RULE_STALE_TRANSLATION) {
        finding.operation = version->ended_by;
        finding.invalidation = version->invalidation;
        judge_report(judge, &finding,
                     "%s has 0x%" PRIx64 " for 0x%" PRIx64 " in space %u, used until cycle %" PRIu64
                     ", but operation %" PRIu64 " (%s) had ended this mapping in cycle %s",
                     who, sighting->pa, sighting->va, sighting->space,
                     sighting->use.last > sighting->use.first ? sighting->use.last : sighting->use.first,
                     version->ended_by, version->ended_by_protect ? "protect" : "unmap",
                     cycle_print(version->ended.end).text);
    } else if (verdict->rule == RULE_FORBIDDEN_ACCESS) {
        judge_report(judge, &finding,
                     "%s reached 0x%" PRIx64 " at 0x%" PRIx64
                     " in space %u, but the mapping of operation %" PRIu64
                     " allows %s%s and the access was a %s by the %s",
                     who, sighting->pa, sighting->va, sighting->space, version->created_by,
                     rights_print(controls_allow(judge, version, &sighting->controls)).text,
                     controls_print(&sighting->controls).text, judge_access_name(sighting->access),
                     sighting->right & USER_RIGHTS ? "user" : "kernel");
    } else if (verdict->rule == RULE_NEVER_MAPPED) {
        judge_report(judge, &finding,
                     "%s has 0x%" PRIx64 " for 0x%" PRIx64 " in space %u and completed in cycle %" PRIu64
                     ", but operation %" PRIu64 " mapped it no earlier than cycle %" PRIu64,
                     who, sighting->pa, sighting->va, sighting->space, sighting->use.complete,
                     version->created_by, version->created.begin);
    } else {
        judge_report(judge, &finding,
                     "%s has 0x%" PRIx64 " (page 2^%u, %s) for 0x%" PRIx64
                     " in space %u, but operation %" PRIu64 " mapped 0x%" PRIx64 " (page 2^%u, %s)",
                     who, sighting->pa, sighting->size_lg2, rights_print(sighting->rights).text, sighting->va,
                     sighting->space, version->created_by, expected, version->mapping.frame.size_lg2,
                     rights_print(version->rights).text);
    }
}

static struct use use_of(const struct mmu_event *event)
{
    const struct event_translation *access = &event->as.translation;
    return (struct use){access->issue_cycle, event->cycle, event->cycle};
}

static void who_accessed(char *text, size_t bytes, const struct mmu_event *event)
{
    const struct event_translation *access = &event->as.translation;
    const char *half = access->half == 0 ? "" : access->half == 1 ? " (first half)" : " (second half)";
    (void)snprintf(text, bytes, "a %s of core %u%s, issued in cycle %" PRIu64 ",",
                   judge_access_name(access->access_kind), event->core + 1, half, access->issue_cycle);
}

static struct judge_finding finding_of(const struct mmu_event *event)
{
    const struct event_translation *access = &event->as.translation;
    return (struct judge_finding){.cycle = event->cycle,
                                  .core = event->core,
                                  .space = access->space,
                                  .va = access->va,
                                  .walk = access->walk,
                                  .entry = access->entry};
}

static void describe_fault(const struct mmu_event *event, const struct version *version,
                           struct judge_finding *finding)
{
    const struct event_translation *access = &event->as.translation;
    char who[96];
    who_accessed(who, sizeof who, event);
    (void)snprintf(finding->text, sizeof finding->text,
                   "%s had a fault (%s, level %u)%s at 0x%" PRIx64 " in space %u in cycle %" PRIu64
                   ", but operation %" PRIu64 " had mapped it by cycle %" PRIu64
                   " and it was so until cycle %s",
                   who, judge_fault_name(access->fault), access->fault_level,
                   access->fault == FAULT_TLB_CONFLICT ? " where no two TLB entries matched" : "", access->va,
                   access->space, event->cycle, version->created_by, version->created.end,
                   cycle_print(version->ended.begin).text);
}

/* Whether a mapping that held all the time permits the access (or, for aborts, held at all). */
static bool judge_access_fault(struct judge *judge, const struct mmu_event *event, bool final)
{
    const struct event_translation *access = &event->as.translation;
    bool abort = access->fault == FAULT_ADDRESS_SIZE || access->fault == FAULT_EXTERNAL_ABORT;
    unsigned right = ACCESS_RIGHT(access->privilege, access->access_kind);
    struct use use = use_of(event);
    struct version_cursor cursor = version_cursor_make(&judge->index, access->space, access->va,
                                                       judge->spaces[access->space].sizes_used);
    struct access_controls controls = controls_at(judge, event->core, access->issue_cycle);
    struct version *version;
    while ((version = version_next(&cursor)))
        if (version_certain(version, &use) && (abort || controls_allow(judge, version, &controls) & right))
            break;
    if (!version)
        return false;
    if (fault_excused(judge, event, version, final))
        return !final; /* what is not known yet may take the excuse away */
    size_t conflict = 0;
    enum conflict_known known =
        access->fault == FAULT_TLB_CONFLICT ? conflict_of(judge, event, &conflict) : CONFLICT_NONE;
    if (known == CONFLICT_REAL || !final)
        return known != CONFLICT_REAL;
    struct judge_finding finding = finding_of(event);
    finding.rule = abort ? RULE_UNEXPECTED_ABORT : RULE_SPURIOUS_FAULT;
    finding.operation = version->created_by;
    describe_fault(event, version, &finding);
    if (known == CONFLICT_OPEN)
        conflict_doubt(judge, conflict, &finding);
    else
        judge_report(judge, &finding, "%s", finding.text);
    return true;
}

/* Without an active space no access may be translated. */
static bool judge_no_space(struct judge *judge, const struct mmu_event *event, bool final)
{
    const struct event_translation *access = &event->as.translation;
    bool broken = access->fault == FAULT_NONE;
    if (!broken || !final)
        return broken;
    struct judge_finding finding = finding_of(event);
    char who[96];
    who_accessed(who, sizeof who, event);
    finding.rule = RULE_NEVER_MAPPED;
    judge_report(judge, &finding, "%s has 0x%" PRIx64 " for 0x%" PRIx64 ", but no address space was active",
                 who, access->pa, access->va);
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
        return judge_access_fault(judge, event, final);
    struct sighting sighting = {.use = use_of(event),
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
    struct verdict verdict = examine(judge, &sighting);
    if (verdict.rule == RULE_NONE || !final)
        return verdict.rule != RULE_NONE;
    char who[96];
    who_accessed(who, sizeof who, event);
    report(judge, finding_of(event), &verdict, &sighting, who);
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
    struct verdict verdict = examine(judge, &sighting);
    if (verdict.rule == RULE_NONE || !final)
        return verdict.rule != RULE_NONE;
    struct judge_finding finding = {
        .cycle = event->cycle, .core = event->core, .va = walk->va, .walk = walk->id};
    char who[96];
    (void)snprintf(who, sizeof who, "walk 0x%" PRIx64 " of core %u, started in cycle %" PRIu64 ",", walk->id,
                   event->core + 1, walk->start_cycle);
    report(judge, finding, &verdict, &sighting, who);
    return true;
}

/* How far, from its fill on, one matching version or several without a gap explain an entry. */
static bool extend(const struct judge *judge, const struct sighting *sighting, uint32_t space, uint64_t sizes,
                   const struct version **reach)
{
    struct version_cursor cursor = version_cursor_make(&judge->index, space, sighting->va, sizes);
    const struct version *version;
    bool extended = false;
    while ((version = version_next(&cursor))) {
        if (space == SPACE_GLOBAL && version->space != sighting->space &&
            !serves(judge, version, sighting->space))
            continue;
        bool joins = *reach ? version->created.begin <= (*reach)->ended.end + 1
                            : version_allows(version, &sighting->use);
        if (same_translation(version, sighting) && joins &&
            (!*reach || version->ended.end > (*reach)->ended.end)) {
            *reach = version;
            extended = true;
        }
        if (*reach && (*reach)->ended.end == EVENT_NEVER)
            return false;
    }
    return extended;
}

static const struct version *reach_of(const struct judge *judge, const struct sighting *sighting)
{
    const struct version *reach = NULL;
    uint64_t sizes = judge->spaces[sighting->space].sizes_used;
    while (extend(judge, sighting, sighting->space, sizes, &reach) ||
           extend(judge, sighting, SPACE_GLOBAL, judge->global_sizes, &reach))
        continue;
    return reach;
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

static void report_entry(struct judge *judge, const struct mmu_event *event, const struct version *version,
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
        (void)snprintf(why, sizeof why, "operation %" PRIu64 " had ended its mapping in cycle %s",
                       version->ended_by, cycle_print(version->ended.end).text);
    judge_report(judge, &finding,
                 "entry 0x%" PRIx64 " of the %s TLB of core %u, for 0x%" PRIx64
                 " in space %u, %s (filled %" PRIu64 ", last hit %s, last access complete %s, gone %" PRIu64
                 "), but %s",
                 entry->id, name, event->core + 1, entry->va, entry->space, what, entry->fill_cycle,
                 cycle_print(entry->last_hit_cycle).text, cycle_print(entry->last_done_cycle).text,
                 entry->end_cycle, why);
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
        report_entry(judge, event, reach, RULE_STALE_TRANSLATION,
                     hit ? "was hit too late" : "served an access that completed too late");
    if (final && resident)
        report_entry(judge, event, reach, RULE_STALE_ENTRY, "stayed too long");
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
    struct verdict verdict = examine(judge, &sighting);
    const struct version *reach = verdict.rule == RULE_NONE ? reach_of(judge, &sighting) : NULL;
    if (reach)
        return judge_lifetime(judge, event, reach, final);
    if (!final || verdict.rule == RULE_NONE)
        return verdict.rule != RULE_NONE;
    if (verdict.rule == RULE_STALE_TRANSLATION) {
        uint64_t end = verdict.version ? verdict.version->ended.end : 0;
        if (!context_could_use(judge, event, greater(end, entry->fill_cycle)))
            return false;
        report_entry(judge, event, verdict.version, RULE_STALE_TRANSLATION, "was filled too late");
        report_entry(judge, event, verdict.version, RULE_STALE_ENTRY, "stayed too long");
        return true;
    }
    struct judge_finding finding = {
        .cycle = event->cycle, .core = event->core, .va = entry->va, .walk = entry->walk, .entry = entry->id};
    char who[96];
    (void)snprintf(who, sizeof who, "entry 0x%" PRIx64 " of core %u, filled in cycle %" PRIu64 ",", entry->id,
                   event->core + 1, entry->fill_cycle);
    report(judge, finding, &verdict, &sighting, who);
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
    struct judge_finding finding = finding_of(event);
    finding.rule = RULE_TORN_ACCESS;
    finding.va = first->fault ? access->va : first->va;
    judge_report(judge, &finding,
                 "the half at 0x%" PRIx64 " of access %u of core %u was performed in cycle %" PRIu64
                 ", but its other half at 0x%" PRIx64 " had a fault",
                 finding.va, access->access, event->core + 1,
                 first->fault ? access->performed_cycle : first->performed_cycle,
                 first->fault ? first->va : access->va);
}
