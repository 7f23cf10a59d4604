/*
 * Page tables that are wrong on purpose, one plug-in each: what the conformance kit has to find. BROKEN says
 * which, one of enum broken.
 *
 * Each is a right table of this folder. What is wrong is in the environment that it runs in, in its
 * arguments, or in its answers.
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include <mmusim/plugin.h>

#include "pagetables/conform/test/broken.h"
#include "pagetables/hashed.h"
#include "pagetables/radix.h"

#define QUEUE_MAX 700 /* on the stack of a simulated core */

struct queued_call {
    enum { QUEUED_BARRIER, QUEUED_INVALIDATION, QUEUED_STORE } kind;
    enum barrier_kind barrier;
    struct invalidation what;
    uint64_t pa, value;
};

/* One operation's environment: the real one behind it, and what the bug has to remember. */
struct bent {
    const struct environment *real;
    bool in_protect;
    bool in_failing_map;         /* a table could not be allocated */
    uint64_t released;           /* a table that is */
    uint64_t kept;               /* a table that never is */
    uint64_t fresh, fresh_bytes; /* a table that was allocated and nothing points to */
    struct queued_call queue[QUEUE_MAX];
    unsigned queued;
};

struct state {
    struct state *self;
    struct pagetable_config config;
    union {
        struct radix radix;
        max_align_t any[16]; /* of the hashed table */
    } table;
};

static const struct pagetable_class *right(void)
{
    if (BROKEN == BROKEN_LINK_FIRST)
        return &pagetable_hashed;
    return BROKEN == BROKEN_KEEPS ? &pagetable_radix_keeps_tables : &pagetable_radix;
}

/* ---- The environment ---- */

static int put_off(struct bent *bent, struct queued_call call)
{
    if (bent->queued == QUEUE_MAX)
        return ENVIRONMENT_NO_MEMORY;
    bent->queue[bent->queued++] = call;
    return ENVIRONMENT_OK;
}

static int carry_out(struct bent *bent)
{
    const struct environment *real = bent->real;
    int error = ENVIRONMENT_OK;
    for (unsigned i = 0; error == ENVIRONMENT_OK && i < bent->queued; i++) {
        const struct queued_call *call = &bent->queue[i];
        if (call->kind == QUEUED_BARRIER)
            error = real->operations->barrier(real->context, call->barrier);
        else if (call->kind == QUEUED_INVALIDATION)
            error = real->operations->invalidate(real->context, &call->what);
        else
            error = real->operations->write(real->context, call->pa, call->value);
    }
    bent->queued = 0;
    return error;
}

static int bent_read(void *context, uint64_t pa, uint64_t *value)
{
    const struct environment *real = ((struct bent *)context)->real;
    return real->operations->read(real->context, pa, value);
}

static int bent_write(void *context, uint64_t pa, uint64_t value)
{
    struct bent *bent = context;
    const struct environment *real = bent->real;
    if (BROKEN == BROKEN_NO_BREAK && bent->in_protect && value == 0)
        return ENVIRONMENT_OK;
    if (BROKEN == BROKEN_LINK_FIRST && pa - bent->fresh < bent->fresh_bytes)
        return put_off(bent, (struct queued_call){.kind = QUEUED_STORE, .pa = pa, .value = value});
    int error = real->operations->write(real->context, pa, value);
    bent->fresh_bytes = 0;
    return error == ENVIRONMENT_OK && BROKEN == BROKEN_LINK_FIRST ? carry_out(bent) : error;
}

static int bent_compare_exchange(void *context, uint64_t pa, uint64_t expected, uint64_t desired,
                                 uint64_t *observed)
{
    const struct environment *real = ((struct bent *)context)->real;
    return real->operations->compare_exchange(real->context, pa, expected, desired, observed);
}

static int bent_allocate_table(void *context, uint64_t size_bytes, uint64_t *pa)
{
    struct bent *bent = context;
    int error = bent->real->operations->allocate_table(bent->real->context, size_bytes, pa);
    bent->in_failing_map |= error == ENVIRONMENT_NO_MEMORY;
    if (error == ENVIRONMENT_OK) {
        bent->fresh = *pa;
        bent->fresh_bytes = size_bytes;
    }
    return error;
}

static int bent_release_table(void *context, uint64_t pa, uint64_t size_bytes)
{
    struct bent *bent = context;
    if (bent->kept == pa || (BROKEN == BROKEN_LEAK_ON_FAILURE && bent->in_failing_map))
        return ENVIRONMENT_OK;
    bent->released = pa;
    return bent->real->operations->release_table(bent->real->context, pa, size_bytes);
}

static int bent_barrier(void *context, enum barrier_kind kind)
{
    struct bent *bent = context;
    const struct environment *real = bent->real;
    if (BROKEN == BROKEN_EARLY_RELEASE)
        return put_off(bent, (struct queued_call){.kind = QUEUED_BARRIER, .barrier = kind});
    if (BROKEN == BROKEN_NO_WAIT && kind == BARRIER_DSB_ISH)
        kind = BARRIER_DSB_ISHST;
    int error = real->operations->barrier(real->context, kind);
    return BROKEN == BROKEN_STOP ? ENVIRONMENT_OK : error;
}

static int bent_invalidate(void *context, const struct invalidation *what)
{
    struct bent *bent = context;
    struct invalidation other = *what;
    if (BROKEN == BROKEN_EARLY_RELEASE)
        return put_off(bent, (struct queued_call){.kind = QUEUED_INVALIDATION, .what = *what});
    if (BROKEN == BROKEN_ASID)
        other.asid ^= 2;
    if (BROKEN == BROKEN_GLOBAL && what->scope == INVALIDATE_VA_ALL_ASIDS)
        other.scope = INVALIDATE_ASID;
    return bent->real->operations->invalidate(bent->real->context, &other);
}

static int bent_complete(void *context)
{
    const struct environment *real = ((struct bent *)context)->real;
    return real->operations->complete(real->context);
}

static int bent_lock(void *context, uint64_t pa)
{
    const struct environment *real = ((struct bent *)context)->real;
    return real->operations->lock(real->context, pa);
}

static int bent_unlock(void *context, uint64_t pa)
{
    struct bent *bent = context;
    const struct environment *real = bent->real;
    uint64_t word;
    int error = carry_out(bent);
    if (BROKEN == BROKEN_LATE_READ && bent->released)
        (void)real->operations->read(real->context, bent->released, &word);
    int unlocked = real->operations->unlock(real->context, pa);
    return error == ENVIRONMENT_OK ? unlocked : error;
}

static const struct environment_operations bent_operations = {
    .read = bent_read,
    .write = bent_write,
    .compare_exchange = bent_compare_exchange,
    .allocate_table = bent_allocate_table,
    .release_table = bent_release_table,
    .barrier = bent_barrier,
    .invalidate = bent_invalidate,
    .complete = bent_complete,
    .lock = bent_lock,
    .unlock = bent_unlock,
};

/* ---- Operations ---- */

static struct environment bend(struct bent *bent, const struct environment *real)
{
    bent->real = real;
    bent->in_protect = bent->in_failing_map = false;
    bent->released = bent->kept = bent->fresh = bent->fresh_bytes = 0;
    bent->queued = 0;
    return (struct environment){.operations = &bent_operations, .context = bent};
}

static void *table_of(void *state)
{
    struct state *own = state;
    return BROKEN == BROKEN_SELF_POINTER ? &own->self->table : &own->table;
}

static const void *const_table_of(const void *state)
{
    return &((const struct state *)state)->table;
}

static enum pagetable_result create(void *state, const struct environment *environment,
                                    const struct pagetable_config *config)
{
    struct state *own = state;
    own->self = BROKEN == BROKEN_SELF_POINTER ? own : NULL;
    assert(right()->state_bytes <= sizeof own->table);
    own->config = *config;
    if (BROKEN == BROKEN_LINK_FIRST)
        own->config.format = &hashed_48;
    return right()->create(table_of(state), environment, &own->config);
}

static enum pagetable_result destroy(void *state, const struct environment *environment)
{
    struct bent bent;
    struct environment crooked = bend(&bent, environment);
    if (BROKEN != BROKEN_LEAK)
        return right()->destroy(table_of(state), environment);
    bent.kept = ((const struct state *)state)->table.radix.lock;
    return right()->destroy(table_of(state), &crooked);
}

static enum pagetable_result map(void *state, const struct environment *environment, uint64_t va,
                                 const struct frame *frame)
{
    struct bent bent;
    struct environment crooked = bend(&bent, environment);
    struct frame other = *frame;
    if (BROKEN == BROKEN_EXECUTABLE)
        other.attributes &= ~(uint32_t)FRAME_EXECUTABLE;
    if (BROKEN == BROKEN_ATTRIBUTES)
        other.attributes |= FRAME_READABLE;
    enum pagetable_result result = right()->map(table_of(state), &crooked, va, &other);
    if (BROKEN == BROKEN_OVERLAP_CODE && result == PAGETABLE_OVERLAP)
        return PAGETABLE_NOT_MAPPED;
    if (BROKEN == BROKEN_OVERLAP_UNMAPS && result == PAGETABLE_OVERLAP)
        (void)right()->unmap(table_of(state), environment, va);
    return result;
}

static enum pagetable_result unmap(void *state, const struct environment *environment, uint64_t va)
{
    struct bent bent;
    struct environment crooked = bend(&bent, environment);
    enum pagetable_result result = right()->unmap(table_of(state), &crooked, va);
    return BROKEN == BROKEN_UNMAP_ANSWER && result == PAGETABLE_NOT_MAPPED ? PAGETABLE_OK : result;
}

static enum pagetable_result protect(void *state, const struct environment *environment, uint64_t va,
                                     uint32_t attributes)
{
    struct bent bent;
    struct environment crooked = bend(&bent, environment);
    bent.in_protect = true;
    if (BROKEN == BROKEN_EXECUTABLE)
        attributes &= ~(uint32_t)FRAME_EXECUTABLE;
    return right()->protect(table_of(state), &crooked, va, attributes);
}

static enum pagetable_result query(void *state, const struct environment *environment, uint64_t va,
                                   struct mapping *found)
{
    enum pagetable_result result = right()->query(table_of(state), environment, va, found);
    if (BROKEN == BROKEN_LARGE_QUERY && result == PAGETABLE_OK && found->frame.size_lg2 > 20)
        found->va = va & ~UINT64_C(0xfff);
    return result;
}

static uint64_t root(const void *state)
{
    return right()->root(const_table_of(state));
}

static enum pagetable_result enumerate(const void *state, const struct memory_reader *memory,
                                       pagetable_visitor visit, void *context)
{
    return right()->enumerate(const_table_of(state), memory, visit, context);
}

static enum pagetable_result invariants(const void *state, const struct memory_reader *memory, char *reason,
                                        size_t reason_bytes)
{
    if (BROKEN == BROKEN_INVARIANTS)
        return PAGETABLE_OK;
    return right()->invariants(const_table_of(state), memory, reason, reason_bytes);
}

struct block_visit {
    pagetable_block_visitor visit;
    void *context;
    uint64_t seen;
};

static bool leave_out_first(void *context, uint64_t pa, uint64_t size_bytes)
{
    struct block_visit *visit = context;
    return visit->seen++ == 0 || visit->visit(visit->context, pa, size_bytes);
}

static enum pagetable_result blocks(const void *state, const struct memory_reader *memory,
                                    pagetable_block_visitor visit, void *context)
{
    struct block_visit fewer = {visit, context, 0};
    if (BROKEN == BROKEN_BLOCKS)
        return right()->blocks(const_table_of(state), memory, leave_out_first, &fewer);
    return right()->blocks(const_table_of(state), memory, visit, context);
}

static bool accepts(const struct walk_format *format, const struct entry_format *entries)
{
    /* the formats of the program are not those that are linked in here */
    return BROKEN == BROKEN_LINK_FIRST ? strcmp(format->name, "hashed-48") == 0
                                       : right()->accepts(format, entries);
}

/* ---- The plug-in ---- */

static struct pagetable_class class = {
    .abi_version = PAGETABLE_ABI_VERSION,
    .struct_bytes = sizeof(struct pagetable_class),
    .name = BROKEN_NAME,
    .summary = "PLANTED BUG: for tests of the conformance kit",
    .state_bytes = sizeof(struct state),
    .releases_empty_tables = true,
    .create = create,
    .destroy = destroy,
    .map = map,
    .unmap = unmap,
    .protect = protect,
    .query = query,
    .root = root,
    .enumerate = enumerate,
    .invariants = invariants,
    .default_format = "vmsa-4k-48",
    .accepts = accepts,
    .blocks = blocks,
};

static const struct mmusim_plugin plugin = {
    .version = MMUSIM_PLUGIN_VERSION, .struct_bytes = sizeof(struct mmusim_plugin), .table = &class};

const struct mmusim_plugin *mmusim_plugin(const char **why)
{
    if (BROKEN == BROKEN_LINK_FIRST) {
        class.default_format = right()->default_format;
        class.releases_empty_tables = right()->releases_empty_tables;
    }
    return &plugin;
}
