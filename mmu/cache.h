/*
 * One data cache: which lines it holds, and in which state. Functional; it knows neither time nor data, which
 * all lie in the machine's one memory.
 *
 * Lines are numbered: physical address divided by the size of a line.
 */
#ifndef MMUSIM_MMU_CACHE_H
#define MMUSIM_MMU_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "mmu/config.h"
#include "tlb/tlb.h"

/*
 * MSI by two bits: none is Shared, both are Modified, and a line that is not there is Invalid. A level behind
 * the one that was stored to knows that its core owns the line, but holds it clean.
 */
#define LINE_OWNED 1u /* no other core has a copy: may be stored to */
#define LINE_DIRTY 2u /* newer than what the level behind has */

#define CACHE_FILL_HEADS 64u

struct cache {
    struct tlb lines;
    uint8_t *states;                  /* by slot */
    uint32_t fills[CACHE_FILL_HEADS]; /* lines on their way here, by hash: transfers */
    uint8_t line_lg2;
};

/* False with a constant sentence; there is nothing to destroy then. */
bool cache_init(struct cache *cache, const struct cache_config *config, uint64_t line_bytes, uint64_t seed,
                const char **why);
void cache_destroy(struct cache *cache);

/* The slot of a line; TLB_NONE if it is not there. */
static inline uint32_t cache_find(const struct cache *cache, uint64_t line)
{
    return tlb_probe(&cache->lines, line << cache->line_lg2, 0);
}

static inline void cache_touch(struct cache *cache, uint32_t slot)
{
    tlb_touch(&cache->lines, slot);
}

/* What made room for a fill. */
struct cache_victim {
    bool there;
    uint8_t state;
    uint64_t line;
};

/* Puts a line in that is not there. */
struct cache_victim cache_fill(struct cache *cache, uint64_t line, uint8_t state);
void cache_drop(struct cache *cache, uint32_t slot);

static inline uint32_t cache_fill_head(uint64_t line)
{
    return (uint32_t)(line % CACHE_FILL_HEADS);
}

#endif
