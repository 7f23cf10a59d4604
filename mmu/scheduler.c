/*
 * Who runs when: the fast scheduler and the stepped reference. Both drive the same components.
 *
 * Fast: each core runs ahead of the others up to the earliest cycle at which one of them could affect it.
 * A round is: S, the least of all cores' next actions, and of the earliest answers to requests that are not
 * answered yet; everything that the memory system does before S; then every core runs up to its limit. All
 * latencies in the limits come from the machine's description.
 *
 * A program is asked when S has reached it: at global time, cores of one cycle by their numbers.
 */
#include "mmu/core.h"

#define DELIVER_AT 8192u  /* buffered events that are worth a delivery */
#define EVENTS_MAX 65536u /* of a core that runs ahead; with more it waits for a delivery */

static uint64_t later(uint64_t cycle, uint64_t cycles)
{
    return cycle > NEVER - cycles ? NEVER : cycle + cycles;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The earliest answer to a request of the core that is not answered yet. */
static uint64_t earliest_answer(const struct core *core)
{
    return memory_system_earliest_answer(&core->machine->memory_system, bus_oldest(core), core->undecided);
}

/* The earliest cycle at which the core does something, answers to its own requests included. */
static uint64_t earliest_action(const struct core *core)
{
    return least(core_next(core), earliest_answer(core));
}

static uint64_t global_time(const struct machine *machine)
{
    uint64_t time = NEVER;
    for (uint32_t i = 0; i < machine->config.cores; i++)
        time = least(time, earliest_action(&machine->cores[i]));
    return time;
}

static bool awaits_acknowledgement(const struct core *core)
{
    return core->outstanding_broadcast > 0 || core->outstanding_local > 0;
}

/* The earliest cycle at which the core's program could send something to another core. */
static uint64_t earliest_sending(const struct core *core, uint64_t time)
{
    if (core->program == PROGRAM_NONE || core->program == PROGRAM_PARKED)
        return NEVER; /* a parked one acts after another one that is not */
    uint64_t cycle = earliest_action(core);
    if (awaits_acknowledgement(core))
        cycle = least(cycle, later(time, core->machine->config.network_latency_cycles));
    if (core->slots_awaited >
        0) /* another core may free one at any time, whatever its own program promises */
        cycle = least(cycle, later(time, core->machine->config.walker_request_cycles));
    bool streams = core->op.kind == CORE_STREAM && core->program == PROGRAM_RUNNING;
    return streams && core->promised_cycle > cycle ? core->promised_cycle : cycle;
}

/* The least of all cores' sendings, and the least of those of all cores but the first one's. */
struct sendings {
    uint64_t first, second;
    const struct core *first_core;
};

static struct sendings find_sendings(const struct machine *machine, uint64_t time)
{
    struct sendings sendings = {NEVER, NEVER, NULL};
    for (uint32_t i = 0; i < machine->config.cores; i++) {
        uint64_t cycle = earliest_sending(&machine->cores[i], time);
        if (cycle < sendings.first) {
            sendings.second = sendings.first;
            sendings.first = cycle;
            sendings.first_core = &machine->cores[i];
        } else {
            sendings.second = least(sendings.second, cycle);
        }
    }
    return sendings;
}

static uint64_t limit_of(const struct core *core, const struct sendings *sendings, uint64_t time)
{
    const struct machine *machine = core->machine;
    uint64_t network = machine->config.network_latency_cycles;
    uint64_t others = sendings->first_core == core ? sendings->second : sendings->first;
    uint64_t limit = earliest_answer(core);
    limit = least(limit, later(others, network));
    if (awaits_acknowledgement(core))
        limit = least(limit, later(time, network));
    if (core->program == PROGRAM_PARKED)
        limit = least(limit, later(others, 1));
    if (core->slots_awaited > 0)
        limit = least(limit, later(time, machine->config.walker_request_cycles));
    return later(limit, machine->controls.extra_look_ahead);
}

/* Up to the limit, or less far while its events are not delivered; what is due at global time happens in any
 * case. */
static void run_core(struct core *core, uint64_t limit, uint64_t time)
{
    core->limit = limit;
    while (!core->asked) {
        uint64_t next = core_next(core);
        if (next >= core->limit || (core->events_count > EVENTS_MAX && next > time))
            return;
        core_step(core, next);
    }
}

/*
 * What cores share is touched at global time, in the order of the cores: a core stops in front of it, until
 * all others have come as far.
 */
static uint64_t shared_limit(const struct core *core, uint64_t limit, uint64_t time, bool in_turn)
{
    uint64_t shared = core_next_shared(core);
    if (shared == time && in_turn)
        return least(limit, time + 1);
    return least(limit, shared);
}

static void run_cores(struct machine *machine, uint64_t time)
{
    struct sendings sendings = find_sendings(machine, time);
    bool in_turn = true; /* every core before has handled this cycle */
    for (uint32_t i = 0; i < machine->config.cores; i++) {
        struct core *core = &machine->cores[i];
        uint64_t limit = limit_of(core, &sendings, time);
        if (machine->coupled)
            limit = shared_limit(core, limit, time, in_turn);
        run_core(core, limit, time);
        in_turn = in_turn && core_next(core) > time; /* one that is asked may stand further on */
    }
}

/* The core whose program is to be asked at this global time; NULL if another core has to act before. */
static struct core *core_to_ask(const struct machine *machine, uint64_t time)
{
    for (uint32_t i = 0; i < machine->config.cores; i++) {
        struct core *core = &machine->cores[i];
        if (earliest_action(core) > time)
            continue;
        return core->asked && core->due_cycle == time ? core : NULL;
    }
    return NULL;
}

static enum machine_status nothing_left(struct machine *machine)
{
    for (uint32_t i = 0; i < machine->config.cores; i++)
        memory_system_count(&machine->cores[i], NEVER);
    for (uint32_t i = 0; i < machine->config.cores; i++) {
        if (machine->cores[i].program == PROGRAM_PARKED)
            return MACHINE_DEADLOCK;
        if (machine->cores[i].program == PROGRAM_NONE)
            continue;
        machine_fail(machine, "core %u waits for something that nobody will do", i + 1);
        return MACHINE_ERROR;
    }
    return MACHINE_DONE;
}

enum machine_status machine_advance(struct machine *machine, unsigned *core)
{
    machine->grant_at_once = machine->config.cores == 1 && machine->memory_system.grants_ahead;
    while (!machine->failed) {
        uint64_t time = global_time(machine);
        memory_system_resolve(machine, time);
        if (time == NEVER)
            return nothing_left(machine);
        struct core *asked = core_to_ask(machine, time);
        if (asked) {
            *core = asked->index;
            return MACHINE_PROGRAM;
        }
        run_cores(machine, time);
        if (machine->events_buffered > DELIVER_AT && machine_deliver(machine, time) != 0)
            break;
    }
    return MACHINE_ERROR;
}

/* ---- the stepped reference --------------------------------------------------------------------- */

static uint64_t first_pending_cycle(const struct machine *machine)
{
    uint64_t cycle = machine_memory_next(machine);
    for (uint32_t i = 0; i < machine->config.cores; i++)
        cycle = least(cycle, core_next(&machine->cores[i]));
    return cycle;
}

/* The rest of the cycle that the machine stands in; true if a program has to be asked. */
static bool step_cores(struct machine *machine, unsigned *asked)
{
    uint32_t cores = (uint32_t)machine->config.cores;
    for (; machine->step_core < cores; machine->step_core++) {
        struct core *core = &machine->cores[machine->step_core];
        if (core_next(core) == machine->step_cycle && !core->asked) {
            core->limit = machine->step_cycle + 1;
            core_step(core, machine->step_cycle);
        }
        if (core->asked) {
            *asked = machine->step_core;
            return true;
        }
    }
    return false;
}

enum machine_status machine_advance_stepped(struct machine *machine, unsigned *core)
{
    while (!machine->failed) {
        if (!machine->stepping) {
            machine->step_cycle = first_pending_cycle(machine);
            machine->step_core = 0;
            if (machine->step_cycle == NEVER)
                return nothing_left(machine);
            machine->stepping = true;
        }
        if (step_cores(machine, core))
            return MACHINE_PROGRAM;
        memory_system_resolve(machine, machine->step_cycle + 1);
        machine->stepping = false;
        if (machine->events_buffered > DELIVER_AT && machine_deliver(machine, machine->step_cycle) != 0)
            break;
    }
    return MACHINE_ERROR;
}
