/*
 * EXTENSION_WALK_CACHES: the tables that a page table consists of, and those that walk caches hold, as sets
 * of pagetables/walk.h's `walk_table`. As with mappings, what asks allocates nothing.
 */
#ifndef MMUSIM_SPECIFICATION_WALK_TABLES_H
#define MMUSIM_SPECIFICATION_WALK_TABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "pagetables/walk.h"
#include "sim/specification/view.h"

#ifdef __cplusplus
extern "C" {
#endif

struct walk_tables {
    struct walk_table *at; /* ascending by address, size and what they are */
    size_t count;
    size_t room;
};

void walk_tables_destroy(struct walk_tables *tables);
bool walk_tables_copy(struct walk_tables *to, const struct walk_tables *from);
/* Nothing happens if it is there; false without memory. */
bool walk_tables_add(struct walk_tables *tables, const struct walk_table *table);
bool walk_tables_contain(const struct walk_tables *tables, const struct walk_table *table);
bool walk_tables_equal(const struct walk_tables *a, const struct walk_tables *b);
/* The first table of `a` that `b` does not contain; NULL if `a` is a subset of `b`. */
const struct walk_table *walk_tables_missing(const struct walk_tables *a, const struct walk_tables *b);

/* Adds the tables that a walk of `va` passes, as memory is now. False without memory. */
bool view_walk_tables(const struct concrete_table *concrete, uint64_t va, struct walk_tables *tables);

#ifdef __cplusplus
}
#endif
#endif
