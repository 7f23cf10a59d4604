#include "sim/specification/word_map.h"

#include <stdlib.h>
#include <string.h>

#include "sim/specification/array.h"

/* ---- Words ---- */

void word_map_destroy(struct word_map *words)
{
    free(words->at);
    *words = (struct word_map){0};
}

static bool reserve(struct word_map *words, size_t count)
{
    struct word_entry *at = array_reserve(words->at, &words->room, count, sizeof *at);
    if (at)
        words->at = at;
    return at != NULL;
}

bool word_map_copy(struct word_map *to, const struct word_map *from)
{
    if (from->count > 0) {
        struct word_entry *at = array_copy(to->at, &to->room, from->at, from->count, sizeof *at);
        if (!at)
            return false;
        to->at = at;
    }
    to->count = from->count;
    return true;
}

size_t word_map_from(const struct word_map *words, uint64_t index)
{
    size_t low = 0;
    size_t high = words->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (words->at[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct word_map *words, size_t place, uint64_t index)
{
    return place < words->count && words->at[place].index == index;
}

bool word_map_write(struct word_map *words, uint64_t index, uint64_t value)
{
    size_t place = word_map_from(words, index);
    size_t behind = words->count - place;
    if (value != 0 && is_at(words, place, index)) {
        words->at[place].value = value;
    } else if (value != 0) {
        if (!reserve(words, words->count + 1))
            return false;
        memmove(&words->at[place + 1], &words->at[place], behind * sizeof *words->at);
        words->at[place] = (struct word_entry){index, value};
        words->count++;
    } else if (is_at(words, place, index)) {
        memmove(&words->at[place], &words->at[place + 1], (behind - 1) * sizeof *words->at);
        words->count--;
    }
    return true;
}

uint64_t word_map_read(const struct word_map *words, uint64_t index)
{
    size_t place = word_map_from(words, index);
    return is_at(words, place, index) ? words->at[place].value : 0;
}

bool word_map_equal(const struct word_map *a, const struct word_map *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->at[i].index != b->at[i].index || a->at[i].value != b->at[i].value)
            return false;
    return true;
}

/* Whether every other word of `a` is the same in `b`. */
static bool others_are_in(const struct word_map *a, const struct word_map *b, uint64_t index)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->at[i].index != index && word_map_read(b, a->at[i].index) != a->at[i].value)
            return false;
    return true;
}

bool word_map_is_update(const struct word_map *to, const struct word_map *from, uint64_t index,
                        uint64_t value)
{
    return word_map_read(to, index) == value && others_are_in(to, from, index) &&
           others_are_in(from, to, index);
}

/* ---- The domain ---- */

static struct word_range words_of(const struct mapping *mapping)
{
    uint64_t first = mapping->va / WORD_BYTES;
    return (struct word_range){first, first + (frame_size_bytes(&mapping->frame) - 1) / WORD_BYTES};
}

static bool touch(const struct word_range *before, const struct word_range *after)
{
    return after->first <= before->last || after->first - before->last == 1;
}

/* The next range that mappings cover from place `*next` on, and `*next` behind it. Mappings ascend, so those
 * of one range are neighbours. */
static struct word_range next_range(const struct mappings *mappings, size_t *next)
{
    struct word_range range = words_of(&mappings->at[(*next)++]);
    for (; *next < mappings->count; ++*next) {
        struct word_range more = words_of(&mappings->at[*next]);
        if (!touch(&range, &more))
            break;
        if (more.last > range.last)
            range.last = more.last;
    }
    return range;
}

void virtual_memory_destroy(struct virtual_memory *memory)
{
    free(memory->domain);
    word_map_destroy(&memory->words);
    *memory = (struct virtual_memory){0};
}

static bool reserve_ranges(struct virtual_memory *memory, size_t count)
{
    if (count == 0)
        return true;
    struct word_range *domain = array_reserve(memory->domain, &memory->ranges_room, count, sizeof *domain);
    if (domain)
        memory->domain = domain;
    return domain != NULL;
}

bool virtual_memory_copy(struct virtual_memory *to, const struct virtual_memory *from)
{
    if (!reserve_ranges(to, from->ranges) || !word_map_copy(&to->words, &from->words))
        return false;
    if (from->ranges > 0)
        memcpy(to->domain, from->domain, from->ranges * sizeof *to->domain);
    to->ranges = from->ranges;
    return true;
}

bool virtual_memory_same_domain(const struct virtual_memory *a, const struct virtual_memory *b)
{
    if (a->ranges != b->ranges)
        return false;
    for (size_t i = 0; i < a->ranges; i++)
        if (a->domain[i].first != b->domain[i].first || a->domain[i].last != b->domain[i].last)
            return false;
    return true;
}

bool virtual_memory_equal(const struct virtual_memory *a, const struct virtual_memory *b)
{
    return virtual_memory_same_domain(a, b) && word_map_equal(&a->words, &b->words);
}

bool virtual_memory_has(const struct virtual_memory *memory, uint64_t index)
{
    for (size_t i = 0; i < memory->ranges; i++)
        if (memory->domain[i].first <= index && index <= memory->domain[i].last)
            return true;
    return false;
}

bool virtual_memory_cover(struct virtual_memory *memory, const struct mappings *mappings)
{
    size_t kept = 0;
    if (!reserve_ranges(memory, mappings->count))
        return false;
    memory->ranges = 0;
    for (size_t next = 0; next < mappings->count;)
        memory->domain[memory->ranges++] = next_range(mappings, &next);
    for (size_t i = 0; i < memory->words.count; i++)
        if (virtual_memory_has(memory, memory->words.at[i].index))
            memory->words.at[kept++] = memory->words.at[i];
    memory->words.count = kept;
    return true;
}

bool virtual_memory_covers(const struct virtual_memory *memory, const struct mappings *mappings)
{
    size_t range = 0;
    for (size_t next = 0; next < mappings->count; range++) {
        struct word_range covered = next_range(mappings, &next);
        if (range == memory->ranges || memory->domain[range].first != covered.first ||
            memory->domain[range].last != covered.last)
            return false;
    }
    return range == memory->ranges;
}

/* A word of `a` that is in the domain of `b` and has another value there. */
static bool differs_from(const struct virtual_memory *a, const struct virtual_memory *b, uint64_t *index)
{
    for (size_t i = 0; i < a->words.count; i++) {
        *index = a->words.at[i].index;
        if (virtual_memory_has(b, *index) && word_map_read(&b->words, *index) != a->words.at[i].value)
            return true;
    }
    return false;
}

bool virtual_memory_differs(const struct virtual_memory *a, const struct virtual_memory *b, uint64_t *index)
{
    return differs_from(a, b, index) || differs_from(b, a, index);
}
