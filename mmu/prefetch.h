/*
 * Inside of the machine: a core's TLB prefetcher. Not for users.
 *
 * It is trained by, and acts on, what would be misses of the last TLB level without it: such misses of
 * accesses, first hits on entries that it filled, and accesses that wait for its walks (tagged prefetching:
 * Smith, "Cache Memories", ACM Computing Surveys 14, 1982). One cycle later it asks for the pages that its
 * predictor names. A page that some level has, or that a miss is under way for, is of no use; else its walk
 * begins, if a miss and a walker are free at once and no other walk waits. That look at the levels costs
 * nothing: it is made beside the look-ups of accesses.
 *
 * A prefetch fills the last level alone, so that it takes no room from what the levels in front hold; if an
 * access waits for it by then, it fills all levels, as that access's own walk would have.
 */
#ifndef MMUSIM_MMU_PREFETCH_H
#define MMUSIM_MMU_PREFETCH_H

#include "mmu/core.h"

struct filled_slot;

/* True if the core needs none. */
bool prefetch_init(struct core *core);
void prefetch_destroy(struct core *core);

/* An access of this address and instruction has missed the last level. */
void prefetch_trigger(struct core *core, const struct address_context *context,
                      const struct event_translation *access);
/* The walk that was asked for first, a cycle ago, begins. */
void prefetch_begin(struct core *core);
/* Its walk ends: somebody waits for it, or nothing comes of it, or prefetch_fills follows. */
void prefetch_ends(struct core *core, const struct miss *miss, bool filled);
/* Its walk's result is there now; NULL if no array takes such pages. */
void prefetch_fills(struct core *core, const struct filled_slot *filled);

/* A prefetch filled this entry, and no access has hit it. */
static inline bool prefetch_is_unproven(const struct translation_array *array, uint32_t slot)
{
    return array->unproven_count > 0 && array->unproven && array->unproven[slot];
}
/* An access hits such an entry. */
void prefetch_proves(struct core *core, struct translation_array *array, uint32_t slot,
                     const struct event_translation *access);
/* Such an entry leaves. */
void prefetch_leaves(struct core *core, struct translation_array *array, uint32_t slot, enum entry_end end);
/* The last level has evicted what was in the slot. */
void prefetch_evicts(struct core *core, const struct translation_array *array, uint32_t slot,
                     const struct tlb_entry *victim);

#endif
