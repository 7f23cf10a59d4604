#include "pagetables/planted.h"

#include "pagetables/radix.h"

/* ---- An environment in front of the real one, which it is the context of ---- */

static const struct environment *behind(void *context)
{
    return context;
}

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

static int pass_allocate_table(void *context, uint64_t size_bytes, uint64_t *pa)
{
    return behind(context)->operations->allocate_table(behind(context)->context, size_bytes, pa);
}

static int pass_release_table(void *context, uint64_t pa, uint64_t size_bytes)
{
    return behind(context)->operations->release_table(behind(context)->context, pa, size_bytes);
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

/* The planted bugs themselves. */
static int forget_invalidation(void *context, const struct invalidation *what)
{
    (void)context;
    (void)what;
    return ENVIRONMENT_OK;
}

static int forget_store_barrier(void *context, enum barrier_kind kind)
{
    return kind == BARRIER_DSB_ISHST ? ENVIRONMENT_OK : pass_barrier(context, kind);
}

static int invalidate_last_level_only(void *context, const struct invalidation *what)
{
    struct invalidation leaf = *what;
    leaf.last_level_only = true;
    return pass_invalidate(context, &leaf);
}

static const struct environment_operations without_invalidation = {
    .read = pass_read,
    .write = pass_write,
    .compare_exchange = pass_compare_exchange,
    .allocate_table = pass_allocate_table,
    .release_table = pass_release_table,
    .barrier = pass_barrier,
    .invalidate = forget_invalidation,
    .complete = pass_complete,
    .lock = pass_lock,
    .unlock = pass_unlock,
};

static const struct environment_operations without_store_barrier = {
    .read = pass_read,
    .write = pass_write,
    .compare_exchange = pass_compare_exchange,
    .allocate_table = pass_allocate_table,
    .release_table = pass_release_table,
    .barrier = forget_store_barrier,
    .invalidate = pass_invalidate,
    .complete = pass_complete,
    .lock = pass_lock,
    .unlock = pass_unlock,
};

static const struct environment_operations of_last_level = {
    .read = pass_read,
    .write = pass_write,
    .compare_exchange = pass_compare_exchange,
    .allocate_table = pass_allocate_table,
    .release_table = pass_release_table,
    .barrier = pass_barrier,
    .invalidate = invalidate_last_level_only,
    .complete = pass_complete,
    .lock = pass_lock,
    .unlock = pass_unlock,
};

/* `real` must outlive the result. The operations never write through it. */
static struct environment in_front_of(const struct environment *real,
                                      const struct environment_operations *operations)
{
    return (struct environment){.operations = operations, .context = (void *)(uintptr_t)real};
}

/* ---- radix-forgets-invalidation ---- */

static enum pagetable_result map_uninvalidated(void *state, const struct environment *environment,
                                               uint64_t va, const struct frame *frame)
{
    struct environment planted = in_front_of(environment, &without_invalidation);
    return pagetable_radix.map(state, &planted, va, frame);
}

static enum pagetable_result unmap_uninvalidated(void *state, const struct environment *environment,
                                                 uint64_t va)
{
    struct environment planted = in_front_of(environment, &without_invalidation);
    return pagetable_radix.unmap(state, &planted, va);
}

static enum pagetable_result protect_uninvalidated(void *state, const struct environment *environment,
                                                   uint64_t va, uint32_t attributes)
{
    struct environment planted = in_front_of(environment, &without_invalidation);
    return pagetable_radix.protect(state, &planted, va, attributes);
}

static enum pagetable_result destroy_uninvalidated(void *state, const struct environment *environment)
{
    struct environment planted = in_front_of(environment, &without_invalidation);
    return pagetable_radix.destroy(state, &planted);
}

/* ---- radix-forgets-barrier ---- */

static enum pagetable_result map_undrained(void *state, const struct environment *environment, uint64_t va,
                                           const struct frame *frame)
{
    struct environment planted = in_front_of(environment, &without_store_barrier);
    return pagetable_radix.map(state, &planted, va, frame);
}

static enum pagetable_result unmap_undrained(void *state, const struct environment *environment, uint64_t va)
{
    struct environment planted = in_front_of(environment, &without_store_barrier);
    return pagetable_radix.unmap(state, &planted, va);
}

static enum pagetable_result protect_undrained(void *state, const struct environment *environment,
                                               uint64_t va, uint32_t attributes)
{
    struct environment planted = in_front_of(environment, &without_store_barrier);
    return pagetable_radix.protect(state, &planted, va, attributes);
}

static enum pagetable_result destroy_undrained(void *state, const struct environment *environment)
{
    struct environment planted = in_front_of(environment, &without_store_barrier);
    return pagetable_radix.destroy(state, &planted);
}

/* ---- radix-forgets-tables ---- */

static enum pagetable_result map_leaf(void *state, const struct environment *environment, uint64_t va,
                                      const struct frame *frame)
{
    struct environment planted = in_front_of(environment, &of_last_level);
    return pagetable_radix.map(state, &planted, va, frame);
}

static enum pagetable_result unmap_leaf(void *state, const struct environment *environment, uint64_t va)
{
    struct environment planted = in_front_of(environment, &of_last_level);
    return pagetable_radix.unmap(state, &planted, va);
}

static enum pagetable_result protect_leaf(void *state, const struct environment *environment, uint64_t va,
                                          uint32_t attributes)
{
    struct environment planted = in_front_of(environment, &of_last_level);
    return pagetable_radix.protect(state, &planted, va, attributes);
}

static enum pagetable_result destroy_leaf(void *state, const struct environment *environment)
{
    struct environment planted = in_front_of(environment, &of_last_level);
    return pagetable_radix.destroy(state, &planted);
}

/* ---- What none of them changes ---- */

static enum pagetable_result create_radix(void *state, const struct environment *environment,
                                          const struct pagetable_config *config)
{
    return pagetable_radix.create(state, environment, config);
}

static enum pagetable_result query_radix(void *state, const struct environment *environment, uint64_t va,
                                         struct mapping *found)
{
    return pagetable_radix.query(state, environment, va, found);
}

static uint64_t root_of_radix(const void *state)
{
    return pagetable_radix.root(state);
}

const struct pagetable_class pagetable_radix_forgets_invalidation = {
    .abi_version = PAGETABLE_ABI_VERSION,
    .struct_bytes = sizeof(struct pagetable_class),
    .name = "radix-forgets-invalidation",
    .summary = "PLANTED BUG: radix that issues no TLB invalidation (for demonstrations)",
    .state_bytes = sizeof(struct radix),
    .releases_empty_tables = true,
    .create = create_radix,
    .destroy = destroy_uninvalidated,
    .map = map_uninvalidated,
    .unmap = unmap_uninvalidated,
    .protect = protect_uninvalidated,
    .query = query_radix,
    .root = root_of_radix,
    .enumerate = radix_enumerate,
    .invariants = radix_invariants,
    .default_format = "vmsa-4k-48",
    .accepts = radix_accepts,
    .blocks = radix_blocks,
};

const struct pagetable_class pagetable_radix_forgets_barrier = {
    .abi_version = PAGETABLE_ABI_VERSION,
    .struct_bytes = sizeof(struct pagetable_class),
    .name = "radix-forgets-barrier",
    .summary = "PLANTED BUG: radix that leaves out every DSB ISHST (for demonstrations)",
    .state_bytes = sizeof(struct radix),
    .releases_empty_tables = true,
    .create = create_radix,
    .destroy = destroy_undrained,
    .map = map_undrained,
    .unmap = unmap_undrained,
    .protect = protect_undrained,
    .query = query_radix,
    .root = root_of_radix,
    .enumerate = radix_enumerate,
    .invariants = radix_invariants,
    .default_format = "vmsa-4k-48",
    .accepts = radix_accepts,
    .blocks = radix_blocks,
};

const struct pagetable_class pagetable_radix_forgets_tables = {
    .abi_version = PAGETABLE_ABI_VERSION,
    .struct_bytes = sizeof(struct pagetable_class),
    .name = "radix-forgets-tables",
    .summary =
        "PLANTED BUG: radix that invalidates leaf entries only, and releases tables (for demonstrations)",
    .state_bytes = sizeof(struct radix),
    .releases_empty_tables = true,
    .create = create_radix,
    .destroy = destroy_leaf,
    .map = map_leaf,
    .unmap = unmap_leaf,
    .protect = protect_leaf,
    .query = query_radix,
    .root = root_of_radix,
    .enumerate = radix_enumerate,
    .invariants = radix_invariants,
    .default_format = "vmsa-4k-48",
    .accepts = radix_accepts,
    .blocks = radix_blocks,
};
