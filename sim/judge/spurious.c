/*
 * Spurious faults: those that a format allows hardware although the page is mapped and permits the access.
 *
 * x86: one for each address, and core, after a protect has added rights (Intel SDM volume 3, 4.10.4.3); what
 * was in flight when it was told belongs to it. RISC-V: until the core has carried out an invalidation of the
 * address after the entry's store was visible (Privileged, 4.2.1).
 */
#include <stdlib.h>
#include <string.h>

#include "sim/judge/internal.h"

static void forget_old(const struct judge *judge, struct excuse_history *history)
{
    uint64_t oldest = judge_oldest_issue(judge);
    size_t gone = 0;
    while (gone < history->count && history->list[gone].cycle < oldest)
        gone++;
    history->count -= gone;
    memmove(history->list, history->list + gone, history->count * sizeof *history->list);
}

static void note(struct judge *judge, struct excuse_history *history, const struct excuse *excuse)
{
    if (history->count == history->capacity && history->capacity)
        forget_old(judge, history);
    if (history->count == history->capacity) {
        struct excuse *grown = judge_grow(judge, history->list, &history->capacity, sizeof *grown);
        if (!grown)
            return;
        history->list = grown;
    }
    history->list[history->count++] = *excuse;
}

/* Whether the first fault that this operation's version excused had not been told when the access was issued.
 */
static bool was_in_flight(const struct excuse_history *history, uint64_t operation, uint64_t issue_cycle)
{
    for (size_t i = history->count; i > 0 && history->list[i - 1].cycle >= issue_cycle; i--)
        if (history->list[i - 1].operation == operation)
            return true;
    return false;
}

static bool first_of_its_address(struct judge *judge, const struct mmu_event *event, struct version *version,
                                 bool final)
{
    struct excuse_history *history = &judge->excuses[event->core % JUDGE_CORES];
    uint64_t bit = UINT64_C(1) << event->core % JUDGE_CORES;
    if (!version->by_protect)
        return false;
    if (version->spurious.excused & bit)
        return was_in_flight(history, version->created_by, event->as.translation.issue_cycle);
    if (final) {
        const struct excuse excuse = {version->created_by, event->cycle};
        version->spurious.excused |= bit;
        note(judge, history, &excuse);
    }
    return true;
}

void excuses_destroy(struct judge *judge)
{
    for (unsigned i = 0; i < JUDGE_CORES; i++)
        free(judge->excuses[i].list);
}

bool fault_excused(struct judge *judge, const struct mmu_event *event, struct version *version,
                   uint64_t address, bool final)
{
    const struct event_translation *access = &event->as.translation;
    const struct space *space = &judge->spaces[version->space];
    const struct fence_question question = {.version = version,
                                            .address = address,
                                            .from = version->spurious.drained,
                                            .to = access->issue_cycle,
                                            .guest = version->space != access->space};
    uint8_t fault = access->fault;
    if (fault != FAULT_TRANSLATION && fault != FAULT_ACCESS_FLAG && fault != FAULT_PERMISSION)
        return false;
    switch (space->format->spurious) {
    case SPURIOUS_ONCE:
        return first_of_its_address(judge, event, version, final);
    case SPURIOUS_UNTIL_FENCE:
        return !fence_was_carried_out(judge, event->core, &question);
    default:
        return false;
    }
}
