/*
 * The bus: one transaction after the other, oldest first; ties by core, then by age. With this rule a
 * grant is the later of the request and the bus becoming free, so that it can be computed as soon as no
 * older request can come any more.
 */
#include <stddef.h>

#include "mmu/core.h"

/* Until no older request can come. The core may run on to the earliest answer. */
static void wait_for_grant(struct core *core, uint32_t index)
{
    core->unresolved[(core->unresolved_first + core->unresolved_count++) % REQUESTS_MAX] = index;
    uint64_t earliest =
        core->now + core->machine->least_answer_cycles + core->machine->controls.extra_look_ahead;
    if (earliest < core->limit)
        core->limit = earliest;
}

void bus_release(struct core *core, uint32_t request)
{
    core->free_requests[core->free_request_count++] = request;
}

static void access_memory(struct memory *memory, struct bus_request *request)
{
    uint64_t pa = request->pa;
    uint32_t size_bytes = request->size_bytes;
    switch ((enum memory_transaction_kind)request->kind) {
    case MEMORY_READ:
        request->value = size_bytes == 8 && pa % 8 == 0
                             ? memory_read_word(memory, pa)
                             : memory_read(memory, pa, size_bytes < 8 ? size_bytes : 8);
        break;
    case MEMORY_WRITE:
        if (request->want_old)
            request->old_value = memory_read(memory, pa, 8);
        for (uint32_t done = 0; done < size_bytes; done += 8)
            memory_write(memory, pa + done, size_bytes - done < 8 ? size_bytes - done : 8, request->value);
        break;
    case MEMORY_COMPARE_EXCHANGE:
        request->old_value = memory_read(memory, pa, 8);
        if (request->old_value == request->expected)
            memory_write(memory, pa, 8, request->value);
        request->value = request->old_value;
        break;
    case MEMORY_CLEAR:
        memory_clear(memory, pa, size_bytes);
        break;
    }
}

/* The foreign memory answers; ours keeps a copy, so that peeks and old values need no second interface. */
static uint64_t access_port(struct machine *machine, const struct core *core, struct bus_request *request)
{
    struct memory_transaction transaction = {.pa = request->pa,
                                             .value = request->value,
                                             .expected = request->expected,
                                             .grant_cycle = request->grant_cycle,
                                             .latency_cycles = machine->config.memory_latency_cycles,
                                             .size_bytes = request->size_bytes,
                                             .kind = request->kind,
                                             .core = (uint8_t)core->index};
    bool present = machine->port.access(machine->port.context, &transaction);
    if (present)
        access_memory(&machine->memory, request);
    request->aborted = !present;
    if (transaction.error)
        machine_fail(machine, "%s", transaction.error);
    if (request->kind == MEMORY_READ || request->kind == MEMORY_COMPARE_EXCHANGE)
        request->value = transaction.value;
    return transaction.latency_cycles;
}

static const char *const transaction_names[] = {"a read", "a write", "a compare-exchange", "a clear"};

/* Stores leave their buffer in order, even if foreign memory has a younger one sooner. */
static uint64_t answer_cycle(struct core *core, const struct bus_request *request, uint64_t latency)
{
    uint64_t cycle = request->grant_cycle + latency;
    if (request->answer != CALENDAR_STORE_DONE)
        return cycle;
    if (cycle < core->stores.last_done_cycle)
        cycle = core->stores.last_done_cycle;
    core->stores.last_done_cycle = cycle;
    return cycle;
}

static void grant(struct machine *machine, struct core *core, uint32_t index)
{
    struct bus_request *request = &core->requests[index];
    uint64_t latency = machine->config.memory_latency_cycles;
    request->grant_cycle =
        request->cycle > machine->bus_free_cycle ? request->cycle : machine->bus_free_cycle;
    machine->bus_free_cycle = request->grant_cycle + machine->config.bus_occupancy_cycles;
    core->counters.bus.busy_cycles += machine->config.bus_occupancy_cycles;
    core->counters.bus.wait_cycles += request->grant_cycle - request->cycle;
    if (!memory_contains(&machine->memory, request->pa, request->size_bytes))
        request->aborted = true;
    else if (machine->port.access)
        latency = access_port(machine, core, request);
    else
        access_memory(&machine->memory, request);
    if (latency < machine->config.memory_latency_cycles)
        machine_fail(
            machine,
            "foreign memory answered %s of 0x%llx after %llu cycles; memory.latency promises %llu at "
            "the least",
            transaction_names[request->kind], (unsigned long long)request->pa, (unsigned long long)latency,
            (unsigned long long)machine->config.memory_latency_cycles);
    core_deliver(core, answer_cycle(core, request, latency),
                 calendar_order((enum calendar_kind)request->answer, request->age), index, core->index);
}

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
    request->aborted = false;
    return request;
}

void bus_ask(struct core *core, struct bus_request *request)
{
    request->cycle = core->now;
    request->age = core->age++;
    core->counters.bus.requests++;
    if (core->machine->grant_at_once)
        grant(core->machine, core, (uint32_t)(request - core->requests));
    else
        wait_for_grant(core, (uint32_t)(request - core->requests));
}

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

void bus_resolve(struct machine *machine, uint64_t cycle)
{
    struct core *core;
    while ((core = first_in_turn(machine, cycle))) {
        uint32_t index = core->unresolved[core->unresolved_first];
        core->unresolved_first = (core->unresolved_first + 1) % REQUESTS_MAX;
        core->unresolved_count--;
        grant(machine, core, index);
    }
}
