/* What the files of this folder share. Nobody else includes it. */
#ifndef MMUSIM_TLB_INTERNAL_H
#define MMUSIM_TLB_INTERNAL_H

#include "tlb/tlb.h"

/* Whether there is an address space that both serve. */
static inline bool tlb_spaces_meet(uint64_t one, uint64_t other)
{
    return one == other ||
           ((one | other) & TLB_SPACE_GLOBAL && tlb_global_space(one) == tlb_global_space(other));
}

/* Takes an entry out of its slot. */
void tlb_take_out(struct tlb *tlb, uint32_t slot);

/* ---- overlap.c ---- */

bool tlb_overlap_init(struct tlb *tlb);

/* How many entries match an address that this one matches too; it must not be in the array. Without
 * `same_page` there is none of the same base and size. */
uint32_t tlb_overlap_count(const struct tlb *tlb, const struct tlb_entry *entry, bool same_page);

/* An entry comes (1) or goes (-1): what tlb_overlap_count needs to know to be quick. */
void tlb_overlap_note(struct tlb *tlb, const struct tlb_entry *entry, int change);

/* To be called before the first entry of a size is put in. */
void tlb_overlap_see_size(struct tlb *tlb, unsigned size_lg2);

#endif
