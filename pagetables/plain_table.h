/*
 * What the tables that are no radix tables (hashed, cuckoo, ranges) have in common beside their leaves: the
 * state block, invalidations, and how a leaf in memory becomes another. Not a public header.
 */
#ifndef MMUSIM_PAGETABLES_PLAIN_TABLE_H
#define MMUSIM_PAGETABLES_PLAIN_TABLE_H

#include "pagetables/pagetable.h"
#include "pagetables/plain_leaf.h"

/* The state block. */
struct plain_table {
    uint64_t root; /* the descriptor, a page of its own, which stays where it is */
    uint16_t asid;
    uint16_t vmid;
    bool every_asid;
    bool descriptor_is_cached; /* by walk caches: what invalidates a page leaves it there */
};

#define PLAIN_DESCRIPTOR_BYTES UINT64_C(4096)

/* A descriptor of zeros. PAGETABLE_UNSUPPORTED for any other format than `format`. */
enum pagetable_result plain_create(struct plain_table *table, const struct environment *environment,
                                   const struct pagetable_config *config, const struct walk_format *format);
/* Releases the descriptor. */
enum pagetable_result plain_destroy(const struct plain_table *table, const struct environment *environment);
/* pagetable_class.root */
uint64_t plain_root(const void *state);

/* After stores: see call_invalidate. `global`: all address spaces have the page, or may have. */
enum pagetable_result plain_invalidate_page(const struct plain_table *table,
                                            const struct environment *environment, uint64_t va, bool global);
enum pagetable_result plain_invalidate_space(const struct plain_table *table,
                                             const struct environment *environment, bool global);

/* A page that is mapped, and where its leaf stands. */
struct plain_page {
    uint64_t va;
    uint64_t leaf_pa;
    uint64_t leaf;
    unsigned size;
};

/* pagetable_class.protect: one store, or break-before-make where plain_must_break asks for it. */
enum pagetable_result plain_protect(const struct plain_table *table, const struct environment *environment,
                                    const struct plain_page *page, uint32_t attributes);

#endif
