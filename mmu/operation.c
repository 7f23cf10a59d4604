/*
 * What a program asked its core to do, one operation at a time, and the streams among them.
 *
 * An operation begins in the issue of the cycle in which the program was asked, and ends, at least one
 * cycle later, by asking the program again. An issue that cannot go on blocks the core's issue until the
 * next event of its calendar.
 */
#include <stddef.h>
#include <string.h>

#include "mmu/adversary.h"
#include "mmu/core.h"
#include "mmu/rights.h"

#define CYCLE_MAX   (UINT64_C(1) << 53) /* SystemC's time has 64 bits, and a cycle a thousand units */
#define PROMISE_MAX (UINT64_C(1) << 40) /* cycles; a stream of more accesses promises no more */

void operation_end(struct core *core, uint64_t cycle)
{
    if (cycle > CYCLE_MAX)
        machine_fail(core->machine, "core %u: a run may last for 2^53 cycles, and this one would be longer",
                     core->index + 1);
    core->program = PROGRAM_DUE;
    core->result.accesses = core->first_issues - core->faulted_count;
    core->due_cycle = cycle > core->op_cycle ? cycle : core->op_cycle + 1;
    core->result.cycle = core->due_cycle;
}

/* ---- accesses and streams ---------------------------------------------------------------------- */

void operation_access_done(struct core *core, const struct access_slot *slot)
{
    if (slot->event.fault) {
        fault_note(core, slot);
        return;
    }
    if (core->op.kind != CORE_ACCESS)
        return;
    if (slot->event.half != 2)
        core->result.pa = slot->event.pa;
    if (slot->event.half != 2)
        core->result.value = slot->event.value;
    else if (slot->wanted.access.size_bytes - slot->event.size_bytes < 8)
        core->result.value |= slot->event.value
                              << 8 * (slot->wanted.access.size_bytes - slot->event.size_bytes);
}

void operation_end_early(struct core *core, uint64_t cycle)
{
    operation_end(core, cycle > core->promised_cycle ? cycle : core->promised_cycle);
}

static void issue_again(struct core *core)
{
    struct wanted_access *wanted = &core->again[core->again_next++];
    wanted->retry = true;
    access_issue(core, wanted);
}

static bool refill_block(struct core *core)
{
    if (core->block_next < core->block_count)
        return true;
    if (core->stream_ended)
        return false;
    struct stream *stream = core->op.stream;
    long count = stream->next(stream, core->block, STREAM_BLOCK);
    core->block_next = 0;
    core->block_count = count > 0 ? (uint32_t)count : 0;
    core->stream_ended = count <= 0;
    if (count < 0)
        core->result.error = stream->error ? stream->error : "the stream failed";
    return count > 0;
}

/* A value that names the store: which core's and which access's. */
static uint64_t stream_value(const struct core *core, uint32_t number)
{
    return (uint64_t)(core->index + 1) << 56 | number;
}

static void issue_from_stream(struct core *core)
{
    uint32_t number = ++core->access_count;
    core->first_issues++;
    struct wanted_access wanted = {.access = core->block[core->block_next++],
                                   .value = stream_value(core, number),
                                   .number = number,
                                   .privilege = (uint8_t)core->op.privilege,
                                   .data_mode = (uint8_t)core->op.data_mode};
    access_issue(core, &wanted);
}

static uint32_t window_of(const struct core *core)
{
    return core->op.window ? core->op.window : (uint32_t)core->machine->config.window;
}

/* The first cycle that an issue of many may not touch: the calendar's next, or what others could still do.
 */
static uint64_t issue_bound(const struct core *core)
{
    uint64_t next = calendar_next(&core->calendar);
    return next < core->limit ? next : core->limit;
}

static void issue_stream(struct core *core)
{
    if (core->faulted_count > 0 || !refill_block(core)) {
        core->blocked = true;
        if (core->in_flight > 0)
            return;
        if (core->faulted_count > 0)
            fault_deliver(core);
        else
            operation_end_early(core, core->now);
        return;
    }
    if (core->in_flight >= window_of(core)) {
        core->blocked = true;
        return;
    }
    if (!access_can_issue(core, core->block[core->block_next].kind))
        return;
    if (core->op.data_mode == DATA_NONE) {
        uint32_t before = core->block_next;
        access_issue_many(core, issue_bound(core), window_of(core));
        if (core->block_next != before) {
            core->ready_at = core->now + 1;
            return;
        }
    }
    issue_from_stream(core);
    core->ready_at = core->now + 1;
}

bool operation_half_issued(const struct core *core)
{
    return core->stalled != NO_INDEX || core->second_valid;
}

/* A stalled access, a second half. True if there was something, which may still wait. */
static bool finish_issue(struct core *core)
{
    if (!access_retry_stalled(core)) {
        core->blocked = true;
        return true;
    }
    if (!core->second_valid)
        return false;
    if (!access_can_issue(core, core->second.access.kind))
        return true;
    access_issue_second(core);
    core->ready_at = core->now + 1;
    return true;
}

void operation_finish_issue(struct core *core)
{
    (void)finish_issue(core);
}

/* What comes before new accesses: what is half issued, and those that are issued again. */
static bool issue_pending(struct core *core)
{
    if (finish_issue(core))
        return true;
    if (core->again_next >= core->again_count)
        return false;
    if (core->in_flight >= window_of(core)) {
        core->blocked = true;
        return true;
    }
    if (!access_can_issue(core, core->again[core->again_next].access.kind))
        return true;
    issue_again(core);
    core->ready_at = core->now + 1;
    return true;
}

static void forget_faults(struct core *core)
{
    core->again_count = core->again_next = core->faulted_count = 0;
    core->first_issues = 0;
    core->promised_cycle = 0;
}

static void begin_stream(struct core *core)
{
    const struct core_operation *op = &core->op;
    core->block_count = core->block_next = 0;
    core->stream_ended = false;
    core->result.error = NULL;
    forget_faults(core);
    if (!op->handled && op->stream->remaining != UINT64_MAX)
        core->promised_cycle =
            core->now + (op->stream->remaining < PROMISE_MAX ? op->stream->remaining : PROMISE_MAX);
}

static void resume_stream(struct core *core)
{
    forget_faults(core);
    core->again_count = core->held_count;
    core->first_issues = core->held_issues;
    core->held_count = 0;
}

static void issue_access(struct core *core)
{
    const struct core_operation *op = &core->op;
    if (core->begun) {
        core->blocked = true;
        if (core->in_flight > 0)
            return;
        if (core->faulted_count > 0)
            fault_deliver(core);
        else
            operation_end(core, core->now);
        return;
    }
    struct wanted_access wanted = {.access = {.va = op->address,
                                              .pc = op->pc,
                                              .size_bytes = op->size_bytes,
                                              .kind = (uint8_t)op->access_kind},
                                   .value = op->value,
                                   .number = ++core->access_count,
                                   .privilege = (uint8_t)op->privilege,
                                   .data_mode = (uint8_t)op->data_mode,
                                   .retry = op->retry,
                                   .fetch_data = op->fetch_data};
    if (!access_can_issue(core, wanted.access.kind)) {
        core->access_count--;
        return;
    }
    core->begun = true;
    core->first_issues = 1;
    access_issue(core, &wanted);
    core->ready_at = core->now + 1;
}

/* ---- physical memory --------------------------------------------------------------------------- */

static void ask_bus(struct core *core, enum memory_transaction_kind kind, uint32_t size_bytes)
{
    struct bus_request *request =
        bus_prepare(core, kind, core->op.address, size_bytes, CALENDAR_DATA, NO_INDEX);
    request->value = core->op.value;
    request->expected = core->op.expected;
    bus_ask(core, request);
    core->begun = true;
    core->blocked = true;
}

static void issue_read(struct core *core)
{
    switch (store_buffer_find(core, core->op.address, 8, &core->result.value)) {
    case STORE_OVERLAPS:
        core->blocked = true;
        break;
    case STORE_CONTAINS:
        operation_end(core, core->now + 1);
        break;
    default:
        ask_bus(core, MEMORY_READ, 8);
        break;
    }
}

static void issue_write(struct core *core)
{
    struct store_buffer *stores = &core->stores;
    if (!store_buffer_has_room(core)) {
        if (stores->waiting_since == NEVER)
            stores->waiting_since = core->now;
        core->blocked = true;
        return;
    }
    struct buffered_store store = {.pa = core->op.address,
                                   .value = core->op.value,
                                   .issue_cycle = core->now,
                                   .operation = core->op.operation,
                                   .life = NO_INDEX,
                                   .slot = NO_INDEX,
                                   .size_bytes = 8};
    store_buffer_put(core, &store);
    core->begun = true;
    if (core->machine->config.store_buffer_depth > 0)
        operation_end(core, core->now + 1);
}

/* After everything that the core stored before. */
static void issue_ordered(struct core *core, enum memory_transaction_kind kind, uint32_t size_bytes)
{
    if (core->stores.count > 0)
        core->blocked = true;
    else
        ask_bus(core, kind, size_bytes);
}

/* Of a write without a store buffer: it ends when the buffer is empty again. */
static void await_write(struct core *core)
{
    core->blocked = true;
    if (core->stores.count == 0)
        operation_end(core, core->now);
}

void operation_answer(struct core *core, const struct bus_request *request)
{
    core->result.value = request->value;
    core->result.aborted = request->aborted;
    operation_end(core, core->now);
}

/* ---- barriers and the rest --------------------------------------------------------------------- */

bool operation_quiet(const struct core *core)
{
    return core->stores.count == 0 && core->outstanding_broadcast == 0 && core->outstanding_local == 0;
}

static bool barrier_satisfied(const struct core *core)
{
    bool drained = core->stores.count == 0;
    switch (core->op.barrier) {
    case BARRIER_DSB_ISH:
        return operation_quiet(core);
    case BARRIER_DSB_NSH:
        return drained && core->outstanding_local == 0;
    case BARRIER_DSB_ISHST:
    case BARRIER_DMB_ISH:
    case BARRIER_FENCE:
        return drained;
    default:
        return true;
    }
}

static uint64_t least_barrier_cycles(const struct core *core)
{
    const struct mmu_config *config = &core->machine->config;
    switch (core->op.barrier) {
    case BARRIER_ISB:
        return config->isb_cycles;
    case BARRIER_DMB_ISH:
    case BARRIER_DMB_ISHST:
    case BARRIER_FENCE:
        return config->memory_barrier_cycles;
    default:
        return config->barrier_cycles;
    }
}

static void issue_barrier(struct core *core)
{
    uint64_t least = core->op_cycle + least_barrier_cycles(core);
    if (!barrier_satisfied(core)) {
        core->blocked = true;
        return;
    }
    if (core->now < least) {
        core->ready_at = least; /* what is satisfied stays so: the program issues nothing meanwhile */
        return;
    }
    core->counters.programs.barriers++;
    core->counters.programs.barrier_cycles += core->now - core->op_cycle;
    struct mmu_event *event = core_event(core, EVENT_BARRIER, core->now);
    if (event)
        event->as.barrier = (struct event_barrier){.operation = core->op.operation,
                                                   .begin_cycle = core->op_cycle,
                                                   .kind = (uint8_t)core->op.barrier};
    operation_end(core, core->now);
}

static uint64_t all_cores(const struct core *core)
{
    uint64_t cores = core->machine->config.cores;
    return cores == 64 ? UINT64_MAX : (UINT64_C(1) << cores) - 1;
}

/*
 * Arm's TLBI is issued and completes later (DDI 0487, D8.17.3). INVLPG and INVPCID are serializing (SDM
 * volume 3, 9.3), and SFENCE.VMA orders the stores before it with the walks after it (Privileged, Supervisor
 * Memory-Management Fence): both end when this core's part is done.
 */
static void issue_invalidation(struct core *core)
{
    bool waits = core->machine->config.ordering != ORDERING_ARM && !core->op.invalidation.broadcast;
    struct invalidation_order order = {.count = 1, .single = core->op.invalidation};
    uint64_t targets = order.single.broadcast ? all_cores(core) : UINT64_C(1) << core->index;
    if (core->begun ? core->outstanding_local > 0 : waits && core->stores.count > 0) {
        core->blocked = true;
        return;
    }
    if (core->begun) {
        operation_end(core, core->now);
        return;
    }
    if (!invalidation_issue(core, &order, targets, core->op.operation)) {
        core->blocked = true;
        return;
    }
    if (waits) {
        core->begun = true;
        core->blocked = true;
    } else {
        operation_end(core, core->now + 1);
    }
}

static void issue_interrupt(struct core *core)
{
    struct invalidation_order order = {
        .list = core->op.list, .count = core->op.list_count, .interrupt = true};
    uint64_t targets = core->op.targets & all_cores(core);
    if (targets != 0 && !invalidation_issue(core, &order, targets, core->op.operation))
        core->blocked = true;
    else
        operation_end(core, core->now + 1);
}

/* Misses that nobody waits for go on in the space in which they began: nothing merges with them any more. */
static void leave_space(struct core *core)
{
    for (uint32_t i = 0; i < core->machine->config.misses; i++)
        if (core->miss_pages[i] != NO_PAGE)
            core->miss_pages[i] = FOREIGN_PAGE;
}

static uint64_t page_sizes_of(const struct walk_format *format)
{
    uint64_t sizes = 0;
    for (unsigned i = 0; i < format->frame_sizes; i++)
        sizes |= UINT64_C(1) << format->frame_size_lg2[i];
    return sizes;
}

/* Of entries of its translations: with two stages, the smaller page of both. */
static uint64_t page_sizes_in_half(const struct address_context *half)
{
    uint64_t sizes = page_sizes_of(half->regime.format);
    return half->two_stage ? sizes | page_sizes_of(half->two_stage->stage2->format) : sizes;
}

static uint64_t page_sizes_in(const struct address_context *context)
{
    uint64_t sizes = page_sizes_in_half(context);
    return context->high ? sizes | page_sizes_in_half(context->high) : sizes;
}

static void tell_context(struct core *core, const struct address_context *context)
{
    struct mmu_event *event = core_event(core, EVENT_CONTEXT, core->now);
    if (event)
        event->as.context = (struct event_context){.root = context->regime.root,
                                                   .controls = context->regime.controls,
                                                   .space = context->space,
                                                   .high_space = context->high ? context->high->space : 0,
                                                   .asid = context->asid,
                                                   .vmid = context->vmid};
}

/* The same translations, under another state of the core: no root is written. */
static bool changes_controls_alone(const struct address_context *before, const struct address_context *after)
{
    return before && before != after && before->space == after->space && before->asid == after->asid &&
           before->vmid == after->vmid && before->high == after->high &&
           before->regime.root == after->regime.root;
}

static void issue_switch(struct core *core)
{
    const struct address_context *context = core->op.context;
    bool controls_alone = changes_controls_alone(core->context, context);
    leave_space(core);
    rights_switch(core, context);
    core->space = tlb_space(context->asid, context->vmid);
    core->counters.programs.switches++;
    if (core->adversary)
        adversary_saw_switch(core);
    uint64_t sizes = page_sizes_in(context);
    core->page_lg2 = (uint32_t)__builtin_ctzll(sizes);
    if (sizes != core->hierarchy.page_sizes)
        hierarchy_plan(core, sizes);
    tell_context(core, context);
    const struct mmu_config *config = &core->machine->config;
    operation_end(core, core->now + (controls_alone ? config->control_cycles : config->switch_cycles));
}

/* What to do in an issue while the operation has not begun, by kind. */
static void issue_first(struct core *core)
{
    switch (core->op.kind) {
    case CORE_ACCESS:
        issue_access(core);
        break;
    case CORE_STREAM:
    case CORE_STREAM_RESUME:
        issue_stream(core);
        break;
    case CORE_READ:
        issue_read(core);
        break;
    case CORE_WRITE:
        issue_write(core);
        break;
    case CORE_COMPARE_EXCHANGE:
        issue_ordered(core, MEMORY_COMPARE_EXCHANGE, 8);
        break;
    case CORE_CLEAR:
        issue_ordered(core, MEMORY_CLEAR, (uint32_t)core->op.cycles);
        break;
    case CORE_BARRIER:
        issue_barrier(core);
        break;
    case CORE_INVALIDATE:
        issue_invalidation(core);
        break;
    case CORE_INTERRUPT:
        issue_interrupt(core);
        break;
    case CORE_SWITCH:
        issue_switch(core);
        break;
    case CORE_WAIT:
        operation_end(core, core->now + core->op.cycles);
        break;
    case CORE_QUIET:
        core->blocked = true;
        if (operation_quiet(core))
            operation_end(core, core->now);
        break;
    case CORE_PARK:
        core->program = PROGRAM_PARKED;
        adversary_pause(core);
        break;
    default:
        machine_fail(core->machine, "core %u was given an operation of unknown kind %d", core->index + 1,
                     (int)core->op.kind);
        break;
    }
}

static bool waits_for_bus(const struct core *core)
{
    return core->begun && (core->op.kind == CORE_READ || core->op.kind == CORE_COMPARE_EXCHANGE ||
                           core->op.kind == CORE_CLEAR);
}

void operation_issue(struct core *core)
{
    if (issue_pending(core))
        return;
    if (waits_for_bus(core))
        core->blocked = true;
    else if (core->begun && core->op.kind == CORE_WRITE)
        await_write(core);
    else
        issue_first(core);
}

void operation_begin(struct core *core, const struct core_operation *operation)
{
    core->op = *operation;
    core->op_cycle = core->now;
    core->program = PROGRAM_RUNNING;
    core->asked = false;
    core->begun = false;
    core->blocked = false;
    core->ready_at = core->now;
    core->result.fault = FAULT_NONE;
    core->result.aborted = false;
    if (operation->kind == CORE_STREAM)
        begin_stream(core);
    else if (operation->kind == CORE_STREAM_RESUME)
        resume_stream(core);
    else
        forget_faults(core);
    operation_issue(core);
}
