/*
 * The memory system's order of events, and the way of a request through it.
 */
#include "mmu/memory_system.h"

#include <stdlib.h>
#include <string.h>

#include "mmu/core.h"
#include "mmu/line_fill.h"
#include "mmu/transaction.h"
#include "mmu/transfer.h"

/* Of an act's order: the act, its rank, the core, and the age. */
#define ACT_SHIFT  60
#define RANK_SHIFT 56
#define CORE_SHIFT 48

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void memory_system_schedule(struct machine *machine, uint64_t cycle, enum memory_act act, unsigned rank,
                            unsigned core, uint32_t what)
{
    struct memory_system *system = &machine->memory_system;
    uint64_t place = machine->controls.reverse_ties ? MMU_CORES_MAX - core : core;
    uint64_t order =
        (uint64_t)act << ACT_SHIFT | (uint64_t)rank << RANK_SHIFT | place << CORE_SHIFT | system->sequence++;
    if (!calendar_push(&system->calendar, cycle, order, what, core))
        machine_fail(machine, "out of memory: the calendar of the memory system cannot grow");
}

/* ---- answers ----------------------------------------------------------------------------------- */

/* Stores leave their buffer in order, even if memory has a younger one sooner. */
static uint64_t in_order(struct core *core, const struct bus_request *request, uint64_t cycle)
{
    if (request->answer != CALENDAR_STORE_DONE)
        return cycle;
    if (cycle < core->stores.last_done_cycle)
        cycle = core->stores.last_done_cycle;
    core->stores.last_done_cycle = cycle;
    return cycle;
}

static void deliver(struct core *core, uint32_t index, uint64_t cycle)
{
    const struct bus_request *request = &core->requests[index];
    core_deliver(core, in_order(core, request, cycle),
                 calendar_order((enum calendar_kind)request->answer, request->age), index, core->index);
}

/*
 * Requests of one core that are decided in the order in which they were asked for: with caches, where a
 * younger one may hit. A buffer's stores always; on x86 loads, too (Intel SDM volume 3, 9.2.2: neither loads
 * nor stores pass each other, and stores no older loads).
 */
static bool is_ordered(const struct machine *machine, const struct bus_request *request)
{
    if (machine->memory_system.level_count == 0 || request->answer == CALENDAR_ENTRY)
        return false;
    return request->kind == MEMORY_WRITE || machine->config.ordering == ORDERING_X86;
}

static void schedule_gate(struct machine *machine, uint32_t core, uint64_t cycle)
{
    struct memory_client *client = &machine->memory_system.clients[core];
    if (client->first_gated == NO_INDEX || client->opening)
        return;
    client->opening = true;
    memory_system_schedule(machine, cycle, MEMORY_ACT_OPEN_GATE, 0, core, 0);
}

static bool grow_decided(struct memory_system *system)
{
    uint32_t capacity = system->decided_capacity ? 2 * system->decided_capacity : 16;
    struct decided_words *decided = realloc(system->decided, capacity * sizeof *decided);
    if (!decided)
        return false;
    system->decided = decided;
    system->decided_capacity = capacity;
    return true;
}

bool memory_system_claim(struct machine *machine, const struct bus_request *request, uint64_t cycle)
{
    struct memory_system *system = &machine->memory_system;
    struct decided_words words = {.first = request->pa / 8,
                                  .last = (request->pa + request->size_bytes - 1) / 8,
                                  .stores = request->kind != MEMORY_READ};
    if (system->decided_cycle != cycle)
        system->decided_count = 0;
    system->decided_cycle = cycle;
    for (uint32_t i = 0; i < system->decided_count; i++) {
        const struct decided_words *other = &system->decided[i];
        if (words.first <= other->last && other->first <= words.last && (words.stores || other->stores))
            return false;
    }
    if (system->decided_count == system->decided_capacity && !grow_decided(system))
        machine_fail(machine, "out of memory: the memory system's decisions cannot be kept");
    else
        system->decided[system->decided_count++] = words;
    return true;
}

void memory_system_answer(struct core *core, uint32_t index, uint64_t cycle)
{
    struct machine *machine = core->machine;
    struct memory_client *client = &machine->memory_system.clients[core->index];
    const struct bus_request *request = &core->requests[index];
    core->undecided--;
    if (is_ordered(machine, request))
        client->ordered = false;
    if (request->crossing)
        client->crossing = false;
    if (!client->ordered && !client->crossing)
        schedule_gate(machine, core->index, cycle + 1);
    deliver(core, index, request->answer_cycle);
}

/* ---- requests ---------------------------------------------------------------------------------- */

/* The level that the request looks up first; 0 if it passes no cache. */
static unsigned entry_level(const struct machine *machine, const struct bus_request *request)
{
    const struct memory_system *system = &machine->memory_system;
    if (system->level_count == 0 || request->bypass || request->kind == MEMORY_CLEAR ||
        !memory_contains(&machine->memory, request->pa, request->size_bytes))
        return 0;
    if (request->answer != CALENDAR_ENTRY)
        return 1;
    return system->walker_level <= system->level_count ? system->walker_level : 0;
}

static void begin_parts(struct machine *machine, struct core *core, uint32_t number, unsigned level,
                        uint64_t cycle)
{
    struct memory_system *system = &machine->memory_system;
    struct bus_request *request = &core->requests[number];
    uint64_t first = request->pa >> system->line_lg2;
    uint64_t last = (request->pa + request->size_bytes - 1) >> system->line_lg2;
    bool stores = request->kind != MEMORY_READ;
    request->parts = (uint8_t)(last - first + 1);
    request->crossing = first != last && request->answer != CALENDAR_ENTRY;
    if (request->crossing)
        system->clients[core->index].crossing = true;
    for (uint64_t line = first; line <= last; line++) {
        uint32_t index = transfer_take(machine, TRANSFER_PART, core->index, line);
        struct transfer *part = &system->transfers[index];
        part->target = (uint8_t)level;
        part->request = number;
        part->stores = stores;
        part->own = stores && machine->config.cores > 1;
        line_look_up(machine, index, cycle, false);
    }
}

static void begin_request(struct machine *machine, struct core *core, uint32_t number, uint64_t cycle)
{
    struct bus_request *request = &core->requests[number];
    unsigned level = entry_level(machine, request);
    request->answer_cycle = 0;
    request->crossing = false;
    if (level > 0) {
        begin_parts(machine, core, number, level, cycle);
        return;
    }
    uint32_t index = transfer_take(machine, TRANSFER_DIRECT, core->index, 0);
    machine->memory_system.transfers[index].request = number;
    transaction_ask(machine, index, cycle);
}

/* The first one in front of the gate begins, if none under way forbids it; at most one in a cycle. */
static void begin_gated(struct machine *machine, struct core *core, uint64_t cycle)
{
    struct memory_client *client = &machine->memory_system.clients[core->index];
    if (client->first_gated == NO_INDEX || client->ordered || client->crossing)
        return; /* the answer opens the gate */
    if (cycle >= client->gate_cycle) {
        uint32_t number = client->first_gated;
        client->first_gated = core->requests[number].next;
        client->gate_cycle = cycle + 1;
        client->gated_loads -= !is_ordered(machine, &core->requests[number]);
        client->ordered = is_ordered(machine, &core->requests[number]);
        begin_request(machine, core, number, cycle);
    }
    if (!client->ordered && !client->crossing)
        schedule_gate(machine, core->index, client->gate_cycle);
}

static void open_gate(struct machine *machine, struct core *core, uint64_t cycle)
{
    machine->memory_system.clients[core->index].opening = false;
    begin_gated(machine, core, cycle);
}

static uint32_t next_request(struct core *core)
{
    uint32_t index = core->unresolved[core->unresolved_first];
    core->unresolved_first = (core->unresolved_first + 1) % REQUESTS_MAX;
    core->unresolved_count--;
    return index;
}

static void take_request(struct machine *machine, struct core *core)
{
    struct memory_client *client = &machine->memory_system.clients[core->index];
    uint32_t number = next_request(core);
    struct bus_request *request = &core->requests[number];
    core->undecided++;
    bool walk = request->answer == CALENDAR_ENTRY, ordered = is_ordered(machine, request);
    if (walk || (!ordered && !client->crossing && client->gated_loads == 0)) {
        begin_request(machine, core, number, request->cycle);
        return;
    }
    client->gated_loads += !ordered;
    request->next = NO_INDEX;
    if (client->first_gated == NO_INDEX)
        client->first_gated = number;
    else
        core->requests[client->last_gated].next = number;
    client->last_gated = number;
    begin_gated(machine, core, request->cycle);
}

/* ---- asking ------------------------------------------------------------------------------------ */

struct bus_request *bus_prepare(struct core *core, enum memory_transaction_kind kind, uint64_t pa,
                                uint32_t size_bytes, enum calendar_kind answer, uint32_t what)
{
    struct bus_request *request = &core->requests[core->free_requests[--core->free_request_count]];
    request->pa = pa;
    request->what = what;
    request->size_bytes = size_bytes;
    request->kind = (uint8_t)kind;
    request->answer = (uint8_t)answer;
    request->index = 0;
    request->want_old = false;
    request->bypass = false;
    request->aborted = false;
    request->delayed = false;
    request->words = NULL;
    request->forwarded = 0;
    return request;
}

void memory_system_count(struct core *core, uint64_t cycle)
{
    if (core->latest_cycle >= cycle)
        return;
    core->counters.bus.requests += core->latest.requests;
    core->counters.bus.busy_cycles += core->latest.busy_cycles;
    core->counters.bus.wait_cycles += core->latest.wait_cycles;
    core->counters.transactions.direct += core->latest.requests;
    core->latest = (struct bus_counters){0, 0, 0};
}

/* As soon as no older request can come: the grant is the later of the request and the bus becoming free. */
static void grant_ahead(struct machine *machine, struct core *core, uint32_t index)
{
    struct bus_request *request = &core->requests[index];
    core->counters.bus.requests++;
    core->counters.transactions.direct++;
    deliver(core, index, transaction_direct(machine, core, request, &core->counters.bus));
}

/* As the only core there is. In other modes the bus acts after the program that is asked in this cycle, which
 * may begin a region: so it counts later here, too. */
static void grant_at_once(struct core *core, uint32_t index)
{
    struct bus_request *request = &core->requests[index];
    memory_system_count(core, core->now);
    core->latest_cycle = core->now;
    core->latest.requests++;
    deliver(core, index, transaction_direct(core->machine, core, request, &core->latest));
}

/* Until no older request can come. The core may run on to the earliest answer. */
static void wait_for_turn(struct core *core, uint32_t index)
{
    const struct machine *machine = core->machine;
    core->unresolved[(core->unresolved_first + core->unresolved_count++) % REQUESTS_MAX] = index;
    uint64_t earliest =
        core->now + machine->memory_system.least_answer_cycles + machine->controls.extra_look_ahead;
    if (earliest < core->limit)
        core->limit = earliest;
}

void bus_ask(struct core *core, struct bus_request *request)
{
    request->cycle = core->now;
    request->age = core->age++;
    if (core->machine->grant_at_once)
        grant_at_once(core, (uint32_t)(request - core->requests));
    else
        wait_for_turn(core, (uint32_t)(request - core->requests));
}

void bus_release(struct core *core, uint32_t request)
{
    core->free_requests[core->free_request_count++] = request;
}

/* ---- the order --------------------------------------------------------------------------------- */

/* The core whose oldest request comes first, among those older than `cycle`; NULL if there is none. */
static struct core *first_in_turn(struct machine *machine, uint64_t cycle)
{
    struct core *first = NULL;
    uint64_t oldest = cycle;
    for (uint32_t i = 0; i < machine->config.cores; i++) {
        struct core *core = &machine->cores[i];
        uint64_t asked = bus_oldest(core);
        if (asked < oldest || (machine->controls.reverse_ties && first && asked == oldest)) {
            oldest = asked;
            first = core;
        }
    }
    return first;
}

static void act(struct machine *machine)
{
    struct calendar_item item = calendar_pop(&machine->memory_system.calendar);
    switch ((enum memory_act)(item.order >> ACT_SHIFT)) {
    case MEMORY_ACT_PERFORM:
        if (machine->memory_system.transfers[item.what].kind == TRANSFER_DIRECT)
            transaction_perform(machine, item.what, item.cycle);
        else
            line_look_up(machine, item.what, item.cycle, true);
        break;
    case MEMORY_ACT_INSTALL:
        line_install(machine, item.what, item.cycle);
        break;
    case MEMORY_ACT_OPEN_GATE:
        open_gate(machine, &machine->cores[item.from], item.cycle);
        break;
    case MEMORY_ACT_LOOK_UP:
        line_look_up(machine, item.what, item.cycle, false);
        break;
    case MEMORY_ACT_ASK_BUS:
        transaction_ask(machine, item.what, item.cycle);
        break;
    }
}

/* The next thing that comes before `cycle`; false if there is none. */
static bool act_once(struct machine *machine, uint64_t cycle)
{
    struct core *asking = first_in_turn(machine, cycle);
    uint64_t asked = asking ? bus_oldest(asking) : cycle;
    uint64_t own = calendar_next(&machine->memory_system.calendar);
    uint64_t granted = transaction_next(machine);
    if (own < cycle && own <= asked && own <= granted)
        act(machine);
    else if (asking && asked <= granted)
        take_request(machine, asking);
    else if (granted < cycle)
        transaction_grant(machine, granted);
    else
        return false;
    return !machine->failed;
}

void memory_system_resolve(struct machine *machine, uint64_t cycle)
{
    struct memory_system *system = &machine->memory_system;
    struct core *core;
    if (system->grants_ahead) {
        while ((core = first_in_turn(machine, cycle)))
            grant_ahead(machine, core, next_request(core));
        return;
    }
    while (act_once(machine, cycle))
        ;
    system->next_cycle = least(calendar_next(&system->calendar), transaction_next(machine));
}

/* ---- making and unmaking ----------------------------------------------------------------------- */

static bool init_level(struct memory_system *system, const struct mmu_config *config, unsigned index,
                       const char **why)
{
    const struct cache_config *wanted = &config->caches[index];
    struct cache_level *level = &system->levels[index];
    uint32_t count = wanted->shared ? 1 : (uint32_t)config->cores;
    level->shared = wanted->shared;
    level->latency_cycles = wanted->latency_cycles;
    level->caches = calloc(count, sizeof *level->caches);
    if (!level->caches)
        return false;
    for (; level->count < count; level->count++)
        if (!cache_init(&level->caches[level->count], wanted, config->cache_line_bytes,
                        config->seed + index * MMU_CORES_MAX + level->count, why))
            return false;
    return true;
}

/* What the cores may rely on, from the latencies of everything that can end a request. */
static void derive_latencies(struct memory_system *system, const struct mmu_config *config)
{
    system->least_answer_cycles = config->memory_latency_cycles;
    system->least_reaction_cycles = config->memory_latency_cycles;
    for (unsigned i = 0; i < system->level_count; i++) {
        const struct cache_level *level = &system->levels[i];
        if (i == 0 || i + 1 == system->walker_level)
            system->least_answer_cycles = least(system->least_answer_cycles, level->latency_cycles);
        system->least_reaction_cycles = least(system->least_reaction_cycles, level->latency_cycles);
        if (!level->shared)
            system->supply_cycles += level->latency_cycles;
        else if (system->coherent_level > i + 1)
            system->coherent_level = i + 1;
    }
    if (system->level_count > 0) /* an upgrade */
        system->least_reaction_cycles = least(system->least_reaction_cycles, config->bus_occupancy_cycles);
}

static bool init_caches(struct memory_system *system, const struct mmu_config *config, const char **why)
{
    for (unsigned i = 0; i < config->cache_count; i++) {
        system->level_count++;
        if (!init_level(system, config, i, why))
            return false;
    }
    system->coherent_level = system->level_count + 1;
    system->walker_level = (uint32_t)config->cache_walker_level;
    system->line_lg2 = (uint32_t)__builtin_ctzll(config->cache_line_bytes);
    return true;
}

bool memory_system_init(struct memory_system *system, const struct mmu_config *config, const char **why)
{
    memset(system, 0, sizeof *system);
    *why = "out of memory";
    system->arbiter = bus_arbiter_of((enum bus_arbitration)config->bus_arbitration);
    system->grants_ahead =
        config->cache_count == 0 && (config->bus_arbitration == BUS_OLDEST_FIRST || config->cores == 1);
    system->last_core = (uint32_t)config->cores - 1;
    system->next_cycle = NEVER;
    system->free_transfer = NO_INDEX;
    system->clients = calloc(config->cores, sizeof *system->clients);
    if (!system->clients || !bus_init(&system->bus, config) || !calendar_init(&system->calendar, 64) ||
        !init_caches(system, config, why))
        return false;
    for (uint32_t i = 0; i < config->cores; i++)
        system->clients[i] = (struct memory_client){.first_transfer = NO_INDEX, .first_gated = NO_INDEX};
    derive_latencies(system, config);
    return true;
}

void memory_system_destroy(struct memory_system *system)
{
    for (unsigned i = 0; i < system->level_count; i++) {
        for (uint32_t k = 0; k < system->levels[i].count; k++)
            cache_destroy(&system->levels[i].caches[k]);
        free(system->levels[i].caches);
    }
    bus_destroy(&system->bus);
    calendar_destroy(&system->calendar);
    free(system->clients);
    free(system->decided);
    free(system->transfers);
}
