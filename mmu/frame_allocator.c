#include "mmu/frame_allocator.h"

#include <stdlib.h>
#include <string.h>

void frame_allocator_init(struct frame_allocator *allocator, uint64_t size_bytes, uint64_t reserved_bytes)
{
    memset(allocator, 0, sizeof *allocator);
    allocator->size_bytes = size_bytes;
    allocator->fresh = reserved_bytes;
}

void frame_allocator_destroy(struct frame_allocator *allocator)
{
    for (unsigned i = 0; i <= FRAME_BLOCK_LG2_MAX; i++)
        free(allocator->free[i].addresses);
    memset(allocator, 0, sizeof *allocator);
}

static bool put(struct free_blocks *blocks, uint64_t pa)
{
    if (blocks->count == blocks->capacity) {
        uint32_t capacity = blocks->capacity ? 2 * blocks->capacity : 16;
        uint64_t *addresses = realloc(blocks->addresses, capacity * sizeof *addresses);
        if (!addresses)
            return false;
        blocks->addresses = addresses;
        blocks->capacity = capacity;
    }
    uint32_t place = blocks->count++;
    for (; place > 0 && blocks->addresses[(place - 1) / 2] > pa; place = (place - 1) / 2)
        blocks->addresses[place] = blocks->addresses[(place - 1) / 2];
    blocks->addresses[place] = pa;
    return true;
}

static uint64_t take_lowest(struct free_blocks *blocks)
{
    uint64_t lowest = blocks->addresses[0];
    uint64_t last = blocks->addresses[--blocks->count];
    uint32_t place = 0;
    for (uint32_t child = 1; child < blocks->count; child = 2 * place + 1) {
        if (child + 1 < blocks->count && blocks->addresses[child + 1] < blocks->addresses[child])
            child++;
        if (blocks->addresses[child] >= last)
            break;
        blocks->addresses[place] = blocks->addresses[child];
        place = child;
    }
    if (blocks->count > 0)
        blocks->addresses[place] = last;
    return lowest;
}

/* Splits the upper parts of a block off, until it has the size wanted. */
static bool split(struct frame_allocator *allocator, uint64_t pa, unsigned from_lg2, unsigned to_lg2)
{
    for (unsigned i = from_lg2; i-- > to_lg2;)
        if (!put(&allocator->free[i], pa + (UINT64_C(1) << i)))
            return false;
    return true;
}

/* Memory that was never given: what the alignment skips becomes free blocks. */
static bool take_fresh(struct frame_allocator *allocator, unsigned size_lg2, uint64_t *pa)
{
    uint64_t size_bytes = UINT64_C(1) << size_lg2;
    uint64_t start = (allocator->fresh + size_bytes - 1) & ~(size_bytes - 1);
    if (start < allocator->fresh || start > allocator->size_bytes ||
        allocator->size_bytes - start < size_bytes)
        return false;
    while (allocator->fresh < start) {
        unsigned lg2 = (unsigned)__builtin_ctzll(allocator->fresh);
        if (!put(&allocator->free[lg2], allocator->fresh))
            return false;
        allocator->fresh += UINT64_C(1) << lg2;
    }
    allocator->fresh = start + size_bytes;
    *pa = start;
    return true;
}

bool frame_allocate(struct frame_allocator *allocator, unsigned size_lg2, uint64_t *pa)
{
    unsigned found = size_lg2;
    while (found <= FRAME_BLOCK_LG2_MAX && allocator->free[found].count == 0)
        found++;
    if (found <= FRAME_BLOCK_LG2_MAX) {
        *pa = take_lowest(&allocator->free[found]);
        if (!split(allocator, *pa, found, size_lg2))
            return false;
    } else if (!take_fresh(allocator, size_lg2, pa)) {
        return false;
    }
    allocator->allocated_bytes += UINT64_C(1) << size_lg2;
    return true;
}

bool frame_release(struct frame_allocator *allocator, uint64_t pa, unsigned size_lg2)
{
    allocator->allocated_bytes -= UINT64_C(1) << size_lg2;
    return put(&allocator->free[size_lg2], pa);
}
