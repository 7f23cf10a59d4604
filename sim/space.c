#include "sim/space.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmu/setup.h"
#include "pagetables/interpret.h"
#include "sim/timed_environment.h"

/* A view counts the whole table while that costs, on average, no more than this many mappings an operation.
 */
#define COUNTED_AN_OPERATION 1024

/* ---- making ------------------------------------------------------------------------------------- */

static void tell_space(struct address_space *space, unsigned core)
{
    struct mmu_event event = {.kind = EVENT_SPACE,
                              .as.space = {.root = space->context.regime.root,
                                           .format = space->config.format,
                                           .table = space->table,
                                           .space = space->context.space,
                                           .asid = space->context.asid,
                                           .vmid = space->context.vmid,
                                           .aliasing_allowed = space->aliasing_allowed,
                                           .hardware_access = space->context.regime.hardware_access,
                                           .hardware_dirty = space->context.regime.hardware_dirty}};
    simulation_emit(space->simulation, core, &event);
}

static bool create_table(struct address_space *space)
{
    struct simulation *simulation = space->simulation;
    struct setup_environment setup = {simulation->machine, &simulation->frames};
    struct environment environment = setup_environment(&setup);
    enum pagetable_result result = space->table->create(space->state, &environment, &space->config);
    if (result == PAGETABLE_OK)
        return true;
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
    space->context.space = simulation->space_count;
    return true;
}

static bool init_space(struct address_space *space, const struct space_config *config)
{
    struct simulation *simulation = space->simulation;
    space->table = pagetable_class_find(config->table);
    space->config =
        (struct pagetable_config){.format = walk_format_find(config->format), .asid = config->asid};
    if (!space->table || !space->config.format)
        return simulation_fail(simulation, "there is no page table \"%s\" with format \"%s\"", config->table,
                               config->format);
    space->aliasing_allowed = config->aliasing_allowed;
    space->mappings = abstract_map_create();
    space->state = calloc(1, space->table->state_bytes);
    if (!space->mappings || !space->state)
        return simulation_fail(simulation, "out of memory");
    if (!create_table(space) || !remember_space(simulation, space))
        return false;
    space->context.asid = config->asid;
    space->context.regime = (struct translation_regime){.format = space->config.format,
                                                        .root = space->table->root(space->state),
                                                        .physical_size_lg2 = 48,
                                                        .contiguous = true};
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

void space_destroy(struct address_space *space)
{
    if (!space)
        return;
    abstract_map_destroy(space->mappings);
    free(space->state);
    free(space);
}

/* ---- views -------------------------------------------------------------------------------------- */

struct view_reader {
    const struct simulation *simulation;
    unsigned core;
};

/* Memory as the operation's core sees it, its buffered stores included. */
static bool read_from_core(void *context, uint64_t pa, uint64_t *value)
{
    const struct view_reader *reader = context;
    return machine_peek_from(reader->simulation->machine, reader->core, pa, value);
}

static uint64_t count_mappings(struct address_space *space, const struct memory_reader *memory)
{
    struct interpret_counts counts = {0, 0};
    uint64_t expected = abstract_map_count(space->mappings);
    space->counting_credit += COUNTED_AN_OPERATION;
    if (space->counting_credit < expected)
        return EVENT_NEVER;
    space->counting_credit -= expected;
    if (space->counting_credit > COUNTED_AN_OPERATION)
        space->counting_credit = COUNTED_AN_OPERATION;
    struct interpret_visitor nobody = {NULL, NULL, NULL};
    if (interpret(space->table, space->state, &space->context.regime, memory, &nobody, &counts) !=
        PAGETABLE_OK)
        return EVENT_NEVER;
    return counts.mappings;
}

static void tell_view(struct address_space *space, unsigned core, const struct event_operation *operation)
{
    struct view_reader reader = {space->simulation, core};
    struct memory_reader memory = {read_from_core, &reader};
    struct translation_regime regime = interpret_regime(&space->context.regime);
    struct walk_state walk;
    struct mmu_event event = {
        .kind = EVENT_VIEW,
        .as.view = {.operation = operation->id, .va = operation->va, .space = operation->space}};
    if (interpret_address(&regime, &memory, operation->va, &walk) == WALK_LEAF) {
        event.as.view.mapped = 1;
        event.as.view.mapping = (struct mapping){walk.leaf.va, walk.leaf.frame};
    }
    event.as.view.mappings = space->premapping ? EVENT_NEVER : count_mappings(space, &memory);
    simulation_emit(space->simulation, core, &event);
}

/* ---- operations --------------------------------------------------------------------------------- */

static bool observed(const struct simulation *simulation)
{
    return simulation->judge || simulation->recorder_observes;
}

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
    if (observed(simulation) && result < PAGETABLE_UNALIGNED && result != PAGETABLE_ENVIRONMENT)
        tell_view(space, core, operation);
}

static struct pagetable_checked checked_of(const struct address_space *space)
{
    return (struct pagetable_checked){.table = space->table,
                                      .state = space->state,
                                      .format = space->config.format,
                                      .physical_bytes =
                                          machine_config(space->simulation->machine)->memory_bytes,
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
    end_operation(space, core, operation, result);
    return result;
}

/* What is told of an operation is the mapping: the state of its entry is no part of it. */
static struct frame without_state(const struct frame *frame)
{
    struct frame told = *frame;
    told.attributes &= ~FRAME_STATE_ALL;
    return told;
}

enum pagetable_result space_map(struct address_space *space, unsigned core, uint64_t va,
                                const struct frame *frame)
{
    struct event_operation wanted = {.kind = OPERATION_MAP, .va = va, .frame = without_state(frame)};
    struct event_operation operation = begin_operation(space, core, &wanted);
    struct timed_environment timed = {space->simulation, core, operation.id};
    struct environment environment = timed_environment(&timed);
    return map_through(space, core, &operation, &environment, frame);
}

enum pagetable_result space_premap(struct address_space *space, uint64_t va, const struct frame *frame)
{
    struct event_operation wanted = {.kind = OPERATION_MAP, .va = va, .frame = without_state(frame)};
    struct event_operation operation = begin_operation(space, 0, &wanted);
    struct setup_environment setup = {space->simulation->machine, &space->simulation->frames};
    struct environment environment = setup_environment(&setup);
    space->premapping = true;
    enum pagetable_result result = map_through(space, 0, &operation, &environment, frame);
    space->premapping = false;
    return result;
}

enum pagetable_result space_unmap(struct address_space *space, unsigned core, uint64_t va)
{
    struct event_operation wanted = {.kind = OPERATION_UNMAP, .va = va};
    struct event_operation operation = begin_operation(space, core, &wanted);
    struct timed_environment timed = {space->simulation, core, operation.id};
    struct environment environment = timed_environment(&timed);
    struct pagetable_checked checked = checked_of(space);
    enum pagetable_result result = pagetable_checked_unmap(&checked, &environment, va);
    if (result == PAGETABLE_OK)
        (void)abstract_map_remove(space->mappings, va, NULL); /* not there: the judges say so */
    end_operation(space, core, &operation, result);
    return result;
}

enum pagetable_result space_protect(struct address_space *space, unsigned core, uint64_t va,
                                    uint32_t attributes)
{
    struct event_operation wanted = {
        .kind = OPERATION_PROTECT, .va = va, .frame = {.attributes = attributes & ~FRAME_STATE_ALL}};
    struct event_operation operation = begin_operation(space, core, &wanted);
    struct timed_environment timed = {space->simulation, core, operation.id};
    struct environment environment = timed_environment(&timed);
    struct pagetable_checked checked = checked_of(space);
    enum pagetable_result result = pagetable_checked_protect(&checked, &environment, va, attributes);
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
    struct timed_environment timed = {space->simulation, core, operation.id};
    struct environment environment = timed_environment(&timed);
    struct pagetable_checked checked = checked_of(space);
    enum pagetable_result result = pagetable_checked_query(&checked, &environment, va, found);
    if (result == PAGETABLE_OK) {
        operation.frame = without_state(&found->frame);
        operation.found_va = found->va;
    }
    end_operation(space, core, &operation, result);
    return result;
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
    struct view_reader reader = {space->simulation, core};
    struct memory_reader memory = {read_from_core, &reader};
    struct visit_context passed = {visit, context};
    struct interpret_visitor visitor = {pass_mapping, NULL, &passed};
    struct interpret_counts counts;
    return interpret(space->table, space->state, &space->context.regime, &memory, &visitor, &counts);
}
