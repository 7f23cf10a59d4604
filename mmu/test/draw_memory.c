#include "mmu/test/machine_fixture.h"
#include "tlb/replacement.h"

static uint64_t any(uint64_t *state, const uint64_t *choices, unsigned count)
{
    return choices[draw_below(state, count)];
}

#define ANY(state, ...)                                                                                      \
    any(state, (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* Small ones, so that lines are evicted; a shared level is not always larger than those in front of it. */
static void draw_cache(uint64_t *state, struct mmu_config *config, unsigned level)
{
    char name[8], error[256] = "";
    snprintf(name, sizeof name, "l%u", level);
    if (!mmu_member_add(config, MMU_FAMILY_CACHE, name, error, sizeof error))
        fail_msg("%s", error);
    struct cache_config *cache = &config->caches[level - 1];
    cache->ways = ANY(state, 1, 2, 4);
    cache->size_bytes = cache->ways * config->cache_line_bytes * ANY(state, 1, 2, 3, 8, 32) * level;
    cache->latency_cycles = ANY(state, 1, 3, 9);
    cache->replacement = draw_below(state, TLB_REPLACEMENTS);
    cache->shared = level > 1 && (cache[-1].shared || draw_below(state, 2));
}

void draw_memory_system(uint64_t *state, struct mmu_config *config)
{
    unsigned levels = (unsigned)ANY(state, 0, 0, 1, 2, 3, MMU_CACHES_MAX);
    config->bus_width_bytes = ANY(state, 8, 16, 64);
    config->memory_requests = ANY(state, 0, 0, 1, 2, 5);
    config->bus_arbitration = draw_below(state, BUS_ARBITRATIONS);
    config->cache_line_bytes = ANY(state, 16, 64, 128);
    config->cache_walker_level = 1 + draw_below(state, MMU_CACHES_MAX);
    config->ordering = draw_below(state, ORDERINGS);
    for (unsigned level = 1; level <= levels; level++)
        draw_cache(state, config, level);
}
