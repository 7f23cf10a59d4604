/*
 * Views: from a concrete page table to its abstract map, and from the low level to the high level.
 */
#ifndef MMUSIM_SPECIFICATION_VIEW_H
#define MMUSIM_SPECIFICATION_VIEW_H

#include "pagetables/pagetable.h"
#include "sim/specification/high_level.h"
#include "sim/specification/low_level.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A page table in memory. Nothing here is owned. */
struct concrete_table {
    const struct pagetable_class *table;
    const void *state;
    struct translation_regime regime; /* its root is the table's */
    struct memory_reader memory;
};

/*
 * The seed's `PageTableInterface::view` and `interpret`: what hardware reads in the table's memory. The
 * enumerator proposes, the walk engine confirms (pagetables/interpret.h); what is not confirmed is no
 * mapping. `view` is replaced, but for `words`, which are left alone; `states` is filled in. PAGETABLE_OK,
 * what the enumerator returns, or PAGETABLE_NO_MEMORY.
 */
enum pagetable_result view_page_table(const struct concrete_table *concrete, struct s1_page_table *view);

/*
 * One walk of `va`, under `regime`, as pagetables/interpret.h does it; `visit` is called before each of its
 * steps (WALK_FETCH, WALK_UPDATE) with the walk as it then is. WALK_LEAF or WALK_FAULT.
 */
typedef void (*view_walk_visitor)(void *context, const struct walk_state *walk, enum walk_status status);
enum walk_status view_walk(const struct translation_regime *regime, const struct memory_reader *memory,
                           uint64_t va, struct walk_state *walk, view_walk_visitor visit, void *context);

/* The words of [pa, pa + bytes) as they are in memory, added to `words`. False without memory. Words that
 * cannot be read are 0. */
bool view_words(const struct memory_reader *memory, uint64_t pa, uint64_t bytes, struct word_map *words);

/* The seed's `all_mappings`: the page table's and the TLB's; for a base that both have, the TLB's. Replaces
 * `all`; false without memory. */
bool low_level_all_mappings(const struct low_level_state *state, struct mappings *all);
/* The seed's `interpret_mem`: the common memory as those mappings show it. Replaces `mem`. */
bool low_level_interpret_mem(const struct low_level_state *state, const struct mappings *all,
                             struct virtual_memory *mem);
/* The seed's `LowLevelState::view`. Replaces `view`. */
bool low_level_view(const struct low_level_state *state, struct high_level_state *view);

#ifdef __cplusplus
}
#endif
#endif
