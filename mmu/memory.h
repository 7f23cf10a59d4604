/*
 * Physical memory: sparse, zero where nothing was written. Functional; time is the bus's business.
 */
#ifndef MMUSIM_MMU_MEMORY_H
#define MMUSIM_MMU_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#define MEMORY_PAGE_LG2     12
#define MEMORY_PAGE_BYTES   (UINT64_C(1) << MEMORY_PAGE_LG2)
#define MEMORY_REGION_LG2   21 /* pages are found through regions of 2 MiB */
#define MEMORY_REGION_PAGES (1u << (MEMORY_REGION_LG2 - MEMORY_PAGE_LG2))

#ifdef __cplusplus
extern "C" {
#endif

struct memory_region {
    uint8_t *pages[MEMORY_REGION_PAGES];
};

struct memory {
    uint64_t size_bytes;
    struct memory_region **regions; /* NULL where nothing was written */
    bool exhausted;                 /* the host had no page for a write; the contents are no longer right */
};

/* False if the host has no memory. */
bool memory_init(struct memory *memory, uint64_t size_bytes);
void memory_destroy(struct memory *memory);

/* The host's copy of the page that holds `pa`, or NULL if it was never written or is out of range. */
static inline uint8_t *memory_page(const struct memory *memory, uint64_t pa)
{
    if (pa >= memory->size_bytes)
        return 0;
    const struct memory_region *region = memory->regions[pa >> MEMORY_REGION_LG2];
    return region ? region->pages[(pa >> MEMORY_PAGE_LG2) & (MEMORY_REGION_PAGES - 1)] : 0;
}

static inline bool memory_contains(const struct memory *memory, uint64_t pa, uint64_t size_bytes)
{
    return size_bytes <= memory->size_bytes && pa <= memory->size_bytes - size_bytes;
}

/* An aligned word of 8 bytes, contained in the memory. */
static inline uint64_t memory_read_word(const struct memory *memory, uint64_t pa)
{
    const uint8_t *page = memory_page(memory, pa);
    uint64_t value = 0;
    if (page)
        __builtin_memcpy(&value, page + (pa & (MEMORY_PAGE_BYTES - 1)), sizeof value);
    return value;
}

/* 1 to 8 bytes, little endian; they may cross a page, and must be contained in the memory. */
uint64_t memory_read(const struct memory *memory, uint64_t pa, unsigned size_bytes);
void memory_write(struct memory *memory, uint64_t pa, unsigned size_bytes, uint64_t value);
void memory_clear(struct memory *memory, uint64_t pa, uint64_t size_bytes);

#ifdef __cplusplus
}
#endif
#endif
