/*
 * One TLB: a set-associative array of translations with true LRU replacement.
 *
 * It holds entries of several page sizes side by side; an entry's set is chosen by its own page number, so
 * a look-up probes one set for each size that is present, smallest first. Entries carry an address-space
 * identifier (ASID) or are global. Software that breaks the architecture's rules can make an address match
 * several entries, and hardware may then use any of them or report a conflict (Arm ARM DDI 0487, TLB conflict
 * abort; RISC-V Privileged, SFENCE.VMA). Here the choice is fixed: the smallest page, and of two entries for
 * one page the one of the ASID before the global one. The array decides what is cached and knows no time:
 * what an access costs, and when, is its user's business. A user that keeps data beside each entry does so in
 * an array of its own, indexed by the slot number that every function here gives.
 *
 * Nothing here allocates but tlb_init.
 */
#ifndef MMUSIM_TLB_TLB_H
#define MMUSIM_TLB_TLB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TLB_NONE        UINT32_MAX /* no slot */
#define TLB_GLOBAL      0x10000u   /* in the ASID array: matches every ASID */
#define TLB_PAGE_LG2    12         /* smallest page */
#define TLB_PAGE_SIZES  64         /* log2 of a page size is below this */
#define TLB_ENTRIES_MAX (1u << 20)

struct tlb_geometry {
    uint32_t entries; /* 1 to TLB_ENTRIES_MAX, a multiple of `ways` */
    uint32_t ways;    /* `entries` for fully associative */
};

struct tlb_entry {
    uint64_t va;         /* base of the page, aligned to its size */
    uint64_t pa;         /* base of the frame */
    uint32_t attributes; /* the user's own; the array does not look at them */
    uint16_t asid;       /* without effect if the entry is global */
    uint8_t size_lg2;    /* TLB_PAGE_LG2 .. TLB_PAGE_SIZES - 1 */
    uint8_t rights;      /* the user's own */
    bool global;
};

/* Which entries an invalidation drops: those that meet every condition that is set. */
struct tlb_selection {
    uint64_t va;
    uint16_t asid;
    bool by_va;   /* the page contains `va` */
    bool by_asid; /* the entry's ASID is `asid`, or it is global and `global_too` */
    bool global_too;
};

struct tlb {
    struct tlb_geometry geometry;
    uint32_t sets;
    bool sets_power_of_two;
    uint8_t size_count;            /* page sizes present */
    uint8_t sizes[TLB_PAGE_SIZES]; /* log2, ascending: those with at least one entry */
    uint32_t population[TLB_PAGE_SIZES];
    uint64_t clock; /* counts uses; the greatest stamp is the most recent */
    uint64_t *tags; /* va | size_lg2; 0 is an empty slot */
    uint64_t *stamps;
    uint32_t *asids; /* ASID, or TLB_GLOBAL */
    struct tlb_entry *entries;
};

/* False if the geometry is impossible or memory is short; `why` then names the reason (a constant), and there
 * is nothing to destroy. Else `why` is NULL, and the array is empty. */
bool tlb_init(struct tlb *tlb, const struct tlb_geometry *geometry, const char **why);
void tlb_destroy(struct tlb *tlb);

static inline uint32_t tlb_set_of(const struct tlb *tlb, uint64_t va, unsigned size_lg2)
{
    uint64_t page = va >> size_lg2;
    return (uint32_t)(tlb->sets_power_of_two ? page & (tlb->sets - 1) : page % tlb->sets);
}

static inline uint64_t tlb_tag_of(uint64_t va, unsigned size_lg2)
{
    return (va >> size_lg2 << size_lg2) | size_lg2;
}

/* The slot that translates `va` in `asid`, or TLB_NONE. The state is unchanged. */
static inline uint32_t tlb_probe(const struct tlb *tlb, uint64_t va, uint16_t asid)
{
    for (unsigned i = 0; i < tlb->size_count; i++) {
        unsigned size_lg2 = tlb->sizes[i];
        uint64_t tag = tlb_tag_of(va, size_lg2);
        uint32_t first = tlb_set_of(tlb, va, size_lg2) * tlb->geometry.ways;
        uint32_t global = TLB_NONE;
        for (uint32_t slot = first; slot < first + tlb->geometry.ways; slot++) {
            if (tlb->tags[slot] != tag)
                continue;
            if (tlb->asids[slot] == asid)
                return slot;
            if (tlb->asids[slot] == TLB_GLOBAL)
                global = slot;
        }
        if (global != TLB_NONE)
            return global;
    }
    return TLB_NONE;
}

/* Makes the slot the most recently used one. */
static inline void tlb_touch(struct tlb *tlb, uint32_t slot)
{
    tlb->stamps[slot] = ++tlb->clock;
}

/* The same as tlb_probe, and the slot found becomes the most recently used. */
static inline uint32_t tlb_lookup(struct tlb *tlb, uint64_t va, uint16_t asid)
{
    uint32_t slot = tlb_probe(tlb, va, asid);
    if (slot != TLB_NONE)
        tlb_touch(tlb, slot);
    return slot;
}

static inline bool tlb_slot_used(const struct tlb *tlb, uint32_t slot)
{
    return tlb->tags[slot] != 0;
}

/* What a fill did. */
struct tlb_fill_result {
    uint32_t slot;
    bool replaced; /* `victim` was there before */
    struct tlb_entry victim;
};

/*
 * Puts an entry in, as the most recently used: in the slot that holds the same page of the same address
 * space if there is one, else in an empty slot of its set, else in place of the least recently used.
 * The same page is the same base and size; the global entries are an address space of their own here, so an
 * entry of an ASID and a global one for the same page stand side by side. The page's size must be one of
 * TLB_PAGE_LG2 to TLB_PAGE_SIZES - 1 and its base aligned: that is asserted.
 */
struct tlb_fill_result tlb_fill(struct tlb *tlb, const struct tlb_entry *entry);

bool tlb_selects(const struct tlb_selection *selection, const struct tlb_entry *entry);

/* Called for each entry that is dropped, before it is. It may read the array, not change it. */
typedef void (*tlb_visitor)(void *context, uint32_t slot, const struct tlb_entry *entry);

/* Drops what the selection selects; gives how many that were. `visit` may be NULL. */
uint32_t tlb_invalidate(struct tlb *tlb, const struct tlb_selection *selection, tlb_visitor visit,
                        void *context);

#ifdef __cplusplus
}
#endif
#endif
