#include "mmu/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "mmu/bus.h"
#include "tlb/tlb.h"

#define KIB        UINT64_C(1024)
#define MIB        (KIB * KIB)
#define GIB        (KIB * MIB)
#define CYCLES_MAX UINT64_C(1000000)
#define SIZE_LEAST (UINT64_C(1) << TLB_PAGE_LG2)
#define SIZE_MOST  (UINT64_C(1) << 49)
#define ROWS(rows) (sizeof(rows) / sizeof *(rows))

/* ---- names of choices, in the order of their enumerations --------------------------------------- */

static const char *const ordering_names[] = {"arm", "x86", "riscv"};
static const char *const conflict_names[] = {"first", "either", "abort"};
static const char *const prefetcher_names[] = {"none", "next-page", "stride", "distance", "recency"};
static const char *const scheme_names[] = {"broadcast", "interrupt"};
static const char *const target_names[] = {"all", "ran", "active"};
static const char *const probing_names[] = {"parallel", "sequential"};
static const char *const inclusion_names[] = {"neither", "inclusive", "exclusive"};
static const char *const holds_names[] = {"tables", "stage2-tables", "ipa"};

/* ---- the single parameters: one row each, in the order of the help ------------------------------ */

#define AT(member) offsetof(struct mmu_config, member)

static const struct mmu_parameter parameters[] = {
    {"cores", AT(cores), PARAMETER_COUNT, 1, MMU_CORES_MAX, 1, "simulated cores", NULL},
    {"seed", AT(seed), PARAMETER_COUNT, 0, INT64_MAX, 1, "where every random choice of the run comes from",
     NULL},
    {"ordering", AT(ordering), PARAMETER_CHOICE, 0, ORDERINGS - 1, ORDERING_ARM,
     "walks of arm and riscv see drained stores alone; those of x86, for data, their core's own buffered "
     "ones, too",
     ordering_names},
    {"tlb.conflict", AT(tlb_conflict), PARAMETER_CHOICE, 0, TLB_CONFLICTS - 1, TLB_CONFLICT_FIRST,
     "several entries match: first: the smallest page, the ASID's before the global; either: a random one; "
     "abort: a fault",
     conflict_names},
    {"range_tlb.entries", AT(range_tlb_entries), PARAMETER_COUNT, 0, 4096, 0,
     "ranges of pages that a core holds beside its TLBs, for formats that have ranges; 0: none", NULL},
    {"range_tlb.latency", AT(range_tlb_latency_cycles), PARAMETER_CYCLES, 1, 1024, 7,
     "look-up, beside that of level 2, and no longer than it; used if every level misses", NULL},
    {"walker.misses", AT(misses), PARAMETER_COUNT, 1, MMU_MISSES_MAX, 8,
     "outstanding first-level misses a core; later ones to the same page merge", NULL},
    {"walker.slots", AT(walker_slots), PARAMETER_COUNT, 1, MMU_WALKERS_MAX, 4,
     "concurrent walks a core; of all cores together if the walkers are shared", NULL},
    {"walker.queue", AT(walker_queue), PARAMETER_COUNT, 0, 64, 64,
     "walks of a core that wait for a slot; further misses wait before their next look-up; shared walkers "
     "take any number",
     NULL},
    {"walker.shared", AT(walker_shared), PARAMETER_SWITCH, 0, 1, false,
     "one set of walkers for all cores, not one for each", NULL},
    {"walker.request", AT(walker_request_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 1,
     "shared walkers: the least from a core's request, and from the release of its slot, to the beginning of "
     "its walk",
     NULL},
    {"walker.merge", AT(walker_merge), PARAMETER_SWITCH, 0, 1, true,
     "a miss to a page that is being walked waits for that walk, and begins none of its own", NULL},
    {"prefetch.kind", AT(prefetcher), PARAMETER_CHOICE, 0, PREFETCHERS - 1, PREFETCH_NONE,
     "walks ahead at a miss: none; next-page; stride: as the last two misses; distance: as followed it "
     "before; recency: LRU neighbours",
     prefetcher_names},
    {"prefetch.degree", AT(prefetch_degree), PARAMETER_COUNT, 1, 8, 1, "pages that one miss asks for", NULL},
    {"prefetch.entries", AT(prefetch_entries), PARAMETER_COUNT, 1, 4096, 64,
     "rows of a core's prediction table, of strides, distances or recent pages", NULL},
    {"adversary.period", AT(adversary_period_cycles), PARAMETER_CYCLES, 0, CYCLES_MAX, 0,
     "mean time between two random speculative walks, fills or evictions of a core; 0: none", NULL},
    {"adversary.reach", AT(adversary_reach), PARAMETER_COUNT, 1, 4096, 4,
     "pages to either side of recently used ones that the adversary speculates about", NULL},
    {"adversary.split", AT(adversary_split), PARAMETER_SWITCH, 0, 1, false,
     "an adversary's TLBs hold the entries of a contiguous run one by one, but for those of guests", NULL},
    {"adversary.delay", AT(adversary_delay_cycles), PARAMETER_CYCLES, 0, CYCLES_MAX, 0,
     "an adversary lets each walk wait up to so long behind what it has read, at random, before it goes on",
     NULL},
    {"memory.size", AT(memory_bytes), PARAMETER_BYTES, 64 * KIB, UINT64_C(1) << 48, 4 * GIB,
     "physical memory from address 0; a multiple of 4 KiB", NULL},
    {"memory.latency", AT(memory_latency_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 120,
     "from the grant of the bus to the data", NULL},
    {"memory.requests", AT(memory_requests), PARAMETER_COUNT, 0, 4096, 0,
     "requests that memory works on at once; a further one keeps the bus waiting; 0: any number", NULL},
    {"bus.occupancy", AT(bus_occupancy_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 2,
     "cycles that one transaction keeps the bus; one that is longer than bus.width: for each beat", NULL},
    {"bus.width", AT(bus_width_bytes), PARAMETER_BYTES, 8, 4096, 64,
     "bytes of one beat; a transaction of n bytes has n / width beats, rounded up; a power of two", NULL},
    {"bus.arbitration", AT(bus_arbitration), PARAMETER_CHOICE, 0, BUS_ARBITRATIONS - 1, BUS_OLDEST_FIRST,
     "which request is granted next: oldest; round-robin: the cores in turn; priority: the lowest core's",
     bus_arbitration_names},
    {"cache.line", AT(cache_line_bytes), PARAMETER_BYTES, 16, 128, 64,
     "line of every data cache; a power of two", NULL},
    {"cache.walker", AT(cache_walker_level), PARAMETER_COUNT, 1, MMU_CACHES_MAX, 1,
     "level of the data caches that walks look up first; past the last level they go to the bus", NULL},
    {"store_buffer.depth", AT(store_buffer_depth), PARAMETER_COUNT, 0, MMU_STORE_BUFFER_MAX, 16,
     "stores that wait for the bus; 0: each store waits itself", NULL},
    {"store_buffer.drain", AT(store_buffer_drain_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 8,
     "least time of a store in the buffer", NULL},
    {"network.latency", AT(network_latency_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 20,
     "of an invalidation or an acknowledgement from core to core", NULL},
    {"invalidation.scheme", AT(invalidation_scheme), PARAMETER_CHOICE, 0, INVALIDATION_SCHEMES - 1,
     INVALIDATION_BROADCAST,
     "to other cores: broadcast: by a message of hardware; interrupt: by software, an interrupt whose "
     "handler invalidates",
     scheme_names},
    {"invalidation.drop", AT(invalidate_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 4,
     "look-up and drop of one invalidation at one core", NULL},
    {"invalidation.per_set", AT(invalidate_set_cycles), PARAMETER_CYCLES, 0, CYCLES_MAX, 0,
     "more for each set of a TLB or walk cache that an invalidation looks at", NULL},
    {"invalidation.per_entry", AT(invalidate_entry_cycles), PARAMETER_CYCLES, 0, CYCLES_MAX, 0,
     "more for each entry that an invalidation looks at", NULL},
    {"invalidation.message", AT(invalidate_message_cycles), PARAMETER_CYCLES, 0, CYCLES_MAX, 0,
     "between two messages of one sender, invalidations and interrupts alike; 0: all at once", NULL},
    {"invalidation.in_flight", AT(invalidations_in_flight), PARAMETER_COUNT, 1, 64, 64,
     "invalidations of one issuer that are not acknowledged yet; a further one waits", NULL},
    {"shootdown.targets", AT(shootdown_targets), PARAMETER_CHOICE, 0, SHOOTDOWN_TARGETS - 1, SHOOTDOWN_ALL,
     "whom software interrupts: all cores; ran: where the space ran since its last flush there; active: "
     "where it runs now",
     target_names},
    {"shootdown.batch", AT(shootdown_batch), PARAMETER_COUNT, 1, 64, 1,
     "invalidations that one interrupt carries, at the most", NULL},
    {"shootdown.threshold", AT(shootdown_threshold), PARAMETER_COUNT, 0, UINT64_C(1) << 20, 33,
     "pages of one operation above which software flushes the whole address space instead; 0: never", NULL},
    {"interrupt.entry", AT(interrupt_entry_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 600,
     "from an interrupt's arrival to its handler's first act", NULL},
    {"interrupt.exit", AT(interrupt_exit_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 200,
     "from the handler's last act to the interrupted program", NULL},
    {"cost.dsb", AT(barrier_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 4, "the least that a DSB takes", NULL},
    {"cost.dmb", AT(memory_barrier_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 1,
     "the least that a DMB or another fence of memory accesses alone takes", NULL},
    {"cost.isb", AT(isb_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 8, "of an ISB", NULL},
    {"cost.switch", AT(switch_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 20, "of a switch of address space",
     NULL},
    {"cost.control", AT(control_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 8,
     "of a change of the core's controls alone: MSR PAN, CSRS sstatus, STAC, WRPKRU", NULL},
    {"cost.spin", AT(spin_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 16,
     "between two attempts of page-table code at a lock", NULL},
    {"cost.fault", AT(fault_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 50, "from a fault to its handler",
     NULL},
    {"window", AT(window), PARAMETER_COUNT, 1, MMU_WINDOW_MAX, 8, "accesses in flight of a stream", NULL},
    {"data.fixed", AT(fixed_data_cycles), PARAMETER_CYCLES, 1, CYCLES_MAX, 4,
     "latency of an access's data with data = \"fixed\"", NULL},
};

/* ---- the families' parameters ------------------------------------------------------------------- */

#define TLB_AT(member)        offsetof(struct tlb_config, member)
#define WALK_CACHE_AT(member) offsetof(struct walk_cache_config, member)
#define CACHE_AT(member)      offsetof(struct cache_config, member)

static const struct mmu_parameter tlb_parameters[] = {
    {"entries", TLB_AT(entries), PARAMETER_COUNT, 1, TLB_ENTRIES_MAX, 64,
     "translations it holds; standard of l1i 48, of level 2 and higher 1536", NULL},
    {"ways", TLB_AT(ways), PARAMETER_COUNT, 1, TLB_ENTRIES_MAX, 4,
     "associativity; divides entries; standard of level 2 and higher 12", NULL},
    {"latency", TLB_AT(latency_cycles), PARAMETER_CYCLES, 1, 1024, 1,
     "look-up, pipelined, after those of the levels in front; standard of level 2 and higher 7", NULL},
    {"replacement", TLB_AT(replacement), PARAMETER_CHOICE, 0, TLB_REPLACEMENTS - 1, TLB_LRU,
     "victim of a full set: lru, tree-plru (its binary tree), fifo (oldest fill), random, srrip "
     "(re-reference prediction)",
     tlb_replacement_names},
    {"sizes", TLB_AT(sizes), PARAMETER_SIZES, SIZE_LEAST, SIZE_MOST, TLB_ALL_PAGE_SIZES,
     "page sizes that it takes; pages of other sizes do not enter it", NULL},
    {"probing", TLB_AT(probing), PARAMETER_CHOICE, 0, TLB_PROBINGS - 1, TLB_PROBING_PARALLEL,
     "look-up of its page sizes: parallel; sequential: one after the other, the smallest first, each for its "
     "latency",
     probing_names},
    {"ports", TLB_AT(ports), PARAMETER_COUNT, 0, 64, 0,
     "look-ups that can begin in one cycle; a further one waits for the next; 0: any number", NULL},
    {"inclusion", TLB_AT(inclusion), PARAMETER_CHOICE, 0, TLB_INCLUSIONS - 1, TLB_INCLUSION_NEITHER,
     "from level 2: neither; inclusive: what leaves here leaves the levels in front; exclusive: has what "
     "they evicted, hits move back",
     inclusion_names},
    {"hit_under_miss", TLB_AT(hit_under_miss), PARAMETER_SWITCH, 0, 1, true,
     "look-ups go on while a miss waits here; else they wait, too", NULL},
    {"shared", TLB_AT(shared), PARAMETER_SWITCH, 0, 1, false,
     "level 2 and higher: one for all cores, not one for each", NULL},
};

static const struct mmu_parameter walk_cache_parameters[] = {
    {"holds", WALK_CACHE_AT(holds), PARAMETER_CHOICE, 0, WALK_CACHE_HOLDS - 1, WALK_CACHE_TABLES,
     "tables: where the next one lies, by virtual address; stage2-tables: by intermediate address; ipa: "
     "stage-2 translations",
     holds_names},
    {"entries", WALK_CACHE_AT(entries), PARAMETER_COUNT, 1, TLB_ENTRIES_MAX, 32, "entries it holds", NULL},
    {"ways", WALK_CACHE_AT(ways), PARAMETER_COUNT, 1, TLB_ENTRIES_MAX, 4, "associativity; divides entries",
     NULL},
    {"latency", WALK_CACHE_AT(latency_cycles), PARAMETER_CYCLES, 0, 64, 1,
     "look-up, at the beginning of a walk; those that hold the same are looked up at once", NULL},
    {"replacement", WALK_CACHE_AT(replacement), PARAMETER_CHOICE, 0, TLB_REPLACEMENTS - 1, TLB_LRU,
     "victim of a full set: lru, tree-plru (its binary tree), fifo (oldest fill), random, srrip "
     "(re-reference prediction)",
     tlb_replacement_names},
    {"sizes", WALK_CACHE_AT(sizes), PARAMETER_SIZES, SIZE_LEAST, SIZE_MOST, TLB_ALL_PAGE_SIZES,
     "how much one entry covers: 2M where it leads to a last-level table of 4K pages", NULL},
};

static const struct mmu_parameter cache_parameters[] = {
    {"size", CACHE_AT(size_bytes), PARAMETER_BYTES, 16, GIB, 32 * KIB,
     "data it holds; a multiple of ways times cache.line; standard of l2 1M, l3 8M, l4 32M", NULL},
    {"ways", CACHE_AT(ways), PARAMETER_COUNT, 1, TLB_ENTRIES_MAX, 8,
     "associativity; standard of l2 and higher 16", NULL},
    {"latency", CACHE_AT(latency_cycles), PARAMETER_CYCLES, 1, 1024, 4,
     "look-up, after those of the levels in front; standard of l2 10, l3 30, l4 60", NULL},
    {"replacement", CACHE_AT(replacement), PARAMETER_CHOICE, 0, TLB_REPLACEMENTS - 1, TLB_LRU,
     "victim of a full set: lru, tree-plru (its binary tree), fifo (oldest fill), random, srrip "
     "(re-reference prediction)",
     tlb_replacement_names},
    {"shared", CACHE_AT(shared), PARAMETER_SWITCH, 0, 1, false,
     "level 2 and higher: one for all cores, not one for each", NULL},
};

static const struct mmu_family families[MMU_FAMILIES] = {
    [MMU_FAMILY_TLB] = {"tlb",
                        "a TLB; its name: l, its level, 1 to 8, i or d if it serves fetches or data alone, "
                        "perhaps _ and letters or digits",
                        "l1i, l1d, l2, l1d_2m and the like, of levels 1 to 8", tlb_parameters,
                        ROWS(tlb_parameters)},
    [MMU_FAMILY_WALK_CACHE] =
        {"walk_cache",
         "a walk cache, under any name of lower-case letters, digits and _ that begins with a letter",
         "lower-case letters, digits and _, beginning with a letter, 15 at the most", walk_cache_parameters,
         ROWS(walk_cache_parameters)},
    [MMU_FAMILY_CACHE] = {"cache",
                          "a level of the data caches, which loads, stores and walks share: l1 to l4",
                          "l1, l2, l3 and l4", cache_parameters, ROWS(cache_parameters)},
};

/* Where the members of each family stand. A member begins with its name. */
static const struct member_array {
    size_t count, first; /* offsets */
    size_t member_bytes;
    unsigned most;
} arrays[MMU_FAMILIES] = {
    [MMU_FAMILY_TLB] = {AT(tlb_count), AT(tlbs), sizeof(struct tlb_config), MMU_TLBS_MAX},
    [MMU_FAMILY_WALK_CACHE] = {AT(walk_cache_count), AT(walk_caches), sizeof(struct walk_cache_config),
                               MMU_WALK_CACHES_MAX},
    [MMU_FAMILY_CACHE] = {AT(cache_count), AT(caches), sizeof(struct cache_config), MMU_CACHES_MAX},
};

const struct mmu_parameter *mmu_parameter_at(unsigned index)
{
    return index < ROWS(parameters) ? &parameters[index] : NULL;
}

const struct mmu_parameter *mmu_parameter_find(const char *name)
{
    for (unsigned i = 0; i < ROWS(parameters); i++)
        if (strcmp(parameters[i].name, name) == 0)
            return &parameters[i];
    return NULL;
}

const char *mmu_parameter_unit(const struct mmu_parameter *parameter)
{
    static const char *const units[] = {
        [PARAMETER_COUNT] = "",  [PARAMETER_BYTES] = "bytes", [PARAMETER_CYCLES] = "cycles",
        [PARAMETER_SWITCH] = "", [PARAMETER_CHOICE] = "",     [PARAMETER_SIZES] = "",
    };
    return units[parameter->kind];
}

const struct mmu_family *mmu_family_at(unsigned index)
{
    return index < MMU_FAMILIES ? &families[index] : NULL;
}

/* ---- settings ----------------------------------------------------------------------------------- */

static uint64_t read_at(const struct mmu_config *config, size_t offset)
{
    uint64_t value;
    memcpy(&value, (const char *)config + offset, sizeof value);
    return value;
}

static void write_at(struct mmu_config *config, size_t offset, uint64_t value)
{
    memcpy((char *)config + offset, &value, sizeof value);
}

static size_t member_offset(unsigned family, size_t index)
{
    return arrays[family].first + index * arrays[family].member_bytes;
}

static const char *member_name(const struct mmu_config *config, unsigned family, size_t index)
{
    return (const char *)config + member_offset(family, index);
}

static void give_single(unsigned index, struct mmu_setting *setting)
{
    snprintf(setting->name, sizeof setting->name, "%s", parameters[index].name);
    setting->parameter = &parameters[index];
    setting->offset = parameters[index].offset;
}

static void give_member(const struct mmu_config *config, unsigned family, size_t member, unsigned parameter,
                        struct mmu_setting *setting)
{
    const struct mmu_parameter *row = &families[family].parameters[parameter];
    snprintf(setting->name, sizeof setting->name, "%s.%s.%s", families[family].name,
             member_name(config, family, member), row->name);
    setting->parameter = row;
    setting->offset = member_offset(family, member) + row->offset;
}

bool mmu_setting_at(const struct mmu_config *config, unsigned index, struct mmu_setting *setting)
{
    if (index < ROWS(parameters)) {
        give_single(index, setting);
        return true;
    }
    uint64_t at = index - ROWS(parameters);
    for (unsigned family = 0; family < MMU_FAMILIES; family++) {
        unsigned each = families[family].parameter_count;
        uint64_t all = read_at(config, arrays[family].count) * each;
        if (at < all) {
            give_member(config, family, at / each, (unsigned)(at % each), setting);
            return true;
        }
        at -= all;
    }
    return false;
}

bool mmu_setting_find(const struct mmu_config *config, const char *name, struct mmu_setting *setting)
{
    for (unsigned i = 0; mmu_setting_at(config, i, setting); i++)
        if (strcmp(setting->name, name) == 0)
            return true;
    return false;
}

uint64_t mmu_setting_get(const struct mmu_config *config, const struct mmu_setting *setting)
{
    return read_at(config, setting->offset);
}

void mmu_setting_set(struct mmu_config *config, const struct mmu_setting *setting, uint64_t value)
{
    write_at(config, setting->offset, value);
}

static void print_sizes(uint64_t sizes, char *text, size_t text_bytes)
{
    static const char *const suffixes[] = {"", "K", "M", "G", "T", "P", "E"};
    size_t length = 0;
    if (text_bytes > 0)
        *text = '\0';
    if (sizes == TLB_ALL_PAGE_SIZES) {
        snprintf(text, text_bytes, "all");
        return;
    }
    for (unsigned lg2 = 0; lg2 < 64; lg2++)
        if (sizes >> lg2 & 1 && length < text_bytes)
            length += (size_t)snprintf(text + length, text_bytes - length, "%s%u%s", length ? " " : "",
                                       1u << lg2 % 10, suffixes[lg2 / 10]);
}

void mmu_setting_print(const struct mmu_parameter *parameter, uint64_t value, char *text, size_t text_bytes)
{
    if (parameter->kind == PARAMETER_SIZES)
        print_sizes(value, text, text_bytes);
    else if (parameter->kind == PARAMETER_SWITCH && value <= 1)
        snprintf(text, text_bytes, "%s", value ? "true" : "false");
    else if (parameter->kind == PARAMETER_CHOICE && value <= parameter->most)
        snprintf(text, text_bytes, "%s", parameter->choices[value]);
    else
        snprintf(text, text_bytes, "%" PRIu64, value);
}

/* ---- members ------------------------------------------------------------------------------------ */

static bool is_word(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(text);
}

static bool tlb_name_parse(const char *name, struct tlb_config *tlb)
{
    if (name[0] != 'l' || name[1] < '1' || name[1] > '0' + MMU_TLB_LEVELS_MAX)
        return false;
    const char *rest = name + 2;
    tlb->level = (uint64_t)(name[1] - '0');
    tlb->side = *rest == 'i' ? TLB_SIDE_INSTRUCTION : *rest == 'd' ? TLB_SIDE_DATA : TLB_SIDE_BOTH;
    if (tlb->side != TLB_SIDE_BOTH)
        rest++;
    return *rest == '\0' || (rest[0] == '_' && rest[1] != '\0' && !strchr(rest + 1, '_') && is_word(rest));
}

static void tlb_standards(struct tlb_config *tlb)
{
    if (strcmp(tlb->name, "l1i") == 0)
        tlb->entries = 48;
    if (tlb->level == 1)
        return;
    tlb->entries = 1536;
    tlb->ways = 12;
    tlb->latency_cycles = 7;
}

static bool cache_name_parse(const char *name, struct cache_config *cache)
{
    if (name[0] != 'l' || name[1] < '1' || name[1] > '0' + MMU_CACHES_MAX || name[2] != '\0')
        return false;
    cache->level = (uint64_t)(name[1] - '0');
    return true;
}

static void cache_standards(struct cache_config *cache)
{
    static const uint64_t sizes[MMU_CACHES_MAX] = {32 * KIB, MIB, 8 * MIB, 32 * MIB};
    static const uint64_t ways[MMU_CACHES_MAX] = {8, 16, 16, 16};
    static const uint64_t latencies[MMU_CACHES_MAX] = {4, 10, 30, 60};
    cache->size_bytes = sizes[cache->level - 1];
    cache->ways = ways[cache->level - 1];
    cache->latency_cycles = latencies[cache->level - 1];
}

/* A member of any family. */
union member {
    char name[MMU_NAME_BYTES];
    struct tlb_config tlb;
    struct walk_cache_config walk_cache;
    struct cache_config cache;
};

static bool name_parse(enum mmu_family_id family, const char *name, union member *member)
{
    if (strlen(name) >= MMU_NAME_BYTES)
        return false;
    if (family == MMU_FAMILY_TLB)
        return tlb_name_parse(name, &member->tlb);
    if (family == MMU_FAMILY_CACHE)
        return cache_name_parse(name, &member->cache);
    return *name >= 'a' && *name <= 'z' && is_word(name);
}

/* Its name is parsed. */
static void set_standards(enum mmu_family_id family, const char *name, union member *member)
{
    const struct mmu_family *rows = &families[family];
    memcpy(member->name, name, strlen(name));
    for (unsigned i = 0; i < rows->parameter_count; i++)
        memcpy((char *)member + rows->parameters[i].offset, &rows->parameters[i].standard, sizeof(uint64_t));
    if (family == MMU_FAMILY_TLB)
        tlb_standards(&member->tlb);
    if (family == MMU_FAMILY_CACHE)
        cache_standards(&member->cache);
}

static uint64_t member_level(const struct mmu_config *config, enum mmu_family_id family, size_t index)
{
    if (family == MMU_FAMILY_TLB)
        return config->tlbs[index].level;
    return family == MMU_FAMILY_CACHE ? config->caches[index].level : 0;
}

/* Behind those of its level; in front of those of higher ones. */
static void insert_member(struct mmu_config *config, enum mmu_family_id family, const union member *member)
{
    const struct member_array *array = &arrays[family];
    size_t count = read_at(config, array->count), place = count;
    uint64_t level =
        family == MMU_FAMILY_TLB ? member->tlb.level : (family == MMU_FAMILY_CACHE ? member->cache.level : 0);
    while (place > 0 && member_level(config, family, place - 1) > level)
        place--;
    char *at = (char *)config + member_offset(family, place);
    memmove(at + array->member_bytes, at, (count - place) * array->member_bytes);
    memcpy(at, member, array->member_bytes);
    write_at(config, array->count, count + 1);
}

/* The count of the family's members if there is none of this name. */
static size_t find_member(const struct mmu_config *config, enum mmu_family_id family, const char *name)
{
    size_t count = read_at(config, arrays[family].count), index = 0;
    while (index < count && strcmp(member_name(config, family, index), name) != 0)
        index++;
    return index;
}

bool mmu_member_add(struct mmu_config *config, enum mmu_family_id family, const char *name, char *error,
                    size_t error_bytes)
{
    union member member;
    memset(&member, 0, sizeof member);
    if (!name_parse(family, name, &member)) {
        snprintf(error, error_bytes, "%s.%.32s is no name of a member; names are %s", families[family].name,
                 name, families[family].names);
        return false;
    }
    size_t count = read_at(config, arrays[family].count);
    if (find_member(config, family, name) < count)
        return true;
    if (count == arrays[family].most) {
        snprintf(error, error_bytes, "%s.%s is one too many; a machine has at most %u of them",
                 families[family].name, name, arrays[family].most);
        return false;
    }
    set_standards(family, name, &member);
    insert_member(config, family, &member);
    return true;
}

bool mmu_member_remove(struct mmu_config *config, enum mmu_family_id family, const char *name)
{
    const struct member_array *array = &arrays[family];
    size_t count = read_at(config, array->count), index = find_member(config, family, name);
    if (index == count)
        return false;
    char *at = (char *)config + member_offset(family, index);
    size_t behind = (count - index - 1) * array->member_bytes;
    memmove(at, at + array->member_bytes, behind);
    memset(at + behind, 0, array->member_bytes);
    write_at(config, array->count, count - 1);
    return true;
}

void mmu_config_defaults(struct mmu_config *config)
{
    static const char *const tlbs[] = {"l1i", "l1d", "l2"};
    memset(config, 0, sizeof *config);
    for (unsigned i = 0; i < ROWS(parameters); i++)
        write_at(config, parameters[i].offset, parameters[i].standard);
    for (unsigned i = 0; i < ROWS(tlbs); i++)
        (void)mmu_member_add(config, MMU_FAMILY_TLB, tlbs[i], NULL, 0);
}
