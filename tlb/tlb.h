/*
 * One TLB: a set-associative array of translations with a replacement policy.
 *
 * It holds entries of several page sizes side by side; an entry's set is chosen by its own page number, so
 * a look-up probes one set for each size that is present, smallest first. A contiguous or NAPOT range is a
 * page size like any other, and so is a cache line or the reach of a walk-cache entry: the array does not
 * care what its entries translate.
 *
 * An entry belongs to the address space of one ASID of one VMID, or is global: then it serves every ASID of
 * its own VMID. Software that breaks the architecture's rules can make an address match several entries, and
 * hardware may then use any of them or report a conflict (Arm ARM DDI 0487, TLB conflict abort; RISC-V
 * Privileged, SFENCE.VMA). Here a look-up's choice is fixed: the smallest page, and of two entries for one
 * page the one of the ASID before the global one. tlb_overlapping tells whether there is anything of the
 * kind, and tlb_matches gives all of them.
 *
 * The array decides what is cached and knows no time: what an access costs, and when, is its user's business.
 * A user that keeps data beside each entry does so in an array of its own, indexed by the slot number that
 * every function here gives; an entry stays in its slot until it is replaced or dropped.
 *
 * Nothing here allocates but tlb_init.
 */
#ifndef MMUSIM_TLB_TLB_H
#define MMUSIM_TLB_TLB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tlb/replacement.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TLB_NONE         UINT32_MAX /* no slot */
#define TLB_SIZE_LG2_MIN 4          /* smallest "page" of an array: 16 bytes */
#define TLB_PAGE_LG2     12         /* smallest page of a page table; the array itself takes smaller ones */
#define TLB_PAGE_SIZES   64         /* log2 of a page size is below this */
#define TLB_ENTRIES_MAX  (1u << 20)

struct tlb_geometry {
    uint32_t entries;                 /* 1 to TLB_ENTRIES_MAX, a multiple of `ways` */
    uint32_t ways;                    /* `entries` for fully associative */
    enum tlb_replacement replacement; /* TLB_LRU if it is not set */
    uint64_t seed;                    /* of TLB_RANDOM: each array has a generator of its own */
};

struct tlb_entry {
    uint64_t va;         /* base of the page, aligned to its size */
    uint64_t pa;         /* base of the frame */
    uint64_t attributes; /* the user's own; the array does not look at them */
    uint64_t more;       /* the user's own */
    uint16_t asid;       /* without effect if the entry is global */
    uint16_t vmid;
    uint8_t size_lg2; /* TLB_SIZE_LG2_MIN .. TLB_PAGE_SIZES - 1 */
    uint8_t rights;   /* the user's own */
    uint8_t allowed;  /* the user's own */
    /*
     * The page is a part of a larger one of this size, which page tables map as a whole: invalidations that
     * name an address in any part of it mean this one, too (Intel SDM volume 3, 4.10.2.3; RISC-V Privileged,
     * SFENCE.VMA: the leaf entry of the address). Not above size_lg2: it is no part.
     */
    unsigned whole_lg2 : 7;
    bool global : 1;
};

static inline bool tlb_is_part(const struct tlb_entry *entry)
{
    return entry->whole_lg2 > entry->size_lg2;
}

/*
 * Which entries an invalidation drops: those that meet every condition that is set. A global entry has no
 * ASID: it goes if `global_too` and the other conditions are met, whatever `by_asid` says; without
 * `global_too` no global entry goes.
 */
struct tlb_selection {
    uint64_t va;      /* of the first byte of a range */
    uint64_t last_va; /* of its last byte, not below `va`: equal to it for a single page */
    uint16_t asid;
    uint16_t vmid;
    bool by_va;   /* the page, or the whole that it is a part of, and the range have a byte in common */
    bool by_asid; /* the entry's ASID is `asid` */
    bool by_vmid; /* the entry's VMID is `vmid` */
    bool global_too;
};

__extension__ typedef unsigned __int128 tlb_uint128;

struct tlb {
    struct tlb_geometry geometry;
    uint32_t sets;
    bool sets_power_of_two;
    bool uses_are_stamped;         /* the policy's stamps_uses */
    uint8_t size_count;            /* page sizes present */
    uint8_t sizes[TLB_PAGE_SIZES]; /* log2, ascending: those with at least one entry */
    uint64_t *tags;                /* by slot, tlb_tag_of; 0 is an empty slot */
    uint64_t *spaces;              /* by slot, tlb_space or tlb_global_space */
    uint64_t clock;                /* counts what is stamped; the greatest stamp is the most recent */
    uint64_t *state;               /* the policy's; stamps by slot if uses_are_stamped */
    uint64_t set_multiplier;       /* for sets that are no power of two: page / sets is */
    uint32_t set_shift;            /* (page * set_multiplier) >> (64 + set_shift) */
    uint32_t state_words;          /* of a set */
    const struct tlb_policy *policy;
    struct tlb_entry *entries;
    uint64_t random; /* state of the generator */
    uint64_t overlapping;
    uint32_t used;  /* entries present */
    uint32_t parts; /* of these, parts of larger pages */
    uint32_t population[TLB_PAGE_SIZES];
    uint64_t sizes_seen; /* bit size_lg2: of an entry that was ever filled */
    uint32_t *inside;    /* hashed by (page of a seen size, VMID): entries of smaller sizes in it */
    uint32_t inside_lg2; /* log2 of the length of `inside` */
    uint32_t *set_list;  /* scratch: room for every set */
    uint64_t *set_marks; /* by set: set_round when it was last listed */
    uint64_t set_round;
};

/* False if the geometry is impossible or memory is short; `why` then names the reason (a constant), and there
 * is nothing to destroy. Else `why` is NULL, and the array is empty. */
bool tlb_init(struct tlb *tlb, const struct tlb_geometry *geometry, const char **why);
void tlb_destroy(struct tlb *tlb);

/* ---- address spaces ---- */

#define TLB_SPACE_GLOBAL (UINT64_C(1) << 32)

/* What a look-up is made in. */
static inline uint64_t tlb_space(uint16_t asid, uint16_t vmid)
{
    return (uint64_t)vmid << 16 | asid;
}

/* The space of the global entries that serve `space`. */
static inline uint64_t tlb_global_space(uint64_t space)
{
    return (space >> 16 << 16) | TLB_SPACE_GLOBAL;
}

static inline uint64_t tlb_space_of(const struct tlb_entry *entry)
{
    uint64_t space = tlb_space(entry->asid, entry->vmid);
    return entry->global ? tlb_global_space(space) : space;
}

/* ---- look-ups ---- */

/* The set of a page's number. Sets that are no power of two divide by a multiplication (Granlund, Montgomery,
 * "Division by Invariant Integers using Multiplication", PLDI 1994): exact for page numbers below 2^60, and
 * TLB_SIZE_LG2_MIN keeps them there. */
static inline uint32_t tlb_set_of_page(const struct tlb *tlb, uint64_t page)
{
    if (tlb->sets_power_of_two)
        return (uint32_t)(page & (tlb->sets - 1));
    uint64_t quotient = (uint64_t)((tlb_uint128)page * tlb->set_multiplier >> 64) >> tlb->set_shift;
    return (uint32_t)(page - quotient * tlb->sets);
}

static inline uint32_t tlb_set_of(const struct tlb *tlb, uint64_t va, unsigned size_lg2)
{
    return tlb_set_of_page(tlb, va >> size_lg2);
}

/* The page's base, and its size as the lowest bit that is set: half the size. */
static inline uint64_t tlb_tag_of(uint64_t va, unsigned size_lg2)
{
    return (va >> (size_lg2 - 1) | 1) << (size_lg2 - 1);
}

/* The slot that translates `va` in `space`, or TLB_NONE. The state is unchanged. */
static inline uint32_t tlb_probe(const struct tlb *tlb, uint64_t va, uint64_t space)
{
    for (unsigned i = 0; i < tlb->size_count; i++) {
        unsigned size_lg2 = tlb->sizes[i];
        uint64_t tag = tlb_tag_of(va, size_lg2);
        uint32_t first = tlb_set_of(tlb, va, size_lg2) * tlb->geometry.ways;
        uint32_t global = TLB_NONE;
        for (uint32_t slot = first; slot < first + tlb->geometry.ways; slot++) {
            if (tlb->tags[slot] != tag)
                continue;
            if (tlb->spaces[slot] == space)
                return slot;
            if (tlb->spaces[slot] == tlb_global_space(space))
                global = slot;
        }
        if (global != TLB_NONE)
            return global;
    }
    return TLB_NONE;
}

/* Tells the policy that the slot's entry was used. */
static inline void tlb_touch(struct tlb *tlb, uint32_t slot)
{
    if (tlb->uses_are_stamped)
        tlb->state[slot] = ++tlb->clock;
    else if (tlb->policy->used)
        tlb->policy->used(tlb, slot);
}

/* The same as tlb_probe, and the slot found is touched. */
static inline uint32_t tlb_lookup(struct tlb *tlb, uint64_t va, uint64_t space)
{
    uint32_t slot = tlb_probe(tlb, va, space);
    if (slot != TLB_NONE)
        tlb_touch(tlb, slot);
    return slot;
}

static inline bool tlb_slot_used(const struct tlb *tlb, uint32_t slot)
{
    return tlb->tags[slot] != 0;
}

/*
 * How many pairs of entries there are that match one address in one space: a large page over a small one, or
 * a global page and the same or a nested one of an ASID. While it is 0, no address matches two entries. It is
 * kept by fills and drops, so that asking costs a load.
 */
static inline uint64_t tlb_overlapping(const struct tlb *tlb)
{
    return tlb->overlapping;
}

/* All slots that match, the one of tlb_probe first: by size, smallest first, and of one page the ASID's
 * before the global one. Gives how many there are; the first `max` of them are in `slots`. Never more than
 * two for each page size. */
uint32_t tlb_matches(const struct tlb *tlb, uint64_t va, uint64_t space, uint32_t *slots, uint32_t max);

/* The slot that holds the same page (base and size) of the same address space, or TLB_NONE. The global
 * entries of a VMID are an address space of their own here. */
uint32_t tlb_find(const struct tlb *tlb, const struct tlb_entry *entry);

/* ---- fills ---- */

/* What a fill did. */
struct tlb_fill_result {
    uint32_t slot;
    bool replaced; /* `victim` was there before */
    struct tlb_entry victim;
};

/*
 * Puts an entry in: in the slot that holds the same page of the same address space (as of tlb_find) if there
 * is one, else in the lowest empty slot of its set, else in place of the policy's victim. An entry of an ASID
 * and a global one for the same page stand side by side. The page's size must be one of TLB_SIZE_LG2_MIN to
 * TLB_PAGE_SIZES - 1 and its base aligned: that is asserted.
 */
struct tlb_fill_result tlb_fill(struct tlb *tlb, const struct tlb_entry *entry);

/* ---- drops ---- */

/* Drops the entry of a slot, which must be used: that is asserted. */
void tlb_invalidate_slot(struct tlb *tlb, uint32_t slot);

bool tlb_selects(const struct tlb_selection *selection, const struct tlb_entry *entry);

/* Called for each entry that is dropped, before it is. It may read the array, not change it. */
typedef void (*tlb_visitor)(void *context, uint32_t slot, const struct tlb_entry *entry);

/* What an invalidation did, and what it had to look at for it. */
struct tlb_invalidated {
    uint32_t dropped; /* entries */
    uint32_t sets;    /* looked at, none twice */
    uint32_t entries; /* in these sets */
};

/*
 * Drops what the selection selects. `visit` may be NULL.
 *
 * With `by_va`, the sets looked at are those that a page of the range falls into, for each page size that has
 * an entry: a set for each page number of the range, until these are all sets; none in an empty array. All
 * sets, if the array holds parts of larger pages, which may be in any. Without it, they are all sets.
 * Hardware has no list of what to look for, so it pays for these.
 */
struct tlb_invalidated tlb_invalidate(struct tlb *tlb, const struct tlb_selection *selection,
                                      tlb_visitor visit, void *context);

#ifdef __cplusplus
}
#endif
#endif
