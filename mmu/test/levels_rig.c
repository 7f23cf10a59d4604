#include "mmu/test/levels_rig.h"

void levels_defaults(struct rig *rig)
{
    rig_defaults(rig);
    while (rig->config.tlb_count > 0)
        mmu_member_remove(&rig->config, MMU_FAMILY_TLB, rig->config.tlbs[0].name);
}

struct tlb_config *levels_find(struct rig *rig, const char *name)
{
    for (uint64_t i = 0; i < rig->config.tlb_count; i++)
        if (strcmp(rig->config.tlbs[i].name, name) == 0)
            return &rig->config.tlbs[i];
    fail_msg("there is no tlb.%s", name);
    return NULL;
}

static void add_member(struct rig *rig, enum mmu_family_id family, const char *name)
{
    char error[256] = "";
    if (!mmu_member_add(&rig->config, family, name, error, sizeof error))
        fail_msg("%s", error);
}

struct tlb_config *levels_tlb(struct rig *rig, const char *name, uint64_t entries, uint64_t latency_cycles)
{
    add_member(rig, MMU_FAMILY_TLB, name);
    set_geometry(levels_find(rig, name), entries, entries, latency_cycles);
    return levels_find(rig, name);
}

struct walk_cache_config *levels_walk_cache(struct rig *rig, const char *name, uint64_t entries,
                                            uint64_t latency_cycles)
{
    add_member(rig, MMU_FAMILY_WALK_CACHE, name);
    struct walk_cache_config *cache = &rig->config.walk_caches[rig->config.walk_cache_count - 1];
    cache->entries = cache->ways = entries;
    cache->latency_cycles = latency_cycles;
    return cache;
}

void levels_two(struct rig *rig, uint64_t l1_cycles, uint64_t l2_cycles)
{
    levels_defaults(rig);
    levels_tlb(rig, "l1i", 2, l1_cycles);
    levels_tlb(rig, "l1d", 2, l1_cycles);
    levels_tlb(rig, "l2", 64, l2_cycles);
}

void levels_begin(struct rig *rig)
{
    rig_open(rig);
    rig_begin(rig);
    rig_settle(rig);
}

void levels_finish(struct rig *rig)
{
    rig_end(rig);
    rig_close(rig);
}

struct core_operation op_load(uint64_t va)
{
    return op_access(ACCESS_LOAD, DATA_NONE, va);
}

uint64_t levels_load(struct rig *rig, uint64_t va)
{
    struct core_operation operation = op_load(va);
    rig_settle(rig);
    return rig_cycles(rig, &operation);
}

uint64_t levels_walk_cycles(const struct rig *rig, unsigned fetches)
{
    assert_true(rig->config.bus_occupancy_cycles <= rig->config.memory_latency_cycles);
    return fetches * rig->config.memory_latency_cycles;
}

static uint64_t number_of(const struct rig *rig, const char *name)
{
    const struct mmu_config *config = &rig->config;
    for (uint64_t i = 0; i < config->tlb_count; i++)
        if (strcmp(config->tlbs[i].name, name) == 0)
            return i;
    for (uint64_t i = 0; i < config->walk_cache_count; i++)
        if (strcmp(config->walk_caches[i].name, name) == 0)
            return config->tlb_count + i;
    fail_msg("there is no array %s", name);
    return 0;
}

const struct array_counters *levels_array(struct rig *rig, unsigned core, const char *name)
{
    return &machine_counters(rig->fixture.machine, core)->arrays[number_of(rig, name)];
}

bool levels_left_in(const struct rig *rig, unsigned core, const char *name, uint64_t va)
{
    const struct mmu_event *event;
    for (unsigned i = 0; (event = rig_event(rig, EVENT_TLB_ENTRY, core, i)); i++) {
        const struct event_tlb_entry *entry = &event->as.tlb_entry;
        if (entry->end == ENTRY_END_RUN && entry->tlb == number_of(rig, name) && entry->va == va)
            return true;
    }
    return false;
}

static long next_listed(struct stream *stream, struct stream_access *accesses, size_t capacity)
{
    struct listed_stream *listed = (struct listed_stream *)stream;
    size_t given = 0;
    for (; given < capacity && listed->next < listed->count; given++, listed->next++) {
        const struct any_access *access = &listed->accesses[listed->next];
        accesses[given] =
            (struct stream_access){.va = access->va, .size_bytes = 8, .kind = (uint8_t)access->kind};
    }
    stream->remaining -= given;
    return (long)given;
}

static void close_listed(struct stream *stream)
{
    (void)stream;
}

struct core_operation op_listed(struct listed_stream *stream, const struct any_access *accesses,
                                unsigned count)
{
    *stream = (struct listed_stream){{next_listed, close_listed, count, NULL}, accesses, count, 0};
    return (struct core_operation){
        .kind = CORE_STREAM, .data_mode = DATA_NONE, .window = MMU_WINDOW_MAX, .stream = &stream->stream};
}

uint64_t levels_stream(struct rig *rig, const struct any_access *accesses, unsigned count)
{
    struct listed_stream stream;
    struct core_operation operation = op_listed(&stream, accesses, count);
    rig_settle(rig);
    return rig_cycles(rig, &operation);
}
