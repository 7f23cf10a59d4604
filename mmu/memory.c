#include "mmu/memory.h"

#include <stdlib.h>
#include <string.h>

bool memory_init(struct memory *memory, uint64_t size_bytes)
{
    uint64_t regions = (size_bytes + (UINT64_C(1) << MEMORY_REGION_LG2) - 1) >> MEMORY_REGION_LG2;
    memset(memory, 0, sizeof *memory);
    memory->regions = calloc(regions, sizeof(struct memory_region *));
    memory->size_bytes = size_bytes;
    return memory->regions != NULL;
}

void memory_destroy(struct memory *memory)
{
    uint64_t regions = (memory->size_bytes + (UINT64_C(1) << MEMORY_REGION_LG2) - 1) >> MEMORY_REGION_LG2;
    for (uint64_t i = 0; memory->regions && i < regions; i++) {
        if (!memory->regions[i])
            continue;
        for (unsigned page = 0; page < MEMORY_REGION_PAGES; page++)
            free(memory->regions[i]->pages[page]);
        free(memory->regions[i]);
    }
    free(memory->regions);
    memset(memory, 0, sizeof *memory);
}

static uint8_t *make_page(struct memory *memory, uint64_t pa)
{
    struct memory_region **region = &memory->regions[pa >> MEMORY_REGION_LG2];
    if (!*region)
        *region = calloc(1, sizeof **region);
    if (!*region)
        return NULL;
    uint8_t **page = &(*region)->pages[(pa >> MEMORY_PAGE_LG2) & (MEMORY_REGION_PAGES - 1)];
    if (!*page)
        *page = calloc(1, MEMORY_PAGE_BYTES);
    return *page;
}

/* How many of `size_bytes` lie in the page of `pa`. */
static unsigned in_page(uint64_t pa, uint64_t size_bytes)
{
    uint64_t left = MEMORY_PAGE_BYTES - (pa & (MEMORY_PAGE_BYTES - 1));
    return (unsigned)(left < size_bytes ? left : size_bytes);
}

uint64_t memory_read(const struct memory *memory, uint64_t pa, unsigned size_bytes)
{
    uint64_t value = 0;
    for (unsigned done = 0; done < size_bytes;) {
        unsigned part = in_page(pa + done, size_bytes - done);
        const uint8_t *page = memory_page(memory, pa + done);
        if (page)
            memcpy((uint8_t *)&value + done, page + ((pa + done) & (MEMORY_PAGE_BYTES - 1)), part);
        done += part;
    }
    return value;
}

void memory_write(struct memory *memory, uint64_t pa, unsigned size_bytes, uint64_t value)
{
    for (unsigned done = 0; done < size_bytes;) {
        unsigned part = in_page(pa + done, size_bytes - done);
        uint8_t *page = make_page(memory, pa + done);
        if (page)
            memcpy(page + ((pa + done) & (MEMORY_PAGE_BYTES - 1)), (const uint8_t *)&value + done, part);
        else
            memory->exhausted = true;
        done += part;
    }
}

void memory_clear(struct memory *memory, uint64_t pa, uint64_t size_bytes)
{
    for (uint64_t done = 0; done < size_bytes;) {
        unsigned part = in_page(pa + done, size_bytes - done);
        uint8_t *page = memory_page(memory, pa + done);
        if (page)
            memset(page + ((pa + done) & (MEMORY_PAGE_BYTES - 1)), 0, part);
        done += part;
    }
}
