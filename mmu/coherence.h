/*
 * How the caches of a machine stay coherent: MSI among the cores' own caches, inclusion between levels.
 *
 * - A core's own caches hold a line either clean, as others may (Shared), or owned, as the only ones
 * (Modified, and dirty in the first of them). A store needs the line owned. There is no Exclusive state;
 * where there is but one core, nobody can share, and nothing is asked for.
 * - The cores' own caches meet at the first shared level, or on the bus if there is none. A request for an
 *   owned line drops all other copies there; any request finds a line that another core owns. That core then
 *   supplies it instead of the level or memory behind, and keeps it Shared if it was only read; the level or
 *   memory behind takes the line up in the same transaction (Sorin, Hill, Wood: A Primer on Memory
 * Consistency and Cache Coherence, 7.2; Hennessy, Patterson: Computer Architecture, 5.2). It takes the
 * look-ups of the core's own levels, from the grant or from the line's own arrival there if it is still on
 * its way.
 * - What a level holds, the levels behind it hold, too: a line that leaves one leaves those in front (Baer,
 *   Wang: On the inclusion properties for multi-level cache hierarchies, ISCA 1988). A dirty line goes to the
 *   level behind, from the last one to the bus.
 */
#ifndef MMUSIM_MMU_COHERENCE_H
#define MMUSIM_MMU_COHERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "mmu/cache.h"

struct bus_request;
struct core;
struct machine;

/*
 * The core gets the line where the cores' own caches meet: the others lose it, or no longer own it. True if
 * one of them supplies it; `*ready_cycle`, the cycle from which it may be given on, then becomes that of its
 * data.
 */
bool coherence_acquire(struct machine *machine, struct core *core, uint64_t line, bool own,
                       uint64_t *ready_cycle);
/* A line made room in a cache of this level, for a fill that was the core's. */
void coherence_evict(struct machine *machine, struct core *core, unsigned level,
                     const struct cache_victim *victim, uint64_t cycle);
/* A request that passes no cache is about to be performed: dirty lines that it touches are in memory then,
 * and if it writes, no cache has a copy. */
void coherence_bypass(struct machine *machine, struct core *core, const struct bus_request *request);

/* Whether a cache has the line dirty, or it waits for the bus so. */
bool coherence_is_dirty(const struct machine *machine, uint64_t line);

#endif
