/*
 * Spurious faults: those that a format allows hardware although the page is mapped and permits the access.
 *
 * x86: one for each address, and core, after a protect has added rights (Intel SDM volume 3, 4.10.4.3); what
 * was in flight when it was told belongs to it. RISC-V: until the core has carried out an invalidation of the
 * address after the entry's store was visible (Privileged, 4.2.1).
 */
#include "sim/judge/internal.h"

static bool first_of_its_address(struct judge *judge, const struct mmu_event *event, struct version *version,
                                 bool final)
{
    struct fence_history *history = &judge->fences[event->core % JUDGE_CORES];
    uint64_t bit = UINT64_C(1) << event->core % JUDGE_CORES;
    if (!version->by_protect)
        return false;
    if (version->spurious.excused & bit)
        return history->excused_by == version->created_by &&
               event->as.translation.issue_cycle <= history->excuse_cycle;
    if (final) {
        version->spurious.excused |= bit;
        history->excused_by = version->created_by;
        history->excuse_cycle = event->cycle;
    }
    return true;
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
