/*
 * The environment: what page-table code may use of the machine, and nothing else.
 *
 * The same page-table object runs in the timed machine (where each call takes simulated time and other
 * cores go on meanwhile), on flat memory in a unit test, and under the conformance kit. The calls look
 * synchronous to the caller; they are made from the thread in which the operation was called, and only until
 * it returns.
 *
 * All of them return ENVIRONMENT_OK, or another `environment_error`: then what a call gives through a pointer
 * has no meaning. After an error the caller undoes what it began where that is possible, and answers
 * PAGETABLE_NO_MEMORY or PAGETABLE_ENVIRONMENT. Which call may fail how:
 *
 *   read, write, compare_exchange   BAD_ADDRESS, STOPPED
 *   allocate_table                  NO_MEMORY, STOPPED; in a guest BAD_ADDRESS, too
 *   release_table                   BAD_ADDRESS if no such table is allocated, where somebody looks; STOPPED
 *   lock, unlock                    BAD_ADDRESS, STOPPED
 *   barrier, invalidate, complete   STOPPED
 *
 * Page-table code addresses physical memory, untranslated. In a guest these are intermediate physical
 * addresses, and BAD_ADDRESS is also what the hypervisor has not mapped.
 */
#ifndef MMUSIM_PAGETABLES_ENVIRONMENT_H
#define MMUSIM_PAGETABLES_ENVIRONMENT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum environment_error {
    ENVIRONMENT_OK = 0,
    ENVIRONMENT_NO_MEMORY = -1,   /* no table could be allocated */
    ENVIRONMENT_BAD_ADDRESS = -2, /* not in physical memory, or not aligned to 8 bytes */
    /* The machine is being torn down: give back the lock that is held, call nothing else, and return. */
    ENVIRONMENT_STOPPED = -3,
};

/* Barriers by kind, as Arm has them (Arm ARM DDI 0487 L.b, part B, "Memory barriers"). */
enum barrier_kind {
    BARRIER_DSB_ISH,   /* drains own stores, completes own broadcast and local invalidations */
    BARRIER_DSB_NSH,   /* drains own stores, completes own local invalidations */
    BARRIER_DSB_ISHST, /* drains own stores, completes no invalidation */
    BARRIER_ISB,       /* context synchronisation */
    BARRIER_DMB_ISH,   /* later accesses come after own stores; completes no invalidation */
    BARRIER_DMB_ISHST, /* later stores come after own stores, as they always do here */
    BARRIER_FENCE,     /* drains own stores: x86's MFENCE, RISC-V's FENCE */
    BARRIER_KINDS
};

/* What an invalidation covers; all of it within `vmid`. */
enum invalidation_scope {
    INVALIDATE_VA, /* entries that translate `va` in `asid`, and global entries that do (TLBI VAE1) */
    INVALIDATE_VA_ALL_ASIDS, /* entries that translate `va` in any address space (TLBI VAAE1) */
    INVALIDATE_ASID,         /* every entry of `asid`, global entries excepted (TLBI ASIDE1) */
    INVALIDATE_ALL,          /* every entry for virtual addresses (TLBI VMALLE1) */
    INVALIDATE_IPA,          /* stage 2's entries for the intermediate physical address in `va`; what was
                                combined of both stages stays (TLBI IPAS2E1) */
    INVALIDATE_VMID,         /* everything, of both stages (TLBI VMALLS12E1) */
    INVALIDATION_SCOPES
};

struct invalidation {
    uint64_t va;         /* any address in the page; ignored by the scopes without an address */
    uint64_t size_bytes; /* of the range from `va` on (TLBI RVAE1); 0: the page that contains `va` */
    uint16_t asid;       /* ignored by VA_ALL_ASIDS, ALL, IPA and VMID */
    uint16_t vmid;       /* 0: not of a virtual machine */
    enum invalidation_scope scope;
    bool broadcast;       /* true: all cores of the inner-shareable domain (TLBI ...IS); false: this core */
    bool last_level_only; /* true: leaf entries only, walk caches may keep theirs (TLBI VALE1) */
};

/* All functions are present. `context` is the first argument of each. Physical addresses are in bytes. */
struct environment_operations {
    /* Read and write one aligned 64-bit word. A written word may be seen by others only later: see barrier.
     */
    int (*read)(void *context, uint64_t pa, uint64_t *value);
    int (*write)(void *context, uint64_t pa, uint64_t value);
    /* Atomic. `*observed` is the word before; it was replaced if it equals `expected`. Drains own stores
     * first. */
    int (*compare_exchange)(void *context, uint64_t pa, uint64_t expected, uint64_t desired,
                            uint64_t *observed);
    /* A zeroed region of physical memory of `size_bytes`, a power of two from 8 on, aligned to its size. */
    int (*allocate_table)(void *context, uint64_t size_bytes, uint64_t *pa);
    /* A whole region, with the size that it was allocated with; it may belong to somebody else at once. */
    int (*release_table)(void *context, uint64_t pa, uint64_t size_bytes);
    int (*barrier)(void *context, enum barrier_kind kind);
    /* Issues an invalidation and does not wait for it. */
    int (*invalidate)(void *context, const struct invalidation *what);
    /* Waits until every invalidation that this core issued has completed everywhere. */
    int (*complete)(void *context);
    /*
     * A lock in physical memory at `pa`: an aligned word of a region that the table allocated, 0 when free,
     * which is written by nothing else. Taking it takes time, others wait for it, and its owner must not take
     * it again. `unlock` is a store: it becomes visible after the stores before it.
     */
    int (*lock)(void *context, uint64_t pa);
    int (*unlock)(void *context, uint64_t pa);
};

struct environment {
    const struct environment_operations *operations;
    void *context;
};

#ifdef __cplusplus
}
#endif
#endif
