/* Random machines: TLBs of any shape, walkers, walk caches, and what invalidations cost. */
#include "mmu/test/machine_fixture.h"
#include "tlb/replacement.h"

#define SMALL_PAGES (UINT64_C(1) << 12)
#define RUNS        (UINT64_C(1) << 16)
#define BLOCKS      (UINT64_C(1) << 21)

static uint64_t any(uint64_t *state, const uint64_t *choices, unsigned count)
{
    return choices[draw_below(state, count)];
}

#define ANY(state, ...)                                                                                      \
    any(state, (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static void add_member(struct mmu_config *config, enum mmu_family_id family, const char *name)
{
    char error[256] = "";
    if (!mmu_member_add(config, family, name, error, sizeof error))
        fail_msg("%s", error);
}

/* ---- TLBs --------------------------------------------------------------------------------------- */

/* What all arrays of a level have in common. */
struct level_draw {
    unsigned level;
    uint64_t inclusion;
    bool shared;
};

static void draw_array(uint64_t *state, const struct level_draw *level, struct tlb_config *tlb,
                       uint64_t sizes)
{
    tlb->ways = ANY(state, 1, 2, 3, 4);
    tlb->entries = tlb->ways * ANY(state, 1, 2, 3, 5, 8);
    tlb->latency_cycles = level->level == 1 ? ANY(state, 1, 1, 2, 4) : ANY(state, 1, 2, 7);
    tlb->replacement = draw_below(state, TLB_REPLACEMENTS);
    tlb->sizes = sizes;
    tlb->probing = draw_below(state, 4) ? TLB_PROBING_PARALLEL : TLB_PROBING_SEQUENTIAL;
    tlb->ports = ANY(state, 0, 0, 0, 1, 2);
    tlb->hit_under_miss = draw_below(state, 5) != 0;
    tlb->inclusion = level->inclusion;
    tlb->shared = level->shared;
}

/* The arrays of a level for one side, or for both. */
static void draw_group(uint64_t *state, struct mmu_config *config, const struct level_draw *level,
                       const char *side)
{
    static const uint64_t of_one[][3] = {
        {TLB_ALL_PAGE_SIZES, 0, 0},      {SMALL_PAGES | RUNS, 0, 0},
        {SMALL_PAGES | RUNS, BLOCKS, 0}, {SMALL_PAGES, RUNS, BLOCKS},
        {BLOCKS, TLB_ALL_PAGE_SIZES, 0}, {TLB_ALL_PAGE_SIZES, TLB_ALL_PAGE_SIZES, 0}};
    const uint64_t *sizes = of_one[draw_below(state, 2) ? 0 : draw_below(state, 6)];
    for (unsigned i = 0; i < 3 && sizes[i]; i++) {
        char name[MMU_NAME_BYTES];
        snprintf(name, sizeof name, i ? "l%u%s_%u" : "l%u%s", level->level, side, i);
        add_member(config, MMU_FAMILY_TLB, name);
        for (uint64_t k = 0; k < config->tlb_count; k++)
            if (strcmp(config->tlbs[k].name, name) == 0)
                draw_array(state, level, &config->tlbs[k], sizes[i]);
    }
}

static void draw_level(uint64_t *state, struct mmu_config *config, const struct level_draw *level)
{
    if (draw_below(state, 4) == (level->level == 1)) { /* unified is rare in front, and usual behind */
        draw_group(state, config, level, "");
    } else {
        draw_group(state, config, level, "i");
        draw_group(state, config, level, "d");
    }
}

static void draw_levels(uint64_t *state, struct mmu_config *config)
{
    struct level_draw level = {.inclusion = TLB_INCLUSION_NEITHER};
    unsigned depth = (unsigned)ANY(state, 1, 2, 2, 3, 3, 4);
    while (config->tlb_count > 0)
        mmu_member_remove(config, MMU_FAMILY_TLB, config->tlbs[0].name);
    for (level.level = 1; level.level <= depth; level.level++) {
        if (level.level > 1) {
            level.shared |= draw_below(state, 4) == 0;
            level.inclusion = draw_below(state, TLB_INCLUSIONS);
            if (level.shared && level.inclusion == TLB_INCLUSION_INCLUSIVE)
                level.inclusion = TLB_INCLUSION_NEITHER;
        }
        draw_level(state, config, &level);
    }
}

/* ---- walks -------------------------------------------------------------------------------------- */

static void draw_walk_caches(uint64_t *state, struct mmu_config *config)
{
    static const char *const names[] = {"a", "b", "c"};
    unsigned count = (unsigned)ANY(state, 0, 0, 1, 1, 2, 3);
    for (unsigned i = 0; i < count; i++) {
        add_member(config, MMU_FAMILY_WALK_CACHE, names[i]);
        struct walk_cache_config *cache = &config->walk_caches[i];
        cache->ways = ANY(state, 1, 2, 3);
        cache->entries = cache->ways * ANY(state, 1, 2, 3);
        cache->latency_cycles = draw_below(state, 6);
        cache->replacement = draw_below(state, TLB_REPLACEMENTS);
        cache->sizes = ANY(state, TLB_ALL_PAGE_SIZES, BLOCKS, UINT64_C(1) << 30, UINT64_C(1) << 39,
                           BLOCKS | UINT64_C(1) << 30);
    }
}

static void draw_walkers(uint64_t *state, struct mmu_config *config)
{
    config->walker_queue = ANY(state, 64, 64, 0, 1, 2);
    config->walker_merge = draw_below(state, 6) != 0;
    config->walker_shared = draw_below(state, 5) == 0;
    config->walker_request_cycles = ANY(state, 1, 3, 20);
}

/* ---- invalidations ------------------------------------------------------------------------------ */

static void draw_invalidations(uint64_t *state, struct mmu_config *config)
{
    config->invalidate_set_cycles = ANY(state, 0, 0, 1, 3);
    config->invalidate_entry_cycles = ANY(state, 0, 0, 1);
    config->invalidate_message_cycles = ANY(state, 0, 0, 1, 10);
    config->invalidations_in_flight = ANY(state, 64, 64, 1, 2);
    config->interrupt_entry_cycles = ANY(state, 1, 20, 600);
    config->interrupt_exit_cycles = ANY(state, 1, 7, 200);
}

static void draw_ranges(uint64_t *state, struct mmu_config *config)
{
    uint64_t most = 4;
    for (uint64_t i = 0; i < config->tlb_count; i++)
        if (config->tlbs[i].level == 2 && config->tlbs[i].latency_cycles < most)
            most = config->tlbs[i].latency_cycles;
    config->range_tlb_entries = ANY(state, 0, 1, 3, 8);
    config->range_tlb_latency_cycles = 1 + draw_below(state, most);
}

void draw_translation(uint64_t *state, struct mmu_config *config)
{
    config->seed = draw_below(state, 1u << 20);
    config->ordering = draw_below(state, ORDERINGS);
    config->tlb_conflict = draw_below(state, TLB_CONFLICTS);
    config->memory_barrier_cycles = ANY(state, 1, 3);
    draw_invalidations(state, config);
    if (draw_below(state, 3)) { /* else the standard arrays and walkers, with other sizes */
        draw_levels(state, config);
        draw_walkers(state, config);
        draw_walk_caches(state, config);
    }
    draw_ranges(state, config);
}
