#include "mmu/memory.h"

#include <stdlib.h>
#include <string.h>

static uint64_t region_count(uint64_t size_bytes)
{
    return (size_bytes + MEMORY_REGION_BYTES - 1) >> MEMORY_REGION_LG2;
}

bool memory_init(struct memory *memory, uint64_t size_bytes)
{
    memset(memory, 0, sizeof *memory);
    memory->regions = calloc(region_count(size_bytes), sizeof(uint8_t *));
    memory->size_bytes = size_bytes;
    return memory->regions != NULL;
}

void memory_destroy(struct memory *memory)
{
    for (uint64_t i = 0; memory->regions && i < region_count(memory->size_bytes); i++)
        free(memory->regions[i]);
    free(memory->regions);
    memset(memory, 0, sizeof *memory);
}

/* Makes the region if it is new; NULL if the host has no memory. */
static uint8_t *make_at(struct memory *memory, uint64_t pa)
{
    uint8_t **region = &memory->regions[pa >> MEMORY_REGION_LG2];
    if (!*region)
        *region = calloc(1, MEMORY_REGION_BYTES);
    return *region ? *region + (pa & (MEMORY_REGION_BYTES - 1)) : NULL;
}

/* How many of `size_bytes` lie in the region of `pa`. */
static uint64_t in_region(uint64_t pa, uint64_t size_bytes)
{
    uint64_t left = MEMORY_REGION_BYTES - (pa & (MEMORY_REGION_BYTES - 1));
    return left < size_bytes ? left : size_bytes;
}

uint64_t memory_read(const struct memory *memory, uint64_t pa, unsigned size_bytes)
{
    uint64_t value = 0;
    for (unsigned done = 0; done < size_bytes;) {
        unsigned part = (unsigned)in_region(pa + done, size_bytes - done);
        const uint8_t *at = memory_at(memory, pa + done);
        if (at)
            memcpy((uint8_t *)&value + done, at, part);
        done += part;
    }
    return value;
}

void memory_write(struct memory *memory, uint64_t pa, unsigned size_bytes, uint64_t value)
{
    for (unsigned done = 0; done < size_bytes;) {
        unsigned part = (unsigned)in_region(pa + done, size_bytes - done);
        uint8_t *at = make_at(memory, pa + done);
        if (at)
            memcpy(at, (const uint8_t *)&value + done, part);
        else
            memory->exhausted = true;
        done += part;
    }
}

void memory_clear(struct memory *memory, uint64_t pa, uint64_t size_bytes)
{
    for (uint64_t done = 0; done < size_bytes;) {
        uint64_t part = in_region(pa + done, size_bytes - done);
        uint8_t *at = memory_at(memory, pa + done);
        if (at)
            memset(at, 0, part);
        done += part;
    }
}
