/*
 * The abstract map: virtual address to frame, the seed specification's `mappings`.
 *
 * What a page table should stand for is kept here, beside it and without its code: judges, the checking
 * wrapper and the conformance tests compare with this. Mappings never overlap in virtual addresses; frames
 * may overlap (aliases). A million mappings are usual: look-ups are logarithmic, and 64 bytes a mapping are
 * used at the most, in two orders.
 *
 * Ranges are [start, start + bytes), bytes > 0, and may end at 2^64.
 */
#ifndef MMUSIM_PAGETABLES_ABSTRACT_MAP_H
#define MMUSIM_PAGETABLES_ABSTRACT_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pagetables/frame.h"
#include "pagetables/pagetable.h"

#ifdef __cplusplus
extern "C" {
#endif

struct abstract_map;

/* An empty map, or NULL if there is no memory. */
struct abstract_map *abstract_map_create(void);
void abstract_map_destroy(struct abstract_map *map); /* NULL is allowed */

size_t abstract_map_count(const struct abstract_map *map);

/* The mapping that contains `va`. */
bool abstract_map_find(const struct abstract_map *map, uint64_t va, struct mapping *found);
/* The mapping with the least base at or after `va`: repeat with `found->va + 1` to see all in order. */
bool abstract_map_next(const struct abstract_map *map, uint64_t va, struct mapping *found);

/*
 * Adds a mapping: PAGETABLE_OK, PAGETABLE_OVERLAP or PAGETABLE_NO_MEMORY. The virtual base and the frame's
 * base must be aligned to the frame's size, which is at least 64 bytes.
 */
enum pagetable_result abstract_map_insert(struct abstract_map *map, const struct mapping *mapping);
/* Removes the mapping whose base is `va`, and tells it if `removed` is not NULL: PAGETABLE_OK or
 * PAGETABLE_NOT_MAPPED. */
enum pagetable_result abstract_map_remove(struct abstract_map *map, uint64_t va, struct mapping *removed);
/* Other attributes for the mapping whose base is `va`: PAGETABLE_OK or PAGETABLE_NOT_MAPPED. */
enum pagetable_result abstract_map_protect(struct abstract_map *map, uint64_t va, uint32_t attributes);

/* Whether some mapping overlaps the range; one such mapping, the lowest, if `found` is not NULL. */
bool abstract_map_overlaps_va(const struct abstract_map *map, uint64_t va, uint64_t bytes,
                              struct mapping *found);
/* Whether some frame overlaps the range; one such mapping, if `found` is not NULL. */
bool abstract_map_overlaps_pa(const struct abstract_map *map, uint64_t pa, uint64_t bytes,
                              struct mapping *found);

/* Every mapping, ascending by virtual address, until the visitor returns false. The map must not change
 * meanwhile. */
void abstract_map_visit(const struct abstract_map *map, pagetable_visitor visit, void *context);

#ifdef __cplusplus
}
#endif
#endif
