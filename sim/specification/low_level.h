/*
 * The low-level state machine: the seed's `LowLevelState`.
 *
 * Hardware and page table together. Each transition is that of the hardware specification or those of both
 * specifications at once; view.h leads from here to the high-level state machine, invariants.h has what must
 * hold in every state.
 */
#ifndef MMUSIM_SPECIFICATION_LOW_LEVEL_H
#define MMUSIM_SPECIFICATION_LOW_LEVEL_H

#include "sim/specification/hardware.h"
#include "sim/specification/page_table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Low-level memory state. */
struct low_level_state {
    /* Common memory: 8-byte-indexed physical memory, used by the OS and applications. */
    struct physical_memory mem;
    /* Stage 1 page table. */
    struct s1_page_table pt;
    /* Translation Lookaside Buffer. */
    struct mappings tlb;
    struct pt_arch arch;
    struct extensions extensions;
};

void low_level_state_destroy(struct low_level_state *state);
bool low_level_state_copy(struct low_level_state *to, const struct low_level_state *from);
bool low_level_state_equal(const struct low_level_state *a, const struct low_level_state *b);

/* The states that hardware, and the page table, should consider. They share what this one holds: they are
 * valid as long as it is, and not to be destroyed. */
struct hardware_state low_level_hw_state(const struct low_level_state *state);
struct page_table_state low_level_pt_state(const struct low_level_state *state);

/* ---- Transitions ---- */

bool low_level_init(const struct low_level_state *state, struct violation *violation);

bool low_level_read(const struct low_level_state *s1, const struct low_level_state *s2,
                    const struct read_op *op, struct violation *violation);
/* FETCH. */
bool low_level_fetch(const struct low_level_state *s1, const struct low_level_state *s2,
                     const struct read_op *op, struct violation *violation);
bool low_level_write(const struct low_level_state *s1, const struct low_level_state *s2,
                     const struct write_op *op, struct violation *violation);
bool low_level_map(const struct low_level_state *s1, const struct low_level_state *s2,
                   const struct map_op *op, struct violation *violation);
bool low_level_unmap(const struct low_level_state *s1, const struct low_level_state *s2,
                     const struct unmap_op *op, struct violation *violation);
/* PROTECT. */
bool low_level_protect(const struct low_level_state *s1, const struct low_level_state *s2,
                       const struct protect_op *op, struct violation *violation);
bool low_level_query(const struct low_level_state *s1, const struct low_level_state *s2,
                     const struct query_op *op, struct violation *violation);
/* Explicit TLB eviction: software asks for it. */
bool low_level_tlb_evict(const struct low_level_state *s1, const struct low_level_state *s2, uint64_t base,
                         struct violation *violation);
/* SPECULATION. */
bool low_level_speculate(const struct low_level_state *s1, const struct low_level_state *s2,
                         struct violation *violation);

#ifdef __cplusplus
}
#endif
#endif
