/*
 * The bus: one transaction at a time, each for as many beats as its data need, and the requests that memory
 * works on at once. Time alone; what a transaction reads and writes is memory_access.h's business.
 */
#ifndef MMUSIM_MMU_BUS_H
#define MMUSIM_MMU_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "mmu/config.h"

struct bus {
    uint64_t free_cycle; /* the last transaction's beats are over */
    uint64_t occupancy_cycles;
    uint32_t width_lg2;
    uint32_t requests;     /* that memory works on at once; 0: any number */
    uint32_t held;         /* of `completions` */
    uint64_t *completions; /* cycles in which memory ends the latest requests: a heap, the earliest first */
};

/* False if the host has no memory. */
bool bus_init(struct bus *bus, const struct mmu_config *config);
void bus_destroy(struct bus *bus);

/* How many beats a transaction of so many bytes takes; one at the least. */
static inline uint64_t bus_beats(const struct bus *bus, uint64_t size_bytes)
{
    uint64_t beats = (size_bytes + (UINT64_C(1) << bus->width_lg2) - 1) >> bus->width_lg2;
    return beats ? beats : 1;
}

/* No transaction is granted before: the bus is busy, or memory is. */
static inline uint64_t bus_ready(const struct bus *bus)
{
    bool full = bus->requests > 0 && bus->held == bus->requests;
    return full && bus->completions[0] > bus->free_cycle ? bus->completions[0] : bus->free_cycle;
}

/* Grants a transaction that was asked for at `cycle`; gives the cycle of the grant. */
static inline uint64_t bus_grant(struct bus *bus, uint64_t cycle, uint64_t beats)
{
    uint64_t ready = bus_ready(bus);
    uint64_t granted = cycle > ready ? cycle : ready;
    bus->free_cycle = granted + beats * bus->occupancy_cycles;
    return granted;
}

/* The cycle in which the data of a transaction are there: not before its last beat. */
static inline uint64_t bus_data_cycle(const struct bus *bus, uint64_t granted, uint64_t beats,
                                      uint64_t latency_cycles)
{
    uint64_t last_beat = (beats - 1) * bus->occupancy_cycles;
    return granted + (last_beat > latency_cycles ? last_beat : latency_cycles);
}

void bus_remember(struct bus *bus, uint64_t cycle);

/* Memory works on the transaction granted last until `cycle`. */
static inline void bus_hold(struct bus *bus, uint64_t cycle)
{
    if (bus->requests > 0)
        bus_remember(bus, cycle);
}

/*
 * Who is granted next. `asked` has for each core the cycle in which its oldest waiting transaction was asked
 * for, UINT64_MAX if it has none; at least one core asked at `cycle` or before. Gives that core's number.
 */
struct bus_contest {
    const uint64_t *asked;
    uint32_t cores;
    uint32_t last_core; /* granted last */
    uint64_t cycle;
    bool reverse_ties; /* a negative control: equals in descending order of cores */
};

struct bus_arbiter {
    uint32_t (*choose)(const struct bus_contest *contest);
};

/* As in a machine's description; ends with NULL. */
extern const char *const bus_arbitration_names[BUS_ARBITRATIONS + 1];

const struct bus_arbiter *bus_arbiter_of(enum bus_arbitration arbitration);

#endif
