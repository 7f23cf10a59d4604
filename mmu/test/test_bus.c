/*
 * The bus by hand: beats, requests in flight, and who is granted next; and against a bus that is stepped
 * cycle by cycle, on random traffic.
 *
 * MMUSIM_SEED replays one run; MMUSIM_RUNS says how many.
 */
#include <inttypes.h>

#include "mmu/test/rig.h"

#define RUNS       300u
#define STORES_MAX 12u

/* A store a cycle from `first_cycle` on; each asks for the bus one cycle later. */
struct burst {
    uint64_t first_cycle;
    unsigned stores;
};

struct traffic {
    struct mmu_config config;
    struct burst bursts[MMU_CORES_MAX];
    uint64_t granted[MMU_CORES_MAX][STORES_MAX];
};

static void traffic_defaults(struct traffic *traffic, unsigned cores)
{
    memset(traffic, 0, sizeof *traffic);
    mmu_config_defaults(&traffic->config);
    traffic->config.memory_bytes = UINT64_C(64) << 20;
    traffic->config.cores = cores;
    traffic->config.store_buffer_drain_cycles = 1;
    traffic->config.bus_occupancy_cycles = 10;
    traffic->config.memory_latency_cycles = 40;
}

static void run_traffic(struct traffic *traffic)
{
    static struct core_operation lists[MMU_CORES_MAX][STORES_MAX + 3];
    const struct core_operation *places[MMU_CORES_MAX];
    struct rig rig = {.config = traffic->config};
    rig_open(&rig);
    for (unsigned core = 0; core < traffic->config.cores; core++) {
        const struct burst *burst = &traffic->bursts[core];
        unsigned count = 0;
        if (burst->first_cycle > 0)
            lists[core][count++] = op_wait(burst->first_cycle);
        for (unsigned i = 0; i < burst->stores; i++)
            lists[core][count++] = op_write(rig.fixture.scratch + 8 * (core * STORES_MAX + i), i);
        lists[core][count++] = op_barrier(BARRIER_DSB_ISH);
        lists[core][count] = op_end();
        places[core] = lists[core];
    }
    rig_play(&rig, places);
    for (unsigned core = 0; core < traffic->config.cores; core++)
        for (unsigned i = 0; i < traffic->bursts[core].stores; i++)
            traffic->granted[core][i] =
                rig_event(&rig, EVENT_ENTRY_WRITE, core, i)->as.entry_write.visible_cycle;
    rig_close(&rig);
}

/* Core 0 asks in the cycles 1 to 3, core 1 in 2 to 4. */
static void two_bursts(struct traffic *traffic, enum bus_arbitration arbitration)
{
    traffic_defaults(traffic, 2);
    traffic->config.bus_arbitration = arbitration;
    traffic->bursts[0] = (struct burst){0, 3};
    traffic->bursts[1] = (struct burst){1, 3};
    run_traffic(traffic);
}

static void assert_grants(const struct traffic *traffic, unsigned core, uint64_t first, uint64_t second,
                          uint64_t third)
{
    assert_int_equal(traffic->granted[core][0], first);
    assert_int_equal(traffic->granted[core][1], second);
    assert_int_equal(traffic->granted[core][2], third);
}

static void oldest_first_goes_by_the_cycle_of_the_request(void **state)
{
    struct traffic traffic;
    (void)state;
    two_bursts(&traffic, BUS_OLDEST_FIRST);
    assert_grants(&traffic, 0, 1, 11, 31);
    assert_grants(&traffic, 1, 21, 41, 51);
}

static void round_robin_goes_on_behind_the_core_granted_last(void **state)
{
    struct traffic traffic;
    (void)state;
    two_bursts(&traffic, BUS_ROUND_ROBIN);
    assert_grants(&traffic, 0, 1, 21, 41);
    assert_grants(&traffic, 1, 11, 31, 51);
}

static void fixed_priority_goes_by_the_number_of_the_core(void **state)
{
    struct traffic traffic;
    (void)state;
    two_bursts(&traffic, BUS_FIXED_PRIORITY);
    assert_grants(&traffic, 0, 1, 11, 21);
    assert_grants(&traffic, 1, 31, 41, 51);
}

static void a_request_beyond_those_in_flight_waits_for_the_earliest_answer(void **state)
{
    struct traffic traffic;
    (void)state;
    traffic_defaults(&traffic, 1);
    traffic.config.bus_occupancy_cycles = 1;
    traffic.config.memory_requests = 2;
    traffic.bursts[0] = (struct burst){0, 5};
    run_traffic(&traffic);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(traffic.granted[0][i], 1 + i / 2 * 40 + i % 2);
}

/* ---- width --------------------------------------------------------------------------------------- */

/* When core 0's clear and core 1's read, asked for in the same cycle, are complete. */
static void clear_against_read(uint64_t width_bytes, uint64_t occupancy, uint64_t *cleared, uint64_t *read)
{
    struct rig rig;
    unsigned core;
    rig_defaults(&rig);
    rig.config.cores = 2;
    rig.config.bus_width_bytes = width_bytes;
    rig.config.bus_occupancy_cycles = occupancy;
    rig_open(&rig);
    struct machine *machine = rig.fixture.machine;
    struct core_operation operations[2] = {
        {.kind = CORE_CLEAR, .address = rig.fixture.scratch, .cycles = FIXTURE_PAGE},
        {.kind = CORE_READ, .address = rig.fixture.scratch + 8}};
    uint64_t *ends[2] = {cleared, read};
    bool posted[2] = {false, false};
    machine_add_program(machine, 0);
    machine_add_program(machine, 1);
    while (machine_advance(machine, &core) == MACHINE_PROGRAM) {
        if (posted[core]) {
            *ends[core] = machine_now(machine, core);
            machine_end_program(machine, core);
        } else {
            posted[core] = true;
            machine_post(machine, core, &operations[core]);
        }
    }
    rig_close(&rig);
}

static void a_transaction_takes_a_beat_for_each_width_of_it(void **state)
{
    static const struct {
        uint64_t width_bytes, occupancy;
    } buses[] = {{64, 1}, {64, 2}, {8, 2}, {4096, 7}, {512, 50}};
    (void)state;
    for (unsigned i = 0; i < sizeof buses / sizeof *buses; i++) {
        uint64_t cleared = 0, read = 0;
        uint64_t beats = FIXTURE_PAGE / buses[i].width_bytes, occupancy = buses[i].occupancy;
        clear_against_read(buses[i].width_bytes, occupancy, &cleared, &read);
        uint64_t last_beat = (beats - 1) * occupancy;
        assert_int_equal(cleared, last_beat > 120 ? last_beat : 120);
        assert_int_equal(read, beats * occupancy + 120);
    }
}

/* ---- against a bus that is stepped --------------------------------------------------------------- */

struct stepped_bus {
    unsigned next[MMU_CORES_MAX]; /* store to be granted */
    unsigned last_core;
    uint64_t free_cycle;
    uint64_t completions[MMU_CORES_MAX * STORES_MAX];
    unsigned granted;
};

static uint64_t asked_cycle(const struct traffic *traffic, unsigned core, unsigned store)
{
    return traffic->bursts[core].first_cycle + store + 1;
}

static bool asks(const struct traffic *traffic, const struct stepped_bus *bus, unsigned core, uint64_t cycle)
{
    return bus->next[core] < traffic->bursts[core].stores &&
           asked_cycle(traffic, core, bus->next[core]) <= cycle;
}

static bool memory_has_room(const struct traffic *traffic, const struct stepped_bus *bus, uint64_t cycle)
{
    unsigned busy = 0;
    for (unsigned i = 0; i < bus->granted; i++)
        busy += bus->completions[i] > cycle;
    return traffic->config.memory_requests == 0 || busy < traffic->config.memory_requests;
}

/* The core granted in this cycle; UINT32_MAX if none is. */
static unsigned choose(const struct traffic *traffic, const struct stepped_bus *bus, uint64_t cycle)
{
    unsigned cores = (unsigned)traffic->config.cores, chosen = UINT32_MAX;
    for (unsigned i = 0; i < cores; i++) {
        bool turns = traffic->config.bus_arbitration == BUS_ROUND_ROBIN;
        unsigned core = turns ? (bus->last_core + 1 + i) % cores : i;
        if (!asks(traffic, bus, core, cycle))
            continue;
        if (chosen == UINT32_MAX ||
            (traffic->config.bus_arbitration == BUS_OLDEST_FIRST &&
             asked_cycle(traffic, core, bus->next[core]) < asked_cycle(traffic, chosen, bus->next[chosen])))
            chosen = core;
    }
    return chosen;
}

static void compare_with_stepped(uint64_t seed, const struct traffic *traffic)
{
    struct stepped_bus bus = {.last_core = (unsigned)traffic->config.cores - 1};
    unsigned left = 0;
    for (unsigned core = 0; core < traffic->config.cores; core++)
        left += traffic->bursts[core].stores;
    for (uint64_t cycle = 0; left > 0; cycle++) {
        if (cycle < bus.free_cycle || !memory_has_room(traffic, &bus, cycle))
            continue;
        unsigned core = choose(traffic, &bus, cycle);
        if (core == UINT32_MAX)
            continue;
        uint64_t granted = traffic->granted[core][bus.next[core]];
        if (granted != cycle)
            fail_msg("MMUSIM_SEED=%" PRIu64 ": store %u of core %u is granted in cycle %" PRIu64
                     ", and stepped in %" PRIu64,
                     seed, bus.next[core], core, granted, cycle);
        bus.next[core]++;
        bus.last_core = core;
        bus.free_cycle = cycle + traffic->config.bus_occupancy_cycles;
        bus.completions[bus.granted++] = cycle + traffic->config.memory_latency_cycles;
        left--;
    }
}

static void random_traffic(uint64_t seed)
{
    struct traffic traffic;
    uint64_t random = seed;
    traffic_defaults(&traffic, 1 + (unsigned)draw_below(&random, 5));
    traffic.config.bus_arbitration = draw_below(&random, BUS_ARBITRATIONS);
    traffic.config.bus_occupancy_cycles = 1 + draw_below(&random, 12);
    traffic.config.memory_latency_cycles = 1 + draw_below(&random, 60);
    traffic.config.memory_requests = draw_below(&random, 4);
    for (unsigned core = 0; core < traffic.config.cores; core++)
        traffic.bursts[core] =
            (struct burst){draw_below(&random, 50), (unsigned)draw_below(&random, STORES_MAX + 1)};
    run_traffic(&traffic);
    compare_with_stepped(seed, &traffic);
}

static void grants_are_those_of_a_stepped_bus(void **state)
{
    const char *replay = getenv("MMUSIM_SEED"), *wanted = getenv("MMUSIM_RUNS");
    uint64_t first = replay ? strtoull(replay, NULL, 0) : 1;
    uint64_t runs = replay ? 1 : wanted ? strtoull(wanted, NULL, 0) : RUNS;
    (void)state;
    print_message("%" PRIu64 " runs from MMUSIM_SEED=%" PRIu64 "\n", runs, first);
    for (uint64_t seed = first; seed < first + runs; seed++)
        random_traffic(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(oldest_first_goes_by_the_cycle_of_the_request),
        cmocka_unit_test(round_robin_goes_on_behind_the_core_granted_last),
        cmocka_unit_test(fixed_priority_goes_by_the_number_of_the_core),
        cmocka_unit_test(a_request_beyond_those_in_flight_waits_for_the_earliest_answer),
        cmocka_unit_test(a_transaction_takes_a_beat_for_each_width_of_it),
        cmocka_unit_test(grants_are_those_of_a_stepped_bus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
