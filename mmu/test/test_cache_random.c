/*
 * Data caches under random traffic of several cores: every load's value is one that the order of decisions
 * allows, the lines' states are coherent, levels include those in front, counters add up, and a foreign
 * memory holds what no cache holds newer.
 *
 * MMUSIM_SEED replays one run; MMUSIM_RUNS says how many.
 */
#include <inttypes.h>

#include "mmu/core.h"
#include "mmu/test/cache_rig.h"
#include "mmu/transfer.h"

#define RUNS         20u
#define REGION_BYTES 1024u
#define ACCESSES     150u
#define CORES        4u

struct foreign {
    uint8_t *bytes;
    uint64_t latency_cycles;
    uint64_t random;
};

struct traffic {
    struct rig rig;
    struct foreign foreign;
    uint64_t seed;
    uint64_t reordered; /* loads decided before older ones of their core */
};

/* ---- a foreign memory in C ----------------------------------------------------------------------- */

static void exchange_foreign(struct memory_transaction *transaction, uint8_t *at)
{
    uint64_t desired = transaction->value;
    memcpy(&transaction->value, at, 8);
    if (transaction->value == transaction->expected)
        memcpy(at, &desired, 8);
}

static bool access_foreign(void *context, struct memory_transaction *transaction)
{
    struct foreign *foreign = context;
    uint8_t *at = foreign->bytes + transaction->pa;
    uint32_t bytes = transaction->size_bytes;
    transaction->latency_cycles = foreign->latency_cycles + draw_below(&foreign->random, 30);
    switch ((enum memory_transaction_kind)transaction->kind) {
    case MEMORY_READ:
        if (transaction->data)
            memcpy(transaction->data, at, bytes);
        else
            memcpy(&transaction->value, at, bytes < 8 ? bytes : 8);
        break;
    case MEMORY_WRITE:
        for (uint32_t i = 0; i < bytes; i++)
            at[i] = transaction->data ? transaction->data[i] : (uint8_t)(transaction->value >> 8 * (i % 8));
        break;
    case MEMORY_COMPARE_EXCHANGE:
        exchange_foreign(transaction, at);
        break;
    case MEMORY_CLEAR:
        memset(at, 0, bytes);
        break;
    }
    return true;
}

static void bind_foreign(struct traffic *traffic)
{
    struct machine *machine = traffic->rig.fixture.machine;
    struct memory_port port = {access_foreign, &traffic->foreign};
    traffic->foreign.latency_cycles = traffic->rig.config.memory_latency_cycles;
    traffic->foreign.random = traffic->seed;
    traffic->foreign.bytes = calloc(1, traffic->rig.config.memory_bytes);
    assert_non_null(traffic->foreign.bytes);
    for (uint64_t pa = 0; pa < traffic->rig.fixture.allocator.fresh; pa += 8) {
        uint64_t word;
        assert_true(machine_peek(machine, pa, &word));
        memcpy(traffic->foreign.bytes + pa, &word, 8);
    }
    machine_set_memory_port(machine, &port);
}

static void foreign_memory_is_up_to_date(const struct traffic *traffic)
{
    const struct machine *machine = traffic->rig.fixture.machine;
    for (uint64_t pa = 0; pa < traffic->rig.fixture.allocator.fresh; pa += 8) {
        uint64_t word;
        uint8_t cached;
        memcpy(&word, traffic->foreign.bytes + pa, 8);
        if (word != memory_read(&machine->memory, pa, 8) && !machine_cached_byte(machine, pa, &cached))
            fail_msg("MMUSIM_SEED=%" PRIu64 ": foreign memory is not up to date at 0x%" PRIx64, traffic->seed,
                     pa);
    }
}

/* ---- what loads may see -------------------------------------------------------------------------- */

/* Those that reached the memory system; in the order of their events. */
struct accesses {
    const struct event_translation *of[CORES * ACCESSES];
    uint8_t core[CORES * ACCESSES];
    unsigned count;
};

static void collect(const struct fixture *fixture, enum access_kind kind, struct accesses *accesses)
{
    accesses->count = 0;
    for (size_t i = 0; i < fixture->event_count; i++) {
        const struct event_translation *access = &fixture->events[i].as.translation;
        if (fixture->events[i].kind != EVENT_TRANSLATION || access->fault || access->access_kind != kind ||
            access->forwarded)
            continue;
        accesses->core[accesses->count] = fixture->events[i].core;
        accesses->of[accesses->count++] = access;
    }
}

/* The value of the last store to the word before the load; no two accesses to it share a cycle if one stores.
 */
static bool allowed(const struct accesses *stores, const struct event_translation *load)
{
    uint64_t last_cycle = 0, value = 0;
    bool any = false;
    for (unsigned i = 0; i < stores->count; i++) {
        const struct event_translation *store = stores->of[i];
        if (store->pa != load->pa || store->performed_cycle > load->performed_cycle)
            continue;
        if (store->performed_cycle == load->performed_cycle || (any && store->performed_cycle == last_cycle))
            return false;
        if (any && store->performed_cycle < last_cycle)
            continue;
        any = true;
        last_cycle = store->performed_cycle;
        value = store->value;
    }
    return load->value == value;
}

static void loads_see_what_was_stored(const struct traffic *traffic)
{
    struct accesses loads, stores;
    collect(&traffic->rig.fixture, ACCESS_LOAD, &loads);
    collect(&traffic->rig.fixture, ACCESS_STORE, &stores);
    for (unsigned i = 0; i < loads.count; i++)
        if (!allowed(&stores, loads.of[i]))
            fail_msg("MMUSIM_SEED=%" PRIu64 ": core %u's load %u of 0x%" PRIx64 " in cycle %" PRIu64
                     " has the value 0x%" PRIx64,
                     traffic->seed, loads.core[i], loads.of[i]->access, loads.of[i]->pa,
                     loads.of[i]->performed_cycle, loads.of[i]->value);
}

/* Decided before older accesses of their core; `word`: to the same word. */
static uint64_t count_reordered(const struct traffic *traffic, enum access_kind kind, bool word)
{
    struct accesses accesses;
    uint64_t reordered = 0;
    collect(&traffic->rig.fixture, kind, &accesses);
    for (unsigned i = 0; i < accesses.count; i++)
        for (unsigned k = 0; k < accesses.count; k++) {
            const struct event_translation *older = accesses.of[i], *younger = accesses.of[k];
            reordered += accesses.core[i] == accesses.core[k] && older->access < younger->access &&
                         (!word || older->pa == younger->pa) &&
                         younger->performed_cycle < older->performed_cycle;
        }
    return reordered;
}

static void accesses_are_in_order(struct traffic *traffic)
{
    assert_int_equal(count_reordered(traffic, ACCESS_LOAD, true), 0);
    assert_int_equal(count_reordered(traffic, ACCESS_STORE, false), 0);
    traffic->reordered = count_reordered(traffic, ACCESS_LOAD, false);
    if (traffic->rig.config.ordering == ORDERING_X86)
        assert_int_equal(traffic->reordered, 0);
}

/* ---- states of the lines ------------------------------------------------------------------------- */

static uint64_t line_of(const struct cache *cache, uint32_t slot)
{
    return cache->lines.entries[slot].va >> cache->line_lg2;
}

/* Nobody but the owner has the line, in the cores' own levels. */
static void check_owner(const struct traffic *traffic, unsigned core, uint64_t line)
{
    const struct memory_system *system = &traffic->rig.fixture.machine->memory_system;
    for (unsigned other = 0; other < traffic->rig.config.cores; other++)
        for (unsigned level = 1; other != core && level < system->coherent_level; level++)
            if (cache_find(cache_of(system, level, other), line) != TLB_NONE)
                fail_msg("MMUSIM_SEED=%" PRIu64 ": core %u owns line 0x%" PRIx64 ", and core %u has it",
                         traffic->seed, core, line, other);
}

static void check_line(const struct traffic *traffic, unsigned level, unsigned core, uint32_t slot)
{
    const struct memory_system *system = &traffic->rig.fixture.machine->memory_system;
    const struct cache *cache = cache_of(system, level, core);
    uint64_t line = line_of(cache, slot);
    bool own = level < system->coherent_level;
    if (own && cache->states[slot] & LINE_OWNED)
        check_owner(traffic, core, line);
    if (own && traffic->rig.config.cores > 1 && cache->states[slot] & LINE_DIRTY)
        assert_true(cache->states[slot] & LINE_OWNED);
    if (level < system->level_count && cache_find(cache_of(system, level + 1, core), line) == TLB_NONE)
        fail_msg("MMUSIM_SEED=%" PRIu64 ": level %u has line 0x%" PRIx64 " of level %u no more",
                 traffic->seed, level + 1, line, level);
}

static void lines_are_coherent_and_included(const struct traffic *traffic)
{
    const struct memory_system *system = &traffic->rig.fixture.machine->memory_system;
    for (unsigned level = 1; level <= system->level_count; level++)
        for (unsigned core = 0; core < system->levels[level - 1].count; core++) {
            const struct cache *cache = cache_of(system, level, core);
            for (uint32_t slot = 0; slot < cache->lines.geometry.entries; slot++)
                if (tlb_slot_used(&cache->lines, slot))
                    check_line(traffic, level, core, slot);
        }
}

/* Over all cores: fills = evictions + dropped + what is there. */
static void fills_are_accounted_for(const struct traffic *traffic)
{
    const struct machine *machine = traffic->rig.fixture.machine;
    const struct memory_system *system = &machine->memory_system;
    for (unsigned level = 0; level < system->level_count; level++) {
        uint64_t fills = 0, gone = 0;
        for (unsigned core = 0; core < traffic->rig.config.cores; core++) {
            const struct cache_counters *counters = &machine_counters(machine, core)->caches[level];
            fills += counters->fills;
            gone += counters->evictions + counters->dropped;
            assert_int_equal(counters->lookups, counters->hits + counters->misses + counters->merged);
        }
        for (unsigned i = 0; i < system->levels[level].count; i++)
            gone += system->levels[level].caches[i].lines.used;
        assert_int_equal(fills, gone);
    }
}

/* Every transfer has been given back, and nothing is to come. */
static void nothing_is_left(const struct traffic *traffic)
{
    const struct memory_system *system = &traffic->rig.fixture.machine->memory_system;
    assert_int_equal(system->waiting, 0);
    assert_int_equal(system->write_backs, 0);
    assert_int_equal(system->calendar.count, 0);
    for (uint32_t i = 0; i < system->transfer_count; i++)
        assert_int_equal(system->transfers[i].kind, TRANSFER_FREE);
    for (unsigned core = 0; core < traffic->rig.config.cores; core++)
        assert_int_equal(traffic->rig.fixture.machine->cores[core].undecided, 0);
}

/* ---- runs ---------------------------------------------------------------------------------------- */

static void draw_machine(uint64_t *random, struct rig *rig)
{
    do {
        mmu_config_defaults(&rig->config);
        draw_memory_system(random, &rig->config);
    } while (rig->config.cache_count == 0);
    rig->config.memory_bytes = UINT64_C(16) << 20;
    rig->config.cores = 1 + draw_below(random, CORES);
    rig->config.memory_latency_cycles = 1 + draw_below(random, 100);
    rig->config.bus_occupancy_cycles = 1 + draw_below(random, 8);
    rig->config.store_buffer_depth = draw_below(random, 6);
    rig->config.store_buffer_drain_cycles = 1 + draw_below(random, 10);
}

static void draw_stream(uint64_t *random, const struct fixture *fixture, struct script *script)
{
    script->steps = calloc(2, sizeof *script->steps);
    assert_non_null(script->steps);
    script->count = 2;
    script->steps[0].operation =
        (struct core_operation){.kind = CORE_SWITCH, .context = &fixture->contexts[0]};
    script->steps[1].operation = (struct core_operation){.kind = CORE_STREAM,
                                                         .privilege = PRIVILEGE_USER,
                                                         .data_mode = DATA_BUS,
                                                         .window = 1u << draw_below(random, 6)};
    script->steps[1].stream = (struct stream_config){.pattern = STREAM_UNIFORM,
                                                     .base = fixture_va(1),
                                                     .region_bytes = REGION_BYTES >> draw_below(random, 5),
                                                     .accesses = ACCESSES,
                                                     .seed = draw(random),
                                                     .store_fraction = 0.1 * (double)draw_below(random, 8),
                                                     .size_bytes = 8};
}

static uint64_t check_run(uint64_t seed, bool foreign)
{
    struct traffic traffic = {.seed = seed};
    struct script scripts[CORES] = {{.count = 0}};
    struct fixture *fixture = &traffic.rig.fixture;
    uint64_t random = seed;
    draw_machine(&random, &traffic.rig);
    rig_open(&traffic.rig);
    if (foreign)
        bind_foreign(&traffic);
    for (unsigned core = 0; core < traffic.rig.config.cores; core++)
        draw_stream(&random, fixture, &scripts[core]);
    assert_int_equal(script_run(fixture, scripts, machine_advance).status, MACHINE_DONE);
    assert_int_equal(machine_finish(fixture->machine), 0);
    loads_see_what_was_stored(&traffic);
    accesses_are_in_order(&traffic);
    lines_are_coherent_and_included(&traffic);
    fills_are_accounted_for(&traffic);
    nothing_is_left(&traffic);
    if (foreign)
        foreign_memory_is_up_to_date(&traffic);
    for (unsigned core = 0; core < traffic.rig.config.cores; core++)
        script_free(&scripts[core]);
    free(traffic.foreign.bytes);
    rig_close(&traffic.rig);
    return traffic.reordered;
}

static uint64_t check_runs(bool foreign)
{
    const char *replay = getenv("MMUSIM_SEED"), *wanted = getenv("MMUSIM_RUNS");
    uint64_t first = replay ? strtoull(replay, NULL, 0) : 1;
    uint64_t runs = replay ? 1 : wanted ? strtoull(wanted, NULL, 0) : RUNS;
    uint64_t reordered = 0;
    print_message("%" PRIu64 " runs from MMUSIM_SEED=%" PRIu64 "\n", runs, first);
    for (uint64_t seed = first; seed < first + runs; seed++)
        reordered += check_run(seed, foreign);
    return reordered;
}

static void caches_are_coherent_in_front_of_the_machines_memory(void **state)
{
    (void)state;
    assert_true(check_runs(false) > 0 || getenv("MMUSIM_SEED")); /* hits do pass misses where they may */
}

static void caches_are_coherent_in_front_of_a_foreign_memory(void **state)
{
    (void)state;
    check_runs(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caches_are_coherent_in_front_of_the_machines_memory),
        cmocka_unit_test(caches_are_coherent_in_front_of_a_foreign_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
