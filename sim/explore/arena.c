#include "sim/explore/arena.h"

#include <assert.h>
#include <string.h>

#define CHUNK_POINTERS    16u
#define CHUNK_BYTES_MAX   (UINT32_C(32) << 20)
#define CHUNK_LG2_LARGEST 20u

struct arena arena_make(struct memory_budget *budget, uint32_t record_bytes)
{
    assert(record_bytes > 0);
    uint32_t lg2 = CHUNK_LG2_LARGEST;
    while (lg2 > ARENA_FIRST_LG2 && (uint64_t)record_bytes << lg2 > CHUNK_BYTES_MAX)
        lg2--;
    return (struct arena){.budget = budget, .record_bytes = record_bytes, .largest_lg2 = lg2};
}

static uint32_t records_of_chunk(const struct arena *arena, uint32_t chunk)
{
    uint32_t lg2 = chunk == 0 ? ARENA_FIRST_LG2 : ARENA_FIRST_LG2 + chunk - 1;
    return UINT32_C(1) << (lg2 < arena->largest_lg2 ? lg2 : arena->largest_lg2);
}

static size_t bytes_of_chunk(const struct arena *arena, uint32_t chunk)
{
    return (size_t)records_of_chunk(arena, chunk) * arena->record_bytes;
}

static bool reserve_chunk_pointers(struct arena *arena)
{
    if (arena->chunk_count < arena->chunk_room)
        return true;
    uint32_t room = arena->chunk_room ? 2 * arena->chunk_room : CHUNK_POINTERS;
    uint8_t **chunks = memory_take(arena->budget, room * sizeof(uint8_t *));
    if (!chunks)
        return false;
    if (arena->chunk_count > 0)
        memcpy(chunks, arena->chunks, arena->chunk_count * sizeof(uint8_t *));
    memory_give(arena->budget, arena->chunks, arena->chunk_room * sizeof(uint8_t *));
    arena->chunks = chunks;
    arena->chunk_room = room;
    return true;
}

static bool add_chunk(struct arena *arena)
{
    if (!reserve_chunk_pointers(arena))
        return false;
    uint8_t *chunk = memory_take(arena->budget, bytes_of_chunk(arena, arena->chunk_count));
    if (!chunk)
        return false;
    uint32_t records = records_of_chunk(arena, arena->chunk_count);
    arena->chunks[arena->chunk_count++] = chunk;
    arena->room = records < UINT32_MAX - arena->room ? arena->room + records : UINT32_MAX;
    return true;
}

bool arena_reserve(struct arena *arena)
{
    return arena->count < arena->room || (arena->room < UINT32_MAX && add_chunk(arena));
}

void *arena_add(struct arena *arena)
{
    return arena_reserve(arena) ? arena_at(arena, arena->count++) : NULL;
}

void arena_destroy(struct arena *arena)
{
    for (uint32_t i = 0; i < arena->chunk_count; i++)
        memory_give(arena->budget, arena->chunks[i], bytes_of_chunk(arena, i));
    memory_give(arena->budget, arena->chunks, arena->chunk_room * sizeof(uint8_t *));
    *arena = arena_make(arena->budget, arena->record_bytes);
}
