/*
 * Physical memory by the block: page tables, lock words and the frames that scripts map come from here.
 *
 * Blocks are powers of two of at least 4 KiB, aligned to their size. The lowest free one of the size is
 * given, else the next larger is split, else memory that was never given is taken; released blocks are not
 * merged. It keeps no data in simulated memory and knows no time.
 */
#ifndef MMUSIM_MMU_FRAME_ALLOCATOR_H
#define MMUSIM_MMU_FRAME_ALLOCATOR_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FRAME_BLOCK_LG2_MIN 12
#define FRAME_BLOCK_LG2_MAX 48

struct free_blocks {
    uint64_t *addresses; /* a heap: the lowest first */
    uint32_t count, capacity;
};

struct frame_allocator {
    uint64_t size_bytes;
    uint64_t allocated_bytes;
    uint64_t fresh; /* from here on nothing was ever given */
    struct free_blocks free[FRAME_BLOCK_LG2_MAX + 1];
};

/* log2 of the block that so many bytes, a power of two, are given. */
static inline unsigned frame_block_lg2(uint64_t size_bytes)
{
    unsigned lg2 = 63 - (unsigned)__builtin_clzll(size_bytes);
    return lg2 < FRAME_BLOCK_LG2_MIN ? FRAME_BLOCK_LG2_MIN : lg2;
}

/* The first `reserved_bytes` of memory are never given, so that address 0 is not a frame. */
void frame_allocator_init(struct frame_allocator *allocator, uint64_t size_bytes, uint64_t reserved_bytes);
void frame_allocator_destroy(struct frame_allocator *allocator);

/* False if no block is free, or the host has no memory; nothing changed. */
bool frame_allocate(struct frame_allocator *allocator, unsigned size_lg2, uint64_t *pa);
/* The block must have been given with this size. False if the host has no memory to remember it: it is lost.
 */
bool frame_release(struct frame_allocator *allocator, uint64_t pa, unsigned size_lg2);

#ifdef __cplusplus
}
#endif
#endif
