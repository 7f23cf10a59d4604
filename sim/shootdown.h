/*
 * TLB shootdown in software: how page-table code reaches other cores where invalidation.scheme is
 * "interrupt".
 *
 * An invalidation for all cores is carried out on this core, and by the handler of an interrupt on the cores
 * concerned (shootdown.targets). They are gathered: a list leaves when it has shootdown.batch of them, and
 * when the page-table code completes (`complete`, or a DSB ISH); then it waits for every acknowledgement.
 * What an operation gathered and never completed is lost, as it would be with its stack.
 *
 * Above the threshold. Pages are counted from one completion to the next. When they are more than
 * shootdown.threshold (0: no limit), what is gathered is replaced by one invalidation of the whole ASID, and
 * what still comes by the same; of the whole TLB if one of the pages was global, since an invalidation by
 * ASID keeps global entries. Lists that had left before are lost time.
 *
 * Whom it concerns:
 *   all     every core.
 *   ran     the cores whose bit is in the space's mask: a core sets it before its first switch to the space,
 *           and space_retire clears it.
 *   active  the cores that run the space now: a core sets its bit before it switches to the space, and clears
 *           it after it has switched away. Other cores keep their entries, which they cannot use, and drop
 *           the whole ASID when they come back and the space's generation is not the one that they saw last.
 *           So a new space's first switch on a core drops what an earlier owner of its ASID may have left.
 * What has no ASID (an invalidation of a global page, of everything, of stage 2) concerns every core: a
 * global entry can be used whichever space runs.
 *
 * Mask, generation, and for each core the generation that it saw are words of a block of simulated memory
 * that belongs to the space, read and written in time. Each access of them is part of the protocol:
 *
 *   who changes the table                      who begins to run the space
 *   S1 stores to the table                     R1 sets its bit (atomic)
 *   S2 waits until they are in memory          R2 active: reads the generation;
 *      active: the generation + 1 (atomic)        if it is new, drops the ASID and notes the generation
 *   S3 reads the mask                          R3 switches; walks from now on
 *   S4 interrupts whose bit is set
 *
 * Every one of these is in memory before the next begins, so that either R1 comes before S3, and the core is
 * interrupted; or S3 comes before R1. Then S1 is in memory before R3, and its walks read the new table; and
 * the new generation is there before R2, so that what its TLB kept is dropped before R3. With S3 before S2,
 * or R1 behind R3, a core could read the old entry and not be interrupted. An interrupt that comes between R1
 * and R3 is handled as any other. Who stops running it clears its bit last, by an atomic that waits for its
 * own stores: none of its accesses is under way then.
 *
 * A core notes the generation of R2 only: what interrupts did since is not noted, so that it may drop the
 * ASID once more than it must when it comes back. With a TLB that cores share, a core could use what another
 * one keeps: mmu_config_check refuses "active" there.
 *
 * Each function lets time pass on the calling core and returns an environment_error. Nothing is allocated.
 */
#ifndef MMUSIM_SIM_SHOOTDOWN_H
#define MMUSIM_SIM_SHOOTDOWN_H

#include "sim/space.h"
#include "sim/timed_environment.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of one core. A list stays constant until it is complete, so that the next one stands behind it. */
#define SHOOTDOWN_ITEMS 256
struct shootdown {
    struct invalidation items[SHOOTDOWN_ITEMS];
    uint32_t sent;      /* items of lists that have left and may be under way */
    uint32_t gathered;  /* the next items, which have not */
    uint64_t pages;     /* that invalidations named since the last completion */
    uint64_t operation; /* who gathers */
    bool everybody;     /* some of what is gathered has no ASID */
    bool flush;         /* there were too many pages */
    bool global;        /* some of the pages that the flush stands for was */
};

/* Whether the machine's invalidations for other cores are software's. */
bool shootdown_by_interrupt(const struct simulation *simulation);

/* The words of a new space, without time, if it needs any. False if there is no memory. */
bool shootdown_create(struct simulation *simulation, struct address_space *space);

/* An invalidation for all cores. */
int shootdown_invalidate(const struct timed_environment *timed, const struct invalidation *what);
/* What is gathered leaves, and all that this core issued is complete. */
int shootdown_complete(const struct timed_environment *timed);

/* The core runs `to` from now on, as this context of it says, and `from` (NULL: none) no more. */
int shootdown_switch(struct simulation *simulation, unsigned core, const struct address_space *from,
                     const struct address_space *to, const struct address_context *context);
/* No core runs the space, or begins to before this returns: none has to be interrupted for it any more. */
int shootdown_forget(const struct timed_environment *timed);

/* Interrupts the cores of the mask with a list of 1 to 64, which is copied. */
int shootdown_interrupt(struct simulation *simulation, unsigned core, uint64_t targets,
                        const struct invalidation *list, uint32_t count);

#ifdef __cplusplus
}
#endif
#endif
