/*
 * The state of entries that hardware keeps: what begins old or clean is used as accessed or dirty only after
 * hardware has changed its entry.
 *
 * A walk says what it found; its update of an entry was told before it. Both are looked at when some time has
 * passed: by then the mapping that they belong to is known, though its operation may have been under way, and
 * updates that another core's walk saw before they were told. Walks wait for longer than updates.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "sim/judge/internal.h"

#define UPDATES_AFTER 4u /* parts of settle_cycles */
#define WALKS_AFTER   2u

/* ---- what waits ---- */

static bool push(struct judge *judge, struct state_queue *queue, const struct state_walk *walk)
{
    if (queue->first > 0 && queue->first == queue->count)
        queue->first = queue->count = 0;
    if (queue->count == queue->capacity && queue->first > queue->capacity / 2) {
        queue->count -= queue->first;
        for (size_t i = 0; i < queue->count; i++)
            queue->list[i] = queue->list[queue->first + i];
        queue->first = 0;
    }
    if (queue->count == queue->capacity) {
        struct state_walk *grown = judge_grow(judge, queue->list, &queue->capacity, sizeof *grown);
        if (!grown)
            return false;
        queue->list = grown;
    }
    queue->list[queue->count++] = *walk;
    return true;
}

static void take_out(struct state_queue *queue, size_t place)
{
    queue->list[place] = queue->list[--queue->count];
}

/* Its walk has not ended yet, and says whose entry it is. */
void state_written(struct judge *judge, const struct mmu_event *event)
{
    const struct event_entry_write *write = &event->as.entry_write;
    struct state_walk open = {.id = write->walk, .visible_cycle = write->visible_cycle};
    if (write->walk && write->visible_cycle != EVENT_NEVER)
        (void)push(judge, &judge->states.open, &open); /* an error is kept in the judge */
}

void state_walked(struct judge *judge, const struct mmu_event *event)
{
    const struct event_walk *told = &event->as.walk;
    const struct space *space = judge_space(judge, told->space);
    struct states *states = &judge->states;
    bool kept = space && space->hardware_access && !space->stage2 && told->fault == FAULT_NONE;
    struct state_walk walk = {.id = told->id,
                              .cycle = event->cycle,
                              .start_cycle = told->filled ? event->cycle : told->start_cycle,
                              .va = told->va,
                              .leaf = {told->leaf.va, told->leaf.frame},
                              .space = told->space,
                              .rights = told->leaf.rights,
                              .core = event->core,
                              .filled = told->filled};
    for (size_t i = states->open.count; i-- > states->open.first;) {
        if (states->open.list[i].id != told->id)
            continue;
        walk.visible_cycle = states->open.list[i].visible_cycle;
        take_out(&states->open, i);
        if (kept)
            (void)push(judge, &states->updates, &walk);
    }
    if (kept && (told->filled || told->waiters))
        (void)push(judge, &states->walks, &walk);
}

/* ---- what hardware has changed ---- */

static uint64_t lesser(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

/* Of every mapping that may have been there. */
static void mark(struct judge *judge, const struct state_walk *update)
{
    struct version_cursor cursor = version_cursor_make(&judge->index, update->space, update->va,
                                                       judge->spaces[update->space].sizes_used);
    const struct version *version;
    while ((version = version_next(&cursor))) {
        struct version_order *order = version_order(version);
        if (update->visible_cycle < version->created.begin || update->visible_cycle > version->ended.end)
            continue;
        order->accessed_cycle = lesser(order->accessed_cycle, update->visible_cycle);
        if (update->rights & ~(unsigned)version->first_rights)
            order->dirty_cycle = lesser(order->dirty_cycle, update->visible_cycle);
    }
}

/* ---- what walks found ---- */

static bool translates_so(const struct version *version, const struct state_walk *walk)
{
    const struct use use = {walk->start_cycle, walk->start_cycle, walk->cycle};
    const struct frame *frame = &version->mapping.frame;
    return version->mapping.va == walk->leaf.va && frame->size_lg2 == walk->leaf.frame.size_lg2 &&
           frame->base == walk->leaf.frame.base && version_allows(version, &use) &&
           (walk->rights == version->rights || walk->rights == version->first_rights ||
            walk->rights == version->upgraded_rights);
}

static bool is_marked(const struct version *version, const struct state_walk *walk)
{
    const struct version_order *order = version_order(version);
    if (walk->rights & ~(unsigned)version->first_rights)
        return order->dirty_cycle <= walk->cycle;
    return !order->begins_old || !walk->filled || order->accessed_cycle <= walk->cycle;
}

static void report(struct judge *judge, const struct state_walk *walk, const struct version *version)
{
    struct judge_finding finding = {.rule = RULE_LOST_STATE,
                                    .cycle = walk->cycle,
                                    .va = walk->va,
                                    .operation = version->created_by,
                                    .walk = walk->id,
                                    .space = walk->space,
                                    .core = walk->core};
    bool dirty = walk->rights & ~(unsigned)version->first_rights;
    judge_report(judge, &finding,
                 "walk 0x%" PRIx64 " of core %u found the page at 0x%" PRIx64
                 " of space %u %s in cycle %" PRIu64 ", but operation %" PRIu64
                 " had it begin %s, and hardware had not changed its entry",
                 walk->id, walk->core + 1u, walk->leaf.va, walk->space, dirty ? "dirty" : "accessed",
                 walk->cycle, version->created_by, dirty ? "clean" : "old");
}

static void check(struct judge *judge, const struct state_walk *walk)
{
    struct version_cursor cursor =
        version_cursor_make(&judge->index, walk->space, walk->leaf.va, judge->spaces[walk->space].sizes_used);
    const struct version *version, *unmarked = NULL;
    while ((version = version_next(&cursor))) {
        if (!translates_so(version, walk))
            continue;
        if (is_marked(version, walk))
            return;
        unmarked = version;
    }
    if (unmarked)
        report(judge, walk, unmarked);
}

/* ---- time ---- */

static void settle(struct judge *judge, struct state_queue *queue, uint64_t before,
                   void (*look)(struct judge *judge, const struct state_walk *walk))
{
    while (queue->first < queue->count && queue->list[queue->first].cycle < before)
        look(judge, &queue->list[queue->first++]);
}

static uint64_t cycles_ago(const struct judge *judge, unsigned parts)
{
    uint64_t cycles = judge->config.settle_cycles / parts;
    return judge->now > cycles ? judge->now - cycles : 0;
}

void states_settle(struct judge *judge)
{
    settle(judge, &judge->states.updates, cycles_ago(judge, UPDATES_AFTER), mark);
    settle(judge, &judge->states.walks, cycles_ago(judge, WALKS_AFTER), check);
}

void states_finish(struct judge *judge)
{
    settle(judge, &judge->states.updates, EVENT_NEVER, mark);
    settle(judge, &judge->states.walks, EVENT_NEVER, check);
}

void states_destroy(struct judge *judge)
{
    free(judge->states.open.list);
    free(judge->states.updates.list);
    free(judge->states.walks.list);
}
