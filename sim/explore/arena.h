/*
 * Records of one size, numbered from 0, that are added at the end and never move.
 *
 * They lie in chunks that double up to a limit and are of one size from there on: a small arena takes little,
 * a large one has at most one chunk that is not full. Which chunk holds a record follows from its number.
 */
#ifndef MMUSIM_EXPLORE_ARENA_H
#define MMUSIM_EXPLORE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/explore/memory_budget.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ARENA_FIRST_LG2 6u /* records of the first two chunks */

struct arena {
    struct memory_budget *budget;
    uint32_t record_bytes;
    uint32_t largest_lg2; /* records of the largest chunks */
    uint32_t count;
    uint32_t room;
    uint32_t chunk_count;
    uint32_t chunk_room;
    uint8_t **chunks;
};

/* An empty one, which has taken nothing yet. */
struct arena arena_make(struct memory_budget *budget, uint32_t record_bytes);

/* A record at the end, number `count` - 1 then; NULL: its memory is refused. At most 2^32 - 1. What it holds
 * is not said. */
void *arena_add(struct arena *arena);

/* Whether the next arena_add will succeed; takes what memory it needs. */
bool arena_reserve(struct arena *arena);

/* Takes the last record back; its memory stays for the next one. */
static inline void arena_drop(struct arena *arena)
{
    arena->count--;
}

void arena_destroy(struct arena *arena);

static inline uint8_t *arena_at(const struct arena *arena, uint32_t number)
{
    uint32_t chunk = arena->largest_lg2 - ARENA_FIRST_LG2 + (number >> arena->largest_lg2);
    uint32_t first = number >> arena->largest_lg2 << arena->largest_lg2; /* of that chunk */
    if (first == 0) {
        unsigned lg2 = 31u - (unsigned)__builtin_clz(number | 1);
        bool doubled = lg2 >= ARENA_FIRST_LG2;
        chunk = doubled ? lg2 - ARENA_FIRST_LG2 + 1 : 0;
        first = doubled ? UINT32_C(1) << lg2 : 0;
    }
    return arena->chunks[chunk] + (size_t)(number - first) * arena->record_bytes;
}

#ifdef __cplusplus
}
#endif
#endif
