#include "sim/explore/memory_budget.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE_BYTES      UINT64_C(4096)
#define HUGE_PAGE_BYTES (UINT64_C(2) << 20)

/* Large blocks are read at random places: with small pages most of these are misses of the host's own TLB.
 * It is advice, and a host without such pages does as well without. */
static void advise_huge_pages(void *block, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    if (bytes < 2 * HUGE_PAGE_BYTES)
        return;
    uintptr_t begin = ((uintptr_t)block + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
    uintptr_t end = ((uintptr_t)block + bytes) & ~(PAGE_BYTES - 1);
    (void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
#endif
}

void *memory_take(struct memory_budget *budget, size_t bytes)
{
    if (bytes > budget->bytes_max || budget->bytes > budget->bytes_max - bytes) {
        budget->refusal = MEMORY_BEYOND_BOUND;
        return NULL;
    }
    void *block = calloc(1, bytes);
    if (!block) {
        budget->refusal = MEMORY_NOT_THERE;
        return NULL;
    }
    advise_huge_pages(block, bytes);
    budget->bytes += bytes;
    if (budget->bytes > budget->bytes_peak)
        budget->bytes_peak = budget->bytes;
    return block;
}

void memory_give(struct memory_budget *budget, void *block, size_t bytes)
{
    if (!block)
        return;
    free(block);
    budget->bytes -= bytes;
}
