/*
 * The arrays and levels of a core as its description says: their making, and how look-ups and fills go.
 */
#include <stdlib.h>

#include "mmu/core.h"
#include "mmu/hierarchy.h"

static bool pool_init(struct life_pool *pool, uint32_t count)
{
    pool->lives = calloc(count, sizeof *pool->lives);
    for (uint32_t i = 0; pool->lives && i < count; i++)
        pool->lives[i].next_free = i + 1;
    pool->first_free = 0;
    return pool->lives != NULL;
}

/* ---- making and unmaking ----------------------------------------------------------------------- */

static void array_destroy(struct translation_array *array)
{
    if (!array)
        return;
    tlb_destroy(&array->tlb);
    free(array->lives);
    free(array->tables);
    free(array->unproven);
    free(array->leaves);
    free(array);
}

/* What TLBs and walk caches have in common. */
struct array_shape {
    uint64_t entries, ways, replacement, sizes, latency_cycles;
    uint32_t number;
    uint32_t core; /* every array has random numbers of its own */
};

static struct translation_array *make_array(const struct machine *machine, const struct array_shape *shape,
                                            struct life_pool *pool, const char **why)
{
    struct translation_array *array = calloc(1, sizeof *array);
    uint64_t seed = ((uint64_t)shape->core + 1) << 32 | (shape->number + 1);
    struct tlb_geometry geometry = {.entries = (uint32_t)shape->entries,
                                    .ways = (uint32_t)shape->ways,
                                    .replacement = (enum tlb_replacement)shape->replacement,
                                    .seed = machine->config.seed ^ seed};
    if (!array)
        return NULL;
    array->sizes = shape->sizes;
    array->latency_cycles = shape->latency_cycles;
    array->number = (uint8_t)shape->number;
    array->pool = pool;
    array->lives = calloc(geometry.entries, sizeof *array->lives);
    if (array->lives && tlb_init(&array->tlb, &geometry, why))
        return array;
    array_destroy(array);
    return NULL;
}

static struct translation_array *make_tlb(const struct machine *machine, uint32_t number, uint32_t core,
                                          struct life_pool *pool, const char **why)
{
    const struct tlb_config *config = &machine->config.tlbs[number];
    struct array_shape shape = {
        config->entries, config->ways, config->replacement, config->sizes, config->latency_cycles,
        number,          core};
    struct translation_array *array = make_array(machine, &shape, pool, why);
    if (!array)
        return NULL;
    array->level = (uint8_t)config->level;
    array->sequential = config->probing == TLB_PROBING_SEQUENTIAL;
    array->inclusive = config->inclusion == TLB_INCLUSION_INCLUSIVE;
    return array;
}

static struct translation_array *make_walk_cache(const struct machine *machine, uint32_t index, uint32_t core,
                                                 struct life_pool *pool, const char **why)
{
    const struct walk_cache_config *config = &machine->config.walk_caches[index];
    uint32_t number = (uint32_t)machine->config.tlb_count + index;
    struct array_shape shape = {
        config->entries, config->ways, config->replacement, config->sizes, config->latency_cycles,
        number,          core};
    struct translation_array *array = make_array(machine, &shape, pool, why);
    if (!array)
        return NULL;
    array->holds = (uint8_t)config->holds;
    array->tables = calloc(config->entries, sizeof *array->tables);
    array->leaves = calloc(config->entries, sizeof *array->leaves);
    if (array->tables && array->leaves)
        return array;
    array_destroy(array);
    return NULL;
}

/* ---- a core's hierarchy ------------------------------------------------------------------------ */

/* Arrays of the same name but for what follows an underscore are one group: the same level and side. */
static struct tlb_group *group_of(struct hierarchy *hierarchy, const struct tlb_config *config)
{
    uint8_t counters = (uint8_t)counter_group(config->level, config->side);
    for (uint32_t i = 0; i < hierarchy->group_count; i++)
        if (hierarchy->groups[i].counters == counters)
            return &hierarchy->groups[i];
    struct tlb_group *group = &hierarchy->groups[hierarchy->group_count++];
    group->level = (uint8_t)config->level;
    group->counters = counters;
    group->inclusion = (uint8_t)config->inclusion;
    group->hit_under_miss = true;
    group->shared = config->shared;
    for (unsigned side = 0; side < 2; side++) {
        if (config->side != TLB_SIDE_BOTH && config->side != side)
            continue;
        hierarchy->path[side][config->level - 1] = group;
        if (hierarchy->depth[side] < config->level)
            hierarchy->depth[side] = (uint32_t)config->level;
    }
    return group;
}

/* All arrays of a group are looked up at once: it has as many ports as the one that has fewest. */
static bool add_ports(struct tlb_group *group, const struct tlb_config *config, uint64_t *shared_ports)
{
    if (config->ports > 0 && config->ports < group->ports)
        group->ports = (uint32_t)config->ports;
    if (config->ports == 0 || group->ports > 0)
        return true;
    group->ports = (uint32_t)config->ports;
    group->port_free_cycles = shared_ports;
    if (!config->shared)
        group->port_free_cycles = calloc(config->ports, sizeof *group->port_free_cycles);
    return group->port_free_cycles != NULL;
}

static bool add_tlb(struct core *core, uint32_t number, const char **why)
{
    struct machine *machine = core->machine;
    const struct tlb_config *config = &machine->config.tlbs[number];
    struct hierarchy *hierarchy = &core->hierarchy;
    struct translation_array *array = machine->shared.arrays[number];
    if (!config->shared)
        array = make_tlb(machine, number, core->index, &core->lives, why);
    hierarchy->arrays[number] = array;
    if (!array)
        return false;
    struct tlb_group *group = group_of(hierarchy, config);
    group->arrays[group->array_count++] = array;
    group->hit_under_miss &= config->hit_under_miss != 0;
    core->layered |= config->inclusion != TLB_INCLUSION_NEITHER;
    return add_ports(group, config, machine->shared.ports[number]);
}

static void plan_fills(struct core *core)
{
    struct hierarchy *hierarchy = &core->hierarchy;
    hierarchy->plain = !core->layered;
    for (uint32_t i = 0; i < hierarchy->group_count; i++)
        hierarchy->plain &= hierarchy->groups[i].array_count == 1 && !hierarchy->groups[i].shared &&
                            hierarchy->groups[i].arrays[0]->sizes == TLB_ALL_PAGE_SIZES;
    for (unsigned sides = 1; sides < 4; sides++)
        for (uint32_t level = MMU_TLB_LEVELS_MAX; level > 0; level--)
            for (unsigned side = 0; side < 2; side++) {
                const struct tlb_group *group = hierarchy->path[side][level - 1];
                bool other = side == 1 && sides & 1 && group == hierarchy->path[0][level - 1];
                if (group && sides >> side & 1 && !other)
                    hierarchy->filled[sides][hierarchy->filled_count[sides]++] = group->arrays[0];
            }
}

bool hierarchy_init(struct core *core, const char **why)
{
    const struct mmu_config *config = &core->machine->config;
    struct hierarchy *hierarchy = &core->hierarchy;
    uint32_t lives = SLOTS_MAX + MMU_STORE_BUFFER_MAX;
    for (uint32_t i = 0; i < config->tlb_count; i++)
        lives += config->tlbs[i].shared ? 0 : (uint32_t)config->tlbs[i].entries;
    for (uint32_t i = 0; i < config->walk_cache_count; i++)
        lives += (uint32_t)config->walk_caches[i].entries;
    lives += (uint32_t)config->range_tlb_entries;
    if (!pool_init(&core->lives, lives))
        return false;
    hierarchy->array_count = (uint32_t)(config->tlb_count + config->walk_cache_count);
    for (uint32_t i = 0; i < config->tlb_count; i++)
        if (!add_tlb(core, i, why))
            return false;
    for (uint32_t i = 0; i < config->walk_cache_count; i++) {
        struct translation_array *cache = make_walk_cache(core->machine, i, core->index, &core->lives, why);
        hierarchy->arrays[config->tlb_count + i] = cache;
        if (!cache)
            return false;
    }
    if (!range_tlb_init(core))
        return false;
    for (uint32_t i = 0; i < hierarchy->group_count; i++)
        hierarchy->groups[i].gated = hierarchy->groups[i].ports > 0 || !hierarchy->groups[i].hit_under_miss;
    plan_fills(core);
    hierarchy_plan(core, 0);
    return true;
}

void hierarchy_destroy(struct core *core)
{
    struct hierarchy *hierarchy = &core->hierarchy;
    range_tlb_destroy(core);
    for (uint32_t i = 0; i < hierarchy->array_count; i++)
        if (hierarchy->arrays[i] != core->machine->shared.arrays[i])
            array_destroy(hierarchy->arrays[i]);
    for (uint32_t i = 0; i < hierarchy->group_count; i++)
        if (!hierarchy->groups[i].shared)
            free(hierarchy->groups[i].port_free_cycles);
    free(core->lives.lives);
}

bool hierarchy_init_shared(struct machine *machine, const char **why)
{
    const struct mmu_config *config = &machine->config;
    struct shared_levels *shared = &machine->shared;
    uint32_t lives = 1;
    for (uint32_t i = 0; i < config->tlb_count; i++)
        lives += config->tlbs[i].shared ? (uint32_t)config->tlbs[i].entries : 0;
    if (lives > 1 && !pool_init(&shared->lives, lives))
        return false;
    for (uint32_t i = 0; i < config->tlb_count; i++) {
        if (!config->tlbs[i].shared)
            continue;
        shared->arrays[i] = make_tlb(machine, i, MMU_CORES_MAX, &shared->lives, why);
        shared->ports[i] = calloc(config->tlbs[i].ports + 1, sizeof *shared->ports[i]);
        if (!shared->arrays[i] || !shared->ports[i])
            return false;
        machine->coupled = true;
    }
    return true;
}

void hierarchy_destroy_shared(struct machine *machine)
{
    for (uint32_t i = 0; i < machine->config.tlb_count; i++) {
        array_destroy(machine->shared.arrays[i]);
        free(machine->shared.ports[i]);
    }
    free(machine->shared.lives.lives);
}

/* ---- how look-ups go --------------------------------------------------------------------------- */

static void add_step(struct tlb_group *group, const struct probe_step *step)
{
    uint32_t place = group->step_count++;
    for (; place > 0 && group->steps[place - 1].cycles > step->cycles; place--)
        group->steps[place] = group->steps[place - 1];
    group->steps[place] = *step;
}

static void plan_array(struct tlb_group *group, uint8_t index, uint64_t page_sizes)
{
    const struct translation_array *array = group->arrays[index];
    uint64_t sizes = array->sizes & page_sizes;
    uint64_t cycles = array->latency_cycles;
    if (!array->sequential || sizes == 0) {
        add_step(group, &(struct probe_step){.cycles = cycles, .array = index});
    } else {
        for (; sizes; sizes &= sizes - 1, cycles += array->latency_cycles)
            add_step(group, &(struct probe_step){.cycles = cycles,
                                                 .array = index,
                                                 .size_lg2 = (uint8_t)__builtin_ctzll(sizes)});
    }
}

void hierarchy_plan(struct core *core, uint64_t page_sizes)
{
    struct hierarchy *hierarchy = &core->hierarchy;
    hierarchy->page_sizes = page_sizes;
    for (uint32_t i = 0; i < hierarchy->group_count; i++) {
        struct tlb_group *group = &hierarchy->groups[i];
        group->step_count = 0;
        for (uint32_t k = 0; k < group->array_count; k++)
            plan_array(group, (uint8_t)k, page_sizes);
        group->miss_cycles = group->steps[group->step_count - 1].cycles;
    }
    for (unsigned side = 0; side < 2; side++) {
        const struct tlb_group *first = hierarchy->path[side][0];
        bool simple = first->array_count == 1 && !first->arrays[0]->sequential && !first->gated;
        hierarchy->simple[side] = simple ? first->arrays[0] : NULL;
    }
}
