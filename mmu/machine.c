/*
 * The machine's interface over its cores, and the delivery of events.
 */
#include "mmu/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmu/adversary.h"
#include "mmu/coherence.h"
#include "mmu/core.h"

struct machine *machine_create(const struct mmu_config *config, char *error, size_t error_bytes)
{
    const char *why = "out of memory";
    if (!mmu_config_check(config, error, error_bytes))
        return NULL;
    struct machine *machine = calloc(1, sizeof *machine);
    bool made = machine && memory_init(&machine->memory, config->memory_bytes) &&
                memory_system_init(&machine->memory_system, config, &why);
    if (made) {
        machine->config = *config;
        machine->cores = calloc(config->cores, sizeof *machine->cores);
        made = machine->cores != NULL && hierarchy_init_shared(machine, &why);
        machine->coupled |= config->walker_shared;
    }
    for (uint32_t i = 0; made && i < config->cores; i++)
        made = core_init(&machine->cores[i], machine, i, &why);
    if (made)
        return machine;
    snprintf(error, error_bytes, "the machine cannot be made: %s", why);
    machine_destroy(machine);
    return NULL;
}

void machine_destroy(struct machine *machine)
{
    if (!machine)
        return;
    for (uint32_t i = 0; machine->cores && i < machine->config.cores; i++)
        core_destroy(&machine->cores[i]);
    free(machine->cores);
    hierarchy_destroy_shared(machine);
    memory_system_destroy(&machine->memory_system);
    memory_destroy(&machine->memory);
    free(machine);
}

/* The first failure is the one that is told. */
void machine_fail(struct machine *machine, const char *format, ...)
{
    if (machine->failed)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(machine->error, sizeof machine->error, format, arguments);
    va_end(arguments);
    machine->failed = true;
}

bool machine_observe(struct machine *machine, const struct mmu_observer *observer, bool hits)
{
    if (machine->observer_count == MACHINE_OBSERVERS_MAX)
        return false;
    machine->observers[machine->observer_count++] = *observer;
    for (uint32_t i = 0; i < machine->config.cores; i++) {
        machine->cores[i].track = true;
        machine->cores[i].tell_hits |= hits;
    }
    return true;
}

void machine_set_memory_port(struct machine *machine, const struct memory_port *port)
{
    machine->port = *port;
}

void machine_set_controls(struct machine *machine, const struct machine_controls *controls)
{
    machine->controls = *controls;
}

/* ---- programs ---------------------------------------------------------------------------------- */

void machine_add_program(struct machine *machine, unsigned core)
{
    struct core *owner = &machine->cores[core];
    owner->program = PROGRAM_DUE;
    owner->due_cycle = owner->now;
    adversary_resume(owner, owner->due_cycle);
}

/* What would make no sense; one sentence, or NULL. */
static const char *misuse(const struct core *core, const struct core_operation *operation)
{
    bool translates = operation->kind == CORE_ACCESS || operation->kind == CORE_STREAM;
    if (!core->asked)
        return "an operation was posted for a core whose program was not asked";
    if (translates && !core->context)
        return "an access was posted for a core without an address space";
    if (operation->kind == CORE_ACCESS && (operation->size_bytes == 0 || operation->size_bytes > 64))
        return "an access must have 1 to 64 bytes";
    if (translates && operation->window > MMU_WINDOW_MAX)
        return "a window must be from 1 to 256 accesses";
    if (operation->kind == CORE_SWITCH && !operation->context)
        return "a switch needs an address space";
    if (operation->kind == CORE_SWITCH && operation->context->two_stage &&
        operation->context->vmid == MMU_VMID_EL2)
        return "VMID 65535 is EL2's, and no virtual machine can have it";
    if (operation->kind == CORE_INTERRUPT && (operation->list_count == 0 || operation->list_count > 64))
        return "an interrupt must carry 1 to 64 invalidations";
    if (operation->kind == CORE_WAIT && operation->cycles == 0)
        return "a wait must last at least one cycle";
    return NULL;
}

void machine_post(struct machine *machine, unsigned core, const struct core_operation *operation)
{
    struct core *owner = &machine->cores[core];
    const char *wrong = misuse(owner, operation);
    if (wrong) {
        machine_fail(machine, "core %u: %s", core + 1, wrong);
        return;
    }
    owner->limit = owner->now + 1;
    operation_begin(owner, operation);
}

void machine_end_program(struct machine *machine, unsigned core)
{
    struct core *owner = &machine->cores[core];
    owner->program = PROGRAM_NONE;
    owner->asked = false;
    adversary_pause(owner);
}

const struct core_result *machine_result(const struct machine *machine, unsigned core)
{
    return &machine->cores[core].result;
}

void machine_unpark(struct machine *machine, unsigned core, uint64_t cycle)
{
    struct core *owner = &machine->cores[core];
    if (owner->program != PROGRAM_PARKED) {
        machine_fail(machine, "core %u is not parked", core + 1);
        return;
    }
    if (cycle <= owner->now)
        machine_fail(machine, "causality: core %u had handled cycle %llu when it was to go on at cycle %llu",
                     core + 1, (unsigned long long)owner->now, (unsigned long long)cycle);
    operation_end(owner, cycle);
    adversary_resume(owner, cycle);
}

void machine_rest(struct machine *machine, unsigned core, uint64_t cycle)
{
    adversary_pause(&machine->cores[core]);
    adversary_resume(&machine->cores[core], cycle);
}

bool machine_parked(const struct machine *machine, unsigned core)
{
    return machine->cores[core].program == PROGRAM_PARKED;
}

/* ---- looking at it ----------------------------------------------------------------------------- */

const struct mmu_config *machine_config(const struct machine *machine)
{
    return &machine->config;
}

bool machine_quiet(const struct machine *machine, unsigned core)
{
    return operation_quiet(&machine->cores[core]);
}

uint64_t machine_now(const struct machine *machine, unsigned core)
{
    return machine->cores[core].now;
}

uint64_t machine_end_cycle(const struct machine *machine)
{
    uint64_t end = 0;
    for (uint32_t i = 0; i < machine->config.cores; i++)
        if (machine->cores[i].now > end)
            end = machine->cores[i].now;
    return end;
}

const struct core_counters *machine_counters(const struct machine *machine, unsigned core)
{
    struct core *counted = &machine->cores[core];
    memory_system_count(counted, counted->now);
    return &counted->counters;
}

void machine_reset_counters(struct machine *machine)
{
    for (uint32_t i = 0; i < machine->config.cores; i++) {
        memory_system_count(&machine->cores[i], machine->cores[i].now);
        memset(&machine->cores[i].counters, 0, sizeof machine->cores[i].counters);
    }
}

const char *machine_error(const struct machine *machine)
{
    return machine->failed ? machine->error : NULL;
}

bool machine_peek(const struct machine *machine, uint64_t pa, uint64_t *value)
{
    if (!memory_contains(&machine->memory, pa, 8))
        return false;
    *value = memory_read(&machine->memory, pa, 8);
    return true;
}

bool machine_peek_from(const struct machine *machine, unsigned core, uint64_t pa, uint64_t *value)
{
    if (!memory_contains(&machine->memory, pa, 8))
        return false;
    const struct core *viewer = &machine->cores[core];
    if (viewer->stores.count > 0 && store_buffer_find(viewer, pa, 8, value) == STORE_CONTAINS)
        return true;
    *value = pa % 8 == 0 ? memory_read_word(&machine->memory, pa) : memory_read(&machine->memory, pa, 8);
    return true;
}

bool machine_poke(struct machine *machine, uint64_t pa, uint64_t value)
{
    if (!memory_contains(&machine->memory, pa, 8))
        return false;
    memory_write(&machine->memory, pa, 8, value);
    return !machine->memory.exhausted;
}

/* ---- events ------------------------------------------------------------------------------------ */

void machine_emit(struct machine *machine, unsigned core, struct mmu_event *event)
{
    struct core *owner = &machine->cores[core];
    struct mmu_event *place = core_event(owner, (enum event_kind)event->kind, owner->now);
    if (place)
        place->as = event->as;
}

static bool tell(struct machine *machine, const struct mmu_event *event)
{
    for (uint32_t i = 0; i < machine->observer_count; i++) {
        const struct mmu_observer *observer = &machine->observers[i];
        int status = observer->event(observer->context, event);
        if (status == 0)
            continue;
        machine_fail(machine, "an observer of the run failed with status %d", status);
        return false;
    }
    return true;
}

/* A core's events are in order of (cycle, sequence); the cores' are merged by (cycle, core). */
int machine_deliver(struct machine *machine, uint64_t cycle)
{
    for (;;) {
        struct core *first = NULL;
        uint64_t oldest = cycle;
        for (uint32_t i = 0; i < machine->config.cores; i++) {
            struct core *core = &machine->cores[i];
            if (core->events_count > 0 && core->events[core->events_first].cycle < oldest) {
                oldest = core->events[core->events_first].cycle;
                first = core;
            }
        }
        if (!first)
            return 0;
        const struct mmu_event *event = &first->events[first->events_first++];
        if (--first->events_count == 0)
            first->events_first = 0;
        machine->events_buffered--;
        if (!tell(machine, event))
            return -1;
    }
}

void machine_stop(struct machine *machine)
{
    uint64_t end = machine_end_cycle(machine);
    for (uint32_t i = 0; i < machine->config.cores; i++)
        machine->cores[i].now = end;
}

int machine_finish(struct machine *machine)
{
    machine_stop(machine);
    for (uint32_t i = 0; i < machine->config.cores; i++)
        hierarchy_end_all_lives(&machine->cores[i]);
    if (machine->memory.exhausted)
        machine_fail(machine, "out of memory: the simulated memory needs more than the host has");
    return machine_deliver(machine, NEVER);
}

/* ---- other schedulers -------------------------------------------------------------------------- */

uint64_t machine_core_next(const struct machine *machine, unsigned core)
{
    return core_next(&machine->cores[core]);
}

bool machine_core_step(struct machine *machine, unsigned core, uint64_t cycle)
{
    struct core *stepped = &machine->cores[core];
    stepped->limit = cycle + 1;
    core_step(stepped, cycle);
    return stepped->asked;
}

void machine_begin_program(struct machine *machine, unsigned core, uint64_t cycle)
{
    struct core *owner = &machine->cores[core];
    if (owner->program != PROGRAM_NONE)
        machine_fail(machine, "core %u has a program already", core + 1);
    if (cycle < owner->now)
        machine_fail(machine, "causality: core %u had handled cycle %llu when a program began at cycle %llu",
                     core + 1, (unsigned long long)owner->now, (unsigned long long)cycle);
    owner->program = PROGRAM_DUE;
    owner->due_cycle = cycle;
    adversary_resume(owner, cycle);
}

bool machine_buffered_byte(const struct machine *machine, unsigned core, uint64_t pa, uint8_t *value)
{
    uint64_t found;
    if (store_buffer_find(&machine->cores[core], pa, 1, &found) != STORE_CONTAINS)
        return false;
    *value = (uint8_t)found;
    return true;
}

bool machine_cached_byte(const struct machine *machine, uint64_t pa, uint8_t *value)
{
    const struct memory_system *system = &machine->memory_system;
    if (system->level_count == 0 || !memory_contains(&machine->memory, pa, 1) ||
        !coherence_is_dirty(machine, pa >> system->line_lg2))
        return false;
    *value = (uint8_t)memory_read(&machine->memory, pa, 1);
    return true;
}

void machine_write_cached_byte(struct machine *machine, uint64_t pa, uint8_t value)
{
    if (machine->memory_system.level_count > 0 && memory_contains(&machine->memory, pa, 1))
        memory_write(&machine->memory, pa, 1, value);
}

uint64_t machine_memory_next(const struct machine *machine)
{
    uint64_t next = machine->memory_system.next_cycle;
    for (uint32_t i = 0; i < machine->config.cores; i++)
        if (bus_oldest(&machine->cores[i]) < next)
            next = bus_oldest(&machine->cores[i]);
    return next;
}

void machine_arbitrate(struct machine *machine, uint64_t cycle)
{
    memory_system_resolve(machine, cycle + 1);
}
