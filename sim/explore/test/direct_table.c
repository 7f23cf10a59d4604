#include "sim/explore/test/direct_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pagetables/checked.h"
#include "sim/explore/test/model_memory.h"

/* ---- The environment in front of flat memory ---- */

static int note(struct direct_table *direct, const struct operation_request *request, int error,
                const uint64_t *value)
{
    if (direct->call_count == direct->call_room) {
        direct->call_room = 2 * direct->call_room + 64;
        direct->calls = realloc(direct->calls, direct->call_room * sizeof *direct->calls);
        assert_non_null(direct->calls);
    }
    direct->calls[direct->call_count++] = (struct direct_call){
        .request = *request,
        .answer = {.error = error, .value = value && error == ENVIRONMENT_OK ? *value : 0}};
    return error;
}

static bool is_stopped(struct direct_table *direct)
{
    if (direct->fail_call > 1)
        direct->fail_call--;
    else if (direct->fail_call == 1)
        return true;
    return false;
}

static int direct_read(void *context, uint64_t pa, uint64_t *value)
{
    struct direct_table *direct = context;
    const struct operation_request request = {.kind = REQUEST_READ, .pa = pa};
    int error = is_stopped(direct) ? ENVIRONMENT_STOPPED
                                   : direct->behind.operations->read(direct->behind.context, pa, value);
    return note(direct, &request, error, value);
}

static int direct_write(void *context, uint64_t pa, uint64_t value)
{
    struct direct_table *direct = context;
    const struct operation_request request = {.kind = REQUEST_WRITE, .pa = pa, .value = value};
    int error = is_stopped(direct) ? ENVIRONMENT_STOPPED
                                   : direct->behind.operations->write(direct->behind.context, pa, value);
    return note(direct, &request, error, NULL);
}

static int direct_compare_exchange(void *context, uint64_t pa, uint64_t expected, uint64_t desired,
                                   uint64_t *observed)
{
    struct direct_table *direct = context;
    const struct operation_request request = {
        .kind = REQUEST_COMPARE_EXCHANGE, .pa = pa, .value = desired, .expected = expected};
    int error = is_stopped(direct) ? ENVIRONMENT_STOPPED
                                   : direct->behind.operations->compare_exchange(direct->behind.context, pa,
                                                                                 expected, desired, observed);
    return note(direct, &request, error, observed);
}

static int direct_allocate(void *context, uint64_t size_bytes, uint64_t *pa)
{
    struct direct_table *direct = context;
    const struct operation_request request = {.kind = REQUEST_ALLOCATE, .size_bytes = size_bytes};
    int error = ENVIRONMENT_STOPPED;
    if (!is_stopped(direct)) {
        bool fails = direct->fail_allocation && --direct->fail_allocation == 0;
        error = fails ? ENVIRONMENT_NO_MEMORY
                      : direct->behind.operations->allocate_table(direct->behind.context, size_bytes, pa);
    }
    return note(direct, &request, error, pa);
}

static int direct_release(void *context, uint64_t pa, uint64_t size_bytes)
{
    struct direct_table *direct = context;
    const struct operation_request request = {.kind = REQUEST_RELEASE, .pa = pa, .size_bytes = size_bytes};
    int error = is_stopped(direct)
                    ? ENVIRONMENT_STOPPED
                    : direct->behind.operations->release_table(direct->behind.context, pa, size_bytes);
    return note(direct, &request, error, NULL);
}

static int direct_barrier(void *context, enum barrier_kind kind)
{
    struct direct_table *direct = context;
    const struct operation_request request = {.kind = REQUEST_BARRIER, .barrier = kind};
    return note(direct, &request, is_stopped(direct) ? ENVIRONMENT_STOPPED : ENVIRONMENT_OK, NULL);
}

/* What scopes ignore is not compared: operation_tree.h. */
static int direct_invalidate(void *context, const struct invalidation *what)
{
    static const bool has_va[INVALIDATION_SCOPES] = {
        [INVALIDATE_VA] = true, [INVALIDATE_VA_ALL_ASIDS] = true, [INVALIDATE_IPA] = true};
    static const bool has_asid[INVALIDATION_SCOPES] = {[INVALIDATE_VA] = true, [INVALIDATE_ASID] = true};
    struct direct_table *direct = context;
    struct operation_request request = {.kind = REQUEST_INVALIDATE, .invalidation = *what};
    request.invalidation.va = has_va[what->scope] ? what->va : 0;
    request.invalidation.asid = has_asid[what->scope] ? what->asid : 0;
    return note(direct, &request, is_stopped(direct) ? ENVIRONMENT_STOPPED : ENVIRONMENT_OK, NULL);
}

static int direct_complete(void *context)
{
    struct direct_table *direct = context;
    const struct operation_request request = {.kind = REQUEST_COMPLETE};
    return note(direct, &request, is_stopped(direct) ? ENVIRONMENT_STOPPED : ENVIRONMENT_OK, NULL);
}

static int direct_lock(void *context, uint64_t pa)
{
    struct direct_table *direct = context;
    const struct operation_request request = {.kind = REQUEST_LOCK, .pa = pa};
    int error = is_stopped(direct) ? ENVIRONMENT_STOPPED
                                   : direct->behind.operations->lock(direct->behind.context, pa);
    return note(direct, &request, error, NULL);
}

static int direct_unlock(void *context, uint64_t pa)
{
    struct direct_table *direct = context;
    const struct operation_request request = {.kind = REQUEST_UNLOCK, .pa = pa};
    return note(direct, &request, direct->behind.operations->unlock(direct->behind.context, pa), NULL);
}

static const struct environment_operations direct_operations = {
    .read = direct_read,
    .write = direct_write,
    .compare_exchange = direct_compare_exchange,
    .allocate_table = direct_allocate,
    .release_table = direct_release,
    .barrier = direct_barrier,
    .invalidate = direct_invalidate,
    .complete = direct_complete,
    .lock = direct_lock,
    .unlock = direct_unlock,
};

/* ---- The table ---- */

void direct_open(struct direct_table *direct, const struct pagetable_class *table,
                 const struct pagetable_config *config)
{
    const struct flat_memory_config memory = {.physical_bytes = MODEL_PHYSICAL,
                                              .tables_base = MODEL_TABLES_BASE,
                                              .tables_bytes = MODEL_PAGES * MODEL_PAGE_BYTES};
    *direct = (struct direct_table){.table = table, .config = config};
    direct->memory = flat_memory_create(&memory);
    direct->mappings = abstract_map_create();
    direct->state = calloc(1, table->state_bytes);
    assert_non_null(direct->memory);
    assert_non_null(direct->mappings);
    assert_non_null(direct->state);
    direct->behind = flat_memory_environment(direct->memory);
}

void direct_close(struct direct_table *direct)
{
    flat_memory_destroy(direct->memory);
    abstract_map_destroy(direct->mappings);
    free(direct->state);
    free(direct->calls);
}

static enum pagetable_result perform(struct direct_table *direct, const struct operation_call *call,
                                     struct mapping *found)
{
    const struct environment environment = {.operations = &direct_operations, .context = direct};
    const struct pagetable_checked checked = {.table = direct->table,
                                              .state = direct->state,
                                              .format = direct->config->format,
                                              .physical_bytes = UINT64_C(1) << 48,
                                              .aliasing_allowed = direct->aliasing,
                                              .mappings = direct->mappings};
    switch (call->kind) {
    case CALL_MAP:
        return pagetable_checked_map(&checked, &environment, call->va, &call->frame);
    case CALL_UNMAP:
        return pagetable_checked_unmap(&checked, &environment, call->va);
    case CALL_PROTECT:
        return pagetable_checked_protect(&checked, &environment, call->va, call->attributes);
    case CALL_QUERY:
        return pagetable_checked_query(&checked, &environment, call->va, found);
    case CALL_CREATE:
        return direct->table->create(direct->state, &environment, direct->config);
    default:
        return direct->table->destroy(direct->state, &environment);
    }
}

enum pagetable_result direct_perform(struct direct_table *direct, const struct operation_call *call,
                                     struct mapping *found)
{
    direct->call_count = 0;
    enum pagetable_result result = perform(direct, call, found);
    const struct mapping mapping = {call->va, call->frame};
    if (result == PAGETABLE_OK && call->kind == CALL_MAP)
        (void)abstract_map_insert(direct->mappings, &mapping);
    if (result == PAGETABLE_OK && call->kind == CALL_UNMAP)
        (void)abstract_map_remove(direct->mappings, call->va, NULL);
    return result;
}
