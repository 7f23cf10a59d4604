/*
 * Faults of accesses: whether a mapping was there all the time that permits the access (or, for aborts, was
 * there at all).
 *
 * Of an address space with a second stage, a fault of stage 1 is judged by the space's own map. One of stage
 * 2 names the intermediate address that could not be translated, of the output or of a table of stage 1, and
 * is judged by the second stage's map of it. Where a page that is there does not permit the access, it names
 * none: it is what the space's own mapping translates to.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/judge/sighting.h"

#define TABLE_LOAD  ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_LOAD)
#define TABLE_STORE ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE)

/* ---- walks whose fault was one of stage 2 on a table ---- */

static void forget_old(const struct judge *judge, struct table_faults *faults)
{
    uint64_t oldest = judge_oldest_issue(judge);
    size_t gone = 0;
    while (gone < faults->count && faults->list[gone].cycle < oldest)
        gone++;
    faults->count -= gone;
    memmove(faults->list, faults->list + gone, faults->count * sizeof *faults->list);
}

void table_fault_told(struct judge *judge, const struct mmu_event *event)
{
    const struct event_walk *walk = &event->as.walk;
    struct table_faults *faults = &judge->table_faults;
    if (walk->fault == FAULT_NONE || walk->fault_stage != 2 || !walk->fault_on_table)
        return;
    if (faults->count == faults->capacity && faults->capacity)
        forget_old(judge, faults);
    if (faults->count == faults->capacity) {
        struct table_fault *grown = judge_grow(judge, faults->list, &faults->capacity, sizeof *grown);
        if (!grown)
            return;
        faults->list = grown;
    }
    faults->list[faults->count++] = (struct table_fault){walk->id, event->cycle};
}

static bool is_on_table(const struct judge *judge, const struct event_translation *access)
{
    const struct table_faults *faults = &judge->table_faults;
    for (size_t i = faults->count; i > 0 && access->walk; i--)
        if (faults->list[i - 1].walk == access->walk)
            return true;
    return false;
}

void faults_destroy(struct judge *judge)
{
    free(judge->table_faults.list);
}

/* ---- which mapping would have to have been there ---- */

/* What had to be mapped for the access not to fault, and what it had to permit. */
struct lack {
    struct use use;
    uint64_t address;
    uint32_t space;
    uint32_t rights; /* all of these; 0: that something is mapped is enough */
    struct access_controls controls;
    uint8_t core;      /* whose access it is */
    bool second_stage; /* of another space's accesses */
    bool on_table;
};

/*
 * On x86 a core sees its own stores in program order, and so do its walks: what one of its operations has
 * mapped is there for it from the return on, drained or not (Intel SDM volume 3, 4.10.4.3: after an entry
 * became present software need do nothing).
 */
static bool is_own(const struct judge *judge, const struct version *version, const struct lack *lack)
{
    const struct version_order *order = version_order(version);
    return judge->config.own_stores && order->made_core == lack->core &&
           order->made_cycle <= lack->use.first && !lack->second_stage;
}

static bool was_there(const struct judge *judge, const struct version *version, const struct lack *lack)
{
    return version_certain(version, &lack->use) ||
           (is_own(judge, version, lack) && lack->use.complete < version->ended.begin);
}

static bool permits(const struct judge *judge, const struct version *version, const struct lack *lack)
{
    uint8_t allowed = lack->second_stage ? stage2_allows(judge, version, true)
                                         : controls_allow(judge, version, &lack->controls);
    /* Whether tables in device memory are refused (Arm HCR_EL2.PTW) is not told. */
    bool refused = lack->on_table && version->mapping.frame.attributes & FRAME_DEVICE;
    return !refused && (allowed & lack->rights) == lack->rights;
}

/* The mapping that was there from issue to completion; NULL if there was none. */
static struct version *lasting(const struct judge *judge, const struct lack *lack)
{
    struct version_cursor cursor =
        version_cursor_make(&judge->index, lack->space, lack->address, judge->spaces[lack->space].sizes_used);
    struct version *version;
    while ((version = version_next(&cursor)))
        if (was_there(judge, version, lack) && permits(judge, version, lack))
            break;
    return version;
}

/* A table is read; hardware that updates entries may have had to write it (of stage 2: Intel SDM volume 3,
 * "Accessed and Dirty Flags for EPT", where reads count as writes). */
static uint32_t table_rights(const struct space *space, const struct space *stage2)
{
    bool stores = space->hardware_access || stage2->hardware_access;
    return stores ? TABLE_LOAD | TABLE_STORE : TABLE_LOAD;
}

/* Turns to the second stage. False if the intermediate address is not known for certain. */
static bool turn_to_stage2(const struct judge *judge, const struct event_translation *access,
                           struct lack *lack)
{
    const struct space *space = &judge->spaces[access->space];
    uint64_t ipa = access->fault_ipa;
    lack->on_table = is_on_table(judge, access);
    if (ipa == EVENT_NEVER) {
        struct lack any = *lack;
        any.rights = 0;
        const struct version *first = lasting(judge, &any);
        if (!first)
            return false;
        ipa = first->mapping.frame.base + (access->va - first->mapping.va);
    }
    lack->address = ipa;
    lack->space = space->stage2;
    lack->second_stage = true;
    if (lack->on_table && lack->rights)
        lack->rights = table_rights(space, &judge->spaces[space->stage2]);
    return true;
}

/* ---- the judgement ---- */

static bool is_abort(uint8_t fault)
{
    return fault == FAULT_ADDRESS_SIZE || fault == FAULT_EXTERNAL_ABORT;
}

struct where {
    char text[80];
};

/* ", of its intermediate address 0x80001000": what a fault of stage 2 is about. */
static struct where where_of(const struct lack *lack)
{
    struct where where = {""};
    if (lack->second_stage)
        (void)snprintf(where.text, sizeof where.text, " for the intermediate address 0x%" PRIx64 "%s",
                       lack->address, lack->on_table ? " of a table" : "");
    return where;
}

static void describe(const struct mmu_event *event, const struct version *version, const struct lack *lack,
                     struct judge_finding *finding)
{
    const struct event_translation *access = &event->as.translation;
    (void)snprintf(
        finding->text, sizeof finding->text,
        "%s had a fault (%s, level %u)%s%s at 0x%" PRIx64 " in space %u in cycle %" PRIu64
        ", but operation %" PRIu64 " had mapped it by cycle %" PRIu64 " and it was so until cycle %s",
        who_accessed(event).text, judge_fault_name(access->fault), access->fault_level,
        access->fault == FAULT_TLB_CONFLICT ? " where no two TLB entries matched" : "", where_of(lack).text,
        access->va, access->space, event->cycle, version->created_by,
        version_certain(version, &lack->use) ? version->created.end : version_order(version)->made_cycle,
        cycle_print(version->ended.begin).text);
}

bool judge_fault(struct judge *judge, const struct mmu_event *event, bool final)
{
    const struct event_translation *access = &event->as.translation;
    bool abort = is_abort(access->fault);
    struct lack lack = {.use = {access->issue_cycle, event->cycle, event->cycle},
                        .address = access->va,
                        .space = access->space,
                        .rights = abort ? 0 : ACCESS_RIGHT(access->privilege, access->access_kind),
                        .controls = controls_at(judge, event->core, access->issue_cycle),
                        .core = event->core};
    bool second = access->fault_stage == 2 && judge->spaces[access->space].stage2;
    if (second && !turn_to_stage2(judge, access, &lack))
        return false;
    struct version *version = lasting(judge, &lack);
    if (!version)
        return false;
    if (fault_excused(judge, event, version, lack.address, final))
        return !final; /* what is not known yet may take the excuse away */
    size_t conflict = 0;
    enum conflict_known known =
        access->fault == FAULT_TLB_CONFLICT ? conflict_of(judge, event, &conflict) : CONFLICT_NONE;
    if (known == CONFLICT_REAL || !final)
        return known != CONFLICT_REAL;
    struct judge_finding finding = finding_of_access(event);
    finding.rule = abort ? RULE_UNEXPECTED_ABORT : RULE_SPURIOUS_FAULT;
    finding.operation = version->created_by;
    describe(event, version, &lack, &finding);
    if (known == CONFLICT_OPEN)
        conflict_doubt(judge, conflict, &finding);
    else
        judge_report(judge, &finding, "%s", finding.text);
    return true;
}
