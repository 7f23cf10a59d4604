#include "pagetables/conform/subject.h"

#include <stdlib.h>
#include <string.h>

#include "pagetables/checked.h"
#include "pagetables/interpret.h"

#define MIB UINT64_C(0x100000)

#define TABLES_BASE      (1 * MIB)
#define TABLES_BASE_HIGH (UINT64_C(511) << 30)
#define TABLES_BYTES     (8 * MIB)

#define CANARY_BYTES 64u
#define CANARY       0xa5

/* ---- The environment in front of flat memory ---- */

enum call { CALL_ACCESS, CALL_RELEASE, CALL_UNLOCK };

/* What every call begins with: false if the operation is stopped because it does not end. */
static bool begins(struct conform_subject *subject, enum call call)
{
    struct conform_conduct *conduct = &subject->conduct;
    conduct->after_stop += conduct->stopped && call == CALL_ACCESS;
    conduct->endless |= ++conduct->calls > CONFORM_CALLS_MAX;
    return !conduct->endless || call == CALL_UNLOCK;
}

/* What every call ends with. `how` is NULL if it names no memory. */
static int ends(struct conform_subject *subject, int error, const char *how, uint64_t pa)
{
    struct conform_conduct *conduct = &subject->conduct;
    conduct->stopped |= error == ENVIRONMENT_STOPPED;
    if (error == ENVIRONMENT_BAD_ADDRESS && how && !conduct->strayed) {
        conduct->strayed = true;
        conduct->stray_how = how;
        conduct->stray_pa = pa;
    }
    return error;
}

static void tell(struct conform_subject *subject, bool atomic)
{
    size_t count = flat_memory_log_count(subject->memory);
    if (subject->listener.told && count > 0) {
        const struct flat_event event = flat_memory_log(subject->memory)[count - 1];
        subject->listener.told(subject->listener.context, &event, atomic);
    }
}

static int told(struct conform_subject *subject, int error, bool atomic)
{
    if (error == ENVIRONMENT_OK)
        tell(subject, atomic);
    return error;
}

static int tap_read(void *context, uint64_t pa, uint64_t *value)
{
    struct conform_subject *subject = context;
    if (!begins(subject, CALL_ACCESS))
        return ENVIRONMENT_STOPPED;
    return ends(subject, subject->behind.operations->read(subject->behind.context, pa, value), "reads", pa);
}

static int tap_write(void *context, uint64_t pa, uint64_t value)
{
    struct conform_subject *subject = context;
    if (!begins(subject, CALL_ACCESS))
        return ENVIRONMENT_STOPPED;
    int error = subject->behind.operations->write(subject->behind.context, pa, value);
    return told(subject, ends(subject, error, "writes", pa), false);
}

static int tap_compare_exchange(void *context, uint64_t pa, uint64_t expected, uint64_t desired,
                                uint64_t *observed)
{
    struct conform_subject *subject = context;
    if (!begins(subject, CALL_ACCESS))
        return ENVIRONMENT_STOPPED;
    int error = subject->behind.operations->compare_exchange(subject->behind.context, pa, expected, desired,
                                                             observed);
    error = ends(subject, error, "writes", pa);
    return *observed == expected ? told(subject, error, true) : error;
}

static int tap_allocate_table(void *context, uint64_t size_bytes, uint64_t *pa)
{
    struct conform_subject *subject = context;
    if (!begins(subject, CALL_ACCESS))
        return ENVIRONMENT_STOPPED;
    subject->conduct.allocations++;
    subject->asked_bytes = size_bytes;
    int error = subject->behind.operations->allocate_table(subject->behind.context, size_bytes, pa);
    return told(subject, ends(subject, error, NULL, 0), false);
}

static int tap_release_table(void *context, uint64_t pa, uint64_t size_bytes)
{
    struct conform_subject *subject = context;
    if (!begins(subject, CALL_RELEASE))
        return ENVIRONMENT_STOPPED;
    int error = subject->behind.operations->release_table(subject->behind.context, pa, size_bytes);
    return told(subject, ends(subject, error, "releases", pa), false);
}

static int tap_barrier(void *context, enum barrier_kind kind)
{
    struct conform_subject *subject = context;
    if (!begins(subject, CALL_ACCESS))
        return ENVIRONMENT_STOPPED;
    int error = subject->behind.operations->barrier(subject->behind.context, kind);
    return told(subject, ends(subject, error, NULL, 0), false);
}

static int tap_invalidate(void *context, const struct invalidation *what)
{
    struct conform_subject *subject = context;
    if (!begins(subject, CALL_ACCESS))
        return ENVIRONMENT_STOPPED;
    int error = subject->behind.operations->invalidate(subject->behind.context, what);
    return told(subject, ends(subject, error, NULL, 0), false);
}

static int tap_complete(void *context)
{
    struct conform_subject *subject = context;
    if (!begins(subject, CALL_ACCESS))
        return ENVIRONMENT_STOPPED;
    int error = subject->behind.operations->complete(subject->behind.context);
    return told(subject, ends(subject, error, NULL, 0), false);
}

static int tap_lock(void *context, uint64_t pa)
{
    struct conform_subject *subject = context;
    if (!begins(subject, CALL_ACCESS))
        return ENVIRONMENT_STOPPED;
    int error = subject->behind.operations->lock(subject->behind.context, pa);
    return told(subject, ends(subject, error, "takes the lock", pa), true);
}

static int tap_unlock(void *context, uint64_t pa)
{
    struct conform_subject *subject = context;
    if (!begins(subject, CALL_UNLOCK))
        return ENVIRONMENT_STOPPED;
    int error = subject->behind.operations->unlock(subject->behind.context, pa);
    return told(subject, ends(subject, error, "frees the lock", pa), false);
}

static const struct environment_operations tap_operations = {
    .read = tap_read,
    .write = tap_write,
    .compare_exchange = tap_compare_exchange,
    .allocate_table = tap_allocate_table,
    .release_table = tap_release_table,
    .barrier = tap_barrier,
    .invalidate = tap_invalidate,
    .complete = tap_complete,
    .lock = tap_lock,
    .unlock = tap_unlock,
};

/* ---- Making and unmaking ---- */

static void begin_operation(struct conform_subject *subject)
{
    subject->conduct = (struct conform_conduct){.calls = 0};
    flat_memory_log_clear(subject->memory);
}

/* Nobody promises a table that its state begins with zeroes. */
static bool make_block(struct conform_subject *subject)
{
    size_t state_bytes = subject->table->state_bytes;
    subject->block = malloc(state_bytes + 2 * CANARY_BYTES);
    if (!subject->block)
        return false;
    memset(subject->block, CANARY, state_bytes + 2 * CANARY_BYTES);
    subject->state = subject->block + CANARY_BYTES;
    return true;
}

/* Nothing but the tables is there: physical memory ends with their region, so that all else is a bad address.
 */
bool conform_subject_prepare(struct conform_subject *subject, const struct conform_options *options,
                             const struct conform_setting *setting, uint64_t tables_bytes)
{
    uint64_t tables_base = setting->high_tables ? TABLES_BASE_HIGH : TABLES_BASE;
    const struct flat_memory_config memory = {.physical_bytes = tables_base + tables_bytes,
                                              .tables_base = tables_base,
                                              .tables_bytes = tables_bytes};
    *subject = (struct conform_subject){.table = options->table,
                                        .setting = *setting,
                                        .created = PAGETABLE_NO_MEMORY,
                                        .config = {.format = options->format,
                                                   .entries = options->entries,
                                                   .asid = options->format->stage2 ? 0 : setting->asid,
                                                   .vmid = setting->vmid,
                                                   .every_asid = setting->every_asid}};
    subject->memory = flat_memory_create(&memory);
    subject->expected = abstract_map_create();
    if (!subject->memory || !subject->expected || !make_block(subject)) {
        conform_subject_close(subject);
        return false;
    }
    subject->behind = flat_memory_environment(subject->memory);
    subject->reader = flat_memory_reader(subject->memory);
    return true;
}

static void make_regime(struct conform_subject *subject)
{
    const struct translation_regime regime = {.format = subject->config.format,
                                              .root = subject->table->root(subject->state),
                                              .physical_size_lg2 = CONFORM_PHYSICAL_LG2,
                                              .controls = subject->config.format->controls};
    subject->regime = interpret_regime(&regime);
}

enum pagetable_result conform_subject_create(struct conform_subject *subject)
{
    const struct environment environment = {.operations = &tap_operations, .context = subject};
    begin_operation(subject);
    subject->created = subject->table->create(subject->state, &environment, &subject->config);
    if (subject->created == PAGETABLE_OK)
        make_regime(subject);
    return subject->created;
}

bool conform_subject_open(struct conform_subject *subject, const struct conform_options *options,
                          const struct conform_setting *setting)
{
    if (!conform_subject_prepare(subject, options, setting, TABLES_BYTES))
        return false;
    (void)conform_subject_create(subject);
    return true;
}

enum pagetable_result conform_subject_destroy(struct conform_subject *subject)
{
    const struct environment environment = {.operations = &tap_operations, .context = subject};
    begin_operation(subject);
    return subject->table->destroy(subject->state, &environment);
}

void conform_subject_close(struct conform_subject *subject)
{
    flat_memory_destroy(subject->memory);
    abstract_map_destroy(subject->expected);
    free(subject->block);
    *subject = (struct conform_subject){.created = PAGETABLE_NO_MEMORY};
}

static bool copy_map(struct abstract_map *into, const struct abstract_map *from)
{
    struct mapping mapping;
    for (uint64_t va = 0; abstract_map_next(from, va, &mapping); va = mapping.va + 1)
        if (abstract_map_insert(into, &mapping) != PAGETABLE_OK)
            return false;
    return true;
}

bool conform_subject_copy(struct conform_subject *copy, const struct conform_subject *subject)
{
    *copy = *subject;
    copy->listener = (struct conform_listener){.told = NULL};
    copy->block = NULL;
    copy->memory = flat_memory_copy(subject->memory);
    copy->expected = abstract_map_create();
    if (!copy->memory || !copy->expected || !make_block(copy) ||
        !copy_map(copy->expected, subject->expected)) {
        conform_subject_close(copy);
        return false;
    }
    memcpy(copy->state, subject->state, subject->table->state_bytes);
    copy->behind = flat_memory_environment(copy->memory);
    copy->reader = flat_memory_reader(copy->memory);
    return true;
}

bool conform_canary_intact(const struct conform_subject *subject)
{
    const unsigned char *after = subject->block + CANARY_BYTES + subject->table->state_bytes;
    for (unsigned i = 0; i < CANARY_BYTES; i++)
        if (subject->block[i] != CANARY || after[i] != CANARY)
            return false;
    return true;
}

/* ---- Operations ---- */

enum pagetable_result conform_perform(struct conform_subject *subject, const struct conform_step *step,
                                      struct mapping *found)
{
    /* Valid during the call only, so it lies where the next call finds another one. */
    const struct environment environment = {.operations = &tap_operations, .context = subject};
    const struct pagetable_checked checked = {.table = subject->table,
                                              .state = subject->state,
                                              .format = subject->config.format,
                                              .physical_bytes = UINT64_C(1) << CONFORM_PHYSICAL_LG2,
                                              .aliasing_allowed = subject->setting.aliasing,
                                              .mappings = subject->expected};
    const struct frame frame = {
        .base = step->base, .attributes = step->attributes, .size_lg2 = step->size_lg2};
    struct mapping unused;
    begin_operation(subject);
    switch (step->kind) {
    case CONFORM_MAP:
        return pagetable_checked_map(&checked, &environment, step->va, &frame);
    case CONFORM_UNMAP:
        return pagetable_checked_unmap(&checked, &environment, step->va);
    case CONFORM_PROTECT:
        return pagetable_checked_protect(&checked, &environment, step->va, step->attributes);
    default:
        return pagetable_checked_query(&checked, &environment, step->va, found ? found : &unused);
    }
}

static enum pagetable_result follow(struct conform_subject *subject, const struct conform_step *step)
{
    const struct mapping mapping = {
        .va = step->va,
        .frame = {.base = step->base, .attributes = step->attributes, .size_lg2 = step->size_lg2}};
    switch (step->kind) {
    case CONFORM_MAP:
        return abstract_map_insert(subject->expected, &mapping);
    case CONFORM_UNMAP:
        return abstract_map_remove(subject->expected, step->va, NULL);
    case CONFORM_PROTECT:
        return abstract_map_protect(subject->expected, step->va, step->attributes);
    default:
        return PAGETABLE_OK;
    }
}

bool conform_follow(struct conform_subject *subject, const struct conform_step *step)
{
    enum pagetable_result result = follow(subject, step);
    subject->starved |= result == PAGETABLE_NO_MEMORY;
    return result == PAGETABLE_OK;
}
