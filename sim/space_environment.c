#include "sim/space_environment.h"

/* ---- looking ------------------------------------------------------------------------------------ */

static bool read_from_core(void *context, uint64_t pa, uint64_t *value)
{
    const struct space_reader *reader = context;
    return machine_peek_from(reader->simulation->machine, reader->core, pa, value);
}

struct memory_reader space_reader(struct space_reader *reader, const struct address_space *space,
                                  unsigned core)
{
    *reader = (struct space_reader){.simulation = space->simulation, .core = core};
    reader->physical = (struct memory_reader){read_from_core, reader};
    if (!space->stage2)
        return reader->physical;
    reader->guest = (struct guest_reader){&space->stage2->context.regime, &reader->physical};
    return guest_memory_reader(&reader->guest);
}

/* ---- page-table code ---------------------------------------------------------------------------- */

/* Of a space's own memory: physical, or a guest's over it. */
static struct environment over(struct space_environment *environment, const struct environment *physical,
                               int (*clear)(void *context, uint64_t pa))
{
    struct address_space *space = environment->space;
    unsigned core = environment->events.core;
    if (!space->stage2)
        return *physical;
    (void)space_reader(&environment->reader, space, core);
    environment->guest = (struct guest_environment){.host = *physical,
                                                    .clear = clear,
                                                    .stage2 = space->stage2->context.regime,
                                                    .memory = environment->reader.physical,
                                                    .tables = &space->tables,
                                                    .fault_ipa = GUEST_NO_FAULT};
    return guest_environment(&environment->guest);
}

static struct environment telling(struct space_environment *environment, const struct environment *physical,
                                  int (*clear)(void *context, uint64_t pa))
{
    environment->events.behind = over(environment, physical, clear);
    return table_events_environment(&environment->events);
}

struct environment space_environment_timed(struct space_environment *environment, struct address_space *space,
                                           unsigned core, uint64_t operation)
{
    environment->space = space;
    environment->timed = (struct timed_environment){space->simulation, core, operation, space};
    environment->events = (struct table_events){.space = space, .operation = operation, .core = core};
    const struct environment physical = timed_environment(&environment->timed);
    return telling(environment, &physical, timed_clear_page);
}

struct environment space_environment_untimed(struct space_environment *environment,
                                             struct address_space *space, unsigned core, uint64_t operation)
{
    struct simulation *simulation = space->simulation;
    environment->space = space;
    environment->setup = (struct setup_environment){simulation->machine, &simulation->frames};
    environment->events = (struct table_events){.space = space, .operation = operation, .core = core};
    const struct environment physical = setup_environment(&environment->setup);
    return telling(environment, &physical, setup_clear_page);
}

void space_environment_end(struct space_environment *environment)
{
    struct address_space *space = environment->space;
    space->unmapped_ipa = space->stage2 ? environment->guest.fault_ipa : GUEST_NO_FAULT;
}
