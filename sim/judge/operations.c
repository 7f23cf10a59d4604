/* Operations: their windows, derived from raw events, and what they do to the abstract map. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "mmu/digest.h"
#include "sim/judge/internal.h"

#define SETTLE_PARTS 16u /* operations settle together, so often in settle_cycles */

static uint64_t greater(uint64_t one, uint64_t other)
{
    return one > other ? one : other;
}

static uint64_t lesser(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

struct operation *operation_find(const struct judge *judge, uint64_t id)
{
    for (size_t i = judge->operation_count; i > 0; i--)
        if (judge->operations[i - 1]->call.id == id)
            return judge->operations[i - 1];
    return NULL;
}

bool operation_changes(const struct event_operation *call)
{
    return call->kind != OPERATION_QUERY && call->result == PAGETABLE_OK;
}

static bool returned(const struct operation *operation)
{
    return operation->end_cycle != EVENT_NEVER;
}

/* The smallest window that is certain by now; what is still to come can only widen it. */
static struct window window_of(const struct judge *judge, const struct operation *operation)
{
    struct window window;
    if (returned(operation))
        window.begin = lesser(operation->first_write, operation->end_cycle);
    else
        window.begin =
            operation->first_write == EVENT_NEVER ? operation->call.begin_cycle : operation->first_write;
    window.end = greater(operation->last_visible, operation->last_acknowledged);
    window.end = greater(operation->end_cycle, window.end);
    if (judge->finished && operation->unacknowledged)
        window.end = EVENT_NEVER;
    return window;
}

static uint64_t sizes_of(const struct judge *judge, uint32_t space)
{
    return judge->spaces[space].sizes;
}

static void set_drained(const struct judge *judge, const struct operation *operation, struct version *created)
{
    if (judge->spaces[operation->call.space].format->spurious == SPURIOUS_UNTIL_FENCE)
        created->spurious.drained = operation->last_visible;
}

static void refresh(struct judge *judge, struct operation *operation)
{
    struct window window = window_of(judge, operation);
    uint64_t sizes = sizes_of(judge, operation->call.space);
    if (operation->created) {
        /* It may have inherited an earlier beginning from an equal version that was forgotten. */
        window.begin = lesser(window.begin, operation->created->created.begin);
        operation->created->created = window;
        set_drained(judge, operation, operation->created);
        version_refresh(&judge->index, operation->created, sizes);
    }
    if (operation->ended) {
        operation->ended->ended = window_of(judge, operation);
        operation->ended->invalidation = operation->last_invalidation;
        version_refresh(&judge->index, operation->ended, sizes);
    }
}

static struct operation *add_operation(struct judge *judge, const struct mmu_event *event)
{
    if (judge->operation_count == judge->operation_capacity) {
        struct operation **grown =
            judge_grow(judge, judge->operations, &judge->operation_capacity, sizeof *grown);
        if (!grown)
            return NULL;
        judge->operations = grown;
    }
    struct operation *operation = calloc(1, sizeof *operation);
    if (!operation) {
        judge->error = ENOMEM;
        return NULL;
    }
    operation->call = event->as.operation;
    operation->core = event->core;
    operation->end_cycle = EVENT_NEVER;
    operation->first_write = EVENT_NEVER;
    operation->begin_event = event->kind == EVENT_OPERATION_BEGIN ? judge->events : 0;
    operation->end_event = EVENT_NEVER;
    operation->view.cycle = EVENT_NEVER;
    judge->operations[judge->operation_count++] = operation;
    judge->open++;
    return operation;
}

static void settle(struct judge *judge, struct operation *operation);

/*
 * What page tables are filled with before time begins (a million operations, perhaps) takes no cycle, so
 * nothing of it is in a store buffer. The last one settles when its core begins the next: its view has come.
 */
static void settle_timeless(struct judge *judge, const struct mmu_event *event)
{
    if (judge->operation_count == 0)
        return;
    struct operation *last = judge->operations[judge->operation_count - 1];
    if (!returned(last) || last->core != event->core || last->end_cycle != last->call.begin_cycle ||
        last->first_write != EVENT_NEVER || last->last_visible || last->parked || last->unacknowledged)
        return;
    judge->operations[--judge->operation_count] = NULL;
    settle(judge, last);
}

void operation_begins(struct judge *judge, const struct mmu_event *event)
{
    settle_timeless(judge, event);
    if (!judge_space(judge, event->as.operation.space))
        judge->unjudged[UNJUDGED_SPACE]++;
    else
        (void)add_operation(judge, event); /* an error is kept in the judge */
}

void operation_touches(const struct judge *judge, struct operation *operation)
{
    if (operation && !operation->touch_event)
        operation->touch_event = judge->events;
}

bool operation_others_open(const struct judge *judge, const struct operation *operation)
{
    for (size_t i = 0; i < judge->operation_count; i++) {
        const struct operation *other = judge->operations[i];
        if (other != operation && other->call.space == operation->call.space && !returned(other) &&
            other->call.begin_cycle <= operation->end_cycle)
            return true;
    }
    return false;
}

/* Whether one that was called before this one returned is still under way: it may have come first. */
static bool others_may_precede(const struct judge *judge, const struct operation *operation)
{
    for (size_t i = 0; i < judge->operation_count; i++) {
        const struct operation *other = judge->operations[i];
        if (other != operation && other->call.space == operation->call.space && !returned(other) &&
            other->begin_event < operation->end_event)
            return true;
    }
    return false;
}

static struct version *live_at(struct judge *judge, const struct event_operation *call, bool base_only)
{
    const struct space *space = &judge->spaces[call->space];
    struct version *version = version_live_at(&judge->index, call->space, call->va, space->sizes_used);
    return version && (!base_only || version->mapping.va == call->va) ? version : NULL;
}

/* Why the abstract map, as it is, does not let this operation succeed; NULL if it does. */
static const char *conflict(struct judge *judge, const struct event_operation *call)
{
    if (call->kind != OPERATION_MAP)
        return live_at(judge, call, true) ? NULL : "no mapping has this base";
    const struct space *space = &judge->spaces[call->space];
    struct region_key key = {
        .number = call->va >> call->frame.size_lg2, .space = call->space, .size_lg2 = call->frame.size_lg2};
    if (region_overlaps(&judge->index, &key, space->sizes, EVENT_NEVER))
        return "something is mapped there already";
    key.number = call->frame.base >> call->frame.size_lg2;
    key.physical = true;
    if (!space->aliasing_allowed && region_overlaps(&judge->index, &key, space->sizes, EVENT_NEVER))
        return "its frame overlaps one that is mapped already, and aliasing is not allowed";
    return NULL;
}

static void end_version(struct judge *judge, struct operation *operation, struct version *version)
{
    struct space *space = &judge->spaces[operation->call.space];
    version->ended = window_of(judge, operation);
    version->ended_by = operation->call.id;
    version->invalidation = operation->last_invalidation;
    version->ended_by_protect = operation->call.kind == OPERATION_PROTECT;
    operation->ended = version;
    struct version_order *order = version_order(version);
    order->ended_call = operation->begin_event;
    order->ended_return = operation->end_event;
    space->live--;
    space->digest -= digest_mapping(&version->mapping);
    if (!version_end(&judge->index, version, space->sizes))
        judge->error = ENOMEM;
}

#define STORE_RIGHTS                                                                                         \
    (ACCESS_RIGHT(PRIVILEGE_USER, ACCESS_STORE) | ACCESS_RIGHT(PRIVILEGE_KERNEL, ACCESS_STORE))

/*
 * What its state takes away from a mapping, unless hardware gives it back: an old page faults, a clean one
 * takes no stores (Arm ARM DDI 0487, D8.5). The rest of its attributes is the mapping. A page that is not
 * writable begins clean; that matters on x86, where a kernel may store to it all the same (CR0.WP).
 */
static void set_rights(const struct judge *judge, const struct space *space, uint32_t attributes,
                       struct version *version)
{
    uint8_t full = judge_rights_of(judge, space->format, attributes & FRAME_ATTRIBUTES_ALL);
    bool begins_clean = attributes & FRAME_CLEAN || !(attributes & FRAME_WRITABLE);
    uint8_t clean = begins_clean ? (uint8_t)(full & ~STORE_RIGHTS) : full;
    bool faults = attributes & FRAME_OLD && !space->hardware_access;
    bool dirties = space->hardware_access && space->hardware_dirty;
    version->mapping.frame.attributes = attributes & FRAME_ATTRIBUTES_ALL;
    version->rights = faults ? 0 : dirties ? full : clean;
    version->first_rights = faults ? 0 : clean;
}

#define MAY_GROW ((uint32_t)(FRAME_READABLE | FRAME_WRITABLE | FRAME_EXECUTABLE | FRAME_USER))

/*
 * Rights that are added need no invalidation where a fault may be spurious: until then translations with
 * fewer are as right as the new ones (Intel SDM volume 3, 4.10.4.3; RISC-V Privileged, 4.2.1).
 */
static void set_upgrade(const struct space *space, const struct operation *operation,
                        const struct version *before, struct version *version)
{
    version->upgraded_rights = version->rights;
    version->upgraded_attributes = version->mapping.frame.attributes;
    version->by_protect = before != NULL;
    if (!before || space->format->spurious == SPURIOUS_NEVER || operation->last_invalidation ||
        before->rights & ~(unsigned)version->rights ||
        (before->mapping.frame.attributes ^ version->mapping.frame.attributes) & ~MAY_GROW)
        return;
    version->upgraded_rights = before->rights;
    version->upgraded_attributes = before->mapping.frame.attributes;
}

/* `before`: the version that a protect replaces; NULL for a map. */
static void add_version(struct judge *judge, struct operation *operation, const struct mapping *mapping,
                        const struct version *before)
{
    struct space *space = &judge->spaces[operation->call.space];
    struct version model = {.mapping = *mapping,
                            .created = window_of(judge, operation),
                            .ended = {EVENT_NEVER, EVENT_NEVER},
                            .created_by = operation->call.id,
                            .space = operation->call.space};
    bool begins_old = mapping->frame.attributes & FRAME_OLD && space->hardware_access;
    set_rights(judge, space, mapping->frame.attributes, &model);
    set_upgrade(space, operation, before, &model);
    set_drained(judge, operation, &model);
    operation->created = version_add(&judge->index, &model, space->sizes);
    if (operation->created)
        *version_order(operation->created) = (struct version_order){.made_call = operation->begin_event,
                                                                    .made_return = operation->end_event,
                                                                    .ended_call = EVENT_NEVER,
                                                                    .ended_return = EVENT_NEVER,
                                                                    .made_cycle = operation->end_cycle,
                                                                    .accessed_cycle = EVENT_NEVER,
                                                                    .dirty_cycle = EVENT_NEVER,
                                                                    .begins_old = begins_old,
                                                                    .made_core = operation->core};
    else
        judge->error = ENOMEM;
    space->live++;
    space->digest += digest_mapping(mapping);
    space->sizes_used |= UINT64_C(1) << mapping->frame.size_lg2;
    if (mapping->frame.attributes & FRAME_GLOBAL)
        judge->global_sizes |= UINT64_C(1) << mapping->frame.size_lg2;
}

/* The abstract map takes the step; after a conflict, the part of it that makes sense. */
static void apply(struct judge *judge, struct operation *operation)
{
    const struct event_operation *call = &operation->call;
    struct version *old = live_at(judge, call, call->kind != OPERATION_MAP);
    struct mapping mapping = {call->va, call->frame};
    if (call->kind != OPERATION_MAP && !old)
        return;
    if (call->kind == OPERATION_PROTECT) {
        mapping.frame = old->mapping.frame;
        mapping.frame.attributes = call->frame.attributes;
    }
    if (old)
        end_version(judge, operation, old);
    if (call->kind != OPERATION_UNMAP)
        add_version(judge, operation, &mapping, call->kind == OPERATION_PROTECT ? old : NULL);
}

static void report_result(struct judge *judge, const struct operation *operation, const char *why)
{
    const struct event_operation *call = &operation->call;
    struct judge_finding finding = {.rule = RULE_OPERATION_RESULT,
                                    .cycle = operation->end_cycle,
                                    .core = operation->core,
                                    .space = call->space,
                                    .va = call->va,
                                    .operation = call->id,
                                    .invalidation = operation->last_invalidation};
    judge_report(
        judge, &finding,
        "operation %" PRIu64 " (%s of 0x%" PRIx64 " in space %u) succeeded in cycle %" PRIu64 ", but %s",
        call->id, judge_operation_name(call->kind), call->va, call->space, operation->end_cycle, why);
}

/* Once it has returned and is acknowledged, time alone settles it. */
static void wake_settling(struct judge *judge, const struct operation *operation)
{
    if (returned(operation) && !operation->parked && !operation->unacknowledged)
        judge->next_settle = lesser(judge->next_settle, operation->end_cycle + judge->config.settle_cycles);
}

/* A successful operation takes effect, unless others are under way that may have come before it. */
static bool apply_or_park(struct judge *judge, struct operation *operation)
{
    const char *why = conflict(judge, &operation->call);
    if (why && others_may_precede(judge, operation) && !judge->finished) {
        judge->parked += !operation->parked;
        operation->parked = true;
        return false;
    }
    judge->parked -= operation->parked;
    operation->parked = false;
    if (why)
        report_result(judge, operation, why);
    apply(judge, operation);
    wake_settling(judge, operation);
    view_compare(judge, operation);
    return true;
}

/* Applies one parked operation; with `forced`, though the map does not fit, if nothing can make it fit. */
static bool apply_one_parked(struct judge *judge, bool forced)
{
    for (size_t i = 0; i < judge->operation_count; i++) {
        struct operation *operation = judge->operations[i];
        if (operation->parked && (forced || !conflict(judge, &operation->call)) &&
            apply_or_park(judge, operation))
            return true;
    }
    return false;
}

static void retry_parked(struct judge *judge)
{
    while (judge->parked && (apply_one_parked(judge, false) || apply_one_parked(judge, true)))
        continue;
}

void operation_returns(struct judge *judge, const struct mmu_event *event)
{
    const struct event_operation *call = &event->as.operation;
    const struct space *space = judge_space(judge, call->space);
    if (!space) {
        judge->unjudged[UNJUDGED_SPACE]++;
        return;
    }
    struct operation *operation = operation_find(judge, call->id);
    if (!operation)
        operation = add_operation(judge, event);
    if (!operation)
        return;
    judge->open -= !returned(operation);
    operation->call = *call;
    operation->end_cycle = event->cycle;
    operation_touches(judge, operation);
    operation->end_event = judge->events;
    struct answer_order order = {operation->begin_event, operation->end_event, false};
    const char *refused = operation_changes(call) ? judge_refusal(judge, space, call) : NULL;
    if (refused)
        report_result(judge, operation, refused);
    else if (operation_changes(call))
        (void)apply_or_park(judge, operation);
    else
        judge_decide_answer(judge, event, &order);
    if (!operation->parked)
        view_compare(judge, operation);
    retry_parked(judge);
    wake_settling(judge, operation);
}

void operation_writes(struct judge *judge, const struct mmu_event *event)
{
    const struct event_entry_write *write = &event->as.entry_write;
    struct operation *operation = write->operation ? operation_find(judge, write->operation) : NULL;
    if (!operation) {
        judge->unjudged[UNJUDGED_LATE_WRITE] += write->operation != 0;
        return;
    }
    operation_touches(judge, operation);
    if (write->old_value != write->new_value)
        operation->first_write =
            lesser(operation->first_write, lesser(write->issue_cycle, write->visible_cycle));
    operation->last_visible = greater(operation->last_visible, write->visible_cycle);
    if (returned(operation)) {
        struct space *space = &judge->spaces[operation->call.space];
        space->late_cycle = greater(space->late_cycle, write->visible_cycle);
        view_excuse(judge, operation);
        refresh(judge, operation);
    }
}

void operation_acknowledged(struct judge *judge, struct operation *operation, uint64_t cycle)
{
    operation->last_acknowledged = greater(operation->last_acknowledged, cycle);
    if (returned(operation))
        refresh(judge, operation);
    wake_settling(judge, operation);
}

static bool is_settled(const struct judge *judge, const struct operation *operation)
{
    return returned(operation) && !operation->parked && !operation->unacknowledged &&
           judge->now > operation->end_cycle + judge->config.settle_cycles;
}

/* What ended before this cycle, in the page of the version, nobody asks for any more. */
static uint64_t horizon_of(const struct judge *judge, const struct version *version)
{
    uint64_t horizon =
        judge->now > judge->config.settle_cycles ? judge->now - judge->config.settle_cycles : 0;
    size_t left = judge->open;
    for (size_t i = judge->operation_count; i > 0 && left; i--) {
        const struct operation *open = judge->operations[i - 1]; /* NULL while others settle */
        if (!open || returned(open))
            continue;
        left--;
        if (mapping_contains(&version->mapping, open->call.va))
            horizon = lesser(horizon, open->call.begin_cycle);
    }
    return lesser(horizon, judge_held_since(judge, version));
}

/* Its window will not change any more. */
static void settle(struct judge *judge, struct operation *operation)
{
    uint64_t sizes = sizes_of(judge, operation->call.space);
    if (operation->created) {
        judge_excuse_overlaps(judge, operation->created);
        operation->created->fixed |= VERSION_CREATED_FIXED;
        version_refresh(&judge->index, operation->created, sizes);
    }
    if (operation->ended) {
        operation->ended->fixed |= VERSION_ENDED_FIXED;
        version_refresh(&judge->index, operation->ended, sizes);
        if (version_forget_due(&judge->index, operation->ended))
            version_forget(&judge->index, operation->ended, horizon_of(judge, operation->ended));
    }
    view_settle(judge, operation);
    free(operation);
}

void operations_settle(struct judge *judge)
{
    if (judge->now <= judge->next_settle)
        return;
    size_t kept = 0;
    judge->next_settle = EVENT_NEVER;
    for (size_t i = 0; i < judge->operation_count; i++) {
        struct operation *operation = judge->operations[i];
        judge->operations[i] = NULL;
        if (is_settled(judge, operation)) {
            settle(judge, operation);
        } else {
            judge->operations[kept++] = operation;
            wake_settling(judge, operation);
        }
    }
    judge->operation_count = kept;
    judge->next_settle = greater(judge->next_settle, judge->now + judge->config.settle_cycles / SETTLE_PARTS);
}

/* It never returned: from its first store on, both answers are possible, and everything in between. */
static void assume(struct judge *judge, struct operation *operation)
{
    struct event_operation *call = &operation->call;
    const struct space *space = &judge->spaces[call->space];
    call->result = PAGETABLE_OK;
    if (call->kind != OPERATION_QUERY && !judge_refusal(judge, space, call) && !conflict(judge, call))
        apply(judge, operation);
}

void operations_finish(struct judge *judge)
{
    for (size_t i = 0; i < judge->operation_count; i++)
        if (judge->operations[i]->parked)
            (void)apply_or_park(judge, judge->operations[i]);
    for (size_t i = 0; i < judge->operation_count; i++) {
        struct operation *operation = judge->operations[i];
        judge->unjudged[UNJUDGED_OPEN] += !returned(operation) || operation->unacknowledged;
        if (!returned(operation))
            assume(judge, operation);
        refresh(judge, operation);
    }
    for (size_t i = 0; i < judge->operation_count; i++) {
        struct operation *operation = judge->operations[i];
        judge->operations[i] = NULL;
        settle(judge, operation);
    }
    judge->operation_count = 0;
}
