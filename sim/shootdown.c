#include "sim/shootdown.h"

#include <string.h>

#include "mmu/setup.h"

#define BLOCK_BYTES 4096u

/* The words of a space. */
static uint64_t mask_of(const struct address_space *space)
{
    return space->shootdown_pa;
}

static uint64_t generation_of(const struct address_space *space)
{
    return space->shootdown_pa + 8;
}

static uint64_t seen_of(const struct address_space *space, unsigned core)
{
    return space->shootdown_pa + 16 + 8 * (uint64_t)core;
}

static const struct mmu_config *config_of(const struct simulation *simulation)
{
    return machine_config(simulation->machine);
}

bool shootdown_by_interrupt(const struct simulation *simulation)
{
    return config_of(simulation)->invalidation_scheme == INVALIDATION_INTERRUPT;
}

static enum shootdown_targets targets_policy(const struct simulation *simulation)
{
    return (enum shootdown_targets)config_of(simulation)->shootdown_targets;
}

static uint64_t all_cores(const struct simulation *simulation)
{
    uint64_t cores = config_of(simulation)->cores;
    return cores == 64 ? UINT64_MAX : (UINT64_C(1) << cores) - 1;
}

/* Stage 2 has no ASID, and no core runs it by itself. */
bool shootdown_create(struct simulation *simulation, struct address_space *space)
{
    struct setup_environment setup = {simulation->machine, &simulation->frames};
    struct environment environment = setup_environment(&setup);
    uint64_t *pa = &space->shootdown_pa;
    if (!shootdown_by_interrupt(simulation) || targets_policy(simulation) == SHOOTDOWN_ALL ||
        space->config.format->stage2)
        return true;
    return environment.operations->allocate_table(&setup, BLOCK_BYTES, pa) == ENVIRONMENT_OK &&
           environment.operations->write(&setup, *pa + 8, 1) == ENVIRONMENT_OK;
}

/* ---- steps --------------------------------------------------------------------------------------- */

static int status_of(const struct core_result *result)
{
    if (!result)
        return ENVIRONMENT_STOPPED;
    return result->aborted ? ENVIRONMENT_BAD_ADDRESS : ENVIRONMENT_OK;
}

static int perform(const struct timed_environment *timed, const struct core_operation *operation)
{
    return status_of(simulation_do(timed->simulation, timed->core, operation));
}

static int barrier(const struct timed_environment *timed, enum barrier_kind kind)
{
    return perform(timed, &(struct core_operation){
                              .kind = CORE_BARRIER, .barrier = kind, .operation = timed->operation});
}

/* These words are no part of the page-table operation: its window does not wait for them. */
static int read_word(const struct timed_environment *timed, uint64_t pa, uint64_t *value)
{
    const struct core_result *result = simulation_do(
        timed->simulation, timed->core, &(struct core_operation){.kind = CORE_READ, .address = pa});
    if (result)
        *value = result->value;
    return status_of(result);
}

/* Atomically word = (word & keep) + add, from the first guess `value` on, which becomes the new word. */
static int update_word(const struct timed_environment *timed, uint64_t pa, uint64_t keep, uint64_t add,
                       uint64_t *value)
{
    for (;;) {
        struct core_operation operation = {
            .kind = CORE_COMPARE_EXCHANGE, .address = pa, .expected = *value, .value = (*value & keep) + add};
        const struct core_result *result = simulation_do(timed->simulation, timed->core, &operation);
        int status = status_of(result);
        if (status != ENVIRONMENT_OK)
            return status;
        if (result->value == operation.expected) {
            *value = operation.value;
            return ENVIRONMENT_OK;
        }
        *value = result->value;
    }
}

static int invalidate_here(const struct timed_environment *timed, const struct invalidation *what)
{
    struct core_operation operation = {
        .kind = CORE_INVALIDATE, .invalidation = *what, .operation = timed->operation};
    operation.invalidation.broadcast = false;
    return perform(timed, &operation);
}

/* ---- gathering ----------------------------------------------------------------------------------- */

static struct shootdown *gather_of(const struct timed_environment *timed)
{
    return &timed->simulation->shootdowns[timed->core];
}

static bool names_page(const struct invalidation *what)
{
    return what->scope == INVALIDATE_VA || what->scope == INVALIDATE_VA_ALL_ASIDS;
}

static bool names_asid(const struct invalidation *what)
{
    return what->scope == INVALIDATE_VA || what->scope == INVALIDATE_ASID;
}

/* Room for `count` items behind those that may be under way. */
static int make_room(const struct timed_environment *timed, uint32_t count)
{
    struct shootdown *gather = gather_of(timed);
    int status = ENVIRONMENT_OK;
    if (machine_quiet(timed->simulation->machine, timed->core))
        gather->sent = 0;
    if (gather->sent + count > SHOOTDOWN_ITEMS) {
        status = barrier(timed, BARRIER_DSB_ISH);
        gather->sent = 0;
    }
    return status;
}

static void begin_gathering(struct shootdown *gather, uint64_t operation)
{
    gather->gathered = 0;
    gather->pages = 0;
    gather->everybody = gather->flush = gather->global = false;
    gather->operation = operation;
}

static uint64_t pages_of(const struct address_space *space, const struct invalidation *what)
{
    unsigned page_lg2 = space->config.format->page_lg2;
    uint64_t last = what->va + (what->size_bytes ? what->size_bytes - 1 : 0);
    return names_page(what) ? (last >> page_lg2) - (what->va >> page_lg2) + 1 : 0;
}

static void add(struct shootdown *gather, const struct invalidation *what)
{
    if (gather->flush && names_page(what)) {
        gather->global |= what->scope == INVALIDATE_VA_ALL_ASIDS;
        return;
    }
    gather->items[gather->sent + gather->gathered++] = *what;
    gather->everybody |= !names_asid(what);
}

/* One for all pages; what is no page stays. */
static void replace_pages(struct shootdown *gather)
{
    const struct invalidation *items = gather->items + gather->sent;
    uint32_t count = gather->gathered;
    gather->flush = true;
    gather->gathered = 0;
    gather->everybody = false;
    for (uint32_t i = 0; i < count; i++)
        add(gather, &items[i]);
}

static void add_flush(const struct timed_environment *timed, struct shootdown *gather)
{
    const struct address_context *context = &timed->space->context;
    struct invalidation flush = {.asid = context->asid,
                                 .vmid = context->vmid,
                                 .scope = gather->global ? INVALIDATE_ALL : INVALIDATE_ASID,
                                 .broadcast = true};
    add(gather, &flush);
}

/* Before S3: what the table was given is in memory, and the generation says that it is new. */
static int read_targets(const struct timed_environment *timed, uint64_t *targets)
{
    const struct simulation *simulation = timed->simulation;
    bool arm = config_of(simulation)->ordering == ORDERING_ARM;
    uint64_t generation = 0;
    int status;
    if (targets_policy(simulation) == SHOOTDOWN_RAN) {
        status = barrier(timed, arm ? BARRIER_DMB_ISH : BARRIER_FENCE);
    } else {
        status = read_word(timed, generation_of(timed->space), &generation);
        if (status == ENVIRONMENT_OK)
            status = update_word(timed, generation_of(timed->space), UINT64_MAX, 1, &generation);
    }
    return status == ENVIRONMENT_OK ? read_word(timed, mask_of(timed->space), targets) : status;
}

static int interrupt(const struct timed_environment *timed, uint64_t targets, uint32_t count)
{
    struct shootdown *gather = gather_of(timed);
    struct core_operation operation = {.kind = CORE_INTERRUPT,
                                       .list = gather->items + gather->sent,
                                       .list_count = count,
                                       .targets = targets,
                                       .operation = timed->operation};
    gather->sent += count;
    return targets ? perform(timed, &operation) : ENVIRONMENT_OK;
}

/* The others first, so that they work while this core does. */
static int send(const struct timed_environment *timed)
{
    struct shootdown *gather = gather_of(timed);
    const struct invalidation *items = gather->items + gather->sent;
    uint64_t targets = all_cores(timed->simulation), own = UINT64_C(1) << timed->core;
    uint32_t count = gather->gathered;
    int status = ENVIRONMENT_OK;
    if (!gather->everybody && timed->space->shootdown_pa)
        status = read_targets(timed, &targets);
    gather->gathered = 0;
    gather->everybody = false;
    if (status == ENVIRONMENT_OK)
        status = interrupt(timed, targets & ~own, count);
    for (uint32_t i = 0; status == ENVIRONMENT_OK && targets & own && i < count; i++)
        status = invalidate_here(timed, &items[i]);
    return status;
}

int shootdown_invalidate(const struct timed_environment *timed, const struct invalidation *what)
{
    const struct mmu_config *config = config_of(timed->simulation);
    struct shootdown *gather = gather_of(timed);
    if (gather->operation != timed->operation)
        begin_gathering(gather, timed->operation);
    if (gather->gathered == 0) {
        int status = make_room(timed, (uint32_t)config->shootdown_batch);
        if (status != ENVIRONMENT_OK)
            return status;
    }
    gather->pages += pages_of(timed->space, what);
    if (config->shootdown_threshold && gather->pages > config->shootdown_threshold && !gather->flush)
        replace_pages(gather);
    add(gather, what);
    return gather->gathered < config->shootdown_batch ? ENVIRONMENT_OK : send(timed);
}

int shootdown_complete(const struct timed_environment *timed)
{
    struct shootdown *gather = gather_of(timed);
    int status = ENVIRONMENT_OK;
    if (gather->operation != timed->operation)
        begin_gathering(gather, timed->operation);
    if (gather->flush)
        add_flush(timed, gather);
    if (gather->gathered > 0)
        status = send(timed);
    begin_gathering(gather, timed->operation);
    return status == ENVIRONMENT_OK ? barrier(timed, BARRIER_DSB_ISH) : status;
}

/* ---- switching ----------------------------------------------------------------------------------- */

/* R1. A bit that is set stays so: while anybody may run the space, its own core alone clears it. */
static int set_bit(const struct timed_environment *timed)
{
    uint64_t mask = 0, own = UINT64_C(1) << timed->core;
    int status = read_word(timed, mask_of(timed->space), &mask);
    if (status != ENVIRONMENT_OK || mask & own)
        return status;
    return update_word(timed, mask_of(timed->space), ~own, own, &mask);
}

static int clear_bit(const struct timed_environment *timed)
{
    uint64_t mask = 0;
    int status = read_word(timed, mask_of(timed->space), &mask);
    return status == ENVIRONMENT_OK
               ? update_word(timed, mask_of(timed->space), ~(UINT64_C(1) << timed->core), 0, &mask)
               : status;
}

static int drop_space(const struct timed_environment *timed)
{
    const struct address_context *context = &timed->space->context;
    struct invalidation all = {.asid = context->asid, .vmid = context->vmid, .scope = INVALIDATE_ASID};
    int status = invalidate_here(timed, &all);
    if (status == ENVIRONMENT_OK && config_of(timed->simulation)->ordering == ORDERING_ARM)
        status = barrier(timed, BARRIER_DSB_NSH);
    return status;
}

/* R2 */
static int catch_up(const struct timed_environment *timed)
{
    uint64_t generation = 0, seen = 0, seen_pa = seen_of(timed->space, timed->core);
    int status = read_word(timed, generation_of(timed->space), &generation);
    if (status == ENVIRONMENT_OK)
        status = read_word(timed, seen_pa, &seen);
    if (status != ENVIRONMENT_OK || seen == generation)
        return status;
    status = drop_space(timed);
    return status == ENVIRONMENT_OK ? perform(timed, &(struct core_operation){.kind = CORE_WRITE,
                                                                              .address = seen_pa,
                                                                              .value = generation})
                                    : status;
}

int shootdown_switch(struct simulation *simulation, unsigned core, const struct address_space *from,
                     const struct address_space *to, const struct address_context *context)
{
    struct timed_environment entered = {simulation, core, 0, to}, left = {simulation, core, 0, from};
    bool lazy = to->shootdown_pa && targets_policy(simulation) == SHOOTDOWN_ACTIVE;
    int status = to->shootdown_pa ? set_bit(&entered) : ENVIRONMENT_OK;
    if (status == ENVIRONMENT_OK && lazy)
        status = catch_up(&entered);
    if (status == ENVIRONMENT_OK)
        status = perform(&entered, &(struct core_operation){.kind = CORE_SWITCH, .context = context});
    if (status == ENVIRONMENT_OK && lazy && from && from != to)
        status = clear_bit(&left);
    return status;
}

int shootdown_forget(const struct timed_environment *timed)
{
    uint64_t mask = 0;
    if (!timed->space->shootdown_pa)
        return ENVIRONMENT_OK;
    int status = read_word(timed, mask_of(timed->space), &mask);
    return status == ENVIRONMENT_OK && mask ? update_word(timed, mask_of(timed->space), 0, 0, &mask) : status;
}

/* ---- interrupts by hand -------------------------------------------------------------------------- */

int shootdown_interrupt(struct simulation *simulation, unsigned core, uint64_t targets,
                        const struct invalidation *list, uint32_t count)
{
    struct timed_environment timed = {simulation, core, 0, NULL};
    struct shootdown *gather = gather_of(&timed);
    begin_gathering(gather, 0);
    int status = make_room(&timed, count);
    if (status != ENVIRONMENT_OK)
        return status;
    memcpy(gather->items + gather->sent, list, count * sizeof *list);
    return interrupt(&timed, targets, count);
}
