/*
 * The environment: what page-table code may use of the machine, and nothing else.
 *
 * The same page-table object runs in the timed machine (where each call takes simulated time and other
 * cores go on meanwhile), on flat memory in a unit test, and under the conformance kit. The calls look
 * synchronous to the caller. All of them return 0, or an `environment_error`; after an error the caller
 * undoes what it began where that is possible and returns the error to its own caller.
 *
 * Page-table code addresses physical memory, untranslated.
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
    ENVIRONMENT_STOPPED = -3,     /* the machine is being torn down; return at once */
};

/* Barriers by kind, as Arm has them (Arm ARM DDI 0487, B2.3.12 "Memory barriers"). */
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
    uint64_t size_bytes; /* of a range that begins at `va` (TLBI RVAE1); 0: the page that contains `va` */
    uint16_t asid;       /* ignored by VA_ALL_ASIDS, ALL, IPA and VMID */
    uint16_t vmid;       /* 0: not of a virtual machine */
    enum invalidation_scope scope;
    bool broadcast;       /* true: all cores of the inner-shareable domain (TLBI ...IS); false: this core */
    bool last_level_only; /* true: leaf entries only, walk caches may keep theirs (TLBI VALE1) */
};

/* All functions are present. `context` is the first argument of each. */
struct environment_operations {
    /* Read and write one aligned 64-bit word. A written word may be seen by others only later: see barrier.
     */
    int (*read)(void *context, uint64_t pa, uint64_t *value);
    int (*write)(void *context, uint64_t pa, uint64_t value);
    /* Atomic. `*observed` is the word before; it was replaced if it equals `expected`. Drains own stores
     * first. */
    int (*compare_exchange)(void *context, uint64_t pa, uint64_t expected, uint64_t desired,
                            uint64_t *observed);
    /* A zeroed region of physical memory of `size_bytes`, a power of two, aligned to its size. */
    int (*allocate_table)(void *context, uint64_t size_bytes, uint64_t *pa);
    int (*release_table)(void *context, uint64_t pa, uint64_t size_bytes);
    int (*barrier)(void *context, enum barrier_kind kind);
    /* Issues an invalidation and does not wait for it. */
    int (*invalidate)(void *context, const struct invalidation *what);
    /* Waits until every invalidation that this core issued has completed everywhere. */
    int (*complete)(void *context);
    /* A lock in physical memory at `pa` (an aligned word, 0 when free); it takes time and others wait for it.
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
