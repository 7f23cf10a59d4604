#include "sim/explore/operation_run.h"

#include <assert.h>
#include <string.h>

/* ---- Comparing ---- */

static bool same_invalidation(const struct invalidation *one, const struct invalidation *other)
{
    return one->va == other->va && one->size_bytes == other->size_bytes && one->asid == other->asid &&
           one->vmid == other->vmid && one->scope == other->scope && one->broadcast == other->broadcast &&
           one->last_level_only == other->last_level_only;
}

static bool same_mapping(const struct mapping *one, const struct mapping *other)
{
    return one->va == other->va && one->frame.base == other->frame.base &&
           one->frame.attributes == other->frame.attributes && one->frame.size_lg2 == other->frame.size_lg2;
}

bool operation_requests_equal(const struct operation_request *one, const struct operation_request *other)
{
    return one->kind == other->kind && one->barrier == other->barrier && one->result == other->result &&
           one->pa == other->pa && one->value == other->value && one->expected == other->expected &&
           one->size_bytes == other->size_bytes &&
           same_invalidation(&one->invalidation, &other->invalidation) &&
           same_mapping(&one->found, &other->found);
}

/* ---- The environment ---- */

static _Noreturn void stop(struct operation_run *run, const struct operation_request *reached)
{
    run->different = run->taken < run->step_count;
    run->reached = *reached;
    longjmp(run->escape, 1);
}

static struct operation_answer ask(struct operation_run *run, const struct operation_request *request)
{
    if (run->taken == run->step_count)
        stop(run, request);
    const struct operation_step *step = &run->steps[run->taken];
    if (!operation_requests_equal(step->asked, request) ||
        memcmp(run->checked.state, step->asked_block, run->state_bytes) != 0)
        stop(run, request);
    memcpy(run->checked.state, step->answered_block, run->state_bytes);
    run->taken++;
    return step->answer;
}

static int ask_for_value(struct operation_run *run, const struct operation_request *request, uint64_t *value)
{
    const struct operation_answer answer = ask(run, request);
    if (answer.error == ENVIRONMENT_OK)
        *value = answer.value;
    return answer.error;
}

static int run_read(void *context, uint64_t pa, uint64_t *value)
{
    const struct operation_request request = {.kind = REQUEST_READ, .pa = pa};
    return ask_for_value(context, &request, value);
}

static int run_write(void *context, uint64_t pa, uint64_t value)
{
    const struct operation_request request = {.kind = REQUEST_WRITE, .pa = pa, .value = value};
    return ask(context, &request).error;
}

static int run_compare_exchange(void *context, uint64_t pa, uint64_t expected, uint64_t desired,
                                uint64_t *observed)
{
    const struct operation_request request = {
        .kind = REQUEST_COMPARE_EXCHANGE, .pa = pa, .value = desired, .expected = expected};
    return ask_for_value(context, &request, observed);
}

static int run_allocate_table(void *context, uint64_t size_bytes, uint64_t *pa)
{
    const struct operation_request request = {.kind = REQUEST_ALLOCATE, .size_bytes = size_bytes};
    return ask_for_value(context, &request, pa);
}

static int run_release_table(void *context, uint64_t pa, uint64_t size_bytes)
{
    const struct operation_request request = {.kind = REQUEST_RELEASE, .pa = pa, .size_bytes = size_bytes};
    return ask(context, &request).error;
}

static int run_barrier(void *context, enum barrier_kind kind)
{
    const struct operation_request request = {.kind = REQUEST_BARRIER, .barrier = kind};
    return ask(context, &request).error;
}

/* What a scope ignores may be anything, also something else each time. */
static struct invalidation meant(const struct invalidation *what)
{
    const enum invalidation_scope scope = what->scope;
    struct invalidation invalidation = *what;
    if (scope == INVALIDATE_ASID || scope == INVALIDATE_ALL || scope == INVALIDATE_VMID)
        invalidation.va = 0;
    if (scope != INVALIDATE_VA && scope != INVALIDATE_ASID)
        invalidation.asid = 0;
    return invalidation;
}

static int run_invalidate(void *context, const struct invalidation *what)
{
    const struct operation_request request = {.kind = REQUEST_INVALIDATE, .invalidation = meant(what)};
    return ask(context, &request).error;
}

static int run_complete(void *context)
{
    const struct operation_request request = {.kind = REQUEST_COMPLETE};
    return ask(context, &request).error;
}

static int run_lock(void *context, uint64_t pa)
{
    const struct operation_request request = {.kind = REQUEST_LOCK, .pa = pa};
    return ask(context, &request).error;
}

static int run_unlock(void *context, uint64_t pa)
{
    const struct operation_request request = {.kind = REQUEST_UNLOCK, .pa = pa};
    return ask(context, &request).error;
}

static const struct environment_operations run_operations = {
    .read = run_read,
    .write = run_write,
    .compare_exchange = run_compare_exchange,
    .allocate_table = run_allocate_table,
    .release_table = run_release_table,
    .barrier = run_barrier,
    .invalidate = run_invalidate,
    .complete = run_complete,
    .lock = run_lock,
    .unlock = run_unlock,
};

/* ---- Performing ---- */

static enum pagetable_result call(struct operation_run *run, struct mapping *found)
{
    const struct environment environment = {.operations = &run_operations, .context = run};
    const struct pagetable_checked *checked = &run->checked;
    const struct operation_call *wanted = run->call;
    switch (wanted->kind) {
    case CALL_MAP:
        return pagetable_checked_map(checked, &environment, wanted->va, &wanted->frame);
    case CALL_UNMAP:
        return pagetable_checked_unmap(checked, &environment, wanted->va);
    case CALL_PROTECT:
        return pagetable_checked_protect(checked, &environment, wanted->va, wanted->attributes);
    case CALL_QUERY:
        return pagetable_checked_query(checked, &environment, wanted->va, found);
    case CALL_CREATE:
        return checked->table->create(checked->state, &environment, run->pagetable);
    case CALL_DESTROY:
        return checked->table->destroy(checked->state, &environment);
    case CALL_KINDS:
        break;
    }
    assert(!"a kind of call");
    return PAGETABLE_ENVIRONMENT;
}

/* Left by return or by longjmp; nothing of its frame is used then. */
static void perform(struct operation_run *run)
{
    struct operation_request returned = {.kind = REQUEST_RETURN};
    struct mapping found = {.va = 0};
    returned.result = call(run, &found);
    if (run->call->kind == CALL_QUERY && returned.result == PAGETABLE_OK)
        returned.found = found;
    run->different = run->taken < run->step_count;
    run->reached = returned;
}

void operation_run(struct operation_run *run)
{
    memcpy(run->checked.state, run->begin_block, run->state_bytes);
    run->taken = 0;
    if (setjmp(run->escape) == 0)
        perform(run);
}
