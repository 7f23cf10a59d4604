/*
 * "radix": the ordinary multi-level page table, for every format that has entries (pagetables/entry.h).
 *
 * Order of stores, barriers and invalidations is Arm's (Arm ARM DDI 0487 L.b: D8.2.6.1 R_SPVBD, D8.17.1,
 * K11.5.3):
 *
 *   map       new tables are filled while nothing points to them, DSB ISHST; then one store links them: DSB
 *             ISHST, ISB. A walk sees the old map or the new one, nothing between.
 *   unmap     clear the leaf, and the link to the topmost table that became empty; DSB ISHST; TLBI VAE1IS
 *             (VAAE1IS for a global leaf), which also drops the walk caches' entries for the unlinked tables;
 *             DSB ISH, ISB; only then are those tables released.
 *   protect   if rights alone change: store, DSB ISHST, TLBI, DSB ISH, ISB. If the memory type or nG changes,
 *             through an invalid entry: clear, DSB ISHST, TLBI, DSB ISH, store, DSB ISHST, ISB.
 *
 * A frame that the format has as a run of contiguous entries is written and cleared as all of them, and
 * invalidated with a TLBI for each, since a TLB need not have cached them as one (D8.7.1). A stage 2 table
 * invalidates intermediate addresses: TLBI IPAS2E1IS, DSB ISH, and then TLBI VMALLE1IS for what was made of
 * both stages, DSB ISH (D8.17.5).
 *
 * A table other than the root is the lower half of a block of twice its size. The first word of the upper
 * half is its count: how many of its entries are in use (not zero). Walks never read it. An operation reads
 * the counts that it needs before its first store, so a read that fails leaves everything as it was, and
 * unmap knows which tables become empty: those whose count is 1. It writes a count after the entry's own
 * store and before the DSB that this store needs anyway. Counts of tables that are about to be released are
 * not written.
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
extern const struct pagetable_class pagetable_radix_keeps_tables;

/* The state block. Its owner never looks into it; it stands here for the files of this table and for their
 * tests. */
struct radix {
    const struct walk_format *hardware;
    const struct entry_format *format;
    uint64_t root; /* physical address of the root table */
    uint64_t lock; /* physical address of the lock word */
    uint16_t asid;
    uint16_t vmid;
    bool stage2;
    bool every_asid;
    bool keeps_tables;
};

#define RADIX_LOCK_BYTES UINT64_C(4096) /* a page of its own */

/* Whether tables of this depth have a count: those that are released when they become empty. */
static inline bool radix_counts(const struct radix *radix, unsigned depth)
{
    return depth > 0 && !radix->keeps_tables;
}

/* What is allocated for a table. */
static inline uint64_t radix_block_bytes(const struct radix *radix, unsigned depth)
{
    uint64_t table_bytes = entry_table_bytes(&radix->format->level[depth]);
    return radix_counts(radix, depth) ? 2 * table_bytes : table_bytes;
}

/* Where the count of a table stands that has one. */
static inline uint64_t radix_count_of(const struct entry_format *format, unsigned depth, uint64_t table)
{
    return table + entry_table_bytes(&format->level[depth]);
}

/* Every format that has entries. */
bool radix_accepts(const struct walk_format *format, const struct entry_format *entries);

/* pagetables/radix_check.c */
enum pagetable_result radix_enumerate(const void *state, const struct memory_reader *memory,
                                      pagetable_visitor visit, void *context);
enum pagetable_result radix_invariants(const void *state, const struct memory_reader *memory, char *reason,
                                       size_t reason_bytes);
enum pagetable_result radix_blocks(const void *state, const struct memory_reader *memory,
                                   pagetable_block_visitor visit, void *context);

#ifdef __cplusplus
}
#endif
#endif
