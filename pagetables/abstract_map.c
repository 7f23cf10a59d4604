#include "pagetables/abstract_map.h"

#include <assert.h>
#include <stdlib.h>

#include "pagetables/ordered.h"

#define SIZES        64
#define SMALLEST_LG2 6 /* a base has its low bits free for the size */
#define SIZE_MASK    ((UINT64_C(1) << SMALLEST_LG2) - 1)

struct abstract_map {
    struct ordered by_va; /* key: virtual base; tie: base of the frame, with its size in the low bits */
    struct ordered by_pa; /* key: base of the frame, with its size; tie: virtual base */
    size_t frames[SIZES]; /* how many frames there are of each size */
};

/* ---- Records ---- */

static uint64_t frame_word(const struct frame *frame)
{
    return frame->base | frame->size_lg2;
}

static struct mapping mapping_of(const struct ordered_record *by_va)
{
    return (struct mapping){.va = by_va->key,
                            .frame = {.base = by_va->tie & ~SIZE_MASK,
                                      .attributes = by_va->data,
                                      .size_lg2 = (uint8_t)(by_va->tie & SIZE_MASK)}};
}

static struct ordered_record *record_with_base(const struct abstract_map *map, uint64_t va)
{
    struct ordered_record *record = ordered_at_or_after(&map->by_va, va, 0, NULL);
    return record && record->key == va ? record : NULL;
}

static struct ordered_record *record_at_or_below(const struct abstract_map *map, uint64_t va)
{
    return ordered_at_or_before(&map->by_va, va, UINT64_MAX);
}

static bool tell(const struct ordered_record *record, struct mapping *found)
{
    if (record && found)
        *found = mapping_of(record);
    return record != NULL;
}

/* ---- The map ---- */

struct abstract_map *abstract_map_create(void)
{
    return calloc(1, sizeof(struct abstract_map));
}

void abstract_map_destroy(struct abstract_map *map)
{
    if (!map)
        return;
    ordered_clear(&map->by_va);
    ordered_clear(&map->by_pa);
    free(map);
}

size_t abstract_map_count(const struct abstract_map *map)
{
    return map->by_va.count;
}

bool abstract_map_find(const struct abstract_map *map, uint64_t va, struct mapping *found)
{
    const struct ordered_record *record = record_at_or_below(map, va);
    if (!record)
        return false;
    *found = mapping_of(record);
    return mapping_contains(found, va);
}

bool abstract_map_next(const struct abstract_map *map, uint64_t va, struct mapping *found)
{
    return tell(ordered_at_or_after(&map->by_va, va, 0, NULL), found);
}

void abstract_map_visit(const struct abstract_map *map, pagetable_visitor visit, void *context)
{
    struct ordered_position position;
    const struct ordered_record *record = ordered_at_or_after(&map->by_va, 0, 0, &position);
    for (; record; record = ordered_next(&map->by_va, &position)) {
        struct mapping mapping = mapping_of(record);
        if (!visit(context, &mapping))
            return;
    }
}

enum pagetable_result abstract_map_insert(struct abstract_map *map, const struct mapping *mapping)
{
    const struct frame *frame = &mapping->frame;
    assert(frame->size_lg2 >= SMALLEST_LG2 && frame->size_lg2 < SIZES);
    assert(((mapping->va | frame->base) & (frame_size_bytes(frame) - 1)) == 0);
    if (abstract_map_overlaps_va(map, mapping->va, frame_size_bytes(frame), NULL))
        return PAGETABLE_OVERLAP;
    struct ordered_record by_va = {mapping->va, frame_word(frame), frame->attributes & ~FRAME_STATE_ALL};
    struct ordered_record by_pa = {frame_word(frame), mapping->va, 0};
    if (!ordered_insert(&map->by_va, &by_va))
        return PAGETABLE_NO_MEMORY;
    if (!ordered_insert(&map->by_pa, &by_pa)) {
        (void)ordered_remove(&map->by_va, by_va.key, by_va.tie);
        return PAGETABLE_NO_MEMORY;
    }
    map->frames[frame->size_lg2]++;
    return PAGETABLE_OK;
}

enum pagetable_result abstract_map_remove(struct abstract_map *map, uint64_t va, struct mapping *removed)
{
    const struct ordered_record *record = record_with_base(map, va);
    if (!record)
        return PAGETABLE_NOT_MAPPED;
    struct mapping mapping = mapping_of(record);
    bool from_va = ordered_remove(&map->by_va, va, frame_word(&mapping.frame));
    bool from_pa = ordered_remove(&map->by_pa, frame_word(&mapping.frame), va);
    assert(from_va && from_pa);
    (void)from_va;
    (void)from_pa;
    map->frames[mapping.frame.size_lg2]--;
    if (removed)
        *removed = mapping;
    return PAGETABLE_OK;
}

enum pagetable_result abstract_map_protect(struct abstract_map *map, uint64_t va, uint32_t attributes)
{
    struct ordered_record *record = record_with_base(map, va);
    if (!record)
        return PAGETABLE_NOT_MAPPED;
    record->data = attributes & ~FRAME_STATE_ALL;
    return PAGETABLE_OK;
}

/* ---- Overlaps ---- */

bool abstract_map_overlaps_va(const struct abstract_map *map, uint64_t va, uint64_t bytes,
                              struct mapping *found)
{
    const struct ordered_record *record = record_at_or_below(map, va);
    if (record) {
        struct mapping below = mapping_of(record);
        if (mapping_contains(&below, va))
            return tell(record, found);
    }
    record = ordered_at_or_after(&map->by_va, va, 0, NULL);
    return record && record->key - va < bytes ? tell(record, found) : false;
}

/* The mapping of a record that is ordered by frame. */
static bool tell_by_frame(const struct abstract_map *map, const struct ordered_record *by_pa,
                          struct mapping *found)
{
    return tell(record_with_base(map, by_pa->tie), found);
}

bool abstract_map_overlaps_pa(const struct abstract_map *map, uint64_t pa, uint64_t bytes,
                              struct mapping *found)
{
    /* Frames that begin in the range. Their key is never before `pa`, since the size is in its low bits. */
    const struct ordered_record *record = ordered_at_or_after(&map->by_pa, pa, 0, NULL);
    if (record && (record->key & ~SIZE_MASK) >= pa && (record->key & ~SIZE_MASK) - pa < bytes)
        return tell_by_frame(map, record, found);
    /* Frames that begin below it: frames are aligned to their size, so there is one place for each size. */
    for (unsigned size_lg2 = SMALLEST_LG2; size_lg2 < SIZES; size_lg2++) {
        if (!map->frames[size_lg2])
            continue;
        uint64_t key = (pa & ~((UINT64_C(1) << size_lg2) - 1)) | size_lg2;
        record = ordered_at_or_after(&map->by_pa, key, 0, NULL);
        if (record && record->key == key)
            return tell_by_frame(map, record, found);
    }
    return false;
}
