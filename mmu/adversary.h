/*
 * Inside of the machine: the adversary of a core. Not for users.
 *
 * It does at random what hardware may do at any time, so that software which relies on hardware not doing it
 * is found out: walks that nobody asked for, early fills, evictions. It acts at random cycles (1 to 2 x
 * adversary.period - 1 apart), with random numbers of its own, while the core has a program that is not
 * parked.
 *
 *   walk     a page near one that was missed, or invalidated, or that some TLB holds, at most adversary.reach
 *            away; the result goes into the levels from a random one on, and the tables that it met into the
 *            walk caches. The walk is one like any other: an invalidation catches it and waits for it.
 *   evict    a random entry of a random TLB or walk cache leaves.
 *   refill   a random entry of a further level goes into levels in front, as if an access had hit it. Where
 *            invalidations are sent by interrupts, one of the active space alone.
 *
 * And every walk, whoever asked for it, goes on up to adversary.delay cycles after memory has answered: how
 * long hardware takes from reading an entry to acting on it is nobody's promise. Until then the walk knows
 * what the entry was, whatever software does meanwhile; an invalidation catches it and waits for it.
 *
 * With adversary.split TLBs hold what software made of contiguous entries one by one, each when it is
 * touched, and not as a run: no architecture promises that a run is cached, or dropped, as one (DDI 0487,
 * D8.7.1; RISC-V Privileged, Svnapot). That is set in each space's regime, which says how its walks report
 * them.
 *
 * It walks the active address space. Where invalidations reach all cores by hardware, it also walks spaces
 * that were active before, with their own tags: a core that keeps the entries of a space could as well have
 * made them just now. Such a space is forgotten when another one with its tags becomes active, and when this
 * core alone invalidates all of it: software then has no reason to think that the core still knows it.
 */
#ifndef MMUSIM_MMU_ADVERSARY_H
#define MMUSIM_MMU_ADVERSARY_H

#include "mmu/core.h"

/* True if the core needs none. */
bool adversary_init(struct core *core);
void adversary_destroy(struct core *core);

/* The core's program begins or goes on at this cycle, not before now; or it ends or is parked. */
void adversary_resume(struct core *core, uint64_t cycle);
void adversary_pause(struct core *core);
/* Its time has come. */
void adversary_act(struct core *core);

/* Only with an adversary. */
/* Whether the walk waits: the same answer, of this request, comes again later. Once for each answer. */
bool adversary_delays(struct core *core, uint32_t request);
void adversary_saw_switch(struct core *core);
void adversary_saw_miss(struct core *core, uint64_t va);
void adversary_saw_invalidation(struct core *core, const struct invalidation *what);

#endif
