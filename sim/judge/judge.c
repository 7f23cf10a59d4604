/* The judge: takes events, gives each to its judgement, holds what cannot be decided yet. */
#include "sim/judge/judge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/judge/internal.h"

#define FINDINGS_STANDARD  1000u
#define UNDECIDED_STANDARD (1u << 18)
#define SETTLE_STANDARD    (UINT64_C(1) << 16)

struct judge *judge_create(const struct judge_config *config)
{
    struct judge *judge = calloc(1, sizeof *judge);
    if (!judge)
        return NULL;
    judge->config = *config;
    if (!config->findings_max)
        judge->config.findings_max = FINDINGS_STANDARD;
    if (!config->undecided_max)
        judge->config.undecided_max = UNDECIDED_STANDARD;
    if (!config->settle_cycles)
        judge->config.settle_cycles = SETTLE_STANDARD;
    judge->next_settle = EVENT_NEVER;
    judge->unjudged[UNJUDGED_HITS] = !config->every_access;
    if (!versions_init(&judge->index)) {
        free(judge);
        return NULL;
    }
    if (!protocol_init(judge)) {
        judge_destroy(judge);
        return NULL;
    }
    return judge;
}

void judge_destroy(struct judge *judge)
{
    if (!judge)
        return;
    for (size_t i = 0; i < judge->operation_count; i++)
        free(judge->operations[i]);
    protocol_forget(judge);
    versions_destroy(&judge->index);
    values_destroy(&judge->values);
    tables_destroy(&judge->tables);
    conflicts_destroy(&judge->conflicts);
    contexts_destroy(judge);
    controls_destroy(judge);
    fences_destroy(judge);
    excuses_destroy(judge);
    stages_destroy(judge);
    faults_destroy(judge);
    states_destroy(judge);
    free(judge->operations);
    free(judge->invalidations);
    free(judge->held.events);
    free(judge->findings);
    free(judge->spaces);
    free(judge);
}

void *judge_grow(struct judge *judge, void *array, size_t *capacity, size_t element_bytes)
{
    size_t wanted = *capacity ? *capacity * 2 : 16;
    void *grown = realloc(array, wanted * element_bytes);
    if (grown)
        *capacity = wanted;
    else
        judge->error = ENOMEM;
    return grown;
}

static void add_space(struct judge *judge, const struct event_space *told)
{
    if (told->space >= SPACES_MAX || !told->format) {
        judge->unjudged[UNJUDGED_SPACE]++;
        return;
    }
    while (told->space >= judge->space_count) {
        size_t capacity = judge->space_count;
        struct space *grown = judge_grow(judge, judge->spaces, &capacity, sizeof *grown);
        if (!grown)
            return;
        memset(grown + judge->space_count, 0, (capacity - judge->space_count) * sizeof *grown);
        judge->spaces = grown;
        judge->space_count = capacity;
    }
    struct space *space = &judge->spaces[told->space];
    space->format = told->format;
    space->number = told->space;
    space->stage2 = told->stage2;
    space->asid = told->asid;
    space->vmid = told->vmid;
    space->aliasing_allowed = told->aliasing_allowed;
    space->hardware_access = told->hardware_access;
    space->hardware_dirty = told->hardware_dirty;
    space->sizes = 0;
    judge->fences_count |= told->format->spurious == SPURIOUS_UNTIL_FENCE;
    for (unsigned i = 0; i < told->format->frame_sizes; i++)
        space->sizes |= UINT64_C(1) << told->format->frame_size_lg2[i];
    if (told->table)
        space->sizes &= ~told->table->lacks_sizes;
}

/* ---- what cannot be decided yet ---- */

/* `order`: of an operation's answer. */
static bool judge_event(struct judge *judge, const struct mmu_event *event, const struct answer_order *order,
                        bool final)
{
    switch (event->kind) {
    case EVENT_TRANSLATION:
        return judge_translation(judge, event, final);
    case EVENT_WALK:
        return judge_walk(judge, event, final);
    case EVENT_TLB_ENTRY:
        return judge_tlb_entry(judge, event, final);
    case EVENT_OPERATION_END:
        return judge_answer(judge, event, order, final);
    case EVENT_VIEW:
        return judge_view(judge, event, final);
    default:
        return false;
    }
}

static bool grow_queue(struct judge *judge, struct event_queue *queue)
{
    size_t capacity = queue->capacity ? queue->capacity * 2 : 64;
    struct undecided *events = malloc(capacity * sizeof *events);
    if (!events) {
        judge->error = ENOMEM;
        return false;
    }
    for (size_t i = 0; i < queue->count; i++)
        events[i] = queue->events[(queue->head + i) & (queue->capacity - 1)];
    free(queue->events);
    queue->events = events;
    queue->capacity = capacity;
    queue->head = 0;
    return true;
}

static void hold(struct judge *judge, const struct mmu_event *event, const struct answer_order *order)
{
    struct event_queue *queue = &judge->held;
    if (queue->count >= judge->config.undecided_max) {
        judge->unjudged[UNJUDGED_LIMIT]++;
        return;
    }
    if (queue->count == queue->capacity && !grow_queue(judge, queue))
        return;
    struct undecided *last = &queue->events[(queue->head + queue->count++) & (queue->capacity - 1)];
    last->event = *event;
    last->order = order ? *order : (struct answer_order){0};
    judge->held_overlaps += judge_says_overlap(event);
}

void judge_decide(struct judge *judge, const struct mmu_event *event)
{
    bool final = !operations_unsettled(judge, event->cycle);
    if (judge_event(judge, event, NULL, final) && !final)
        hold(judge, event, NULL);
}

/* Never final: the operation itself has not settled. One that is parked may have come before it. */
void judge_decide_answer(struct judge *judge, const struct mmu_event *event, const struct answer_order *order)
{
    struct answer_order held = *order;
    held.excused = !judge_event(judge, event, order, false);
    if (!held.excused || judge->parked)
        hold(judge, event, &held);
}

static void decide_held(struct judge *judge)
{
    struct event_queue *queue = &judge->held;
    while (queue->count && !operations_unsettled(judge, queue->events[queue->head].event.cycle)) {
        const struct undecided *next = &queue->events[queue->head];
        (void)judge_event(judge, &next->event, &next->order, true);
        judge->held_overlaps -= judge_says_overlap(&next->event);
        queue->head = (queue->head + 1) & (queue->capacity - 1);
        queue->count--;
    }
}

/* What an event is judged by. */
struct need {
    uint64_t va;
    uint64_t since; /* the versions there matter to it */
    uint32_t space;
    bool translates; /* a second stage's versions matter, too */
};

static bool need_of(const struct mmu_event *event, struct need *need)
{
    switch (event->kind) {
    case EVENT_TRANSLATION: {
        const struct event_translation *access = &event->as.translation;
        *need = (struct need){access->va, access->issue_cycle, access->space, true};
        return true;
    }
    case EVENT_WALK:
        *need = (struct need){event->as.walk.leaf.va, event->as.walk.start_cycle, event->as.walk.space, true};
        return true;
    case EVENT_TLB_ENTRY: {
        const struct event_tlb_entry *entry = &event->as.tlb_entry;
        *need = (struct need){entry->va, entry->fill_cycle, entry->space, true};
        return true;
    }
    case EVENT_OPERATION_END: {
        const struct event_operation *operation = &event->as.operation;
        *need = (struct need){operation->va, operation->begin_cycle, operation->space, false};
        return true;
    }
    case EVENT_VIEW:
        *need = (struct need){event->as.view.va, event->cycle, event->as.view.space, false};
        return true;
    default:
        return false;
    }
}

/* A guest's event may need any page of its second stage. */
static bool needs(const struct judge *judge, const struct need *need, const struct version *page)
{
    bool guest = need->translates && need->space < judge->space_count && judge->spaces[need->space].stage2;
    return mapping_contains(&page->mapping, need->va) ||
           (guest && judge->spaces[need->space].stage2 == page->space);
}

uint64_t judge_held_since(const struct judge *judge, const struct version *page)
{
    const struct event_queue *queue = &judge->held;
    uint64_t earliest = EVENT_NEVER;
    for (size_t i = 0; i < queue->count; i++) {
        struct need need;
        if (need_of(&queue->events[(queue->head + i) & (queue->capacity - 1)].event, &need) &&
            need.since < earliest && needs(judge, &need, page))
            earliest = need.since;
    }
    return earliest;
}

uint64_t judge_oldest_issue(const struct judge *judge)
{
    const struct event_queue *queue = &judge->held;
    uint64_t told = judge->now;
    if (queue->count && queue->events[queue->head].event.cycle < told)
        told = queue->events[queue->head].event.cycle;
    return told > judge->config.settle_cycles ? told - judge->config.settle_cycles : 0;
}

/* ---- values ---- */

static void report_value(struct judge *judge, const struct transaction *load, uint64_t expected)
{
    uint64_t mask = values_mask(load->size_bytes);
    struct judge_finding finding = {.rule = RULE_LOAD_VALUE,
                                    .cycle = load->cycle,
                                    .core = load->core,
                                    .space = load->space,
                                    .va = load->va};
    judge_report(judge, &finding,
                 "a load of core %u at 0x%" PRIx64 " (physical 0x%" PRIx64 ", %u bytes) returned 0x%" PRIx64
                 ", but %s held 0x%" PRIx64 " in cycle %" PRIu64,
                 load->core + 1, load->va, load->pa, load->size_bytes, load->value & mask,
                 load->kind == TRANSACTION_FORWARDED ? "the core's store buffer" : "memory", expected & mask,
                 load->performed_cycle);
}

static void take_transaction(struct judge *judge, const struct transaction *transaction)
{
    bool late;
    if (!values_add(&judge->values, transaction, &late))
        judge->error = ENOMEM;
    else if (late)
        judge->unjudged[UNJUDGED_LATE_ACCESS]++;
}

/* Everything that was performed before `cycle` takes effect. */
static void perform(struct judge *judge, uint64_t cycle)
{
    struct transaction next;
    uint64_t expected = 0;
    bool no_memory = false;
    while (!judge->error && values_next(&judge->values, cycle, &next, &expected, &no_memory)) {
        if (no_memory)
            judge->error = ENOMEM;
        if (next.kind <= TRANSACTION_FORWARDED && ((next.value ^ expected) & values_mask(next.size_bytes)))
            report_value(judge, &next, expected);
    }
}

static void take_access(struct judge *judge, const struct mmu_event *event)
{
    const struct event_translation *access = &event->as.translation;
    bool store = access->access_kind == ACCESS_STORE;
    if (access->fault || access->performed_cycle == EVENT_NEVER || access->access_kind == ACCESS_FETCH)
        return;
    if (!judge->config.values) {
        judge->unjudged[UNJUDGED_VALUES] += !store;
        return;
    }
    struct transaction transaction = {.performed_cycle = access->performed_cycle,
                                      .issue_cycle = access->issue_cycle,
                                      .cycle = event->cycle,
                                      .pa = access->pa,
                                      .va = access->va,
                                      .value = access->value,
                                      .access = access->access,
                                      .space = access->space,
                                      .size_bytes = access->size_bytes,
                                      .kind = TRANSACTION_LOAD,
                                      .core = event->core};
    if (store)
        transaction.kind = TRANSACTION_STORE;
    else if (access->forwarded)
        transaction.kind = TRANSACTION_FORWARDED;
    take_transaction(judge, &transaction);
}

static void take_entry_write(struct judge *judge, const struct mmu_event *event)
{
    const struct event_entry_write *write = &event->as.entry_write;
    operation_writes(judge, event);
    state_written(judge, event);
    struct transaction transaction = {.performed_cycle = write->visible_cycle,
                                      .issue_cycle = write->issue_cycle,
                                      .cycle = event->cycle,
                                      .pa = write->pa,
                                      .value = write->new_value,
                                      .size_bytes = 8,
                                      .kind = TRANSACTION_ENTRY_WRITE,
                                      .core = event->core};
    if (judge->config.values)
        take_transaction(judge, &transaction);
}

/* ---- events ---- */

static void check_space(struct judge *judge, uint32_t number)
{
    judge->unjudged[UNJUDGED_SPACE] += number != 0 && !judge_space(judge, number);
}

static void check_translating(struct judge *judge, uint32_t number)
{
    judge->unjudged[UNJUDGED_SPACE] += number != 0 && !judge_translating(judge, number);
}

static void take_translation(struct judge *judge, const struct mmu_event *event)
{
    check_translating(judge, event->as.translation.space);
    judge_decide(judge, event);
    if (event->as.translation.half)
        judge_crossing(judge, event);
    take_access(judge, event);
}

static void take(struct judge *judge, const struct mmu_event *event)
{
    switch (event->kind) {
    case EVENT_TRANSLATION:
        take_translation(judge, event);
        break;
    case EVENT_WALK:
        check_translating(judge, event->as.walk.space);
        table_fault_told(judge, event);
        state_walked(judge, event);
        judge_decide(judge, event);
        break;
    case EVENT_TLB_ENTRY:
        if (event->as.tlb_entry.holds != HOLDS_TRANSLATION)
            break;
        check_translating(judge, event->as.tlb_entry.space);
        conflict_entry(judge, event);
        judge_decide(judge, event);
        break;
    case EVENT_ENTRY_WRITE:
        take_entry_write(judge, event);
        break;
    case EVENT_INVALIDATION:
        invalidation_issued(judge, event);
        break;
    case EVENT_ACKNOWLEDGEMENT:
        invalidation_acknowledged(judge, event);
        break;
    case EVENT_COMPLETION:
        invalidation_completed(judge, event);
        break;
    case EVENT_BARRIER:
        invalidation_awaited(judge, event);
        break;
    case EVENT_CONFLICT:
        conflict_told(judge, event);
        break;
    case EVENT_SPACE:
        add_space(judge, &event->as.space);
        break;
    case EVENT_OPERATION_BEGIN:
        operation_begins(judge, event);
        break;
    case EVENT_OPERATION_END:
        operation_returns(judge, event);
        break;
    case EVENT_VIEW:
        check_space(judge, event->as.view.space);
        view_told(judge, event);
        judge_decide(judge, event);
        break;
    case EVENT_TABLE:
        table_event(judge, event);
        break;
    case EVENT_CONTEXT:
        context_switched(judge, event);
        controls_changed(judge, event);
        break;
    default: /* walk steps, faults, regions: no rule needs them */
        break;
    }
}

static int observe(void *context, const struct mmu_event *event)
{
    struct judge *judge = context;
    if (judge->error)
        return judge->error;
    if (event->cycle > judge->now) {
        judge->now = event->cycle;
        operations_settle(judge);
        decide_held(judge);
        states_settle(judge);
        if (judge->now > judge->config.settle_cycles)
            perform(judge, judge->now - judge->config.settle_cycles);
    }
    judge->events++;
    take(judge, event);
    protocol_told(judge, event);
    return judge->error;
}

struct mmu_observer judge_observer(struct judge *judge)
{
    return (struct mmu_observer){observe, judge};
}

int judge_finish(struct judge *judge)
{
    if (judge->error || judge->finished)
        return judge->error;
    judge->finished = true;
    operations_finish(judge);
    decide_held(judge);
    states_finish(judge);
    conflicts_finish(judge);
    perform(judge, EVENT_NEVER);
    judge_sort_findings(judge);
    return judge->error;
}

void judge_measure(const struct judge *judge, struct judge_usage *usage)
{
    *usage = (struct judge_usage){.undecided = judge->held.count,
                                  .versions = judge->index.versions,
                                  .regions = judge->index.regions.used,
                                  .operations = judge->operation_count,
                                  .transactions = judge->values.count,
                                  .blocks = judge->tables.count};
    for (unsigned core = 0; core < JUDGE_CORES; core++)
        usage->fences += judge->fences[core].count;
}
