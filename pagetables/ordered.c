#include "pagetables/ordered.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_RECORDS 256

struct ordered_chunk {
    size_t count; /* never 0 in a set */
    struct ordered_record record[CHUNK_RECORDS];
};

static bool before(const struct ordered_record *record, uint64_t key, uint64_t tie)
{
    return record->key < key || (record->key == key && record->tie < tie);
}

void ordered_clear(struct ordered *set)
{
    for (size_t i = 0; i < set->chunk_count; i++)
        free(set->chunks[i]);
    free(set->chunks);
    *set = (struct ordered){.chunks = NULL};
}

/* How many chunks begin before (key, tie). */
static size_t chunks_before(const struct ordered *set, uint64_t key, uint64_t tie)
{
    size_t low = 0;
    size_t high = set->chunk_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (before(&set->chunks[middle]->record[0], key, tie))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* How many records of a chunk are before (key, tie). */
static size_t records_before(const struct ordered_chunk *chunk, uint64_t key, uint64_t tie)
{
    size_t low = 0;
    size_t high = chunk->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (before(&chunk->record[middle], key, tie))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Where (key, tie) stands or would stand; the slot may be one past the end of its chunk. */
static struct ordered_position place_of(const struct ordered *set, uint64_t key, uint64_t tie)
{
    size_t chunks = chunks_before(set, key, tie);
    if (chunks == 0)
        return (struct ordered_position){0, 0};
    return (struct ordered_position){chunks - 1, records_before(set->chunks[chunks - 1], key, tie)};
}

/* The record at a place, or the first one after it if the place is the end of a chunk. */
static struct ordered_record *record_from(const struct ordered *set, struct ordered_position *place)
{
    if (place->chunk < set->chunk_count && place->slot == set->chunks[place->chunk]->count)
        *place = (struct ordered_position){place->chunk + 1, 0};
    return place->chunk < set->chunk_count ? &set->chunks[place->chunk]->record[place->slot] : NULL;
}

struct ordered_record *ordered_at_or_after(const struct ordered *set, uint64_t key, uint64_t tie,
                                           struct ordered_position *position)
{
    struct ordered_position place = place_of(set, key, tie);
    struct ordered_record *record = record_from(set, &place);
    if (position)
        *position = place;
    return record;
}

struct ordered_record *ordered_at_or_before(const struct ordered *set, uint64_t key, uint64_t tie)
{
    struct ordered_position place = place_of(set, key, tie);
    struct ordered_position at = place;
    struct ordered_record *record = record_from(set, &at);
    if (record && record->key == key && record->tie == tie)
        return record;
    /* A slot of 0 is before every record: a place is in a chunk that begins before it. */
    return place.slot ? &set->chunks[place.chunk]->record[place.slot - 1] : NULL;
}

struct ordered_record *ordered_next(const struct ordered *set, struct ordered_position *position)
{
    position->slot++;
    return record_from(set, position);
}

/* A new chunk at `index`, with nothing in it. */
static struct ordered_chunk *add_chunk(struct ordered *set, size_t index)
{
    if (set->chunk_count == set->chunk_room) {
        size_t room = set->chunk_room ? 2 * set->chunk_room : 16;
        struct ordered_chunk **chunks = realloc(set->chunks, room * sizeof *chunks);
        if (!chunks)
            return NULL;
        set->chunks = chunks;
        set->chunk_room = room;
    }
    struct ordered_chunk *chunk = malloc(sizeof *chunk);
    if (!chunk)
        return NULL;
    chunk->count = 0;
    memmove(&set->chunks[index + 1], &set->chunks[index], (set->chunk_count - index) * sizeof *set->chunks);
    set->chunks[index] = chunk;
    set->chunk_count++;
    return chunk;
}

/*
 * Makes room at a place in a full chunk. In the middle the chunk is halved; at its end it is left full and a
 * new one begun, since records often come in order.
 */
static bool split(struct ordered *set, struct ordered_position *place)
{
    struct ordered_chunk *full = set->chunks[place->chunk];
    size_t kept = place->slot == full->count ? full->count : full->count / 2;
    struct ordered_chunk *added = add_chunk(set, place->chunk + 1);
    if (!added)
        return false;
    added->count = full->count - kept;
    memcpy(added->record, &full->record[kept], added->count * sizeof *added->record);
    full->count = kept;
    if (place->slot >= kept && kept == CHUNK_RECORDS)
        *place = (struct ordered_position){place->chunk + 1, 0};
    else if (place->slot > kept)
        *place = (struct ordered_position){place->chunk + 1, place->slot - kept};
    return true;
}

bool ordered_insert(struct ordered *set, const struct ordered_record *record)
{
    if (set->chunk_count == 0 && !add_chunk(set, 0))
        return false;
    struct ordered_position place = place_of(set, record->key, record->tie);
    if (set->chunks[place.chunk]->count == CHUNK_RECORDS && !split(set, &place))
        return false;
    struct ordered_chunk *chunk = set->chunks[place.chunk];
    memmove(&chunk->record[place.slot + 1], &chunk->record[place.slot],
            (chunk->count - place.slot) * sizeof *chunk->record);
    chunk->record[place.slot] = *record;
    chunk->count++;
    set->count++;
    return true;
}

static void remove_chunk(struct ordered *set, size_t index)
{
    free(set->chunks[index]);
    set->chunk_count--;
    memmove(&set->chunks[index], &set->chunks[index + 1], (set->chunk_count - index) * sizeof *set->chunks);
}

/* Appends the chunk at `index` to the one before it, if both together leave room for more. */
static void merge(struct ordered *set, size_t index)
{
    if (index == 0 || index >= set->chunk_count)
        return;
    struct ordered_chunk *into = set->chunks[index - 1];
    const struct ordered_chunk *from = set->chunks[index];
    if (into->count + from->count > CHUNK_RECORDS / 2)
        return;
    memcpy(&into->record[into->count], from->record, from->count * sizeof *from->record);
    into->count += from->count;
    remove_chunk(set, index);
}

bool ordered_remove(struct ordered *set, uint64_t key, uint64_t tie)
{
    struct ordered_position place = place_of(set, key, tie);
    const struct ordered_record *record = record_from(set, &place);
    if (!record || record->key != key || record->tie != tie)
        return false;
    struct ordered_chunk *chunk = set->chunks[place.chunk];
    chunk->count--;
    set->count--;
    memmove(&chunk->record[place.slot], &chunk->record[place.slot + 1],
            (chunk->count - place.slot) * sizeof *chunk->record);
    if (chunk->count == 0) {
        remove_chunk(set, place.chunk);
        return true;
    }
    merge(set, place.chunk + 1);
    merge(set, place.chunk);
    return true;
}
