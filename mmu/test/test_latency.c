/*
 * What everything costs: each path's cycles, computed by hand from the machine's parameters.
 *
 * Each test runs on several machines whose parameters are chosen so that no two sums are equal by chance.
 */
#include "mmu/test/rig.h"

#define GIB      (UINT64_C(1) << 30)
#define BLOCK_VA (2 * GIB)                 /* a 2 MiB block */
#define GIANT_VA (3 * GIB)                 /* a 1 GiB block */
#define HOLE_VA  fixture_va(FIXTURE_PAGES) /* in the same last-level table as the fixture's pages */

struct parameters {
    uint64_t l1, l2, memory, bus, network, drop, dsb, drain, fault;
};

static const struct parameters machines[] = {
    {1, 7, 120, 2, 20, 4, 4, 8, 50},
    {3, 11, 37, 5, 13, 17, 29, 19, 23},
    {2, 5, 97, 31, 41, 3, 7, 3, 11},
    {1, 9, 10, 25, 1, 1, 1, 1, 1}, /* the bus is slower than memory */
};
#define MACHINES (sizeof machines / sizeof *machines)

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* One requester alone on the bus: a fetch asks when the one before has answered, and the bus is free then
 * unless it is slower than memory. */
static uint64_t walk_cycles(const struct mmu_config *config, unsigned fetches)
{
    return (fetches - 1) * most(config->memory_latency_cycles, config->bus_occupancy_cycles) +
           config->memory_latency_cycles;
}

/* From the issue to the second level's answer. */
static uint64_t miss_cycles(const struct mmu_config *config)
{
    return config->tlbs[TLB_L1D].latency_cycles + config->tlbs[TLB_L2].latency_cycles;
}

static void configure(struct rig *rig, const struct parameters *parameters)
{
    rig_defaults(rig);
    set_geometry(&rig->config.tlbs[TLB_L1D], 2, 2, parameters->l1);
    rig->config.tlbs[TLB_L2].latency_cycles = parameters->l2;
    rig->config.memory_latency_cycles = parameters->memory;
    rig->config.bus_occupancy_cycles = parameters->bus;
    rig->config.network_latency_cycles = parameters->network;
    rig->config.invalidate_cycles = parameters->drop;
    rig->config.barrier_cycles = parameters->dsb;
    rig->config.store_buffer_drain_cycles = parameters->drain;
    rig->config.fault_cycles = parameters->fault;
}

static void begin(struct rig *rig, const struct parameters *parameters)
{
    configure(rig, parameters);
    rig_open(rig);
    rig_begin(rig);
    rig_settle(rig);
}

static void finish(struct rig *rig)
{
    rig_end(rig);
    rig_close(rig);
}

static uint64_t load_cycles(struct rig *rig, enum data_mode mode, uint64_t va)
{
    struct core_operation operation = op_access(ACCESS_LOAD, mode, va);
    return rig_cycles(rig, &operation);
}

/* Puts a page into the first level. */
static void warm(struct rig *rig, uint64_t va)
{
    load_cycles(rig, DATA_NONE, va);
    rig_settle(rig);
}

/* Only machines on which the bus is free again when a walk's next fetch comes, of two walks at once. */
static bool bus_is_quick(const struct parameters *parameters)
{
    return 2 * parameters->bus <= parameters->memory;
}

/* ---- translation --------------------------------------------------------------------------------- */

static void a_first_level_hit_takes_its_latency(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        begin(&rig, &machines[i]);
        warm(&rig, fixture_va(1));
        assert_int_equal(load_cycles(&rig, DATA_NONE, fixture_va(1)),
                         rig.config.tlbs[TLB_L1D].latency_cycles);
        finish(&rig);
    }
}

static void a_second_level_hit_takes_both_latencies(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        begin(&rig, &machines[i]);
        for (unsigned page = 1; page <= 3; page++) /* the first level has two entries */
            warm(&rig, fixture_va(page));
        assert_int_equal(load_cycles(&rig, DATA_NONE, fixture_va(1)), miss_cycles(&rig.config));
        assert_int_equal(machine_counters(rig.fixture.machine, 0)->misses.hits[1], 1);
        finish(&rig);
    }
}

static void a_walk_takes_a_fetch_for_each_level(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        struct frame block = {.base = 0x200000, .attributes = FRAME_READABLE | FRAME_USER, .size_lg2 = 21};
        struct frame giant = {.base = GIB, .attributes = FRAME_READABLE | FRAME_USER, .size_lg2 = 30};
        configure(&rig, &machines[i]);
        rig_open(&rig);
        rig_map(&rig, BLOCK_VA, &block);
        rig_map(&rig, GIANT_VA, &giant);
        rig_begin(&rig);
        uint64_t miss = miss_cycles(&rig.config);
        assert_int_equal(load_cycles(&rig, DATA_NONE, fixture_va(1)), miss + walk_cycles(&rig.config, 4));
        rig_settle(&rig);
        assert_int_equal(load_cycles(&rig, DATA_NONE, BLOCK_VA + 4096), miss + walk_cycles(&rig.config, 3));
        rig_settle(&rig);
        assert_int_equal(load_cycles(&rig, DATA_NONE, GIANT_VA + 4096), miss + walk_cycles(&rig.config, 2));
        rig_settle(&rig);
        assert_int_equal(load_cycles(&rig, DATA_NONE, GIANT_VA + GIB - 8),
                         rig.config.tlbs[TLB_L1D].latency_cycles);
        assert_int_equal(machine_counters(rig.fixture.machine, 0)->walker.steps, 4 + 3 + 2);
        finish(&rig);
    }
}

static void run_stream(struct rig *rig, uint64_t step_bytes, uint64_t accesses, uint32_t window,
                       uint64_t *cycles)
{
    char error[256];
    struct stream_config config = {.pattern = STREAM_STRIDE,
                                   .base = fixture_va(4),
                                   .region_bytes = 8 * FIXTURE_PAGE,
                                   .accesses = accesses,
                                   .step_bytes = step_bytes};
    struct stream *stream = stream_open(&config, error, sizeof error);
    struct core_operation operation = {
        .kind = CORE_STREAM, .data_mode = DATA_NONE, .window = window, .stream = stream};
    assert_non_null(stream);
    *cycles = rig_cycles(rig, &operation);
    stream->close(stream);
}

static void a_merged_miss_ends_with_the_first(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        uint64_t cycles;
        begin(&rig, &machines[i]);
        run_stream(&rig, 8, 2, 2, &cycles);
        assert_int_equal(cycles, miss_cycles(&rig.config) + walk_cycles(&rig.config, 4));
        finish(&rig);
    }
}

static void a_merged_miss_is_told_as_such(void **state)
{
    struct rig rig;
    uint64_t cycles;
    (void)state;
    begin(&rig, &machines[0]);
    run_stream(&rig, 8, 2, 2, &cycles);
    rig_end(&rig);
    const struct event_translation *first = &rig_event(&rig, EVENT_TRANSLATION, 0, 0)->as.translation;
    const struct event_translation *second = &rig_event(&rig, EVENT_TRANSLATION, 0, 1)->as.translation;
    assert_int_equal(first->outcome, OUTCOME_WALK);
    assert_int_equal(second->outcome, OUTCOME_MERGED);
    assert_int_equal(second->issue_cycle, first->issue_cycle + 1);
    assert_int_equal(second->translated_cycle, first->translated_cycle);
    assert_int_equal(second->walk, first->walk);
    rig_close(&rig);
}

static void a_queued_walk_begins_when_a_slot_is_free(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        uint64_t cycles;
        configure(&rig, &machines[i]);
        rig.config.walker_slots = 1;
        rig_open(&rig);
        rig_begin(&rig);
        run_stream(&rig, FIXTURE_PAGE, 2, 2, &cycles);
        /* the first of the second walk's fetches may wait for a slow bus as any other */
        assert_int_equal(cycles, miss_cycles(&rig.config) + walk_cycles(&rig.config, 8));
        rig_end(&rig);
        const struct mmu_event *first = rig_event(&rig, EVENT_WALK, 0, 0);
        const struct mmu_event *second = rig_event(&rig, EVENT_WALK, 0, 1);
        assert_int_equal(second->as.walk.start_cycle, first->cycle);
        assert_int_equal(second->as.walk.request_cycle, first->as.walk.request_cycle + 1);
        rig_close(&rig);
    }
}

static void a_stalled_access_waits_for_a_free_miss(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        uint64_t cycles;
        configure(&rig, &machines[i]);
        rig.config.misses = 1;
        rig_open(&rig);
        rig_begin(&rig);
        run_stream(&rig, FIXTURE_PAGE, 2, 2, &cycles);
        /* its second level is looked up after the first walk; the bus is free again when it walks */
        uint64_t first = miss_cycles(&rig.config) + walk_cycles(&rig.config, 4);
        uint64_t gap = most(rig.config.tlbs[TLB_L2].latency_cycles + rig.config.memory_latency_cycles,
                            rig.config.bus_occupancy_cycles) -
                       rig.config.memory_latency_cycles;
        assert_int_equal(cycles, first + gap + walk_cycles(&rig.config, 4));
        finish(&rig);
    }
}

static void hits_of_a_stream_are_issued_one_a_cycle(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        uint64_t cycles;
        begin(&rig, &machines[i]);
        warm(&rig, fixture_va(4));
        run_stream(&rig, 8, 100, 64, &cycles);
        assert_int_equal(cycles, 100 - 1 + rig.config.tlbs[TLB_L1D].latency_cycles);
        rig_settle(&rig);
        run_stream(&rig, 8, 100, 1, &cycles); /* one in flight: one after the other */
        assert_int_equal(cycles, 100 * rig.config.tlbs[TLB_L1D].latency_cycles);
        finish(&rig);
    }
}

/* ---- bus ----------------------------------------------------------------------------------------- */

static void of_two_requests_in_a_cycle_the_second_waits_for_the_bus(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        if (!bus_is_quick(&machines[i]))
            continue;
        configure(&rig, &machines[i]);
        rig.config.cores = 2;
        rig_open(&rig);
        const struct core_operation list[] = {op_switch(&rig),
                                              op_access(ACCESS_LOAD, DATA_NONE, fixture_va(1)), op_end()};
        rig_play(&rig, (const struct core_operation *const[]){list, list});
        uint64_t alone = miss_cycles(&rig.config) + walk_cycles(&rig.config, 4);
        for (unsigned core = 0; core < 2; core++) {
            const struct event_translation *access =
                &rig_event(&rig, EVENT_TRANSLATION, core, 0)->as.translation;
            uint64_t waited = core * rig.config.bus_occupancy_cycles;
            assert_int_equal(access->translated_cycle - access->issue_cycle, alone + waited);
            assert_int_equal(machine_counters(rig.fixture.machine, core)->bus.wait_cycles, waited);
        }
        rig_close(&rig);
    }
}

static void physical_operations_take_memorys_latency(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        begin(&rig, &machines[i]);
        uint64_t memory = rig.config.memory_latency_cycles, drain = rig.config.store_buffer_drain_cycles;
        uint64_t pa = rig.fixture.scratch;
        struct core_operation read = {.kind = CORE_READ, .address = pa};
        struct core_operation exchange = {.kind = CORE_COMPARE_EXCHANGE, .address = pa + 8, .expected = 0};
        struct core_operation clear = {.kind = CORE_CLEAR, .address = pa, .cycles = FIXTURE_PAGE};
        struct core_operation write = op_write(pa, 1);
        assert_int_equal(rig_cycles(&rig, &read), memory);
        rig_settle(&rig);
        assert_int_equal(rig_cycles(&rig, &exchange), memory);
        rig_settle(&rig);
        uint64_t last_beat =
            (FIXTURE_PAGE / rig.config.bus_width_bytes - 1) * rig.config.bus_occupancy_cycles;
        assert_int_equal(rig_cycles(&rig, &clear), most(memory, last_beat));
        rig_settle(&rig);
        assert_int_equal(rig_cycles(&rig, &write), 1);
        assert_int_equal(rig_cycles(&rig, &read), 1); /* forwarded */
        rig_settle(&rig);
        assert_int_equal(rig_cycles(&rig, &write), 1);
        /* after the store has drained, which took one cycle less from here */
        assert_int_equal(rig_cycles(&rig, &exchange),
                         drain - 1 + most(memory, rig.config.bus_occupancy_cycles) + memory);
        finish(&rig);
    }
}

/* ---- data and stores ----------------------------------------------------------------------------- */

static void data_on_the_bus_is_asked_for_when_translated(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        begin(&rig, &machines[i]);
        assert_int_equal(load_cycles(&rig, DATA_BUS, fixture_va(1)),
                         miss_cycles(&rig.config) + walk_cycles(&rig.config, 5));
        rig_settle(&rig);
        assert_int_equal(load_cycles(&rig, DATA_BUS, fixture_va(1)),
                         rig.config.tlbs[TLB_L1D].latency_cycles + rig.config.memory_latency_cycles);
        finish(&rig);
    }
}

static void fixed_data_takes_its_own_latency(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        configure(&rig, &machines[i]);
        rig.config.fixed_data_cycles = 7 + i;
        rig_open(&rig);
        rig_begin(&rig);
        warm(&rig, fixture_va(1));
        assert_int_equal(load_cycles(&rig, DATA_FIXED, fixture_va(1)),
                         rig.config.tlbs[TLB_L1D].latency_cycles + rig.config.fixed_data_cycles);
        finish(&rig);
    }
}

static void a_buffered_store_ends_when_translated_and_is_forwarded(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        struct core_operation store = op_store(fixture_va(1), 77);
        begin(&rig, &machines[i]);
        warm(&rig, fixture_va(1));
        assert_int_equal(rig_cycles(&rig, &store), rig.config.tlbs[TLB_L1D].latency_cycles);
        assert_int_equal(load_cycles(&rig, DATA_BUS, fixture_va(1)), rig.config.tlbs[TLB_L1D].latency_cycles);
        assert_int_equal(machine_result(rig.fixture.machine, 0)->value, 77);
        assert_int_equal(machine_counters(rig.fixture.machine, 0)->store_buffer.forwarded, 1);
        finish(&rig);
    }
}

static void a_store_without_a_buffer_waits_for_memory(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        struct core_operation store = op_store(fixture_va(1), 77);
        configure(&rig, &machines[i]);
        rig.config.store_buffer_depth = 0;
        rig_open(&rig);
        rig_begin(&rig);
        warm(&rig, fixture_va(1));
        /* one cycle from the translation to the request */
        assert_int_equal(rig_cycles(&rig, &store),
                         rig.config.tlbs[TLB_L1D].latency_cycles + 1 + rig.config.memory_latency_cycles);
        finish(&rig);
    }
}

static void a_store_waits_for_room_in_a_full_buffer(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        struct core_operation first = op_store(fixture_va(1), 1), second = op_store(fixture_va(1) + 64, 2);
        configure(&rig, &machines[i]);
        rig.config.store_buffer_depth = 1;
        rig_open(&rig);
        rig_begin(&rig);
        warm(&rig, fixture_va(1));
        rig_do(&rig, &first);
        uint64_t room = rig.config.store_buffer_drain_cycles + rig.config.memory_latency_cycles;
        assert_int_equal(rig_cycles(&rig, &second), room);
        assert_int_equal(machine_counters(rig.fixture.machine, 0)->store_buffer.full_cycles,
                         room - rig.config.tlbs[TLB_L1D].latency_cycles);
        finish(&rig);
    }
}

/* ---- barriers and invalidations ------------------------------------------------------------------ */

static void a_barrier_with_nothing_to_wait_for_takes_its_least(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        begin(&rig, &machines[i]);
        for (unsigned kind = 0; kind < BARRIER_KINDS; kind++) {
            struct core_operation barrier = op_barrier((enum barrier_kind)kind);
            bool data = kind == BARRIER_DSB_ISH || kind == BARRIER_DSB_NSH || kind == BARRIER_DSB_ISHST;
            uint64_t other = kind == BARRIER_ISB ? rig.config.isb_cycles : rig.config.memory_barrier_cycles;
            assert_int_equal(rig_cycles(&rig, &barrier), data ? rig.config.barrier_cycles : other);
        }
        finish(&rig);
    }
}

static void every_dsb_waits_for_own_stores(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        struct core_operation write;
        begin(&rig, &machines[i]);
        write = op_write(rig.fixture.scratch, 1);
        for (unsigned kind = BARRIER_DSB_ISH; kind <= BARRIER_DSB_ISHST; kind++) {
            struct core_operation barrier = op_barrier((enum barrier_kind)kind);
            uint64_t drained = rig.config.store_buffer_drain_cycles + rig.config.memory_latency_cycles - 1;
            rig_do(&rig, &write);
            assert_int_equal(rig_cycles(&rig, &barrier), most(drained, rig.config.barrier_cycles));
            rig_settle(&rig);
        }
        struct core_operation isb = op_barrier(BARRIER_ISB);
        rig_do(&rig, &write);
        assert_int_equal(rig_cycles(&rig, &isb), rig.config.isb_cycles);
        finish(&rig);
    }
}

/* An invalidation and a barrier; how long the barrier took. */
static uint64_t barrier_after(struct rig *rig, bool broadcast, enum barrier_kind kind)
{
    struct core_operation invalidate = op_invalidate(fixture_va(1), broadcast);
    struct core_operation barrier = op_barrier(kind);
    assert_int_equal(rig_cycles(rig, &invalidate), 1);
    uint64_t cycles = rig_cycles(rig, &barrier);
    rig_settle(rig);
    return cycles;
}

static void a_local_invalidation_is_a_look_up_and_two_cycles(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        configure(&rig, &machines[i]);
        rig.config.cores = 3;
        rig_open(&rig);
        rig_begin(&rig);
        uint64_t least = rig.config.barrier_cycles, complete = 1 + rig.config.invalidate_cycles + 1;
        assert_int_equal(barrier_after(&rig, false, BARRIER_DSB_NSH), most(least, complete - 1));
        assert_int_equal(barrier_after(&rig, false, BARRIER_DSB_ISH), most(least, complete - 1));
        assert_int_equal(barrier_after(&rig, false, BARRIER_DSB_ISHST), least);
        assert_int_equal(machine_counters(rig.fixture.machine, 0)->invalidations.cycles, 3 * complete);
        assert_int_equal(machine_counters(rig.fixture.machine, 1)->invalidations.received, 0);
        finish(&rig);
    }
}

static void a_broadcast_goes_to_the_others_and_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        configure(&rig, &machines[i]);
        rig.config.cores = 3;
        rig_open(&rig);
        rig_begin(&rig);
        uint64_t least = rig.config.barrier_cycles;
        uint64_t complete = most(1, rig.config.network_latency_cycles) * 2 + rig.config.invalidate_cycles;
        assert_int_equal(barrier_after(&rig, true, BARRIER_DSB_ISH), most(least, complete - 1));
        assert_int_equal(barrier_after(&rig, true, BARRIER_DSB_NSH), least);
        assert_int_equal(barrier_after(&rig, true, BARRIER_DSB_ISHST), least);
        assert_int_equal(machine_counters(rig.fixture.machine, 0)->invalidations.cycles, 3 * complete);
        assert_int_equal(machine_counters(rig.fixture.machine, 2)->invalidations.received, 3);
        finish(&rig);
    }
}

/* The unit of a core takes one after the other. */
static void invalidations_queue_for_the_unit(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        begin(&rig, &machines[i]);
        struct core_operation invalidate = op_invalidate(fixture_va(1), false);
        struct core_operation barrier = op_barrier(BARRIER_DSB_NSH);
        for (unsigned n = 0; n < 3; n++)
            assert_int_equal(rig_cycles(&rig, &invalidate), 1);
        /* three were issued in three cycles; the unit began with the first one cycle after its issue */
        assert_int_equal(rig_cycles(&rig, &barrier),
                         most(rig.config.barrier_cycles, 1 + 3 * rig.config.invalidate_cycles + 1 - 3));
        finish(&rig);
    }
}

/* ---- crossing and faults ------------------------------------------------------------------------- */

static void a_crossing_access_issues_its_halves_one_after_the_other(void **state)
{
    uint64_t va = fixture_va(5) - 4;
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        begin(&rig, &machines[i]);
        const struct mmu_config *config = &rig.config;
        if (bus_is_quick(&machines[i])) {
            assert_int_equal(load_cycles(&rig, DATA_NONE, va),
                             miss_cycles(config) + config->bus_occupancy_cycles + walk_cycles(config, 4));
            rig_settle(&rig);
        }
        warm(&rig, fixture_va(4));
        warm(&rig, fixture_va(5));
        assert_int_equal(load_cycles(&rig, DATA_NONE, va), 1 + config->tlbs[TLB_L1D].latency_cycles);
        rig_settle(&rig);
        assert_int_equal(load_cycles(&rig, DATA_BUS, va), 1 + config->tlbs[TLB_L1D].latency_cycles +
                                                              config->bus_occupancy_cycles +
                                                              config->memory_latency_cycles);
        finish(&rig);
    }
}

static void a_fault_is_delivered_after_its_cost(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MACHINES; i++) {
        struct rig rig;
        begin(&rig, &machines[i]);
        const struct core_result *result = machine_result(rig.fixture.machine, 0);
        uint64_t miss = miss_cycles(&rig.config), fault = rig.config.fault_cycles;
        assert_int_equal(load_cycles(&rig, DATA_BUS, HOLE_VA), miss + walk_cycles(&rig.config, 4) + fault);
        assert_int_equal(result->fault, FAULT_TRANSLATION);
        assert_int_equal(result->fault_level, 3);
        rig_settle(&rig);
        assert_int_equal(load_cycles(&rig, DATA_BUS, GIANT_VA), miss + walk_cycles(&rig.config, 2) + fault);
        assert_int_equal(result->fault_level, 1);
        rig_settle(&rig);
        assert_int_equal(load_cycles(&rig, DATA_BUS, UINT64_C(1) << 48), miss + fault);
        assert_int_equal(result->fault, FAULT_TRANSLATION);
        assert_int_equal(machine_counters(rig.fixture.machine, 0)->misses.no_walk, 1);
        rig_settle(&rig);
        /* page 4 may be read only; what is cached says so */
        struct core_operation store = op_store(fixture_va(4), 1);
        warm(&rig, fixture_va(4));
        assert_int_equal(rig_cycles(&rig, &store), rig.config.tlbs[TLB_L1D].latency_cycles + fault);
        assert_int_equal(result->fault, FAULT_PERMISSION);
        finish(&rig);
    }
}

static void switches_and_waits_take_what_they_say(void **state)
{
    struct rig rig;
    (void)state;
    begin(&rig, &machines[0]);
    struct core_operation switches = op_switch(&rig), wait = op_wait(17);
    assert_int_equal(rig_cycles(&rig, &switches), rig.config.switch_cycles);
    assert_int_equal(rig_cycles(&rig, &wait), 17);
    finish(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_level_hit_takes_its_latency),
        cmocka_unit_test(a_second_level_hit_takes_both_latencies),
        cmocka_unit_test(a_walk_takes_a_fetch_for_each_level),
        cmocka_unit_test(a_merged_miss_ends_with_the_first),
        cmocka_unit_test(a_merged_miss_is_told_as_such),
        cmocka_unit_test(a_queued_walk_begins_when_a_slot_is_free),
        cmocka_unit_test(a_stalled_access_waits_for_a_free_miss),
        cmocka_unit_test(hits_of_a_stream_are_issued_one_a_cycle),
        cmocka_unit_test(of_two_requests_in_a_cycle_the_second_waits_for_the_bus),
        cmocka_unit_test(physical_operations_take_memorys_latency),
        cmocka_unit_test(data_on_the_bus_is_asked_for_when_translated),
        cmocka_unit_test(fixed_data_takes_its_own_latency),
        cmocka_unit_test(a_buffered_store_ends_when_translated_and_is_forwarded),
        cmocka_unit_test(a_store_without_a_buffer_waits_for_memory),
        cmocka_unit_test(a_store_waits_for_room_in_a_full_buffer),
        cmocka_unit_test(a_barrier_with_nothing_to_wait_for_takes_its_least),
        cmocka_unit_test(every_dsb_waits_for_own_stores),
        cmocka_unit_test(a_local_invalidation_is_a_look_up_and_two_cycles),
        cmocka_unit_test(a_broadcast_goes_to_the_others_and_back),
        cmocka_unit_test(invalidations_queue_for_the_unit),
        cmocka_unit_test(a_crossing_access_issues_its_halves_one_after_the_other),
        cmocka_unit_test(a_fault_is_delivered_after_its_cost),
        cmocka_unit_test(switches_and_waits_take_what_they_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
