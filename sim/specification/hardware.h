/*
 * The hardware specification: the seed's `HardwareState`.
 *
 * What hardware may do in memory accesses, when software operates on the page table, and when a TLB entry is
 * dropped. As in page_table.h each transition is a relation; nothing is allocated and nothing is changed, and
 * a `violation` may be NULL.
 */
#ifndef MMUSIM_SPECIFICATION_HARDWARE_H
#define MMUSIM_SPECIFICATION_HARDWARE_H

#include "sim/specification/extensions.h"
#include "sim/specification/mappings.h"
#include "sim/specification/operations.h"
#include "sim/specification/violation.h"
#include "sim/specification/word_map.h"

#ifdef __cplusplus
extern "C" {
#endif

/* 8-byte-indexed physical memory, the tables' own apart: words [lb, ub). */
struct physical_memory {
    uint64_t lb;
    uint64_t ub;
    struct word_map words; /* by physical index */
};

/* Stage 1 page table: its memory, and the map that hardware reads in it. */
struct s1_page_table {
    uint64_t root;
    struct word_map words;          /* of the tables, by physical index; empty if nobody watches them */
    struct mappings interpretation; /* the seed's `interpret()` */
    struct word_map states;         /* STATE: by virtual base, FRAME_CLEAN and FRAME_OLD of the entry */
};

/* Abstract state managed by hardware. */
struct hardware_state {
    /* 8-byte-indexed physical memory. */
    struct physical_memory mem;
    /* Page table. */
    struct s1_page_table pt;
    /* Translation Lookaside Buffer. */
    struct mappings tlb;
    struct extensions extensions;
};

bool physical_memory_contains(const struct physical_memory *memory, uint64_t pidx);
bool physical_memory_equal(const struct physical_memory *a, const struct physical_memory *b);

void s1_page_table_destroy(struct s1_page_table *table);
bool s1_page_table_copy(struct s1_page_table *to, const struct s1_page_table *from);
bool s1_page_table_equal(const struct s1_page_table *a, const struct s1_page_table *b);

/* ---- Transitions ---- */

/* An empty TLB, and a table that maps nothing. */
bool hardware_init(const struct hardware_state *state, struct violation *violation);

/* A hit; a miss with a mapping in the table, which is filled; a miss without. */
bool hardware_read(const struct hardware_state *s1, const struct hardware_state *s2, const struct read_op *op,
                   struct violation *violation);
/* FETCH. */
bool hardware_fetch(const struct hardware_state *s1, const struct hardware_state *s2,
                    const struct read_op *op, struct violation *violation);
bool hardware_write(const struct hardware_state *s1, const struct hardware_state *s2,
                    const struct write_op *op, struct violation *violation);
/* While software operates on the page table: memory is as it was, and the TLB may only shrink. */
bool hardware_pt_op(const struct hardware_state *s1, const struct hardware_state *s2,
                    struct violation *violation);
/* Explicit eviction of the entry with this base. */
bool hardware_tlb_evict(const struct hardware_state *s1, const struct hardware_state *s2, uint64_t base,
                        struct violation *violation);
/* SPECULATION: what happens between the others: entries are dropped, others filled. */
bool hardware_speculate(const struct hardware_state *s1, const struct hardware_state *s2,
                        struct violation *violation);

#ifdef __cplusplus
}
#endif
#endif
