/*
 * The preconditions of page-table operations, checked once for all tables.
 *
 * These are the seed specification's `map_pre`, `unmap_pre` and `query_pre`. If one does not hold, its result
 * comes back and the table is not called. Attributes are no precondition: what a format can express the table
 * says itself.
 */
#ifndef MMUSIM_PAGETABLES_CHECKED_H
#define MMUSIM_PAGETABLES_CHECKED_H

#include "pagetables/abstract_map.h"
#include "pagetables/pagetable.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A table with what its preconditions speak of. All pointers are the caller's and outlive this. */
struct pagetable_checked {
    const struct pagetable_class *table;
    void *state;
    const struct walk_format *format;
    uint64_t physical_bytes; /* physical memory is [0, physical_bytes) */
    bool aliasing_allowed;   /* a frame may be mapped more than once */
    const struct abstract_map
        *mappings; /* what is mapped now; only read; may be NULL if aliasing is allowed */
};

/*
 * In the order of the checks: PAGETABLE_BAD_SIZE, PAGETABLE_UNALIGNED (the virtual address or the frame's
 * base to the frame's size), PAGETABLE_OUT_OF_RANGE, PAGETABLE_FRAME_IN_USE; else what the table says.
 */
enum pagetable_result pagetable_checked_map(const struct pagetable_checked *checked,
                                            const struct environment *environment, uint64_t va,
                                            const struct frame *frame);

/* PAGETABLE_UNALIGNED (to the smallest page), PAGETABLE_OUT_OF_RANGE; else what the table says. */
enum pagetable_result pagetable_checked_unmap(const struct pagetable_checked *checked,
                                              const struct environment *environment, uint64_t va);
enum pagetable_result pagetable_checked_protect(const struct pagetable_checked *checked,
                                                const struct environment *environment, uint64_t va,
                                                uint32_t attributes);

/* PAGETABLE_OUT_OF_RANGE; else what the table says. */
enum pagetable_result pagetable_checked_query(const struct pagetable_checked *checked,
                                              const struct environment *environment, uint64_t va,
                                              struct mapping *found);

#ifdef __cplusplus
}
#endif
#endif
