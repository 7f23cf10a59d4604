/*
 * Which entry of a full set goes: replacement policies, one object each, registered in one array.
 *
 * A policy is told of each use and each fill, and is asked for a victim only when every way of the set is
 * used: an empty way is always filled first, the lowest-numbered one, under every policy. A fill of a page
 * that is there already goes into its own slot and is a fill to the policy. A drop changes nothing that a
 * policy knows: of the remaining entries, none becomes older or younger.
 */
#ifndef MMUSIM_TLB_REPLACEMENT_H
#define MMUSIM_TLB_REPLACEMENT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum tlb_replacement { TLB_LRU, TLB_TREE_PLRU, TLB_FIFO, TLB_RANDOM, TLB_SRRIP, TLB_REPLACEMENTS };

struct tlb;

struct tlb_policy {
    const char *name; /* as a user writes it */
    const char *text; /* what it does, in one line */
    bool stamps_uses; /* a use is `state[slot] = ++clock`: then tlb_touch does it and does not call `used` */
    /* Words of state that a set of so many ways needs; those of set s begin at s times this. */
    uint32_t (*state_words)(uint32_t ways);
    void (*used)(struct tlb *tlb, uint32_t slot);      /* an entry was used; NULL if that changes nothing */
    void (*filled)(struct tlb *tlb, uint32_t slot);    /* an entry was filled; NULL if that changes nothing */
    uint32_t (*victim)(struct tlb *tlb, uint32_t set); /* the slot to replace; no way of the set is empty */
};

/* The names in the order of `enum tlb_replacement`, and NULL after the last: the choices of a parameter. */
extern const char *const tlb_replacement_names[TLB_REPLACEMENTS + 1];

/* NULL from TLB_REPLACEMENTS on. */
const struct tlb_policy *tlb_replacement_at(unsigned index);

#ifdef __cplusplus
}
#endif
#endif
