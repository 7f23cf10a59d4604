#include "mmu/cache.h"

#include <stdlib.h>
#include <string.h>

bool cache_init(struct cache *cache, const struct cache_config *config, uint64_t line_bytes, uint64_t seed,
                const char **why)
{
    struct tlb_geometry geometry = {.entries = (uint32_t)(config->size_bytes / line_bytes),
                                    .ways = (uint32_t)config->ways,
                                    .replacement = (enum tlb_replacement)config->replacement,
                                    .seed = seed};
    memset(cache, 0, sizeof *cache);
    cache->line_lg2 = (uint8_t)__builtin_ctzll(line_bytes);
    for (unsigned i = 0; i < CACHE_FILL_HEADS; i++)
        cache->fills[i] = UINT32_MAX;
    if (!tlb_init(&cache->lines, &geometry, why))
        return false;
    cache->states = calloc(geometry.entries, sizeof *cache->states);
    if (cache->states)
        return true;
    tlb_destroy(&cache->lines);
    *why = "out of memory";
    return false;
}

void cache_destroy(struct cache *cache)
{
    tlb_destroy(&cache->lines);
    free(cache->states);
    cache->states = NULL;
}

struct cache_victim cache_fill(struct cache *cache, uint64_t line, uint8_t state)
{
    struct tlb_entry entry = {.va = line << cache->line_lg2, .size_lg2 = cache->line_lg2};
    struct tlb_fill_result filled = tlb_fill(&cache->lines, &entry);
    struct cache_victim victim = {.there = filled.replaced,
                                  .state = cache->states[filled.slot],
                                  .line = filled.victim.va >> cache->line_lg2};
    cache->states[filled.slot] = state;
    return victim;
}

void cache_drop(struct cache *cache, uint32_t slot)
{
    tlb_invalidate_slot(&cache->lines, slot);
}
