/*
 * What holds in every state: the seed's invariants of the low level, and those of the page table.
 *
 * Each tells what it found as one sentence (`violation` may be NULL). Which of them an extension lifts, it
 * says itself.
 */
#ifndef MMUSIM_SPECIFICATION_INVARIANTS_H
#define MMUSIM_SPECIFICATION_INVARIANTS_H

#include "sim/specification/low_level.h"
#include "sim/specification/view.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Each frame lies within physical memory. (The seed's code asks for the first byte after the frame, too,
 * which is one too many: its own `map_pre` allows the last frame.) */
bool frames_within_pmem(const struct low_level_state *state, struct violation *violation);
/* Virtual base and frame are aligned to the frame's size. */
bool mappings_aligned(const struct low_level_state *state, struct violation *violation);
bool mappings_nonoverlap_in_vmem(const struct low_level_state *state, struct violation *violation);
/* ALIASES lifts it. */
bool mappings_nonoverlap_in_pmem(const struct low_level_state *state, struct violation *violation);
/* The TLB is a submap of the page table: of the state between operations, outside their windows. */
bool tlb_is_submap_of_pt(const struct low_level_state *state, struct violation *violation);

/* The seed's `invariants`: all of these. */
bool low_level_invariants(const struct low_level_state *state, struct violation *violation);

/* The seed's `PageTableInterface::invariants`: the table's own check of itself (pagetable_class.invariants).
 * For radix: root present; tables apart and of their size; entries that point to known tables of the next
 * level, no two to one; no empty table left where that is promised. */
bool page_table_invariants(const struct concrete_table *concrete, struct violation *violation);

/* Where the table promises it (pagetable_class.releases_empty_tables): when nothing is mapped it has as many
 * blocks of memory as when it was created. */
bool empty_tables_are_released(const struct pagetable_class *table, const struct low_level_state *state,
                               size_t blocks, size_t blocks_of_empty, struct violation *violation);

/* Ours: no frame that is mapped overlaps memory of a page table: blocks[0 .. count), in words. */
bool tables_are_isolated(const struct low_level_state *state, const struct word_range *blocks, size_t count,
                         struct violation *violation);

#ifdef __cplusplus
}
#endif
#endif
