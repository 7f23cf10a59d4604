/*
 * Inside of the machine: a core's range TLB, which holds ranges of pages with one offset and the same
 * attributes. Not for users.
 *
 * As Karakostas et al., "Redundant Memory Mappings for Fast Access to Large Memories", ISCA 2015, section 4:
 * fully associative, LRU, looked up beside the second level; a hit makes the page's translation, which fills
 * the first level. Here one serves fetches, loads and stores alike, and what it answers is used if every
 * level has missed: so a level's hit is a hit with and without one, and a range takes the place of a walk
 * alone.
 *
 * Ranges come from walks (walk_state.range) of formats that have them. No two ranges of one address space
 * overlap: a fill takes the place of those that do.
 */
#ifndef MMUSIM_MMU_RANGE_TLB_H
#define MMUSIM_MMU_RANGE_TLB_H

#include <stdbool.h>
#include <stdint.h>

#include "mmu/hierarchy.h"

struct miss;
struct tlb_selection;

struct range_entry {
    struct tlb_entry page; /* of its pages: attributes, rights, tags, the size of those that walks found */
    uint64_t va, bytes;    /* 0 bytes: empty */
    uint64_t pa;
    uint64_t stamp; /* of its last use */
    uint64_t walk;
    uint32_t space; /* of the record */
};

struct range_tlb {
    struct translation_array array; /* number, lives; its TLB is unused */
    struct range_entry *entries;
    uint32_t count, used;
    uint64_t clock;
};

/* False if memory is short. Without one core->ranges stays NULL. */
bool range_tlb_init(struct core *core);
void range_tlb_destroy(struct core *core);

struct range_hit {
    struct translation_fill fill; /* of the page */
    uint32_t slot;
};

/* Of the page with `va`, at the cycle of the answer; false: a miss. What is found may be no answer to who
 * asks (a store to a page that is not dirty yet): it is a hit when it is used, which gives the entry's number
 * in the record. */
bool range_tlb_look_up(struct core *core, uint64_t va, struct range_hit *hit);
uint64_t range_tlb_use(struct core *core, const struct range_hit *hit);
/* Whether some range has the page. Costs nothing. */
bool range_tlb_contains(const struct core *core, uint64_t va);
/* The range that the walk of this miss has found. */
void range_tlb_fill(struct core *core, const struct miss *miss);
/* Drops every range of which the selection names a byte. */
struct tlb_invalidated range_tlb_invalidate(struct core *core, const struct tlb_selection *selection,
                                            uint64_t invalidation);
void range_tlb_end_lives(struct core *core);

#endif
