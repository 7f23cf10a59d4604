/*
 * Transactions: what the bus grants, and what happens then.
 */
#include "mmu/transaction.h"

#include "mmu/coherence.h"
#include "mmu/core.h"
#include "mmu/line_fill.h"
#include "mmu/memory_access.h"
#include "mmu/transfer.h"

static void use_bus(const struct machine *machine, struct bus_counters *counters, uint64_t waited_cycles,
                    uint64_t beats)
{
    counters->busy_cycles += beats * machine->memory_system.bus.occupancy_cycles;
    counters->wait_cycles += waited_cycles;
}

/* What it reads or writes is decided now; gives the cycle of the data. */
static uint64_t perform_direct(struct machine *machine, struct core *core, struct bus_request *request,
                               uint64_t cycle)
{
    struct bus *bus = &machine->memory_system.bus;
    request->grant_cycle = cycle;
    uint64_t latency = memory_access_direct(machine, core, request);
    uint64_t done = bus_data_cycle(bus, cycle, bus_beats(bus, request->size_bytes), latency);
    bus_hold(bus, done);
    return done;
}

uint64_t transaction_direct(struct machine *machine, struct core *core, struct bus_request *request,
                            struct bus_counters *counters)
{
    struct bus *bus = &machine->memory_system.bus;
    uint64_t beats = bus_beats(bus, request->size_bytes);
    uint64_t granted = bus_grant(bus, request->cycle, beats);
    use_bus(machine, counters, granted - request->cycle, beats);
    return perform_direct(machine, core, request, granted);
}

void transaction_perform(struct machine *machine, uint32_t index, uint64_t cycle)
{
    struct memory_system *system = &machine->memory_system;
    const struct transfer *transfer = &system->transfers[index];
    struct core *core = &machine->cores[transfer->core];
    uint32_t number = transfer->request;
    struct bus_request *request = &core->requests[number];
    if (!memory_system_claim(machine, request, cycle)) {
        memory_system_schedule(machine, cycle + 1, MEMORY_ACT_PERFORM, 0, core->index, index);
        return;
    }
    transfer_release(system, index);
    request->grant_cycle = cycle;
    coherence_bypass(machine, core, request);
    request->answer_cycle = perform_direct(machine, core, request, cycle);
    memory_system_answer(core, number, cycle);
}

static void grant_direct(struct machine *machine, struct core *core, uint32_t index, uint64_t cycle)
{
    struct memory_system *system = &machine->memory_system;
    const struct transfer *transfer = &system->transfers[index];
    uint64_t beats = bus_beats(&system->bus, core->requests[transfer->request].size_bytes);
    (void)bus_grant(&system->bus, cycle, beats);
    use_bus(machine, &core->counters.bus, cycle - transfer->cycle, beats);
    core->counters.transactions.direct++;
    transaction_perform(machine, index, cycle);
}

/* A line from memory, or from another core's cache; gives the cycle of the data. */
static uint64_t fetch_line(struct machine *machine, struct core *core, const struct transfer *fill,
                           uint64_t cycle, bool *absent)
{
    struct memory_system *system = &machine->memory_system;
    struct line_transaction line = {.core = core, .line = fill->line, .grant_cycle = cycle};
    uint64_t beats = bus_beats(&system->bus, UINT64_C(1) << system->line_lg2);
    uint64_t supplied_cycle = cycle;
    bool on_bus = system->coherent_level > system->level_count;
    bool supplied = on_bus && coherence_acquire(machine, core, fill->line, fill->own, &supplied_cycle);
    core->counters.transactions.fills++;
    *absent = false;
    if (supplied && fill->own)
        return bus_data_cycle(&system->bus, cycle, beats, supplied_cycle - cycle);
    if (machine->port.access && transaction_writes_back(system, fill->line))
        (void)memory_access_write_line(machine, &line);
    uint64_t latency =
        supplied ? memory_access_write_line(machine, &line) : memory_access_read_line(machine, &line);
    *absent = !supplied && line.absent;
    uint64_t done = bus_data_cycle(&system->bus, cycle, beats, latency);
    bus_hold(&system->bus, done);
    return supplied ? bus_data_cycle(&system->bus, cycle, beats, supplied_cycle - cycle) : done;
}

static void grant_fill(struct machine *machine, struct core *core, uint32_t index, uint64_t cycle)
{
    struct memory_system *system = &machine->memory_system;
    struct transfer *fill = &system->transfers[index];
    const struct cache *cache = cache_of(system, fill->level, fill->core);
    bool upgrade = fill->own && cache_find(cache, fill->line) != TLB_NONE;
    uint64_t beats = upgrade ? 1 : bus_beats(&system->bus, UINT64_C(1) << system->line_lg2);
    uint64_t ready_cycle = cycle + system->bus.occupancy_cycles;
    bool absent = false;
    (void)bus_grant(&system->bus, cycle, beats);
    use_bus(machine, &core->counters.bus, cycle - fill->cycle, beats);
    core->counters.transactions.upgrades += upgrade;
    if (upgrade)
        (void)coherence_acquire(machine, core, fill->line, true, &cycle);
    else
        ready_cycle = fetch_line(machine, core, fill, cycle, &absent);
    if (absent)
        line_abort(machine, index, ready_cycle, cycle);
    else
        line_decide(machine, index, ready_cycle, cycle);
}

static void grant_write_back(struct machine *machine, struct core *core, uint32_t index, uint64_t cycle)
{
    struct memory_system *system = &machine->memory_system;
    const struct transfer *transfer = &system->transfers[index];
    uint64_t beats = bus_beats(&system->bus, UINT64_C(1) << system->line_lg2);
    struct line_transaction line = {.core = core, .line = transfer->line, .grant_cycle = cycle};
    (void)bus_grant(&system->bus, cycle, beats);
    use_bus(machine, &core->counters.bus, cycle - transfer->cycle, beats);
    core->counters.transactions.writebacks++;
    system->write_backs--;
    transfer_release(system, index);
    uint64_t latency = memory_access_write_line(machine, &line);
    bus_hold(&system->bus, bus_data_cycle(&system->bus, cycle, beats, latency));
}

void transaction_ask(struct machine *machine, uint32_t index, uint64_t cycle)
{
    struct memory_system *system = &machine->memory_system;
    struct transfer *transfer = &system->transfers[index];
    struct memory_client *client = &system->clients[transfer->core];
    transfer->cycle = cycle;
    system->waiting++;
    machine->cores[transfer->core].counters.bus.requests++;
    transfer_append(system, &client->first_transfer, &client->last_transfer, index);
}

void transaction_write_back(struct machine *machine, struct core *core, uint64_t line, uint64_t cycle)
{
    uint32_t index = transfer_take(machine, TRANSFER_WRITE_BACK, core->index, line);
    machine->memory_system.write_backs++;
    transaction_ask(machine, index, cycle);
}

bool transaction_writes_back(const struct memory_system *system, uint64_t line)
{
    if (system->write_backs == 0)
        return false;
    for (uint32_t i = 1; i < system->transfer_count; i++)
        if (system->transfers[i].kind == TRANSFER_WRITE_BACK && system->transfers[i].line == line)
            return true;
    return false;
}

/* The cycle in which each core's oldest transfer asked for the bus; gives the least of them. */
static uint64_t find_asked(const struct machine *machine, uint64_t *asked)
{
    const struct memory_system *system = &machine->memory_system;
    uint64_t oldest = NEVER;
    for (uint32_t i = 0; i < machine->config.cores; i++) {
        uint32_t first = system->clients[i].first_transfer;
        asked[i] = first == NO_INDEX ? NEVER : system->transfers[first].cycle;
        oldest = asked[i] < oldest ? asked[i] : oldest;
    }
    return oldest;
}

uint64_t transaction_next(const struct machine *machine)
{
    uint64_t asked[MMU_CORES_MAX];
    if (machine->memory_system.waiting == 0)
        return NEVER;
    uint64_t oldest = find_asked(machine, asked);
    uint64_t ready = bus_ready(&machine->memory_system.bus);
    return oldest > ready ? oldest : ready;
}

/*
 * By priority a core waits for ever if those before it keep the bus busy; and a run never ends if they wait
 * for that core in turn. When nobody has asked for a translation or stored anything for so many transactions,
 * nobody will.
 */
#define STARVED_TRANSACTIONS 200000u

static uint64_t progress_of(const struct machine *machine)
{
    uint64_t progress = 0;
    for (uint32_t i = 0; i < machine->config.cores; i++)
        progress +=
            machine->cores[i].counters.accesses.translations + machine->cores[i].counters.store_buffer.stores;
    return progress;
}

static void tell_starving(struct machine *machine, const struct bus_contest *contest)
{
    uint32_t core = 0;
    for (uint32_t i = 1; i < contest->cores; i++)
        core = contest->asked[i] < contest->asked[core] ? i : core;
    machine_fail(
        machine,
        "core %u waits for the bus since cycle %llu, and nobody has loaded or stored anything for %llu "
        "cycles: cores before it keep the bus busy, and bus.arbitration is \"priority\" (\"oldest\" and "
        "\"round-robin\" starve nobody)",
        core + 1, (unsigned long long)contest->asked[core],
        (unsigned long long)(contest->cycle - machine->memory_system.progress_cycle));
}

/* `oldest`: the cycle of the request that waits for longest. */
static void watch_starving(struct machine *machine, const struct bus_contest *contest, uint64_t oldest)
{
    struct memory_system *system = &machine->memory_system;
    uint64_t patience = STARVED_TRANSACTIONS * machine->config.bus_occupancy_cycles;
    if (oldest >= contest->cycle || contest->cycle - oldest <= patience)
        return;
    uint64_t progress = progress_of(machine);
    if (progress != system->progress) {
        system->progress = progress;
        system->progress_cycle = contest->cycle;
    } else if (contest->cycle - system->progress_cycle > patience) {
        tell_starving(machine, contest);
    }
}

void transaction_grant(struct machine *machine, uint64_t cycle)
{
    uint64_t asked[MMU_CORES_MAX];
    struct memory_system *system = &machine->memory_system;
    struct bus_contest contest = {.asked = asked,
                                  .cores = (uint32_t)machine->config.cores,
                                  .last_core = system->last_core,
                                  .cycle = cycle,
                                  .reverse_ties = machine->controls.reverse_ties};
    uint64_t oldest = find_asked(machine, asked);
    if (machine->config.bus_arbitration == BUS_FIXED_PRIORITY)
        watch_starving(machine, &contest, oldest);
    uint32_t chosen = system->arbiter->choose(&contest);
    struct memory_client *client = &system->clients[chosen];
    uint32_t index = client->first_transfer;
    struct core *core = &machine->cores[chosen];
    client->first_transfer = system->transfers[index].next;
    system->last_core = chosen;
    system->waiting--;
    switch ((enum transfer_kind)system->transfers[index].kind) {
    case TRANSFER_DIRECT:
        grant_direct(machine, core, index, cycle);
        break;
    case TRANSFER_FILL:
        grant_fill(machine, core, index, cycle);
        break;
    default:
        grant_write_back(machine, core, index, cycle);
        break;
    }
}
