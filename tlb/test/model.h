/*
 * A second TLB, as simple and slow as can be, to compare the first with: one list of all entries in the order
 * of their use. It has no slots, tags, stamps or list of sizes, and shares no code with the array. Its sets
 * exist only as a rule: at most `ways` entries of the list may fall into one.
 */
#ifndef MMUSIM_TLB_TEST_MODEL_H
#define MMUSIM_TLB_TEST_MODEL_H

#include "tlb/tlb.h"

/* Planted faults: each makes the model wrong in one way, and a comparison that does not notice is worthless.
 */
enum model_fault {
    MODEL_CORRECT,
    MODEL_SECOND_OLDEST_GOES,     /* LRU off by one */
    MODEL_HIT_IS_NO_USE,          /* first in, first out */
    MODEL_ASID_IGNORED,           /* in a look-up */
    MODEL_GLOBAL_NOT_SHARED,      /* a global entry is found only by the ASID that filled it */
    MODEL_LARGEST_FIRST,          /* of several pages that contain an address */
    MODEL_GLOBAL_FIRST,           /* of two entries for one page */
    MODEL_SAME_PAGE_TWICE,        /* a fill does not look for the page */
    MODEL_SET_OF_SMALLEST_PAGE,   /* the set of a large page is that of its first small one */
    MODEL_GLOBAL_SURVIVES_VA,     /* VA + ASID spares global entries though told to include them */
    MODEL_GLOBAL_DIES_WITH_ASID,  /* ASID alone drops global entries */
    MODEL_ONE_SIZE_DROPPED_BY_VA, /* an invalidation by address ends with the first page it finds */
    MODEL_FAULTS
};

struct model {
    struct tlb_geometry geometry;
    enum model_fault fault;
    uint32_t count;
    struct tlb_entry *entries; /* the most recently used first */
};

bool model_init(struct model *model, const struct tlb_geometry *geometry, enum model_fault fault);
void model_destroy(struct model *model);

/* The entry that translates `va`, which becomes the most recently used if `use`; NULL if none does. Valid
 * until the model changes. */
const struct tlb_entry *model_look_up(struct model *model, uint64_t va, uint16_t asid, bool use);

/* True if an entry had to go; it is then `victim`. */
bool model_fill(struct model *model, const struct tlb_entry *entry, struct tlb_entry *victim);

/* Moves what is selected into `dropped`, which has room for every entry; gives how many. */
uint32_t model_invalidate(struct model *model, const struct tlb_selection *selection,
                          struct tlb_entry *dropped);

#endif
