/*
 * The memory system: what happens to a core's request between its asking and its answer. Caches, the bus,
 * and the order of both; a logical process of its own beside the cores, with its own calendar.
 *
 * Everything it does has one order over the whole machine: by cycle; within one by kind (what was postponed,
 * lines arrive, gates open, look-ups of further levels, transfers that ask for the bus, new requests of the
 * cores, the bus's one grant), then by core, then by age. What a request reads or writes is *decided* at one
 * point of this order, in the machine's one memory: at the look-up that hits, at the look-up that finds the
 * line on its way, or at the grant of the transaction that fetches it. So memory is coherent whatever the
 * caches do; they decide time and traffic.
 *
 *   bus.h             time on the bus, arbitration
 *   cache.h           one array of lines
 *   line_fill.h       look-ups, and lines on their way
 *   transaction.h     what the bus grants
 *   coherence.h       what an act of one core does to the lines of others
 *   memory_access.h   what is read and written, in our memory or a foreign one
 */
#ifndef MMUSIM_MMU_MEMORY_SYSTEM_H
#define MMUSIM_MMU_MEMORY_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

#include "mmu/bus.h"
#include "mmu/cache.h"
#include "mmu/calendar.h"
#include "mmu/config.h"

struct bus_request;
struct core;
struct machine;
struct transfer;

/* The words of a request that was decided in this cycle. */
struct decided_words {
    uint64_t first, last; /* of 8 bytes */
    bool stores;
};

/* The caches of one level: one for each core, or one. */
struct cache_level {
    struct cache *caches;
    uint32_t count;
    bool shared;
    uint64_t latency_cycles;
};

/* What the memory system keeps for one core. */
struct memory_client {
    uint32_t first_transfer, last_transfer; /* in front of the bus, oldest first */
    uint32_t first_gated, last_gated;       /* requests in front of the gate, oldest first */
    uint64_t gate_cycle;                    /* no gated request begins before */
    bool ordered;                           /* one under way is to be decided before other gated ones */
    bool crossing;                          /* one of several lines: before all that are asked for later */
    bool opening;                           /* an act that opens the gate is scheduled */
    uint32_t gated_loads; /* in front of it because of `crossing` alone: younger ones stay behind */
};

struct memory_system {
    struct bus bus;
    const struct bus_arbiter *arbiter;
    bool grants_ahead; /* a grant is known as soon as no older request can come */
    uint32_t last_core;
    uint64_t progress;       /* by priority: accesses and stores so far, when a core was found to starve */
    uint64_t progress_cycle; /* and when that changed last */
    uint32_t waiting;        /* transfers in front of the bus */
    struct memory_client *clients;

    struct cache_level levels[MMU_CACHES_MAX];
    uint32_t level_count;
    uint32_t coherent_level; /* the first shared level, from 1; level_count + 1, the bus, if there is none */
    uint32_t walker_level;   /* that walks look up first; past the last one: none */
    uint32_t line_lg2;
    uint64_t supply_cycles; /* for a core's caches to find and give a line that another one wants */
    uint32_t write_backs;   /* in front of the bus */

    struct transfer *transfers;
    uint32_t transfer_count, free_transfer;
    struct calendar calendar;
    uint64_t sequence;
    struct decided_words *decided; /* in decided_cycle */
    uint32_t decided_count, decided_capacity;
    uint64_t decided_cycle;

    uint64_t next_cycle;            /* nothing that was asked so far makes it act before */
    uint64_t least_answer_cycles;   /* from a request to its answer */
    uint64_t least_reaction_cycles; /* from anything that it does to the answer that follows from it */
};

bool memory_system_init(struct memory_system *system, const struct mmu_config *config, const char **why);
void memory_system_destroy(struct memory_system *system);

/* Does everything that comes before `cycle`, in order; no core asks for anything before it any more. */
void memory_system_resolve(struct machine *machine, uint64_t cycle);
/* What was granted at once before `cycle` is counted. */
void memory_system_count(struct core *core, uint64_t cycle);

/* The earliest answer to anything that the core asked for, but what is in its calendar. */
static inline uint64_t memory_system_earliest_answer(const struct memory_system *system,
                                                     uint64_t oldest_cycle, uint32_t undecided)
{
    uint64_t answer = oldest_cycle == UINT64_MAX ? UINT64_MAX : oldest_cycle + system->least_answer_cycles;
    if (undecided == 0 || system->next_cycle == UINT64_MAX)
        return answer;
    uint64_t reaction = system->next_cycle + system->least_reaction_cycles;
    return reaction < answer ? reaction : answer;
}

/* For the memory system's own parts. -------------------------------------------------------------- */

/* In the order in which they are handled within a cycle. */
enum memory_act {
    MEMORY_ACT_PERFORM, /* what was postponed by a cycle */
    MEMORY_ACT_INSTALL,
    MEMORY_ACT_OPEN_GATE,
    MEMORY_ACT_LOOK_UP,
    MEMORY_ACT_ASK_BUS
};

/* Later than the act under way. Within a cycle by act, then by rank, core and age. */
void memory_system_schedule(struct machine *machine, uint64_t cycle, enum memory_act act, unsigned rank,
                            unsigned core, uint32_t what);
/*
 * The request is to be decided now. False: it has to wait until the next cycle, since an access to the same
 * word was decided in this one, and one of both stores. So the cycles in which accesses are decided say in
 * which order a word was read and written.
 */
bool memory_system_claim(struct machine *machine, const struct bus_request *request, uint64_t cycle);
/* All of the request is decided; its answer comes at its answer_cycle. */
void memory_system_answer(struct core *core, uint32_t request, uint64_t cycle);

static inline struct cache *cache_of(const struct memory_system *system, unsigned level, unsigned core)
{
    const struct cache_level *caches = &system->levels[level - 1];
    return &caches->caches[caches->shared ? 0 : core];
}

#endif
