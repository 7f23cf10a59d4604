#include "pagetables/planted.h"

#include "pagetables/passing.h"
#include "pagetables/radix.h"

/* ---- The planted bugs, each in an environment in front of the real one, which is its context ---- */

static int forget_invalidation(void *context, const struct invalidation *what)
{
    (void)context;
    (void)what;
    return ENVIRONMENT_OK;
}

static int forget_store_barrier(void *context, enum barrier_kind kind)
{
    return kind == BARRIER_DSB_ISHST ? ENVIRONMENT_OK : passing_barrier(context, kind);
}

static int invalidate_last_level_only(void *context, const struct invalidation *what)
{
    struct invalidation leaf = *what;
    leaf.last_level_only = true;
    return passing_invalidate(context, &leaf);
}

/* protect makes an entry invalid, if at all, with a word of 0. */
static int forget_break(void *context, uint64_t pa, uint64_t value)
{
    return value == 0 ? ENVIRONMENT_OK : passing_write(context, pa, value);
}

static const struct environment_operations without_invalidation = {
    .read = passing_read,
    .write = passing_write,
    .compare_exchange = passing_compare_exchange,
    .allocate_table = passing_allocate_table,
    .release_table = passing_release_table,
    .barrier = passing_barrier,
    .invalidate = forget_invalidation,
    .complete = passing_complete,
    .lock = passing_lock,
    .unlock = passing_unlock,
};

static const struct environment_operations without_store_barrier = {
    .read = passing_read,
    .write = passing_write,
    .compare_exchange = passing_compare_exchange,
    .allocate_table = passing_allocate_table,
    .release_table = passing_release_table,
    .barrier = forget_store_barrier,
    .invalidate = passing_invalidate,
    .complete = passing_complete,
    .lock = passing_lock,
    .unlock = passing_unlock,
};

static const struct environment_operations of_last_level = {
    .read = passing_read,
    .write = passing_write,
    .compare_exchange = passing_compare_exchange,
    .allocate_table = passing_allocate_table,
    .release_table = passing_release_table,
    .barrier = passing_barrier,
    .invalidate = invalidate_last_level_only,
    .complete = passing_complete,
    .lock = passing_lock,
    .unlock = passing_unlock,
};

static const struct environment_operations without_break = {
    .read = passing_read,
    .write = forget_break,
    .compare_exchange = passing_compare_exchange,
    .allocate_table = passing_allocate_table,
    .release_table = passing_release_table,
    .barrier = passing_barrier,
    .invalidate = passing_invalidate,
    .complete = passing_complete,
    .lock = passing_lock,
    .unlock = passing_unlock,
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

/* ---- radix-forgets-break ---- */

static enum pagetable_result protect_unbroken(void *state, const struct environment *environment, uint64_t va,
                                              uint32_t attributes)
{
    struct environment planted = in_front_of(environment, &without_break);
    return pagetable_radix.protect(state, &planted, va, attributes);
}

static enum pagetable_result map_radix(void *state, const struct environment *environment, uint64_t va,
                                       const struct frame *frame)
{
    return pagetable_radix.map(state, environment, va, frame);
}

static enum pagetable_result unmap_radix(void *state, const struct environment *environment, uint64_t va)
{
    return pagetable_radix.unmap(state, environment, va);
}

static enum pagetable_result destroy_radix(void *state, const struct environment *environment)
{
    return pagetable_radix.destroy(state, environment);
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

const struct pagetable_class pagetable_radix_forgets_break = {
    .abi_version = PAGETABLE_ABI_VERSION,
    .struct_bytes = sizeof(struct pagetable_class),
    .name = "radix-forgets-break",
    .summary = "PLANTED BUG: radix whose protect changes live entries in place (for demonstrations)",
    .state_bytes = sizeof(struct radix),
    .releases_empty_tables = true,
    .create = create_radix,
    .destroy = destroy_radix,
    .map = map_radix,
    .unmap = unmap_radix,
    .protect = protect_unbroken,
    .query = query_radix,
    .root = root_of_radix,
    .enumerate = radix_enumerate,
    .invariants = radix_invariants,
    .default_format = "vmsa-4k-48",
    .accepts = radix_accepts,
    .blocks = radix_blocks,
};
