/* What is wrong with a machine's description: ranges, and what its parts must be to each other. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mmu/config.h"
#include "tlb/tlb.h"

/* Where a sentence goes. */
struct complaint {
    char *text;
    size_t text_bytes;
};

/* ---- ranges ------------------------------------------------------------------------------------- */

static bool sizes_fit(const struct mmu_parameter *parameter, uint64_t sizes)
{
    return sizes == TLB_ALL_PAGE_SIZES ||
           (sizes != 0 && sizes % parameter->least == 0 && sizes < 2 * parameter->most);
}

static bool value_fits(const struct mmu_parameter *parameter, uint64_t value)
{
    if (parameter->kind == PARAMETER_SIZES)
        return sizes_fit(parameter, value);
    return value >= parameter->least && value <= parameter->most;
}

static void list_choices(const struct mmu_parameter *parameter, char *text, size_t text_bytes)
{
    size_t length = 0;
    for (uint64_t i = 0; i <= parameter->most && length < text_bytes; i++)
        length += (size_t)snprintf(text + length, text_bytes - length, "%s\"%s\"",
                                   i == 0                ? ""
                                   : i < parameter->most ? ", "
                                                         : " or ",
                                   parameter->choices[i]);
}

static void complain_of_value(const struct complaint *complaint, const struct mmu_setting *setting,
                              uint64_t value)
{
    const struct mmu_parameter *parameter = setting->parameter;
    const char *unit = mmu_parameter_unit(parameter);
    char text[MMU_VALUE_BYTES], least[MMU_VALUE_BYTES], most[MMU_VALUE_BYTES];
    switch (parameter->kind) {
    case PARAMETER_SIZES:
        mmu_setting_print(parameter, value, text, sizeof text);
        mmu_setting_print(parameter, parameter->least, least, sizeof least);
        mmu_setting_print(parameter, parameter->most, most, sizeof most);
        snprintf(complaint->text, complaint->text_bytes,
                 "%s is %s; it must be \"all\", or powers of two from %s to %s", setting->name,
                 *text ? text : "empty", least, most);
        break;
    case PARAMETER_CHOICE:
        list_choices(parameter, text, sizeof text);
        snprintf(complaint->text, complaint->text_bytes, "%s is %" PRIu64 "; it must be %s", setting->name,
                 value, text);
        break;
    case PARAMETER_SWITCH:
        snprintf(complaint->text, complaint->text_bytes, "%s is %" PRIu64 "; it must be false or true",
                 setting->name, value);
        break;
    default:
        snprintf(complaint->text, complaint->text_bytes,
                 "%s is %" PRIu64 "; it must be from %" PRIu64 " to %" PRIu64 "%s%s", setting->name, value,
                 parameter->least, parameter->most, *unit ? " " : "", unit);
    }
}

static bool counts_fit(const struct mmu_config *config, const struct complaint *complaint)
{
    if (config->tlb_count <= MMU_TLBS_MAX && config->walk_cache_count <= MMU_WALK_CACHES_MAX &&
        config->cache_count <= MMU_CACHES_MAX)
        return true;
    snprintf(complaint->text, complaint->text_bytes,
             "a machine has at most %d TLBs, %d walk caches and %d levels of data caches", MMU_TLBS_MAX,
             MMU_WALK_CACHES_MAX, MMU_CACHES_MAX);
    return false;
}

static bool ranges_hold(const struct mmu_config *config, const struct complaint *complaint)
{
    struct mmu_setting setting;
    for (unsigned i = 0; mmu_setting_at(config, i, &setting); i++) {
        uint64_t value = mmu_setting_get(config, &setting);
        if (value_fits(setting.parameter, value))
            continue;
        complain_of_value(complaint, &setting, value);
        return false;
    }
    return true;
}

/* ---- single parameters -------------------------------------------------------------------------- */

static bool is_power_of_two(const char *name, uint64_t bytes, const struct complaint *complaint)
{
    if ((bytes & (bytes - 1)) == 0)
        return true;
    snprintf(complaint->text, complaint->text_bytes, "%s is %" PRIu64 " bytes; it must be a power of two",
             name, bytes);
    return false;
}

static bool is_whole_pages(const struct mmu_config *config, const struct complaint *complaint)
{
    if (config->memory_bytes % 4096 == 0)
        return true;
    snprintf(complaint->text, complaint->text_bytes,
             "memory.size is %" PRIu64 " bytes; it must be a multiple of 4096", config->memory_bytes);
    return false;
}

/* ---- arrays ------------------------------------------------------------------------------------- */

static bool ways_divide(const char *family, const char *name, uint64_t entries, uint64_t ways,
                        const struct complaint *complaint)
{
    if (ways <= entries && entries % ways == 0)
        return true;
    snprintf(complaint->text, complaint->text_bytes,
             "%s.%s: %" PRIu64 " entries cannot be split into %" PRIu64
             " ways; the entries must be a multiple of the ways",
             family, name, entries, ways);
    return false;
}

static bool cache_divides(const struct mmu_config *config, const struct cache_config *cache,
                          const struct complaint *complaint)
{
    uint64_t way_bytes = cache->ways * config->cache_line_bytes;
    uint64_t lines = cache->size_bytes / config->cache_line_bytes;
    if (cache->size_bytes % way_bytes != 0) {
        snprintf(complaint->text, complaint->text_bytes,
                 "cache.%s.size is %" PRIu64 " bytes; it must be a multiple of %" PRIu64 " ways of %" PRIu64
                 "-byte lines, %" PRIu64 " bytes",
                 cache->name, cache->size_bytes, cache->ways, config->cache_line_bytes, way_bytes);
        return false;
    }
    if (lines > TLB_ENTRIES_MAX) {
        snprintf(complaint->text, complaint->text_bytes,
                 "cache.%s.size is %" PRIu64 " bytes; with lines of %" PRIu64
                 " bytes it must be at most %" PRIu64 " bytes",
                 cache->name, cache->size_bytes, config->cache_line_bytes,
                 TLB_ENTRIES_MAX * config->cache_line_bytes);
        return false;
    }
    return true;
}

static bool arrays_divide(const struct mmu_config *config, const struct complaint *complaint)
{
    for (uint64_t i = 0; i < config->tlb_count; i++) {
        const struct tlb_config *tlb = &config->tlbs[i];
        if (!ways_divide("tlb", tlb->name, tlb->entries, tlb->ways, complaint))
            return false;
    }
    for (uint64_t i = 0; i < config->walk_cache_count; i++) {
        const struct walk_cache_config *cache = &config->walk_caches[i];
        if (!ways_divide("walk_cache", cache->name, cache->entries, cache->ways, complaint))
            return false;
    }
    for (uint64_t i = 0; i < config->cache_count; i++)
        if (!cache_divides(config, &config->caches[i], complaint))
            return false;
    return true;
}

/* ---- levels of TLBs ----------------------------------------------------------------------------- */

static bool serves(const struct tlb_config *tlb, enum tlb_side side)
{
    return tlb->side == TLB_SIDE_BOTH || tlb->side == side;
}

static const char *side_name(enum tlb_side side)
{
    return side == TLB_SIDE_INSTRUCTION ? "instructions" : "data";
}

/* The arrays stand in the order of their levels. */
static bool levels_have_no_gap(const struct mmu_config *config, enum tlb_side side,
                               const struct complaint *complaint)
{
    uint64_t level = 0;
    for (uint64_t i = 0; i < config->tlb_count; i++) {
        const struct tlb_config *tlb = &config->tlbs[i];
        if (!serves(tlb, side) || tlb->level == level)
            continue;
        if (tlb->level != ++level) {
            snprintf(complaint->text, complaint->text_bytes,
                     "tlb.%s is of level %" PRIu64 ", but no TLB of level %" PRIu64
                     " serves %s; levels begin with 1 and have no gap",
                     tlb->name, tlb->level, level, side_name(side));
            return false;
        }
    }
    if (level > 0)
        return true;
    snprintf(complaint->text, complaint->text_bytes,
             "no TLB of level 1 serves %s; there must be tlb.l1%c, or tlb.l1 for both sides", side_name(side),
             side == TLB_SIDE_INSTRUCTION ? 'i' : 'd');
    return false;
}

/* Two arrays of one level. */
static bool level_agrees(const struct tlb_config *a, const struct tlb_config *b,
                         const struct complaint *complaint)
{
    const char *wrong = NULL;
    if ((a->side == TLB_SIDE_BOTH) != (b->side == TLB_SIDE_BOTH))
        wrong = "a level has either TLBs for instructions and for data, or TLBs for both";
    else if (a->inclusion != b->inclusion)
        wrong = "all TLBs of a level must have the same inclusion";
    else if (a->shared != b->shared)
        wrong = "all TLBs of a level must be shared, or none";
    if (!wrong)
        return true;
    snprintf(complaint->text, complaint->text_bytes, "tlb.%s and tlb.%s are both of level %" PRIu64 "; %s",
             a->name, b->name, a->level, wrong);
    return false;
}

static bool is_no_first_level(const struct tlb_config *tlb, const struct complaint *complaint)
{
    if (tlb->level > 1 || (tlb->inclusion == TLB_INCLUSION_NEITHER && !tlb->shared))
        return true;
    snprintf(complaint->text, complaint->text_bytes,
             tlb->shared ? "tlb.%s.shared is true; TLBs of level 1 must be each core's own"
                         : "tlb.%s.inclusion must be \"neither\": nothing is in front of level 1",
             tlb->name);
    return false;
}

/* Of the same level and side as this one, which is the last of them. */
static bool has_room_in_level(const struct mmu_config *config, const struct tlb_config *tlb,
                              const struct complaint *complaint)
{
    unsigned arrays = 0;
    for (const struct tlb_config *other = config->tlbs; other <= tlb; other++)
        arrays += other->level == tlb->level && other->side == tlb->side;
    if (arrays <= MMU_GROUP_TLBS_MAX)
        return true;
    snprintf(complaint->text, complaint->text_bytes,
             "tlb.%s is one too many; a level has at most %u TLBs for one side or for both", tlb->name,
             MMU_GROUP_TLBS_MAX);
    return false;
}

/* What it evicts would have to leave other cores' levels in the same cycle, without a message. */
static bool promises_what_it_can(const struct tlb_config *tlb, const struct complaint *complaint)
{
    if (!tlb->shared || tlb->inclusion != TLB_INCLUSION_INCLUSIVE)
        return true;
    snprintf(complaint->text, complaint->text_bytes,
             "tlb.%s.inclusion is \"inclusive\"; of a shared TLB it must be \"neither\" or \"exclusive\"",
             tlb->name);
    return false;
}

static bool tlb_levels_fit(const struct mmu_config *config, const struct complaint *complaint)
{
    for (uint64_t i = 0; i < config->tlb_count; i++) {
        const struct tlb_config *tlb = &config->tlbs[i], *front = i > 0 ? tlb - 1 : tlb;
        if (!is_no_first_level(tlb, complaint) || !has_room_in_level(config, tlb, complaint) ||
            !promises_what_it_can(tlb, complaint))
            return false;
        if (front->level == tlb->level && !level_agrees(front, tlb, complaint))
            return false;
        if (!front->shared || tlb->shared)
            continue;
        snprintf(complaint->text, complaint->text_bytes,
                 "tlb.%s is each core's own behind tlb.%s, which is shared; it must be shared, too",
                 tlb->name, front->name);
        return false;
    }
    return levels_have_no_gap(config, TLB_SIDE_INSTRUCTION, complaint) &&
           levels_have_no_gap(config, TLB_SIDE_DATA, complaint);
}

/* ---- levels of data caches ---------------------------------------------------------------------- */

static bool cache_levels_fit(const struct mmu_config *config, const struct complaint *complaint)
{
    for (uint64_t i = 0; i < config->cache_count; i++) {
        const struct cache_config *cache = &config->caches[i];
        if (cache->level != i + 1) {
            snprintf(complaint->text, complaint->text_bytes,
                     "cache.%s is there, but no cache.l%" PRIu64 "; levels begin with 1 and have no gap",
                     cache->name, i + 1);
            return false;
        }
        if (i == 0 && cache->shared) {
            snprintf(complaint->text, complaint->text_bytes,
                     "cache.%s.shared is true; caches of level 1 must be each core's own", cache->name);
            return false;
        }
        if (i > 0 && cache[-1].shared && !cache->shared) {
            snprintf(complaint->text, complaint->text_bytes,
                     "cache.%s is each core's own behind cache.%s, which is shared; it must be shared, too",
                     cache->name, cache[-1].name);
            return false;
        }
    }
    return true;
}

/* ---- shootdowns --------------------------------------------------------------------------------- */

/* What a core keeps of a space that it does not run, another core could use. */
static bool shootdown_fits(const struct mmu_config *config, const struct complaint *complaint)
{
    if (config->invalidation_scheme != INVALIDATION_INTERRUPT ||
        config->shootdown_targets != SHOOTDOWN_ACTIVE)
        return true;
    for (uint64_t i = 0; i < config->tlb_count; i++) {
        if (!config->tlbs[i].shared)
            continue;
        snprintf(complaint->text, complaint->text_bytes,
                 "shootdown.targets is active and tlb.%s.shared is true; where cores share a TLB it must be "
                 "all or ran",
                 config->tlbs[i].name);
        return false;
    }
    return true;
}

/* ---- the range TLB ------------------------------------------------------------------------------ */

/* It has answered when level 2 has: a look-up there then knows whether it may become a walk. */
static bool range_tlb_fits(const struct mmu_config *config, const struct complaint *complaint)
{
    for (uint64_t i = 0; config->range_tlb_entries > 0 && i < config->tlb_count; i++) {
        const struct tlb_config *tlb = &config->tlbs[i];
        if (tlb->level != 2 || config->range_tlb_latency_cycles <= tlb->latency_cycles)
            continue;
        snprintf(complaint->text, complaint->text_bytes,
                 "range_tlb.latency is %" PRIu64 " cycles and tlb.%s.latency %" PRIu64
                 "; they are looked up together, and the range TLB must not be the slower one",
                 config->range_tlb_latency_cycles, tlb->name, tlb->latency_cycles);
        return false;
    }
    return true;
}

bool mmu_config_check(const struct mmu_config *config, char *error, size_t error_bytes)
{
    const struct complaint complaint = {error, error_bytes};
    return counts_fit(config, &complaint) && ranges_hold(config, &complaint) &&
           is_whole_pages(config, &complaint) &&
           is_power_of_two("bus.width", config->bus_width_bytes, &complaint) &&
           is_power_of_two("cache.line", config->cache_line_bytes, &complaint) &&
           arrays_divide(config, &complaint) && tlb_levels_fit(config, &complaint) &&
           cache_levels_fit(config, &complaint) && shootdown_fits(config, &complaint) &&
           range_tlb_fits(config, &complaint);
}
