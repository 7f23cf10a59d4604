/*
 * Memory by 8-byte index: the seed's `Seq<nat>` (physical memory) and `Map<VIdx, nat>` (virtual memory).
 *
 * Both hold mostly nothing: a word that was not written is 0 and takes no room, so that equal memories are
 * equal arrays whatever their size. Virtual memory has a domain besides, the words that there are: ranges of
 * indexes, ascending, that do not touch each other. As with mappings, what asks allocates nothing, and what
 * changes something and lacks memory answers false and has changed nothing.
 */
#ifndef MMUSIM_SPECIFICATION_WORD_MAP_H
#define MMUSIM_SPECIFICATION_WORD_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/specification/mappings.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WORD_BYTES 8u

struct word_entry {
    uint64_t index;
    uint64_t value; /* not 0 */
};

/* A total function of indexes that is 0 nearly everywhere. {0} is 0 everywhere. */
struct word_map {
    struct word_entry *at; /* ascending */
    size_t count;
    size_t room;
};

void word_map_destroy(struct word_map *words);
bool word_map_copy(struct word_map *to, const struct word_map *from);
bool word_map_write(struct word_map *words, uint64_t index, uint64_t value);
uint64_t word_map_read(const struct word_map *words, uint64_t index);
bool word_map_equal(const struct word_map *a, const struct word_map *b);
/* Whether `to` is `from.update(index, value)`. */
bool word_map_is_update(const struct word_map *to, const struct word_map *from, uint64_t index,
                        uint64_t value);
/* The place of the first word at or after an index; `count` if there is none. */
size_t word_map_from(const struct word_map *words, uint64_t index);

/* ---- The domain of virtual memory ---- */

/* [first, last], in words. */
struct word_range {
    uint64_t first;
    uint64_t last;
};

struct virtual_memory {
    struct word_range *domain; /* ascending; at least one index lies between two of them */
    size_t ranges;
    size_t ranges_room;
    struct word_map words;
};

void virtual_memory_destroy(struct virtual_memory *memory);
bool virtual_memory_copy(struct virtual_memory *to, const struct virtual_memory *from);
bool virtual_memory_equal(const struct virtual_memory *a, const struct virtual_memory *b);
bool virtual_memory_has(const struct virtual_memory *memory, uint64_t index);
/* The domain becomes what the mappings cover; words outside of it are forgotten. */
bool virtual_memory_cover(struct virtual_memory *memory, const struct mappings *mappings);
/* The seed's `mem.dom() === mem_domain_covered_by_mappings()`. */
bool virtual_memory_covers(const struct virtual_memory *memory, const struct mappings *mappings);
bool virtual_memory_same_domain(const struct virtual_memory *a, const struct virtual_memory *b);
/* The first index in both domains that has different values; false if there is none. */
bool virtual_memory_differs(const struct virtual_memory *a, const struct virtual_memory *b, uint64_t *index);

#ifdef __cplusplus
}
#endif
#endif
