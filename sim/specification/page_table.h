/*
 * The page table specification: the seed's `PageTableState`.
 *
 * Each transition is a relation between the state before, the state after, and the operation with its
 * result: true if the specification allows the step. Nothing is allocated and nothing is changed. A
 * `violation` may be NULL.
 */
#ifndef MMUSIM_SPECIFICATION_PAGE_TABLE_H
#define MMUSIM_SPECIFICATION_PAGE_TABLE_H

#include "sim/specification/extensions.h"
#include "sim/specification/mappings.h"
#include "sim/specification/operations.h"
#include "sim/specification/violation.h"
#include "sim/specification/word_map.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the seed's `PTArch` says that the specification asks for: the sizes of frames. */
struct pt_arch {
    uint64_t frame_sizes;             /* bit log2 of the bytes */
    const struct walk_format *format; /* which addresses there are; NULL: all, as in the seed */
};

/* Page table config constants. The seed's text has the size of physical memory, its code both bounds. */
struct pt_constants {
    struct pt_arch arch;
    uint64_t pmem_lb; /* physical memory is [pmem_lb, pmem_ub), in bytes */
    uint64_t pmem_ub;
    struct extensions extensions;
};

/* Abstract state managed by the page table. */
struct page_table_state {
    /* Mappings from virtual address to physical frames, without the state of entries. */
    struct mappings mappings;
    /* Page table constants. */
    struct pt_constants constants;
    /* STATE: by virtual base, FRAME_CLEAN and FRAME_OLD of the entry. */
    struct word_map states;
};

/* The frame sizes of a format, without those that a table lacks (pagetable_class.lacks_sizes). */
struct pt_arch pt_arch_of(const struct walk_format *format, uint64_t lacks_sizes);
bool pt_constants_equal(const struct pt_constants *a, const struct pt_constants *b);

void page_table_state_destroy(struct page_table_state *state);
bool page_table_state_copy(struct page_table_state *to, const struct page_table_state *from);
bool page_table_state_equal(const struct page_table_state *a, const struct page_table_state *b);

/* ---- Preconditions ---- */

bool page_table_map_pre(const struct page_table_state *state, uint64_t vbase, const struct frame *frame,
                        struct violation *violation);
bool page_table_unmap_pre(const struct page_table_state *state, uint64_t vbase, struct violation *violation);
/* PROTECT: that of unmap. */
bool page_table_protect_pre(const struct page_table_state *state, uint64_t vbase,
                            struct violation *violation);
/* The seed: aligned to 8 bytes. With ANSWERS any byte may be asked about. */
bool page_table_query_pre(const struct page_table_state *state, uint64_t vaddr, struct violation *violation);

/* ---- Transitions ---- */

/* No mappings. */
bool page_table_init(const struct page_table_state *state, struct violation *violation);

bool page_table_map(const struct page_table_state *s1, const struct page_table_state *s2,
                    const struct map_op *op, struct violation *violation);
bool page_table_unmap(const struct page_table_state *s1, const struct page_table_state *s2,
                      const struct unmap_op *op, struct violation *violation);
bool page_table_protect(const struct page_table_state *s1, const struct page_table_state *s2,
                        const struct protect_op *op, struct violation *violation);
bool page_table_query(const struct page_table_state *s1, const struct page_table_state *s2,
                      const struct query_op *op, struct violation *violation);

/* ---- The successor, which s1 and the operation's arguments determine, refusals apart ---- */

/*
 * Changes the state as the specification demands, and fills in `op->result`, and what a query found. False
 * without memory; nothing has changed then. A step whose precondition does not hold is answered as ANSWERS
 * says, whether that is in the set or not.
 */
bool page_table_map_step(struct page_table_state *state, struct map_op *op);
bool page_table_unmap_step(struct page_table_state *state, struct unmap_op *op);
bool page_table_protect_step(struct page_table_state *state, struct protect_op *op);
bool page_table_query_step(const struct page_table_state *state, struct query_op *op);

#ifdef __cplusplus
}
#endif
#endif
