#include "sim/space_view.h"

#include <inttypes.h>
#include <stdio.h>

#include "mmu/digest.h"
#include "pagetables/interpret.h"
#include "sim/space_environment.h"

/* A view counts the whole table while that costs, on average, no more than this many mappings an operation.
 */
#define COUNTED_AN_OPERATION 1024
#define REASON_BYTES         256

static bool observed(const struct simulation *simulation)
{
    return simulation->judge || simulation->recorder_observes;
}

/* ---- the whole table ---------------------------------------------------------------------------- */

static bool has_credit(struct address_space *space)
{
    uint64_t expected = abstract_map_count(space->mappings);
    space->counting_credit += COUNTED_AN_OPERATION;
    if (space->counting_credit < expected)
        return false;
    space->counting_credit -= expected;
    if (space->counting_credit > COUNTED_AN_OPERATION)
        space->counting_credit = COUNTED_AN_OPERATION;
    return true;
}

static bool add_mapping(void *context, const struct mapping *mapping, const struct walk_leaf *leaf)
{
    uint64_t *digest = context;
    (void)leaf;
    *digest += digest_mapping(mapping);
    return true;
}

static bool add_block(void *context, uint64_t pa, uint64_t size_bytes)
{
    struct event_view *view = context;
    view->blocks++;
    view->blocks_digest += digest_block(pa, size_bytes);
    return true;
}

/* What the table finds wrong with itself, or hardware reads otherwise than it; then why is in the view. */
static void look_at_shape(struct address_space *space, const struct memory_reader *memory,
                          uint64_t unconfirmed, struct event_view *view)
{
    char reason[REASON_BYTES] = "";
    enum pagetable_result result = space->table->invariants(space->state, memory, reason, sizeof reason);
    if (result == PAGETABLE_OK && unconfirmed > 0) {
        snprintf(reason, sizeof reason, "hardware reads %" PRIu64 " of its entries otherwise than it does",
                 unconfirmed);
        result = PAGETABLE_CORRUPT;
    }
    if (result == PAGETABLE_OK)
        view->shape = SHAPE_SOUND;
    if (result != PAGETABLE_CORRUPT)
        return;
    view->shape = SHAPE_BROKEN;
    view->reason = simulation_keep_text(space->simulation, reason);
}

static void look_at_whole(struct address_space *space, const struct memory_reader *memory,
                          struct event_view *view)
{
    struct interpret_counts counts = {0, 0};
    struct interpret_visitor visitor = {add_mapping, NULL, &view->digest};
    if (interpret(space->table, space->state, &space->context.regime, memory, &visitor, &counts) !=
        PAGETABLE_OK)
        return;
    view->mappings = counts.mappings;
    view->digested = true;
    look_at_shape(space, memory, counts.unconfirmed, view);
    if (view->shape == SHAPE_SOUND && space->table->blocks)
        view->reached = space->table->blocks(space->state, memory, add_block, view) == PAGETABLE_OK;
}

/* ---- views -------------------------------------------------------------------------------------- */

/* `operation`: NULL at the end. */
static struct mmu_event view_of(struct address_space *space, unsigned core,
                                const struct event_operation *operation)
{
    struct space_reader reader;
    struct memory_reader memory = space_reader(&reader, space, core);
    struct translation_regime regime = interpret_regime(&space->context.regime);
    struct walk_state walk;
    struct mmu_event event = {.kind = EVENT_VIEW,
                              .as.view = {.space = space->context.space, .mappings = EVENT_NEVER}};
    struct event_view *view = &event.as.view;
    view->operation = operation ? operation->id : 0;
    view->va = operation ? operation->va : 0;
    if (interpret_address(&regime, &memory, view->va, &walk) == WALK_LEAF) {
        view->mapped = 1;
        view->mapping = (struct mapping){walk.leaf.va, walk.leaf.frame};
    }
    return event;
}

static void tell_view(struct address_space *space, unsigned core, const struct event_operation *operation,
                      bool whole)
{
    struct space_reader reader;
    struct memory_reader memory = space_reader(&reader, space, core);
    struct mmu_event event = view_of(space, core, operation);
    if (whole)
        look_at_whole(space, &memory, &event.as.view);
    simulation_emit(space->simulation, core, &event);
}

void space_view(struct address_space *space, unsigned core, const struct event_operation *operation)
{
    if (observed(space->simulation))
        tell_view(space, core, operation, !space->premapping && has_credit(space));
}

/* After what any core did in this cycle. */
static unsigned last_core_of(const struct address_space *space)
{
    return machine_config(space->simulation->machine)->cores - 1;
}

void space_view_at_end(struct address_space *space)
{
    if (observed(space->simulation))
        tell_view(space, last_core_of(space), NULL, true);
}

/* What is mapped stays the view of it, since nobody walks any more; of the table there is nothing left. */
void space_view_without_table(struct address_space *space)
{
    struct space_environment environment;
    unsigned core = last_core_of(space);
    if (!observed(space->simulation))
        return;
    struct mmu_event event = view_of(space, core, NULL);
    struct environment untimed = space_environment_untimed(&environment, space, core, 0);
    enum pagetable_result result = space->table->destroy(space->state, &untimed);
    space_environment_end(&environment);
    event.as.view.reached = result == PAGETABLE_OK;
    if (result == PAGETABLE_OK)
        simulation_emit(space->simulation, core, &event);
}
