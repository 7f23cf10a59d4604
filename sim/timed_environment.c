#include "sim/timed_environment.h"

#include "sim/shootdown.h"

#define PAGE_BYTES 4096u

static const struct core_result *perform(const struct timed_environment *timed,
                                         const struct core_operation *operation)
{
    return simulation_do(timed->simulation, timed->core, operation);
}

static int status_of(const struct core_result *result)
{
    if (!result)
        return ENVIRONMENT_STOPPED;
    return result->aborted ? ENVIRONMENT_BAD_ADDRESS : ENVIRONMENT_OK;
}

static bool bad_address(const struct timed_environment *timed, uint64_t pa)
{
    uint64_t size_bytes = machine_config(timed->simulation->machine)->memory_bytes;
    return pa % 8 != 0 || pa > size_bytes - 8;
}

static int timed_read(void *context, uint64_t pa, uint64_t *value)
{
    const struct timed_environment *timed = context;
    struct core_operation operation = {.kind = CORE_READ, .address = pa, .operation = timed->operation};
    if (bad_address(timed, pa))
        return ENVIRONMENT_BAD_ADDRESS;
    const struct core_result *result = perform(timed, &operation);
    if (result)
        *value = result->value;
    return status_of(result);
}

static int write_for(const struct timed_environment *timed, uint64_t pa, uint64_t value, uint64_t on_behalf)
{
    struct core_operation operation = {
        .kind = CORE_WRITE, .address = pa, .value = value, .operation = on_behalf};
    if (bad_address(timed, pa))
        return ENVIRONMENT_BAD_ADDRESS;
    return status_of(perform(timed, &operation));
}

static int timed_write(void *context, uint64_t pa, uint64_t value)
{
    const struct timed_environment *timed = context;
    return write_for(timed, pa, value, timed->operation);
}

static int timed_compare_exchange(void *context, uint64_t pa, uint64_t expected, uint64_t desired,
                                  uint64_t *observed)
{
    const struct timed_environment *timed = context;
    struct core_operation operation = {.kind = CORE_COMPARE_EXCHANGE,
                                       .address = pa,
                                       .value = desired,
                                       .expected = expected,
                                       .operation = timed->operation};
    if (bad_address(timed, pa))
        return ENVIRONMENT_BAD_ADDRESS;
    const struct core_result *result = perform(timed, &operation);
    if (result)
        *observed = result->value;
    return status_of(result);
}

/* Zeroing changes words as stores do; the judges are told of those that were not zero. */
static void tell_cleared(const struct timed_environment *timed, uint64_t pa, uint64_t old_value,
                         uint64_t begin)
{
    struct machine *machine = timed->simulation->machine;
    uint64_t grant = machine_now(machine, timed->core) - machine_config(machine)->memory_latency_cycles;
    struct mmu_event event = {
        .kind = EVENT_ENTRY_WRITE,
        .as.entry_write = {.pa = pa, .old_value = old_value, .issue_cycle = begin, .visible_cycle = grant}};
    simulation_emit(timed->simulation, timed->core, &event);
}

int timed_clear_page(void *context, uint64_t pa)
{
    const struct timed_environment *timed = context;
    struct machine *machine = timed->simulation->machine;
    struct core_operation operation = {
        .kind = CORE_CLEAR, .address = pa, .cycles = PAGE_BYTES, .operation = timed->operation};
    uint64_t begin = machine_now(machine, timed->core);
    uint64_t used[PAGE_BYTES / 8];
    uint64_t values[PAGE_BYTES / 8];
    unsigned count = 0;
    for (uint64_t offset = 0; offset < PAGE_BYTES; offset += 8)
        if (machine_peek_from(machine, timed->core, pa + offset, &values[count]) && values[count] != 0)
            used[count++] = pa + offset;
    const struct core_result *result = perform(timed, &operation);
    for (unsigned i = 0; result && i < count; i++)
        tell_cleared(timed, used[i], values[i], begin);
    return status_of(result);
}

/* One transaction a page. */
static int clear_block(void *timed, uint64_t pa, uint64_t size_bytes)
{
    int status = ENVIRONMENT_OK;
    for (uint64_t offset = 0; offset < size_bytes && status == ENVIRONMENT_OK; offset += PAGE_BYTES)
        status = timed_clear_page(timed, pa + offset);
    return status;
}

static int timed_allocate(void *context, uint64_t size_bytes, uint64_t *pa)
{
    const struct timed_environment *timed = context;
    if (!frame_allocate(&timed->simulation->frames, frame_block_lg2(size_bytes), pa))
        return ENVIRONMENT_NO_MEMORY;
    return clear_block(context, *pa, size_bytes);
}

/*
 * What the released block still holds is told as it is: set-up wrote some of it before time began, of which
 * there are no events, and whoever gets the block next reads it.
 */
static void tell_left(const struct timed_environment *timed, uint64_t pa, uint64_t size_bytes)
{
    struct machine *machine = timed->simulation->machine;
    uint64_t now = machine_now(machine, timed->core), value;
    for (uint64_t offset = 0; offset < size_bytes; offset += 8) {
        if (!machine_peek_from(machine, timed->core, pa + offset, &value) || value == 0)
            continue;
        struct mmu_event event = {.kind = EVENT_ENTRY_WRITE,
                                  .as.entry_write = {.pa = pa + offset,
                                                     .old_value = value,
                                                     .new_value = value,
                                                     .issue_cycle = now,
                                                     .visible_cycle = now}};
        simulation_emit(timed->simulation, timed->core, &event);
    }
}

static int timed_release(void *context, uint64_t pa, uint64_t size_bytes)
{
    const struct timed_environment *timed = context;
    tell_left(timed, pa, size_bytes);
    bool kept = frame_release(&timed->simulation->frames, pa, frame_block_lg2(size_bytes));
    return kept ? ENVIRONMENT_OK : ENVIRONMENT_STOPPED;
}

static int timed_barrier(void *context, enum barrier_kind kind)
{
    const struct timed_environment *timed = context;
    struct core_operation operation = {.kind = CORE_BARRIER, .barrier = kind, .operation = timed->operation};
    if (kind == BARRIER_DSB_ISH && shootdown_by_interrupt(timed->simulation))
        return shootdown_complete(timed);
    return status_of(perform(timed, &operation));
}

static int timed_invalidate(void *context, const struct invalidation *what)
{
    const struct timed_environment *timed = context;
    struct core_operation operation = {
        .kind = CORE_INVALIDATE, .invalidation = *what, .operation = timed->operation};
    if (what->broadcast && shootdown_by_interrupt(timed->simulation))
        return shootdown_invalidate(timed, what);
    return status_of(perform(timed, &operation));
}

static int timed_complete(void *context)
{
    return timed_barrier(context, BARRIER_DSB_ISH);
}

/* The lock's own words are no part of the operation: its window does not wait for them. */
static int timed_lock(void *context, uint64_t pa)
{
    const struct timed_environment *timed = context;
    struct core_operation take = {.kind = CORE_COMPARE_EXCHANGE, .address = pa, .value = 1};
    struct core_operation pause = {.kind = CORE_WAIT,
                                   .cycles = machine_config(timed->simulation->machine)->spin_cycles};
    if (bad_address(timed, pa))
        return ENVIRONMENT_BAD_ADDRESS;
    for (;;) {
        const struct core_result *result = perform(timed, &take);
        if (!result || result->aborted || result->value == 0)
            return status_of(result);
        if (!perform(timed, &pause))
            return ENVIRONMENT_STOPPED;
    }
}

static int timed_unlock(void *context, uint64_t pa)
{
    return write_for(context, pa, 0, 0);
}

struct environment timed_environment(struct timed_environment *timed)
{
    static const struct environment_operations operations = {
        .read = timed_read,
        .write = timed_write,
        .compare_exchange = timed_compare_exchange,
        .allocate_table = timed_allocate,
        .release_table = timed_release,
        .barrier = timed_barrier,
        .invalidate = timed_invalidate,
        .complete = timed_complete,
        .lock = timed_lock,
        .unlock = timed_unlock,
    };
    return (struct environment){.operations = &operations, .context = timed};
}
