#include "mmu/bus.h"

#include <stdlib.h>
#include <string.h>

bool bus_init(struct bus *bus, const struct mmu_config *config)
{
    memset(bus, 0, sizeof *bus);
    bus->occupancy_cycles = config->bus_occupancy_cycles;
    bus->width_lg2 = (uint32_t)__builtin_ctzll(config->bus_width_bytes);
    bus->requests = (uint32_t)config->memory_requests;
    if (bus->requests == 0)
        return true;
    bus->completions = calloc(bus->requests, sizeof *bus->completions);
    return bus->completions != NULL;
}

void bus_destroy(struct bus *bus)
{
    free(bus->completions);
    bus->completions = NULL;
}

/* ---- requests in flight ------------------------------------------------------------------------ */

/*
 * The latest completions, as many as memory has room for: when it is full, the earliest of them is what a
 * grant waits for, and that one gives way to the new one.
 */
static void sink(struct bus *bus, uint64_t cycle)
{
    uint32_t place = 0;
    for (uint32_t child = 1; child < bus->held; child = 2 * place + 1) {
        if (child + 1 < bus->held && bus->completions[child + 1] < bus->completions[child])
            child++;
        if (bus->completions[child] >= cycle)
            break;
        bus->completions[place] = bus->completions[child];
        place = child;
    }
    bus->completions[place] = cycle;
}

void bus_remember(struct bus *bus, uint64_t cycle)
{
    if (bus->held == bus->requests) {
        sink(bus, cycle);
        return;
    }
    uint32_t place = bus->held++;
    for (; place > 0 && bus->completions[(place - 1) / 2] > cycle; place = (place - 1) / 2)
        bus->completions[place] = bus->completions[(place - 1) / 2];
    bus->completions[place] = cycle;
}

/* ---- arbitration ------------------------------------------------------------------------------- */

static uint32_t choose_oldest(const struct bus_contest *contest)
{
    uint32_t chosen = 0;
    for (uint32_t i = 1; i < contest->cores; i++)
        if (contest->asked[i] < contest->asked[chosen] ||
            (contest->reverse_ties && contest->asked[i] == contest->asked[chosen]))
            chosen = i;
    return chosen;
}

/* The first core that asks, from `first` on. */
static uint32_t next_asking(const struct bus_contest *contest, uint32_t first)
{
    for (uint32_t i = 0; i < contest->cores; i++) {
        uint32_t step = contest->reverse_ties ? contest->cores - i : i;
        uint32_t core = (first + step) % contest->cores;
        if (contest->asked[core] <= contest->cycle)
            return core;
    }
    return 0;
}

static uint32_t choose_round_robin(const struct bus_contest *contest)
{
    return next_asking(contest, (contest->last_core + 1) % contest->cores);
}

static uint32_t choose_lowest(const struct bus_contest *contest)
{
    return next_asking(contest, 0);
}

const char *const bus_arbitration_names[BUS_ARBITRATIONS + 1] = {
    [BUS_OLDEST_FIRST] = "oldest",
    [BUS_ROUND_ROBIN] = "round-robin",
    [BUS_FIXED_PRIORITY] = "priority",
};

const struct bus_arbiter *bus_arbiter_of(enum bus_arbitration arbitration)
{
    static const struct bus_arbiter arbiters[BUS_ARBITRATIONS] = {
        [BUS_OLDEST_FIRST] = {choose_oldest},
        [BUS_ROUND_ROBIN] = {choose_round_robin},
        [BUS_FIXED_PRIORITY] = {choose_lowest},
    };
    return &arbiters[arbitration];
}
