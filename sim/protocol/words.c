#include "sim/protocol/words.h"

#include <stdlib.h>

void words_free(struct words *memory)
{
    for (size_t i = 0; i < memory->capacity; i++)
        if (memory->slots[i]) {
            free(memory->slots[i]->words);
            free(memory->slots[i]);
        }
    free(memory->slots);
    *memory = (struct words){0};
}

static size_t hash_of(uint64_t number)
{
    return (size_t)(number * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

/* The slot of the page, or the empty one where it would stand. */
static struct words_page **slot_of(const struct words *memory, uint64_t number)
{
    size_t i = hash_of(number) & (memory->capacity - 1);
    while (memory->slots[i] && memory->slots[i]->number != number)
        i = (i + 1) & (memory->capacity - 1);
    return &memory->slots[i];
}

static bool grow(struct words *memory)
{
    struct words larger = {.capacity = memory->capacity ? memory->capacity * 2 : 64};
    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < memory->capacity; i++)
        if (memory->slots[i])
            *slot_of(&larger, memory->slots[i]->number) = memory->slots[i];
    free(memory->slots);
    memory->slots = larger.slots;
    memory->capacity = larger.capacity;
    return true;
}

struct words_page *words_find(const struct words *memory, uint64_t pa)
{
    return memory->capacity ? *slot_of(memory, pa >> WORDS_PAGE_LG2) : NULL;
}

struct words_page *words_touch(struct words *memory, uint64_t pa)
{
    struct words_page *page = words_find(memory, pa);
    if (page)
        return page;
    if (2 * (memory->count + 1) > memory->capacity && !grow(memory))
        return NULL;
    page = calloc(1, sizeof *page);
    if (!page)
        return NULL;
    page->number = pa >> WORDS_PAGE_LG2;
    *slot_of(memory, page->number) = page;
    memory->count++;
    return page;
}

static size_t index_of(uint64_t pa)
{
    return (size_t)(pa % WORDS_PAGE_BYTES / 8);
}

uint64_t words_read(const struct words *memory, uint64_t pa)
{
    const struct words_page *page = words_find(memory, pa);
    return page && page->words ? page->words[index_of(pa)] : 0;
}

bool words_knows(const struct words *memory, uint64_t pa)
{
    const struct words_page *page = words_find(memory, pa);
    return page && page->known[index_of(pa) / 64] >> index_of(pa) % 64 & 1;
}

bool words_write(struct words *memory, uint64_t pa, uint64_t value)
{
    struct words_page *page = words_touch(memory, pa);
    size_t index = index_of(pa);
    if (!page)
        return false;
    page->known[index / 64] |= UINT64_C(1) << index % 64;
    if (!page->words && value == 0)
        return true;
    if (!page->words)
        page->words = calloc(WORDS_PAGE_WORDS, sizeof *page->words);
    if (!page->words)
        return false;
    page->words[index] = value;
    return true;
}

void words_forget(struct words *memory, uint64_t pa)
{
    struct words_page *page = words_find(memory, pa);
    size_t index = index_of(pa);
    if (!page)
        return;
    page->known[index / 64] &= ~(UINT64_C(1) << index % 64);
    if (page->words)
        page->words[index] = 0;
}
