/*
 * Inside of the machine: what becomes of walks that nobody waits for. Not for users.
 */
#ifndef MMUSIM_MMU_SPECULATION_H
#define MMUSIM_MMU_SPECULATION_H

#include "mmu/core.h"

/*
 * The entry goes into the levels of a side from `front` (from 1) to before `behind`. An exclusive level takes
 * it only if no level from `front` on does, and none before has it. How many took it; the last of them and
 * its slot if `last` is not NULL.
 */
struct filled_slot {
    struct translation_array *array;
    uint32_t slot;
};
uint32_t speculation_fill_levels(struct core *core, const struct translation_fill *fill, unsigned side,
                                 uint32_t front, uint32_t behind, struct filled_slot *last);

/* The walk ends, with miss->fault, or `filled` if the levels may take the result. Somebody may wait for it.
 */
void speculation_ends(struct core *core, const struct miss *miss, bool filled);
/* Of a walk that nobody waits for. */
void speculation_fill(struct core *core, const struct miss *miss, const struct translation_fill *fill);

/* miss.c */

/* A walk that nobody waits for. */
struct speculation {
    const struct address_context *context;
    uint64_t va;
    uint8_t side;
    uint8_t cause;
    uint8_t front; /* first level that takes the result */
};
/* False if there is no miss or no walker for it at once, or nothing to fetch. */
bool miss_speculate(struct core *core, const struct speculation *what);

#endif
