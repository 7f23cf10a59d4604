#include "sim/specification/mappings.h"

#include <stdlib.h>
#include <string.h>

#include "sim/specification/array.h"

/* ---- Order ---- */

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare(const struct mapping *a, const struct mapping *b)
{
    int order = compare_numbers(a->va, b->va);
    if (order == 0)
        order = compare_numbers(a->frame.size_lg2, b->frame.size_lg2);
    if (order == 0)
        order = compare_numbers(a->frame.base, b->frame.base);
    return order != 0 ? order : compare_numbers(a->frame.attributes, b->frame.attributes);
}

bool frame_equal(const struct frame *a, const struct frame *b)
{
    return a->base == b->base && a->size_lg2 == b->size_lg2 && a->attributes == b->attributes;
}

bool mapping_equal(const struct mapping *a, const struct mapping *b)
{
    return a->va == b->va && frame_equal(&a->frame, &b->frame);
}

/* The first place whose mapping is not before this one. */
static size_t place_of(const struct mappings *mappings, const struct mapping *mapping)
{
    size_t low = 0;
    size_t high = mappings->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (compare(&mappings->at[middle], mapping) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- Memory ---- */

void mappings_destroy(struct mappings *mappings)
{
    free(mappings->at);
    *mappings = (struct mappings){0};
}

static bool reserve(struct mappings *mappings, size_t count)
{
    struct mapping *at = array_reserve(mappings->at, &mappings->room, count, sizeof *at);
    if (at)
        mappings->at = at;
    return at != NULL;
}

bool mappings_copy(struct mappings *to, const struct mappings *from)
{
    if (from->count > 0) {
        struct mapping *at = array_copy(to->at, &to->room, from->at, from->count, sizeof *at);
        if (!at)
            return false;
        to->at = at;
    }
    to->count = from->count;
    return true;
}

/* ---- Changes ---- */

bool mappings_add(struct mappings *mappings, const struct mapping *mapping)
{
    size_t place = place_of(mappings, mapping);
    if (place < mappings->count && mapping_equal(&mappings->at[place], mapping))
        return true;
    if (!reserve(mappings, mappings->count + 1))
        return false;
    memmove(&mappings->at[place + 1], &mappings->at[place], (mappings->count - place) * sizeof *mappings->at);
    /* Field by field: what pads a structure has no place in a state. */
    mappings->at[place] = (struct mapping){.va = mapping->va,
                                           .frame = {.base = mapping->frame.base,
                                                     .attributes = mapping->frame.attributes,
                                                     .size_lg2 = mapping->frame.size_lg2}};
    mappings->count++;
    return true;
}

bool mappings_insert(struct mappings *mappings, const struct mapping *mapping)
{
    if (!reserve(mappings, mappings->count + 1))
        return false;
    mappings_remove(mappings, mapping->va);
    return mappings_add(mappings, mapping);
}

void mappings_remove(struct mappings *mappings, uint64_t va)
{
    size_t kept = 0;
    for (size_t i = 0; i < mappings->count; i++)
        if (mappings->at[i].va != va)
            mappings->at[kept++] = mappings->at[i];
    mappings->count = kept;
}

/* ---- One map ---- */

const struct mapping *mappings_at(const struct mappings *mappings, uint64_t va)
{
    const struct mapping least = {.va = va};
    size_t place = place_of(mappings, &least);
    return place < mappings->count && mappings->at[place].va == va ? &mappings->at[place] : NULL;
}

bool mappings_contain(const struct mappings *mappings, const struct mapping *mapping)
{
    size_t place = place_of(mappings, mapping);
    return place < mappings->count && mapping_equal(&mappings->at[place], mapping);
}

const struct mapping *mappings_for(const struct mappings *mappings, uint64_t va, const struct mapping *after)
{
    const struct mapping *end = mappings->at ? mappings->at + mappings->count : NULL;
    for (const struct mapping *at = after ? after + 1 : mappings->at; at != end && at->va <= va; at++)
        if (va - at->va < frame_size_bytes(&at->frame))
            return at;
    return NULL;
}

bool ranges_overlap(uint64_t a, unsigned a_lg2, uint64_t b, unsigned b_lg2)
{
    return a <= b ? b - a < UINT64_C(1) << a_lg2 : a - b < UINT64_C(1) << b_lg2;
}

const struct mapping *mappings_overlap_vmem(const struct mappings *mappings, const struct mapping *mapping)
{
    for (size_t i = 0; i < mappings->count; i++)
        if (ranges_overlap(mappings->at[i].va, mappings->at[i].frame.size_lg2, mapping->va,
                           mapping->frame.size_lg2))
            return &mappings->at[i];
    return NULL;
}

const struct mapping *mappings_overlap_pmem(const struct mappings *mappings, const struct frame *frame)
{
    for (size_t i = 0; i < mappings->count; i++)
        if (ranges_overlap(mappings->at[i].frame.base, mappings->at[i].frame.size_lg2, frame->base,
                           frame->size_lg2))
            return &mappings->at[i];
    return NULL;
}

/* ---- Two maps ---- */

const struct mapping *mappings_missing(const struct mappings *a, const struct mappings *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (!mappings_contain(b, &a->at[i]))
            return &a->at[i];
    return NULL;
}

bool mappings_equal(const struct mappings *a, const struct mappings *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!mapping_equal(&a->at[i], &b->at[i]))
            return false;
    return true;
}

/* The number of mappings that have this key. */
static size_t count_at(const struct mappings *mappings, uint64_t va)
{
    const struct mapping *first = mappings_at(mappings, va);
    const struct mapping *end = mappings->at ? mappings->at + mappings->count : NULL;
    size_t count = 0;
    for (const struct mapping *at = first; at && at != end && at->va == va; at++)
        count++;
    return count;
}

/* Whether every mapping of `a` with another key is in `b`. */
static bool others_are_in(const struct mappings *a, const struct mappings *b, uint64_t va)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->at[i].va != va && !mappings_contain(b, &a->at[i]))
            return false;
    return true;
}

static bool others_are_equal(const struct mappings *a, const struct mappings *b, uint64_t va)
{
    return others_are_in(a, b, va) && others_are_in(b, a, va);
}

bool mappings_are_insert(const struct mappings *to, const struct mappings *from,
                         const struct mapping *mapping)
{
    return count_at(to, mapping->va) == 1 && mappings_contain(to, mapping) &&
           others_are_equal(to, from, mapping->va);
}

bool mappings_are_remove(const struct mappings *to, const struct mappings *from, uint64_t va)
{
    return count_at(to, va) == 0 && others_are_equal(to, from, va);
}
