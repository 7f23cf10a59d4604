/*
 * A second TLB, as simple and slow as can be, to compare the first with: a list of ways for each set, and for
 * each way what happened to it and when. It has no tags, no list of sizes, no stamps or bits of a policy, no
 * counts that are kept, and shares no code with the array: whatever is asked, it looks at everything.
 */
#ifndef MMUSIM_TLB_TEST_MODEL_H
#define MMUSIM_TLB_TEST_MODEL_H

#include "tlb/tlb.h"

/* Planted faults: each makes the model wrong in one way, and a comparison that does not notice is worthless.
 */
enum model_fault {
    MODEL_CORRECT,
    MODEL_SECOND_OLDEST_GOES,      /* LRU off by one */
    MODEL_HIT_IS_NO_USE,           /* under LRU: first in, first out */
    MODEL_HIT_IS_A_FILL,           /* under FIFO: LRU */
    MODEL_REFILL_IS_NO_FILL,       /* a fill of a page that is there keeps its age, under FIFO */
    MODEL_TREE_OF_ALL_LEAVES,      /* a missing leaf is wrapped round to a way that exists */
    MODEL_HIT_STEPS_NEARER,        /* SRRIP with frequency priority */
    MODEL_FILLED_AS_DISTANT,       /* SRRIP with 3 for a new entry */
    MODEL_LAST_WAY_SPARED,         /* by random replacement */
    MODEL_EMPTY_WAYS_FROM_THE_END, /* which no policy but those that look at positions can see */
    MODEL_ASID_IGNORED,            /* in a look-up */
    MODEL_VMID_IGNORED,            /* in a look-up */
    MODEL_GLOBAL_NOT_SHARED,       /* a global entry is found only by the ASID that filled it */
    MODEL_GLOBAL_FOR_EVERY_VMID,   /* a global entry is found by other VMIDs too */
    MODEL_LARGEST_FIRST,           /* of several pages that contain an address */
    MODEL_GLOBAL_FIRST,            /* of two entries for one page */
    MODEL_SAME_PAGE_TWICE,         /* a fill does not look for the page */
    MODEL_SET_OF_SMALLEST_PAGE,    /* the set of a large page is that of its first small one */
    MODEL_GLOBAL_SURVIVES_VA,      /* VA + ASID spares global entries though told to include them */
    MODEL_GLOBAL_DIES_WITH_ASID,   /* ASID alone drops global entries */
    MODEL_VMID_NOT_SELECTED,       /* an invalidation by VMID drops those of others */
    MODEL_RANGE_ENDS_EARLY,        /* its last byte is not in it */
    MODEL_ONE_SIZE_DROPPED_BY_VA,  /* an invalidation by address ends with the first page it finds */
    MODEL_SETS_COUNTED_TWICE,      /* a set that two sizes fall into */
    MODEL_GLOBAL_OVERLAPS_NOTHING, /* in the count of overlapping pairs */
    MODEL_FAULTS
};

struct model_way {
    bool used;
    struct tlb_entry entry;
    uint64_t touched; /* when it was last filled or hit; 0: never */
    uint64_t filled;
    unsigned interval; /* SRRIP's prediction */
};

struct model {
    struct tlb_geometry geometry;
    enum model_fault fault;
    uint32_t sets;
    uint64_t now;
    uint64_t random;
    struct model_way *ways; /* set by set */
};

bool model_init(struct model *model, const struct tlb_geometry *geometry, enum model_fault fault);
void model_destroy(struct model *model);

struct model_address {
    uint64_t va;
    uint16_t asid, vmid;
};

/* The way that translates the address; NULL if none does. With `use`, it counts as a use. */
const struct model_way *model_look_up(struct model *model, const struct model_address *address, bool use);

/* All entries that match, in the order of preference; gives how many. `entries` has room for all. */
uint32_t model_matches(const struct model *model, const struct model_address *address,
                       struct tlb_entry *entries);

/* True if an entry had to go; it is then `victim`. */
bool model_fill(struct model *model, const struct tlb_entry *entry, struct tlb_entry *victim);

/* Drops the entry of the same page and space; false if there is none. */
bool model_drop(struct model *model, const struct tlb_entry *entry);

/* Moves what is selected into `dropped`, which has room for every entry. */
struct tlb_invalidated model_invalidate(struct model *model, const struct tlb_selection *selection,
                                        struct tlb_entry *dropped);

/* How many pairs of entries match one address in one space. */
uint64_t model_overlapping(const struct model *model);

#endif
