#include "sim/table_events.h"

#include "pagetables/passing.h"

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
    int error = passing_allocate_table(context, size_bytes, pa);
    if (error == ENVIRONMENT_OK)
        tell(context, *pa, size_bytes, false);
    return error;
}

/* Told before: from the call on it may be somebody else's. */
static int release_table(void *context, uint64_t pa, uint64_t size_bytes)
{
    tell(context, pa, size_bytes, true);
    return passing_release_table(context, pa, size_bytes);
}

struct environment table_events_environment(struct table_events *events)
{
    static const struct environment_operations operations = {
        .read = passing_read,
        .write = passing_write,
        .compare_exchange = passing_compare_exchange,
        .allocate_table = allocate_table,
        .release_table = release_table,
        .barrier = passing_barrier,
        .invalidate = passing_invalidate,
        .complete = passing_complete,
        .lock = passing_lock,
        .unlock = passing_unlock,
    };
    return (struct environment){.operations = &operations, .context = events};
}
