/*
 * Contexts: when each core could use the entries of an address space's tags. Kept only where a lazy scheme is
 * declared; else every entry counts, since nothing drops it before it can be used again.
 */
#include <stdlib.h>

#include "sim/judge/internal.h"

#define TIMES_MAX 4096u /* of a core; then the older half is thinned */

static bool same_tags(const struct active_time *one, const struct active_time *other)
{
    return one->asid == other->asid && one->vmid == other->vmid;
}

/* Of the older half, the last of each pair of tags stays: an event that is still to come is seldom older. */
static void thin(struct active_history *history)
{
    size_t half = history->count / 2, kept = 0;
    for (size_t i = 0; i < history->count; i++) {
        bool last = true;
        for (size_t k = i + 1; last && k < half; k++)
            last = !same_tags(&history->times[i], &history->times[k]);
        if (last)
            history->times[kept++] = history->times[i];
    }
    history->count = kept;
    history->thin_at = kept * 2 > TIMES_MAX ? kept * 2 : TIMES_MAX;
}

void context_switched(struct judge *judge, const struct mmu_event *event)
{
    struct active_history *history = &judge->active[event->core % JUDGE_CORES];
    if (!judge->config.lazy)
        return;
    if (history->count > 0)
        history->times[history->count - 1].until = event->cycle;
    if (history->count >= TIMES_MAX && history->count >= history->thin_at)
        thin(history);
    if (history->count == history->capacity) {
        struct active_time *grown = judge_grow(judge, history->times, &history->capacity, sizeof *grown);
        if (!grown)
            return;
        history->times = grown;
    }
    history->times[history->count++] =
        (struct active_time){event->cycle, EVENT_NEVER, event->as.context.asid, event->as.context.vmid};
}

bool context_could_use(const struct judge *judge, const struct mmu_event *event, uint64_t after)
{
    const struct event_tlb_entry *entry = &event->as.tlb_entry;
    const struct active_history *history = &judge->active[event->core % JUDGE_CORES];
    const struct active_time tags = {.asid = entry->asid, .vmid = entry->vmid};
    if (!judge->config.lazy || entry->frame.attributes & FRAME_GLOBAL)
        return true;
    for (size_t i = history->count; i > 0 && history->times[i - 1].until > after; i--)
        if (same_tags(&history->times[i - 1], &tags) && history->times[i - 1].from < entry->end_cycle)
            return true;
    return false;
}

void contexts_destroy(struct judge *judge)
{
    for (unsigned i = 0; i < JUDGE_CORES; i++)
        free(judge->active[i].times);
}
