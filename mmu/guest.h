/*
 * The environment of a guest's page-table code: one whose memory has intermediate physical addresses.
 *
 * A guest's table, its entries and its root lie at intermediate addresses. What the code reads and writes is
 * translated by stage 2 as it stands at that moment, without time and without a look-up in any TLB, as for a
 * kernel whose own pages are warm; the access itself is the environment's underneath, and costs what that
 * says. Tables come from a region of intermediate addresses, which stage 2 must map, writable.
 *
 * Barriers, invalidations and locks are the environment's underneath. An address that stage 2 does not
 * translate is ENVIRONMENT_BAD_ADDRESS, and stands in `fault_ipa`.
 */
#ifndef MMUSIM_MMU_GUEST_H
#define MMUSIM_MMU_GUEST_H

#include "mmu/frame_allocator.h"
#include "pagetables/environment.h"
#include "pagetables/pagetable.h"
#include "pagetables/walk.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GUEST_NO_FAULT UINT64_MAX

/* Owned by the caller, with all that it refers to; for as long as its environment is used. */
struct guest_environment {
    struct environment host; /* by physical address */
    /* Zeroes the 4 KiB of physical memory at `pa`; the context is the host environment's. */
    int (*clear)(void *context, uint64_t pa);
    struct translation_regime stage2;
    struct memory_reader memory;    /* where stage 2's tables are read */
    struct frame_allocator *tables; /* of intermediate addresses */
    uint64_t fault_ipa;             /* the first that stage 2 did not translate; GUEST_NO_FAULT at first */
};

/* Refers to `guest`. */
struct environment guest_environment(struct guest_environment *guest);

/* Reads by intermediate address: for views of a guest's table. */
struct guest_reader {
    const struct translation_regime *stage2;
    const struct memory_reader *memory;
};
struct memory_reader guest_memory_reader(struct guest_reader *reader);

#ifdef __cplusplus
}
#endif
#endif
