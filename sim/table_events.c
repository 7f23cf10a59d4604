#include "sim/table_events.h"

static const struct environment *behind(const void *context)
{
    return &((const struct table_events *)context)->behind;
}

static void tell(const struct table_events *events, uint64_t pa, uint64_t size_bytes, bool released)
{
    const struct address_space *space = events->space;
    struct mmu_event event = {.kind = EVENT_TABLE,
                              .as.table = {.operation = events->operation,
                                           .pa = pa,
                                           .bytes = size_bytes,
                                           .space = space->context.space,
                                           .released = released}};
    simulation_emit(space->simulation, events->core, &event);
}

static int allocate_table(void *context, uint64_t size_bytes, uint64_t *pa)
{
    int error = behind(context)->operations->allocate_table(behind(context)->context, size_bytes, pa);
    if (error == ENVIRONMENT_OK)
        tell(context, *pa, size_bytes, false);
    return error;
}

/* Told before: from the call on it may be somebody else's. */
static int release_table(void *context, uint64_t pa, uint64_t size_bytes)
{
    tell(context, pa, size_bytes, true);
    return behind(context)->operations->release_table(behind(context)->context, pa, size_bytes);
}

/* ---- what passes ---- */

static int pass_read(void *context, uint64_t pa, uint64_t *value)
{
    return behind(context)->operations->read(behind(context)->context, pa, value);
}

static int pass_write(void *context, uint64_t pa, uint64_t value)
{
    return behind(context)->operations->write(behind(context)->context, pa, value);
}

static int pass_compare_exchange(void *context, uint64_t pa, uint64_t expected, uint64_t desired,
                                 uint64_t *observed)
{
    return behind(context)->operations->compare_exchange(behind(context)->context, pa, expected, desired,
                                                         observed);
}

static int pass_barrier(void *context, enum barrier_kind kind)
{
    return behind(context)->operations->barrier(behind(context)->context, kind);
}

static int pass_invalidate(void *context, const struct invalidation *what)
{
    return behind(context)->operations->invalidate(behind(context)->context, what);
}

static int pass_complete(void *context)
{
    return behind(context)->operations->complete(behind(context)->context);
}

static int pass_lock(void *context, uint64_t pa)
{
    return behind(context)->operations->lock(behind(context)->context, pa);
}

static int pass_unlock(void *context, uint64_t pa)
{
    return behind(context)->operations->unlock(behind(context)->context, pa);
}

struct environment table_events_environment(struct table_events *events)
{
    static const struct environment_operations operations = {
        .read = pass_read,
        .write = pass_write,
        .compare_exchange = pass_compare_exchange,
        .allocate_table = allocate_table,
        .release_table = release_table,
        .barrier = pass_barrier,
        .invalidate = pass_invalidate,
        .complete = pass_complete,
        .lock = pass_lock,
        .unlock = pass_unlock,
    };
    return (struct environment){.operations = &operations, .context = events};
}
