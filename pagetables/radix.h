/*
 * "radix": the ordinary multi-level page table, for every format that has entries (pagetables/entry.h).
 *
 * Order of stores, barriers and invalidations is Arm's (Arm ARM DDI 0487 L.b: D8.2.6.1 R_SPVBD, D8.17.1,
 * K11.5.3):
 *
 * map      new tables are filled while nothing points to them, DSB ISHST; then one store links them: DSB
 * ISHST, ISB. A walk sees the old map or the new one, nothing between. unmap    clear the leaf, and the link
 * to the topmost table that became empty; DSB ISHST; TLBI VAE1IS (VAAE1IS for a global leaf), which also
 * drops the walk caches' entries for the unlinked tables; DSB ISH, ISB; only then are those tables released.
 * protect  if rights alone change: store, DSB ISHST, TLBI, DSB ISH, ISB. If the memory type or nG changes,
 * through an invalid entry: clear, DSB ISHST, TLBI, DSB ISH, store, DSB ISHST, ISB.
 *
 * Whether a table is empty is read from its entries before the first store, so the window between the first
 * store of an unmap and its end does not grow with it, and a read that fails leaves everything as it was.
 *
 * Several cores may call operations of one table: each takes the table's lock, a word in a page of its own.
 */
#ifndef MMUSIM_PAGETABLES_RADIX_H
#define MMUSIM_PAGETABLES_RADIX_H

#include "pagetables/entry.h"
#include "pagetables/pagetable.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const struct pagetable_class pagetable_radix;

/* The state block. Its owner never looks into it; it stands here for the files of this table and for their
 * tests. */
struct radix {
    const struct entry_format *format;
    uint64_t root; /* physical address of the root table */
    uint64_t lock; /* physical address of the lock word */
    uint16_t asid;
};

/* pagetables/radix_check.c */
enum pagetable_result radix_enumerate(const void *state, const struct memory_reader *memory,
                                      pagetable_visitor visit, void *context);
enum pagetable_result radix_invariants(const void *state, const struct memory_reader *memory, char *reason,
                                       size_t reason_bytes);

#ifdef __cplusplus
}
#endif
#endif
