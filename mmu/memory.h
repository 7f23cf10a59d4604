/*
 * Physical memory: sparse, zero where nothing was written. Functional; time is the bus's business.
 */
#ifndef MMUSIM_MMU_MEMORY_H
#define MMUSIM_MMU_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#define MEMORY_PAGE_LG2     12
#define MEMORY_PAGE_BYTES   (UINT64_C(1) << MEMORY_PAGE_LG2)
#define MEMORY_REGION_LG2   21
#define MEMORY_REGION_BYTES (UINT64_C(1) << MEMORY_REGION_LG2)

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A region that was written has the host's memory for all of it at one place; the host gives pages to what is
 * touched, so that a region costs what it holds.
 */
struct memory {
    uint64_t size_bytes;
    uint8_t **regions; /* NULL where nothing was written */
    bool exhausted;    /* the host had no region for a write; the contents are no longer right */
};

/* False if the host has no memory. */
bool memory_init(struct memory *memory, uint64_t size_bytes);
void memory_destroy(struct memory *memory);

/* The host's copy of the byte at `pa`, contained in the memory; NULL if its region was never written. */
static inline uint8_t *memory_at(const struct memory *memory, uint64_t pa)
{
    uint8_t *region = memory->regions[pa >> MEMORY_REGION_LG2];
    return region ? region + (pa & (MEMORY_REGION_BYTES - 1)) : 0;
}

static inline bool memory_contains(const struct memory *memory, uint64_t pa, uint64_t size_bytes)
{
    return size_bytes <= memory->size_bytes && pa <= memory->size_bytes - size_bytes;
}

/* An aligned word of 8 bytes, contained in the memory. */
static inline uint64_t memory_read_word(const struct memory *memory, uint64_t pa)
{
    const uint8_t *at = memory_at(memory, pa);
    uint64_t value = 0;
    if (at)
        __builtin_memcpy(&value, at, sizeof value);
    return value;
}

/* 1 to 8 bytes, little endian; they may cross a region, and must be contained in the memory. */
uint64_t memory_read(const struct memory *memory, uint64_t pa, unsigned size_bytes);
void memory_write(struct memory *memory, uint64_t pa, unsigned size_bytes, uint64_t value);
void memory_clear(struct memory *memory, uint64_t pa, uint64_t size_bytes);

#ifdef __cplusplus
}
#endif
#endif
