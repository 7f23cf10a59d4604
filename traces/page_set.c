#include "traces/page_set.h"

#include <stdlib.h>

#define CAPACITY_AT_FIRST 1024

bool page_set_init(struct page_set *set)
{
    set->slots = calloc(CAPACITY_AT_FIRST, sizeof *set->slots);
    set->capacity = CAPACITY_AT_FIRST;
    set->used = 0;
    return set->slots != NULL;
}

void page_set_free(struct page_set *set)
{
    free(set->slots);
    set->slots = NULL;
}

/* The page's slot, or the free one where it belongs. Linear probing; at most half of the slots are used. */
static struct page_slot *find(struct page_slot *slots, size_t capacity, uint64_t page)
{
    uint64_t hash = page * 0x9e3779b97f4a7c15u; /* 2^64 divided by the golden ratio (Knuth, TAOCP 6.4) */
    size_t index = (size_t)(hash ^ hash >> 32) & (capacity - 1);
    while (slots[index].bits != 0 && slots[index].page != page)
        index = (index + 1) & (capacity - 1);
    return &slots[index];
}

static bool grow(struct page_set *set)
{
    size_t capacity = set->capacity * 2;
    struct page_slot *slots = calloc(capacity, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < set->capacity; i++)
        if (set->slots[i].bits != 0)
            *find(slots, capacity, set->slots[i].page) = set->slots[i];
    free(set->slots);
    set->slots = slots;
    set->capacity = capacity;
    return true;
}

bool page_set_add(struct page_set *set, uint64_t page, uint8_t bits)
{
    struct page_slot *slot = find(set->slots, set->capacity, page);
    if (slot->bits == 0) {
        if (set->used * 2 >= set->capacity) {
            if (!grow(set))
                return false;
            slot = find(set->slots, set->capacity, page);
        }
        set->used++;
        slot->page = page;
    }
    slot->bits |= bits;
    return true;
}

uint64_t page_set_count(const struct page_set *set, uint8_t bits)
{
    uint64_t count = 0;
    for (size_t i = 0; i < set->capacity; i++)
        count += (set->slots[i].bits & bits) != 0;
    return count;
}
