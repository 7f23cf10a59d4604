/* Views: what the table is seen to stand for, at the address of an operation and as a whole. */
#include <inttypes.h>
#include <stdio.h>

#include "sim/judge/internal.h"

/* "after operation 7", or when the run ended. */
struct moment_text {
    char text[48];
};

static struct moment_text moment_print(uint64_t operation)
{
    struct moment_text moment = {"when the run had ended"};
    if (operation)
        (void)snprintf(moment.text, sizeof moment.text, "after operation %" PRIu64, operation);
    return moment;
}

/* ---- the operation's address ---- */

/* A view is of one moment and right after an operation: the edges of windows that it lies on are past. Gives
 * what is mapped at that moment, or may be already or still. */
static const struct version *view_wrong(struct judge *judge, const struct space *space,
                                        const struct mmu_event *event, bool *wrong)
{
    const struct event_view *view = &event->as.view;
    struct version_cursor cursor =
        version_cursor_make(&judge->index, space->number, view->va, space->sizes_used);
    const struct version *version;
    const struct version *certain = NULL, *possible = NULL;
    *wrong = view->mapped;
    while ((version = version_next(&cursor))) {
        if (version->created.end <= event->cycle && version->ended.begin > event->cycle)
            certain = version;
        if (version->created.begin > event->cycle || version->ended.end <= event->cycle)
            continue;
        possible = version;
        if (view->mapped && judge_same_mapping(&version->mapping, &view->mapping))
            *wrong = false;
    }
    if (!view->mapped)
        *wrong = certain != NULL;
    return certain ? certain : possible;
}

static void describe(char *text, size_t bytes, const struct mapping *mapping)
{
    char attributes[FRAME_ATTRIBUTES_TEXT_BYTES];
    if (mapping) {
        frame_attributes_print(mapping->frame.attributes, attributes);
        (void)snprintf(text, bytes, "page 0x%" PRIx64 " with frame 0x%" PRIx64 " of 2^%u bytes, %s",
                       mapping->va, mapping->frame.base, mapping->frame.size_lg2, attributes);
    } else {
        (void)snprintf(text, bytes, "nothing");
    }
}

bool judge_view(struct judge *judge, const struct mmu_event *event, bool final)
{
    const struct event_view *view = &event->as.view;
    const struct space *space = judge_space(judge, view->space);
    const struct operation *operation = operation_find(judge, view->operation);
    if (!space)
        return false;
    if (operation && (operation->end_cycle == EVENT_NEVER || operation->parked))
        return true;
    bool wrong;
    const struct version *version = view_wrong(judge, space, event, &wrong);
    if (!wrong || !final)
        return wrong;
    struct judge_finding finding = {.rule = RULE_VIEW_DIFFERS,
                                    .cycle = event->cycle,
                                    .core = event->core,
                                    .space = view->space,
                                    .va = view->va,
                                    .operation = view->operation};
    char seen[96], expected[96];
    describe(seen, sizeof seen, view->mapped ? &view->mapping : NULL);
    describe(expected, sizeof expected, version ? &version->mapping : NULL);
    judge_report(judge, &finding,
                 "%s, in cycle %" PRIu64 ", the table of space %u has at 0x%" PRIx64
                 " %s, but the abstract map has %s",
                 moment_print(view->operation).text, event->cycle, view->space, view->va, seen, expected);
    return true;
}

/* ---- the whole table ---- */

static bool counts_wrong(const struct whole_view *view)
{
    return view->told.mappings != EVENT_NEVER && view->told.mappings != view->mappings;
}

static bool contents_wrong(const struct whole_view *view)
{
    return view->told.digested && view->told.digest != view->digest;
}

static bool memory_wrong(const struct whole_view *view)
{
    return view->told.reached &&
           (view->told.blocks != view->blocks || view->told.blocks_digest != view->blocks_digest);
}

static bool view_is_right(const struct whole_view *view)
{
    return !counts_wrong(view) && !contents_wrong(view) && !memory_wrong(view) &&
           view->told.shape != SHAPE_BROKEN;
}

static void expect(struct judge *judge, struct whole_view *view)
{
    const struct space *space = &judge->spaces[view->told.space];
    struct table_memory memory = table_memory_of(judge, space->number);
    view->mappings = space->live;
    view->digest = space->digest;
    view->blocks = memory.blocks;
    view->blocks_digest = memory.digest;
}

static void report_mappings(struct judge *judge, const struct whole_view *view, struct judge_finding *finding)
{
    struct moment_text moment = moment_print(view->told.operation);
    finding->rule = RULE_VIEW_DIFFERS;
    if (counts_wrong(view))
        judge_report(judge, finding,
                     "%s, in cycle %" PRIu64 ", the table of space %u stands for %" PRIu64
                     " mappings, but the abstract map has %" PRIu64,
                     moment.text, view->cycle, view->told.space, view->told.mappings, view->mappings);
    else
        judge_report(judge, finding,
                     "%s, in cycle %" PRIu64 ", the table of space %u stands for %" PRIu64
                     " mappings, as many as the abstract map has, but some are others: another page, frame, "
                     "size or attributes",
                     moment.text, view->cycle, view->told.space, view->told.mappings);
}

static void report_memory(struct judge *judge, const struct whole_view *view, struct judge_finding *finding)
{
    struct moment_text moment = moment_print(view->told.operation);
    finding->rule = RULE_LOST_TABLE;
    judge_report(judge, finding,
                 "%s, in cycle %" PRIu64 ", the table of space %u holds %" PRIu64
                 " blocks of memory, but reaches %s%" PRIu64 "%s",
                 moment.text, view->cycle, view->told.space, view->blocks,
                 view->told.blocks < view->blocks ? "only " : "", view->told.blocks,
                 view->told.blocks == view->blocks ? ", some of which are others" : "");
}

static void report_whole(struct judge *judge, const struct whole_view *view)
{
    const struct event_view *told = &view->told;
    struct judge_finding finding = {.cycle = view->cycle,
                                    .core = view->core,
                                    .space = told->space,
                                    .va = told->va,
                                    .operation = told->operation};
    if (counts_wrong(view) || contents_wrong(view))
        report_mappings(judge, view, &finding);
    if (told->shape == SHAPE_BROKEN) {
        finding.rule = RULE_TABLE_INVARIANT;
        judge_report(judge, &finding, "%s, in cycle %" PRIu64 ", the table of space %u is broken: %s",
                     moment_print(told->operation).text, view->cycle, told->space,
                     told->reason ? told->reason : "no reason is told");
    }
    if (memory_wrong(view))
        report_memory(judge, view, &finding);
}

static void drop_view(struct judge *judge, struct operation *operation)
{
    judge->views -= operation->view.cycle != EVENT_NEVER;
    operation->view.cycle = EVENT_NEVER;
}

/* Every program has ended: nothing can excuse it. */
static void view_at_end(struct judge *judge, struct whole_view *view)
{
    for (size_t i = 0; i < judge->operation_count; i++) {
        const struct operation *other = judge->operations[i];
        if (other->call.space == view->told.space && (other->end_cycle == EVENT_NEVER || other->parked))
            return;
    }
    expect(judge, view);
    if (!view_is_right(view))
        report_whole(judge, view);
}

void view_told(struct judge *judge, const struct mmu_event *event)
{
    struct whole_view view = {.told = event->as.view, .cycle = event->cycle, .core = event->core};
    struct operation *operation = operation_find(judge, view.told.operation);
    if (!judge_space(judge, view.told.space))
        return;
    if (view.told.operation == 0)
        view_at_end(judge, &view);
    if (!operation || operation->parked)
        return; /* parked: others are under way */
    drop_view(judge, operation);
    operation->view = view;
    operation->view_event = judge->events;
    judge->views++;
    if (operation->end_cycle != EVENT_NEVER)
        view_compare(judge, operation);
}

/* Whether another operation on the space may have the table in the middle of a change. */
static bool others_busy(const struct judge *judge, const struct operation *operation)
{
    for (size_t i = 0; i < judge->operation_count; i++) {
        const struct operation *other = judge->operations[i];
        if (other != operation && other->call.space == operation->call.space && other->touch_event &&
            (other->end_cycle == EVENT_NEVER || other->parked))
            return true;
    }
    return false;
}

void view_compare(struct judge *judge, struct operation *operation)
{
    if (operation->view.cycle == EVENT_NEVER)
        return;
    expect(judge, &operation->view);
    /* A store that became visible in the view's own cycle may have come after it. */
    uint64_t late_cycle = judge->spaces[operation->call.space].late_cycle;
    bool late = late_cycle && late_cycle >= operation->view.cycle;
    if (late || others_busy(judge, operation) || view_is_right(&operation->view))
        drop_view(judge, operation);
}

void view_settle(struct judge *judge, struct operation *operation)
{
    if (operation->view.cycle != EVENT_NEVER && operation->end_cycle != EVENT_NEVER)
        report_whole(judge, &operation->view);
    drop_view(judge, operation);
}

void view_excuse(struct judge *judge, const struct operation *operation)
{
    for (size_t i = 0; judge->views > 0 && i < judge->operation_count; i++) {
        struct operation *viewer = judge->operations[i];
        if (viewer && viewer->call.space == operation->call.space && viewer->view.cycle != EVENT_NEVER &&
            operation->touch_event < viewer->view_event)
            drop_view(judge, viewer);
    }
}
