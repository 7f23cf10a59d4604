#include "sim/array_list.h"

#include <ctype.h>
#include <string.h>

#include "tlb/replacement.h"

static struct record_array of_tlb(const struct tlb_config *config)
{
    return (struct record_array){.kind = RECORD_TLB,
                                 .level = config->level,
                                 .side = config->side,
                                 .holds = HOLDS_TRANSLATION,
                                 .entries = config->entries,
                                 .ways = config->ways,
                                 .replacement = config->replacement,
                                 .sizes = config->sizes,
                                 .inclusion = config->inclusion,
                                 .latency_cycles = config->latency_cycles,
                                 .shared = config->shared};
}

static struct record_array of_walk_cache(const struct walk_cache_config *config)
{
    return (struct record_array){.kind = RECORD_WALK_CACHE,
                                 .holds = HOLDS_TABLE + config->holds,
                                 .entries = config->entries,
                                 .ways = config->ways,
                                 .replacement = config->replacement,
                                 .sizes = config->sizes,
                                 .latency_cycles = config->latency_cycles};
}

/* As in the counters' names. */
static const char range_tlb_name[MMU_NAME_BYTES] = "range_tlb";

static struct record_array of_range_tlb(const struct mmu_config *config)
{
    return (struct record_array){.kind = RECORD_RANGE_TLB,
                                 .holds = HOLDS_RANGE,
                                 .entries = config->range_tlb_entries,
                                 .ways = config->range_tlb_entries,
                                 .replacement = TLB_LRU,
                                 .sizes = TLB_ALL_PAGE_SIZES,
                                 .latency_cycles = config->range_tlb_latency_cycles};
}

static void give_name(struct array_list *list, size_t number, const char *name)
{
    memcpy(list->names[number], name, MMU_NAME_BYTES);
    for (size_t i = 0; i < MMU_NAME_BYTES; i++)
        list->titles[number][i] = (char)toupper((unsigned char)name[i]);
    list->record[number].name = list->names[number];
    list->record[number].title = list->titles[number];
}

void array_list_init(struct array_list *list, const struct mmu_config *config)
{
    list->count = config->tlb_count + config->walk_cache_count;
    for (size_t i = 0; i < list->count; i++) {
        size_t cache = i - config->tlb_count;
        bool tlb = i < config->tlb_count;
        list->record[i] = tlb ? of_tlb(&config->tlbs[i]) : of_walk_cache(&config->walk_caches[cache]);
        give_name(list, i, tlb ? config->tlbs[i].name : config->walk_caches[cache].name);
        list->judge[i] = (struct judge_array){.name = list->titles[i],
                                              .level = (uint8_t)list->record[i].level,
                                              .side = (uint8_t)list->record[i].side,
                                              .shared = list->record[i].shared != 0};
    }
    if (config->range_tlb_entries == 0)
        return;
    size_t last = list->count++;
    list->record[last] = of_range_tlb(config);
    give_name(list, last, range_tlb_name);
    list->judge[last] = (struct judge_array){.name = list->titles[last]};
}
