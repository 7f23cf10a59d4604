/* Invalidations: issue, acknowledgements, completion. */
#include <inttypes.h>

#include "sim/judge/internal.h"

static struct invalidation_state *find(const struct judge *judge, uint64_t id)
{
    for (size_t i = judge->invalidation_count; i > 0; i--)
        if (judge->invalidations[i - 1].id == id)
            return &judge->invalidations[i - 1];
    return NULL;
}

static struct judge_finding finding_of(const struct mmu_event *event, uint64_t id,
                                       const struct invalidation_state *state)
{
    return (struct judge_finding){.rule = RULE_INCOMPLETE_INVALIDATION,
                                  .cycle = event->cycle,
                                  .core = event->core,
                                  .operation = state ? state->operation : 0,
                                  .invalidation = id};
}

void invalidation_issued(struct judge *judge, const struct mmu_event *event)
{
    const struct event_invalidation *issued = &event->as.invalidation;
    if (judge->invalidation_count == judge->invalidation_capacity) {
        struct invalidation_state *grown =
            judge_grow(judge, judge->invalidations, &judge->invalidation_capacity, sizeof *grown);
        if (!grown)
            return;
        judge->invalidations = grown;
    }
    judge->invalidations[judge->invalidation_count++] =
        (struct invalidation_state){.id = issued->id,
                                    .operation = issued->operation,
                                    .issue_cycle = event->cycle,
                                    .what = issued->what,
                                    .completed_cycle = EVENT_NEVER,
                                    .targets = issued->targets,
                                    .core = event->core,
                                    .local = !issued->what.broadcast && issued->list == 0};
    struct operation *operation = issued->operation ? operation_find(judge, issued->operation) : NULL;
    if (operation) {
        operation->last_invalidation = issued->id;
        operation->unacknowledged += issued->targets != 0;
    }
}

/* The operation need not wait for it any more: all have acknowledged, or it was told to be complete. */
static void release(struct judge *judge, const struct invalidation_state *state, uint64_t acknowledge_cycle)
{
    struct operation *operation = state->operation ? operation_find(judge, state->operation) : NULL;
    if (!operation)
        return;
    bool first = state->completed_cycle == EVENT_NEVER;
    if (first && state->acknowledgements == state->targets && operation->unacknowledged)
        operation->unacknowledged--;
    operation_acknowledged(judge, operation, acknowledge_cycle);
}

static const char *wrong_order(const struct invalidation_state *state, const struct mmu_event *event)
{
    const struct event_acknowledgement *told = &event->as.acknowledgement;
    if (told->arrive_cycle < state->issue_cycle)
        return "arrived before it was issued";
    if (told->drop_cycle < told->arrive_cycle)
        return "dropped its entries before it had arrived";
    if (told->acknowledge_cycle < told->drop_cycle)
        return "acknowledged it before the entries were dropped";
    if (event->cycle < told->acknowledge_cycle)
        return "was known at the issuer to have acknowledged before it did";
    return NULL;
}

static void check_order(struct judge *judge, const struct invalidation_state *state,
                        const struct mmu_event *event)
{
    const struct event_acknowledgement *told = &event->as.acknowledgement;
    const char *wrong = wrong_order(state, event);
    if (!wrong)
        return;
    struct judge_finding finding = finding_of(event, state->id, state);
    judge_report(judge, &finding,
                 "core %u %s: invalidation 0x%" PRIx64 " was issued in cycle %" PRIu64 ", arrived in %" PRIu64
                 ", dropped in %" PRIu64 ", was acknowledged in %" PRIu64 " and this was known in %" PRIu64,
                 told->target + 1, wrong, state->id, state->issue_cycle, told->arrive_cycle, told->drop_cycle,
                 told->acknowledge_cycle, event->cycle);
}

static void forget(struct judge *judge, const struct invalidation_state *state)
{
    size_t place = (size_t)(state - judge->invalidations);
    for (size_t i = place + 1; i < judge->invalidation_count; i++)
        judge->invalidations[i - 1] = judge->invalidations[i];
    judge->invalidation_count--;
}

void invalidation_acknowledged(struct judge *judge, const struct mmu_event *event)
{
    const struct event_acknowledgement *told = &event->as.acknowledgement;
    struct invalidation_state *state = find(judge, told->invalidation);
    if (!state) {
        struct judge_finding finding = finding_of(event, told->invalidation, NULL);
        judge_report(judge, &finding,
                     "core %u acknowledged invalidation 0x%" PRIx64 " in cycle %" PRIu64
                     ", which was not issued before or was already acknowledged by all",
                     told->target + 1, told->invalidation, told->acknowledge_cycle);
        return;
    }
    check_order(judge, state, event);
    uint64_t bit = UINT64_C(1) << (told->target & (JUDGE_CORES - 1));
    if (state->acknowledged & bit)
        return;
    state->acknowledged |= bit;
    state->acknowledgements++;
    const struct fence fence = {state->what, told->drop_cycle};
    fence_carried_out(judge, told->target, &fence);
    release(judge, state, told->acknowledge_cycle);
    if (state->completed_cycle != EVENT_NEVER && state->acknowledgements >= state->targets)
        forget(judge, state);
}

void invalidation_completed(struct judge *judge, const struct mmu_event *event)
{
    struct invalidation_state *state = find(judge, event->as.completion.invalidation);
    uint64_t id = event->as.completion.invalidation;
    if (state && state->completed_cycle == EVENT_NEVER && state->acknowledgements >= state->targets) {
        forget(judge, state);
        return;
    }
    struct judge_finding finding = finding_of(event, id, state);
    if (!state) {
        judge_report(judge, &finding,
                     "invalidation 0x%" PRIx64 " completed in cycle %" PRIu64
                     ", but it was not issued before or was complete already",
                     id, event->cycle);
        return;
    }
    judge_report(judge, &finding,
                 "invalidation 0x%" PRIx64 " of cycle %" PRIu64 " completed in cycle %" PRIu64
                 " with %u of %u acknowledgements",
                 id, state->issue_cycle, event->cycle, state->acknowledgements, state->targets);
    if (state->completed_cycle != EVENT_NEVER)
        return;
    /* Who was told that it is complete waits no longer; a later acknowledgement still widens the window. */
    struct operation *operation = state->operation ? operation_find(judge, state->operation) : NULL;
    state->completed_cycle = event->cycle;
    if (operation && operation->unacknowledged) {
        operation->unacknowledged--;
        operation_acknowledged(judge, operation, 0);
    }
}

/* DDI 0487, D8.14 "TLB maintenance": a DSB ISH waits for all invalidations that its core issued before it, a
 * DSB NSH for the local ones. The first such barrier is to blame. */
static bool has_to_wait(const struct invalidation_state *state, const struct mmu_event *event)
{
    const struct event_barrier *barrier = &event->as.barrier;
    bool waits = barrier->kind == BARRIER_DSB_ISH || (barrier->kind == BARRIER_DSB_NSH && state->local);
    return waits && state->core == event->core && state->issue_cycle <= barrier->begin_cycle;
}

void invalidation_awaited(struct judge *judge, const struct mmu_event *event)
{
    for (size_t i = 0; i < judge->invalidation_count; i++) {
        struct invalidation_state *state = &judge->invalidations[i];
        if (state->awaited || state->completed_cycle != EVENT_NEVER || !has_to_wait(state, event))
            continue;
        state->awaited = true;
        struct judge_finding finding = finding_of(event, state->id, state);
        judge_report(judge, &finding,
                     "a barrier of core %u from cycle %" PRIu64 " to cycle %" PRIu64
                     " did not wait for invalidation 0x%" PRIx64 " of cycle %" PRIu64,
                     event->core + 1, event->as.barrier.begin_cycle, event->cycle, state->id,
                     state->issue_cycle);
    }
}
