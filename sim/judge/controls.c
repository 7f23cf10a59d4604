/* Controls: what the state of each core made of rights, and when. */
#include <stdlib.h>
#include <string.h>

#include "sim/judge/internal.h"

#define TIMES_KEPT 1024u /* of a core; beyond, those that no access can have been issued under go */

static void forget_old(const struct judge *judge, struct control_history *history)
{
    uint64_t oldest = judge_oldest_issue(judge);
    size_t gone = 0;
    while (gone + 1 < history->count && history->times[gone + 1].from <= oldest)
        gone++;
    history->count -= gone;
    memmove(history->times, history->times + gone, history->count * sizeof *history->times);
}

static bool same_controls(const struct access_controls *one, const struct access_controls *other)
{
    return one->flags == other->flags && one->key_rights == other->key_rights;
}

void controls_changed(struct judge *judge, const struct mmu_event *event)
{
    struct control_history *history = &judge->controls[event->core % JUDGE_CORES];
    const struct access_controls *controls = &event->as.context.controls;
    if (history->count && same_controls(&history->times[history->count - 1].controls, controls))
        return;
    if (history->count == history->capacity && history->count >= TIMES_KEPT)
        forget_old(judge, history);
    if (history->count == history->capacity) {
        struct control_time *grown = judge_grow(judge, history->times, &history->capacity, sizeof *grown);
        if (!grown)
            return;
        history->times = grown;
    }
    history->times[history->count++] = (struct control_time){event->cycle, *controls};
}

struct access_controls controls_at(const struct judge *judge, unsigned core, uint64_t cycle)
{
    const struct control_history *history = &judge->controls[core % JUDGE_CORES];
    for (size_t i = history->count; i > 0; i--)
        if (history->times[i - 1].from <= cycle || i == 1)
            return history->times[i - 1].controls;
    return (struct access_controls){0};
}

uint8_t controls_allow(const struct judge *judge, const struct version *version,
                       const struct access_controls *controls)
{
    return judge_allowed(judge, judge->spaces[version->space].format, controls, version->rights,
                         version->mapping.frame.attributes);
}

void controls_destroy(struct judge *judge)
{
    for (unsigned i = 0; i < JUDGE_CORES; i++)
        free(judge->controls[i].times);
}
