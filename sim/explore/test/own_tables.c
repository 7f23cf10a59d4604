#include "sim/explore/test/own_tables.h"

#include "pagetables/passing.h"
#include "pagetables/radix.h"

static struct environment in_front_of(const struct environment *real,
                                      const struct environment_operations *operations)
{
    return (struct environment){.operations = operations, .context = (void *)(uintptr_t)real};
}

static int wait_for_nothing(void *context, enum barrier_kind kind)
{
    (void)context;
    (void)kind;
    return ENVIRONMENT_OK;
}

static int invalidate_nothing(void *context, const struct invalidation *what)
{
    (void)context;
    (void)what;
    return ENVIRONMENT_OK;
}

static int invalidate_here(void *context, const struct invalidation *what)
{
    struct invalidation here = *what;
    here.broadcast = false;
    return passing_invalidate(context, &here);
}

static int invalidate_no_combined(void *context, const struct invalidation *what)
{
    return what->scope == INVALIDATE_ALL ? ENVIRONMENT_OK : passing_invalidate(context, what);
}

static int complete_nothing(void *context)
{
    (void)context;
    return ENVIRONMENT_OK;
}

static int lock_nothing(void *context, uint64_t pa)
{
    (void)context;
    (void)pa;
    return ENVIRONMENT_OK;
}

static const struct environment_operations without_waiting = {
    .read = passing_read,
    .write = passing_write,
    .compare_exchange = passing_compare_exchange,
    .allocate_table = passing_allocate_table,
    .release_table = passing_release_table,
    .barrier = wait_for_nothing,
    .invalidate = passing_invalidate,
    .complete = complete_nothing,
    .lock = lock_nothing,
    .unlock = lock_nothing,
};

static const struct environment_operations without_invalidation = {
    .read = passing_read,
    .write = passing_write,
    .compare_exchange = passing_compare_exchange,
    .allocate_table = passing_allocate_table,
    .release_table = passing_release_table,
    .barrier = passing_barrier,
    .invalidate = invalidate_nothing,
    .complete = passing_complete,
    .lock = passing_lock,
    .unlock = passing_unlock,
};

static const struct environment_operations of_one_core = {
    .read = passing_read,
    .write = passing_write,
    .compare_exchange = passing_compare_exchange,
    .allocate_table = passing_allocate_table,
    .release_table = passing_release_table,
    .barrier = passing_barrier,
    .invalidate = invalidate_here,
    .complete = passing_complete,
    .lock = passing_lock,
    .unlock = passing_unlock,
};

static const struct environment_operations without_combined = {
    .read = passing_read,
    .write = passing_write,
    .compare_exchange = passing_compare_exchange,
    .allocate_table = passing_allocate_table,
    .release_table = passing_release_table,
    .barrier = passing_barrier,
    .invalidate = invalidate_no_combined,
    .complete = passing_complete,
    .lock = passing_lock,
    .unlock = passing_unlock,
};

static enum pagetable_result unmap_uncombined(void *state, const struct environment *environment, uint64_t va)
{
    struct environment uncombined = in_front_of(environment, &without_combined);
    return pagetable_radix.unmap(state, &uncombined, va);
}

static enum pagetable_result unmap_nothing(void *state, const struct environment *environment, uint64_t va)
{
    struct mapping found;
    return pagetable_radix.query(state, environment, va, &found);
}

static enum pagetable_result map_unwaited(void *state, const struct environment *environment, uint64_t va,
                                          const struct frame *frame)
{
    struct environment unwaited = in_front_of(environment, &without_waiting);
    return pagetable_radix.map(state, &unwaited, va, frame);
}

static enum pagetable_result unmap_unwaited(void *state, const struct environment *environment, uint64_t va)
{
    struct environment unwaited = in_front_of(environment, &without_waiting);
    return pagetable_radix.unmap(state, &unwaited, va);
}

static enum pagetable_result protect_in_place(void *state, const struct environment *environment, uint64_t va,
                                              uint32_t attributes)
{
    struct environment uninvalidated = in_front_of(environment, &without_invalidation);
    return pagetable_radix.protect(state, &uninvalidated, va, attributes);
}

static enum pagetable_result unmap_here(void *state, const struct environment *environment, uint64_t va)
{
    struct environment here = in_front_of(environment, &of_one_core);
    return pagetable_radix.unmap(state, &here, va);
}

static enum pagetable_result fail_query(void *state, const struct environment *environment, uint64_t va,
                                        struct mapping *found)
{
    (void)pagetable_radix.query(state, environment, va, found);
    return PAGETABLE_ENVIRONMENT;
}

static enum pagetable_result give_query_up(void *state, const struct environment *environment, uint64_t va,
                                           struct mapping *found)
{
    (void)pagetable_radix.query(state, environment, va, found);
    return PAGETABLE_CORRUPT;
}

struct pagetable_class table_whose_environment_fails(void)
{
    struct pagetable_class table = pagetable_radix;
    table.name = "radix-environment-fails";
    table.query = fail_query;
    return table;
}

struct pagetable_class table_that_finds_itself_corrupt(void)
{
    struct pagetable_class table = pagetable_radix;
    table.name = "radix-finds-itself-corrupt";
    table.query = give_query_up;
    return table;
}

struct pagetable_class table_that_forgets_combined_entries(void)
{
    struct pagetable_class table = pagetable_radix;
    table.name = "radix-forgets-combined";
    table.unmap = unmap_uncombined;
    return table;
}

struct pagetable_class table_that_unmaps_nothing(void)
{
    struct pagetable_class table = pagetable_radix;
    table.name = "radix-unmaps-nothing";
    table.unmap = unmap_nothing;
    return table;
}

struct pagetable_class table_that_never_waits(void)
{
    struct pagetable_class table = pagetable_radix;
    table.name = "radix-never-waits";
    table.map = map_unwaited;
    table.unmap = unmap_unwaited;
    return table;
}

struct pagetable_class table_that_protects_in_place(void)
{
    struct pagetable_class table = pagetable_radix;
    table.name = "radix-protects-in-place";
    table.protect = protect_in_place;
    return table;
}

struct pagetable_class table_of_one_core(void)
{
    struct pagetable_class table = pagetable_radix;
    table.name = "radix-of-one-core";
    table.unmap = unmap_here;
    return table;
}
