#include "sim/space.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pagetables/interpret.h"
#include "sim/premap.h"
#include "sim/shootdown.h"
#include "sim/space_environment.h"
#include "sim/space_view.h"

#define PHYSICAL_SIZE_LG2 48 /* unless a space says otherwise */

/* ---- making ------------------------------------------------------------------------------------- */

static void tell_space(struct address_space *space, unsigned core)
{
    struct mmu_event event = {.kind = EVENT_SPACE,
                              .as.space = {.root = space->context.regime.root,
                                           .format = space->config.format,
                                           .table = space->table,
                                           .space = space->context.space,
                                           .stage2 = space->stage2 ? space->stage2->context.space : 0,
                                           .asid = space->context.asid,
                                           .vmid = space->context.vmid,
                                           .aliasing_allowed = space->aliasing_allowed,
                                           .hardware_access = space->context.regime.hardware_access,
                                           .hardware_dirty = space->context.regime.hardware_dirty}};
    simulation_emit(space->simulation, core, &event);
}

static bool create_table(struct address_space *space, unsigned core)
{
    struct simulation *simulation = space->simulation;
    struct space_environment untimed;
    struct environment environment = space_environment_untimed(&untimed, space, core, 0);
    enum pagetable_result result = space->table->create(space->state, &environment, &space->config);
    space_environment_end(&untimed);
    if (result == PAGETABLE_OK)
        return true;
    if (space->unmapped_ipa != GUEST_NO_FAULT)
        return simulation_fail(simulation,
                               "the guest's table needs memory at the intermediate address 0x%" PRIx64
                               ", which its stage 2 does not map, or not for reading and writing: map the "
                               "region of `tables` first",
                               space->unmapped_ipa);
    return simulation_fail(simulation, "the page table \"%s\" cannot be made: %s", space->table->name,
                           pagetable_result_name(result));
}

static bool remember_space(struct simulation *simulation, struct address_space *space)
{
    struct address_space **spaces =
        realloc(simulation->spaces, (simulation->space_count + 1) * sizeof(struct address_space *));
    if (!spaces)
        return simulation_fail(simulation, "out of memory");
    simulation->spaces = spaces;
    simulation->spaces[simulation->space_count++] = space;
    return true;
}

/* Regions of guests of one virtual machine are apart. */
static bool place_tables(struct address_space *space, const struct space_config *config)
{
    const struct simulation *simulation = space->simulation;
    uint64_t base = config->tables_base, end = base + config->tables_bytes;
    for (unsigned i = 0; i < simulation->space_count; i++) {
        const struct address_space *other = simulation->spaces[i];
        if (other->stage2 == config->stage2 && other->tables_base < end &&
            base < other->tables_base + other->tables_bytes)
            return simulation_fail(space->simulation,
                                   "the region of `tables` overlaps that of another address space of this "
                                   "virtual machine, which begins at 0x%" PRIx64,
                                   other->tables_base);
    }
    frame_allocator_init(&space->tables, end, base);
    space->stage2 = config->stage2;
    space->tables_base = base;
    space->tables_bytes = config->tables_bytes;
    return true;
}

/* Whether walks report what contiguous entries map as one. */
static bool reports_runs(const struct address_space *space)
{
    const struct mmu_config *machine = machine_config(space->simulation->machine);
    bool guest = space->stage2 || space->config.format->stage2;
    return guest || machine->adversary_period_cycles == 0 || !machine->adversary_split;
}

static void init_context(struct address_space *space, const struct space_config *config)
{
    struct address_context *context = &space->context;
    context->asid = space->config.asid;
    context->vmid = space->config.vmid;
    context->regime = (struct translation_regime){
        .format = space->config.format,
        .root = space->table->root(space->state),
        .physical_size_lg2 = config->physical_size_lg2 ? config->physical_size_lg2 : PHYSICAL_SIZE_LG2,
        .hardware_access = config->hardware_access,
        .hardware_dirty = config->hardware_dirty,
        .contiguous = reports_runs(space),
        .controls = config->controls};
    context->high = config->high ? &config->high->context : NULL;
    if (!space->stage2)
        return;
    space->stages = (struct two_stage_regime){&context->regime, &space->stage2->context.regime};
    context->two_stage = &space->stages;
}

static bool init_space(struct address_space *space, const struct space_config *config)
{
    struct simulation *simulation = space->simulation;
    space->table = config->table;
    space->config = (struct pagetable_config){
        .format = config->format,
        .every_asid = config->format->va_form == VA_HIGH, /* runs under those of the lower halves */
        .entries = config->entries,
        .asid = config->asid,
        .vmid = config->stage2 ? config->stage2->config.vmid : config->vmid};
    space->aliasing_allowed = config->aliasing_allowed;
    space->mappings = abstract_map_create();
    space->state = calloc(1, space->table->state_bytes);
    if (!space->mappings || !space->state)
        return simulation_fail(simulation, "out of memory");
    if (config->stage2 && !place_tables(space, config))
        return false;
    space->context.space = simulation->space_count + 1;
    if (!create_table(space, config->core) || !remember_space(simulation, space))
        return false;
    init_context(space, config);
    if (!shootdown_create(simulation, space))
        return simulation_fail(simulation, "no memory is left for what shootdowns keep of an address space");
    return true;
}

struct address_space *space_create(struct simulation *simulation, const struct space_config *config)
{
    struct address_space *space = calloc(1, sizeof *space);
    if (!space) {
        simulation_fail(simulation, "out of memory");
        return NULL;
    }
    space->simulation = simulation;
    if (init_space(space, config)) {
        tell_space(space, config->core);
        return space;
    }
    space_destroy(space);
    return NULL;
}

static bool same_controls(const struct access_controls *one, const struct access_controls *other)
{
    return one->flags == other->flags && one->key_rights == other->key_rights;
}

const struct address_context *space_context_of(struct address_space *space,
                                               const struct access_controls *controls)
{
    struct space_context *at = space->contexts;
    if (same_controls(&space->context.regime.controls, controls))
        return &space->context;
    while (at && !same_controls(&at->context.regime.controls, controls))
        at = at->next;
    if (at)
        return &at->context;
    at = calloc(1, sizeof *at);
    if (!at) {
        simulation_fail(space->simulation, "out of memory");
        return NULL;
    }
    at->context = space->context;
    at->context.regime.controls = *controls;
    if (space->context.two_stage) {
        at->stages = (struct two_stage_regime){&at->context.regime, space->stages.stage2};
        at->context.two_stage = &at->stages;
    }
    at->next = space->contexts;
    space->contexts = at;
    return &at->context;
}

void space_destroy(struct address_space *space)
{
    if (!space)
        return;
    while (space->contexts) {
        struct space_context *context = space->contexts;
        space->contexts = context->next;
        free(context);
    }
    if (space->stage2)
        frame_allocator_destroy(&space->tables);
    abstract_map_destroy(space->mappings);
    free(space->state);
    free(space);
}

/* ---- operations --------------------------------------------------------------------------------- */

static struct event_operation begin_operation(struct address_space *space, unsigned core,
                                              const struct event_operation *wanted)
{
    struct simulation *simulation = space->simulation;
    struct mmu_event event = {.kind = EVENT_OPERATION_BEGIN, .as.operation = *wanted};
    event.as.operation.id = ++simulation->operation_count;
    event.as.operation.space = space->context.space;
    event.as.operation.begin_cycle = machine_now(simulation->machine, core);
    simulation_emit(simulation, core, &event);
    return event.as.operation;
}

static void count_operation(struct simulation *simulation, const struct event_operation *operation)
{
    struct run_operations *operations = &simulation->outcome->operations;
    uint64_t *counts[] = {&operations->map, &operations->unmap, &operations->protect, &operations->query};
    *counts[operation->kind] += 1;
    operations->failed += operation->result != PAGETABLE_OK;
}

static void end_operation(struct address_space *space, unsigned core, struct event_operation *operation,
                          enum pagetable_result result)
{
    struct simulation *simulation = space->simulation;
    operation->result = (uint8_t)result;
    struct mmu_event event = {.kind = EVENT_OPERATION_END, .as.operation = *operation};
    count_operation(simulation, operation);
    simulation_emit(simulation, core, &event);
    if (result < PAGETABLE_UNALIGNED && result != PAGETABLE_ENVIRONMENT)
        space_view(space, core, operation);
}

/* What frames are of: physical memory, or all that stage 2 could map. */
static uint64_t memory_bytes_of(const struct address_space *space)
{
    uint64_t memory_bytes = space->stage2 ? UINT64_C(1) << space->stage2->config.format->va_bits
                                          : machine_config(space->simulation->machine)->memory_bytes;
    uint64_t expressible_bytes = UINT64_C(1) << space->context.regime.physical_size_lg2;
    return memory_bytes < expressible_bytes ? memory_bytes : expressible_bytes;
}

static struct pagetable_checked checked_of(const struct address_space *space)
{
    return (struct pagetable_checked){.table = space->table,
                                      .state = space->state,
                                      .format = space->config.format,
                                      .physical_bytes = memory_bytes_of(space),
                                      .aliasing_allowed = space->aliasing_allowed,
                                      .mappings = space->mappings};
}

/* The abstract map follows what the table says; where that is wrong, the views and judges show it. */
static void note_mapped(struct address_space *space, uint64_t va, const struct frame *frame)
{
    struct mapping mapping = {va, *frame};
    if (abstract_map_insert(space->mappings, &mapping) == PAGETABLE_NO_MEMORY)
        simulation_fail(space->simulation, "out of memory");
}

static enum pagetable_result map_through(struct address_space *space, unsigned core,
                                         struct event_operation *operation,
                                         const struct environment *environment, const struct frame *frame)
{
    struct pagetable_checked checked = checked_of(space);
    enum pagetable_result result = pagetable_checked_map(&checked, environment, operation->va, frame);
    if (result == PAGETABLE_OK)
        note_mapped(space, operation->va, frame);
    if (space->premapping)
        premap_tell(space, operation, space->premapping);
    end_operation(space, core, operation, result);
    return result;
}

/* What a query found is the mapping: the state of its entry changes meanwhile, and is no part of it. */
static struct frame without_state(const struct frame *frame)
{
    struct frame told = *frame;
    told.attributes &= ~FRAME_STATE_ALL;
    return told;
}

enum pagetable_result space_map(struct address_space *space, unsigned core, uint64_t va,
                                const struct frame *frame)
{
    struct event_operation wanted = {.kind = OPERATION_MAP, .va = va, .frame = *frame};
    struct event_operation operation = begin_operation(space, core, &wanted);
    struct space_environment timed;
    struct environment environment = space_environment_timed(&timed, space, core, operation.id);
    enum pagetable_result result = map_through(space, core, &operation, &environment, frame);
    space_environment_end(&timed);
    return result;
}

enum pagetable_result space_premap(struct address_space *space, uint64_t va, const struct frame *frame)
{
    struct event_operation wanted = {.kind = OPERATION_MAP, .va = va, .frame = *frame};
    struct event_operation operation = begin_operation(space, 0, &wanted);
    struct space_environment untimed;
    struct environment environment = space_environment_untimed(&untimed, space, 0, operation.id);
    struct premap_path before;
    premap_read(space, va, &before);
    space->premapping = &before;
    enum pagetable_result result = map_through(space, 0, &operation, &environment, frame);
    space_environment_end(&untimed);
    space->premapping = NULL;
    return result;
}

enum pagetable_result space_unmap(struct address_space *space, unsigned core, uint64_t va)
{
    struct event_operation wanted = {.kind = OPERATION_UNMAP, .va = va};
    struct event_operation operation = begin_operation(space, core, &wanted);
    struct space_environment timed;
    struct environment environment = space_environment_timed(&timed, space, core, operation.id);
    struct pagetable_checked checked = checked_of(space);
    enum pagetable_result result = pagetable_checked_unmap(&checked, &environment, va);
    space_environment_end(&timed);
    if (result == PAGETABLE_OK)
        (void)abstract_map_remove(space->mappings, va, NULL); /* not there: the judges say so */
    end_operation(space, core, &operation, result);
    return result;
}

enum pagetable_result space_protect(struct address_space *space, unsigned core, uint64_t va,
                                    uint32_t attributes)
{
    struct event_operation wanted = {
        .kind = OPERATION_PROTECT, .va = va, .frame = {.attributes = attributes}};
    struct event_operation operation = begin_operation(space, core, &wanted);
    struct space_environment timed;
    struct environment environment = space_environment_timed(&timed, space, core, operation.id);
    struct pagetable_checked checked = checked_of(space);
    enum pagetable_result result = pagetable_checked_protect(&checked, &environment, va, attributes);
    space_environment_end(&timed);
    if (result == PAGETABLE_OK)
        (void)abstract_map_protect(space->mappings, va, attributes);
    end_operation(space, core, &operation, result);
    return result;
}

enum pagetable_result space_query(struct address_space *space, unsigned core, uint64_t va,
                                  struct mapping *found)
{
    struct event_operation wanted = {.kind = OPERATION_QUERY, .va = va};
    struct event_operation operation = begin_operation(space, core, &wanted);
    struct space_environment timed;
    struct environment environment = space_environment_timed(&timed, space, core, operation.id);
    struct pagetable_checked checked = checked_of(space);
    enum pagetable_result result = pagetable_checked_query(&checked, &environment, va, found);
    space_environment_end(&timed);
    if (result == PAGETABLE_OK) {
        operation.frame = without_state(&found->frame);
        operation.found_va = found->va;
    }
    end_operation(space, core, &operation, result);
    return result;
}

bool space_retire(struct address_space *space, unsigned core)
{
    struct timed_environment timed = {space->simulation, core, 0, space};
    struct environment environment = timed_environment(&timed);
    const struct environment_operations *operations = environment.operations;
    struct invalidation all = {.asid = space->context.asid,
                               .vmid = space->context.vmid,
                               .scope = space->config.format->stage2 ? INVALIDATE_VMID : INVALIDATE_ASID,
                               .broadcast = true};
    return operations->barrier(&timed, BARRIER_DSB_ISHST) == ENVIRONMENT_OK &&
           operations->invalidate(&timed, &all) == ENVIRONMENT_OK &&
           operations->complete(&timed) == ENVIRONMENT_OK && shootdown_forget(&timed) == ENVIRONMENT_OK;
}

/* ---- looking ------------------------------------------------------------------------------------ */

struct visit_context {
    pagetable_visitor visit;
    void *context;
};

static bool pass_mapping(void *context, const struct mapping *mapping, const struct walk_leaf *leaf)
{
    const struct visit_context *visit = context;
    (void)leaf;
    return visit->visit(visit->context, mapping);
}

enum pagetable_result space_visit(struct address_space *space, unsigned core, pagetable_visitor visit,
                                  void *context)
{
    struct space_reader reader;
    struct memory_reader memory = space_reader(&reader, space, core);
    struct visit_context passed = {visit, context};
    struct interpret_visitor visitor = {pass_mapping, NULL, &passed};
    struct interpret_counts counts;
    return interpret(space->table, space->state, &space->context.regime, &memory, &visitor, &counts);
}
