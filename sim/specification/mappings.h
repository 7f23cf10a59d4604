/*
 * The seed's `Map<VAddr, Frame>`: mappings of a page table, of a TLB, of a virtual memory.
 *
 * A flat array in ascending order (of virtual base, then of size, base and attributes of the frame), so that
 * equal maps are equal arrays. Keys are unique in every state that the specification reaches; a TLB that is
 * wrong may hold two entries with one base, and then both are kept here, so that the invariants can say so.
 * Everything that asks allocates nothing. What changes a map and needs memory answers false without it, and
 * has changed nothing.
 *
 * The judges and page tables have a map of their own (pagetables/abstract_map.h), which knows a million
 * mappings; this one is independent of it on purpose, and for tiny machines and tests.
 */
#ifndef MMUSIM_SPECIFICATION_MAPPINGS_H
#define MMUSIM_SPECIFICATION_MAPPINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagetables/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

struct mappings {
    struct mapping *at;
    size_t count;
    size_t room;
};

/* {0} is the empty map. */
void mappings_destroy(struct mappings *mappings); /* and it is empty */
bool mappings_copy(struct mappings *to, const struct mappings *from);

bool frame_equal(const struct frame *a, const struct frame *b);
bool mapping_equal(const struct mapping *a, const struct mapping *b);

/* Adds a pair; nothing happens if it is there. */
bool mappings_add(struct mappings *mappings, const struct mapping *mapping);
/* The seed's `insert`: in place of what has this key. */
bool mappings_insert(struct mappings *mappings, const struct mapping *mapping);
/* The seed's `remove`: what has this key, if anything. */
void mappings_remove(struct mappings *mappings, uint64_t va);

/* The seed's `contains_key` (`contains_base`): the first mapping whose base is `va`, or NULL. */
const struct mapping *mappings_at(const struct mappings *mappings, uint64_t va);
/* The seed's `contains_pair` (`contains_mapping`). */
bool mappings_contain(const struct mappings *mappings, const struct mapping *mapping);
/* The seed's `mapping_for`: the first mapping, after `after` if that is not NULL, that `va` lies in; or NULL.
 * Without overlaps there is one. */
const struct mapping *mappings_for(const struct mappings *mappings, uint64_t va, const struct mapping *after);
/* The first mapping that shares an address, virtual or physical, with this one; or NULL. */
const struct mapping *mappings_overlap_vmem(const struct mappings *mappings, const struct mapping *mapping);
const struct mapping *mappings_overlap_pmem(const struct mappings *mappings, const struct frame *frame);

/* ---- Two maps ---- */

/* The first mapping of `a` that `b` does not contain; NULL if `a` is a submap of `b`. */
const struct mapping *mappings_missing(const struct mappings *a, const struct mappings *b);
bool mappings_equal(const struct mappings *a, const struct mappings *b);
/* Whether `to` is `from.insert(mapping.va, mapping.frame)`; `from.remove(va)`. */
bool mappings_are_insert(const struct mappings *to, const struct mappings *from,
                         const struct mapping *mapping);
bool mappings_are_remove(const struct mappings *to, const struct mappings *from, uint64_t va);

/* Whether [a, a + 1 << a_lg2) and [b, b + 1 << b_lg2) share an address: the seed's `overlap`. Ranges that
 * are not aligned are no ranges of the seed's, but are compared as well; they may end at 2^64. */
bool ranges_overlap(uint64_t a, unsigned a_lg2, uint64_t b, unsigned b_lg2);

#ifdef __cplusplus
}
#endif
#endif
