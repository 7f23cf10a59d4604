/*
 * Spurious faults: those that a format allows hardware although the page is mapped and permits the access.
 *
 * x86: one for each address, and core, after a protect has added rights (Intel SDM volume 3, 4.10.4.3); what
 * was in flight when it was told belongs to it. RISC-V: until the core has carried out an invalidation of the
 * address after the entry's store was visible (Privileged, 4.2.1).
 */
#include <errno.h>
#include <stdlib.h>

#include "sim/judge/internal.h"

void fence_carried_out(struct judge *judge, unsigned core, const struct fence *fence)
{
    struct fence_history *history = &judge->fences[core % JUDGE_CORES];
    if (!judge->fences_count)
        return;
    if (!history->fences)
        history->fences = calloc(FENCES_MAX, sizeof *history->fences);
    if (!history->fences) {
        judge->error = ENOMEM;
        return;
    }
    history->fences[history->count++ % FENCES_MAX] = *fence;
}

/*
 * Of a second stage in whose guest the fault was (`guest`), only what invalidates that stage counts (RISC-V
 * Privileged, 8.3.2: HFENCE.GVMA).
 */
static bool fence_covers(const struct judge *judge, const struct fence *fence, const struct version *version,
                         uint64_t va, bool guest)
{
    const struct space *space = &judge->spaces[version->space];
    const struct invalidation *what = &fence->what;
    bool tag = what->asid == space->asid;
    bool page = mapping_contains(&version->mapping, what->va) ||
                (what->size_bytes && va - what->va < what->size_bytes);
    if (what->vmid != space->vmid)
        return false;
    if (guest)
        return what->scope == INVALIDATE_VMID || (what->scope == INVALIDATE_IPA && page);
    switch (what->scope) {
    case INVALIDATE_VA:
        return tag && page;
    case INVALIDATE_VA_ALL_ASIDS:
        return page;
    case INVALIDATE_ASID:
        return tag;
    case INVALIDATE_IPA:
        return space->format->stage2 && page;
    default:
        return true;
    }
}

/* What has left the ring is taken for no fence of this page: the fault is then not judged. */
static bool fenced(const struct judge *judge, const struct mmu_event *event, const struct version *version,
                   uint64_t address)
{
    const struct fence_history *history = &judge->fences[event->core % JUDGE_CORES];
    const struct event_translation *access = &event->as.translation;
    bool guest = judge->spaces[access->space].stage2 == version->space;
    uint64_t kept = history->count < FENCES_MAX ? history->count : FENCES_MAX;
    for (uint64_t i = 0; i < kept; i++) {
        const struct fence *fence = &history->fences[i];
        if (fence->drop_cycle >= version->spurious.drained && fence->drop_cycle <= access->issue_cycle &&
            fence_covers(judge, fence, version, address, guest))
            return true;
    }
    return false;
}

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
    uint8_t fault = event->as.translation.fault;
    if (fault != FAULT_TRANSLATION && fault != FAULT_ACCESS_FLAG && fault != FAULT_PERMISSION)
        return false;
    switch (judge->spaces[version->space].format->spurious) {
    case SPURIOUS_ONCE:
        return first_of_its_address(judge, event, version, final);
    case SPURIOUS_UNTIL_FENCE:
        return !fenced(judge, event, version, address);
    default:
        return false;
    }
}

void fences_destroy(struct judge *judge)
{
    for (unsigned i = 0; i < JUDGE_CORES; i++)
        free(judge->fences[i].fences);
}
