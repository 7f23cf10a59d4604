/*
 * What look-ups cost in TLBs of any shape: each path's cycles, computed by hand from the machine's
 * parameters.
 */
#include "mmu/test/levels_rig.h"

#define GIB      (UINT64_C(1) << 30)
#define GIANT_VA (3 * GIB) /* a 1 GiB block */

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static struct any_access load_of(unsigned page)
{
    return (struct any_access){ACCESS_LOAD, fixture_va(page)};
}

/* ---- depth -------------------------------------------------------------------------------------- */

static const uint64_t depths[][4] = {{1, 7, 9, 30}, {3, 2, 11, 5}, {2, 13, 1, 1}};
#define DEPTHS (sizeof depths / sizeof *depths)

/* 2, 4, 8 and 16 entries for data. */
static void open_four_levels(struct rig *rig, const uint64_t *latencies)
{
    static const char *const names[] = {"l1d", "l2", "l3", "l4"};
    levels_defaults(rig);
    levels_tlb(rig, "l1i", 2, 1);
    for (unsigned i = 0; i < 4; i++)
        levels_tlb(rig, names[i], 2u << i, latencies[i]);
    levels_begin(rig);
}

static void a_hit_costs_every_level_up_to_its_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < DEPTHS; i++) {
        const uint64_t *latencies = depths[i];
        uint64_t sum = 0;
        for (unsigned level = 1; level <= 4; level++) {
            struct rig rig;
            sum += latencies[level - 1];
            open_four_levels(&rig, latencies);
            /* as many pages as the level in front holds, after page 0: it has left that level by then */
            for (unsigned page = 0; page <= (level > 1 ? 1u << (level - 1) : 0); page++)
                levels_load(&rig, fixture_va(page));
            assert_int_equal(levels_load(&rig, fixture_va(0)), sum);
            assert_int_equal(machine_counters(rig.fixture.machine, 0)
                                 ->tlb[level == 1 ? GROUP_L1D : counter_group(level, TLB_SIDE_BOTH)]
                                 .hits,
                             1);
            assert_int_equal(levels_load(&rig, fixture_va(0)),
                             latencies[0]); /* every level in front has it */
            levels_finish(&rig);
        }
    }
}

static void a_walk_begins_when_the_last_level_has_missed(void **state)
{
    (void)state;
    for (unsigned i = 0; i < DEPTHS; i++) {
        struct rig rig;
        uint64_t sum = depths[i][0] + depths[i][1] + depths[i][2] + depths[i][3];
        open_four_levels(&rig, depths[i]);
        assert_int_equal(levels_load(&rig, fixture_va(0)), sum + levels_walk_cycles(&rig, 4));
        levels_finish(&rig);
    }
}

static void with_one_level_the_walk_comes_next(void **state)
{
    struct rig rig;
    (void)state;
    levels_defaults(&rig);
    levels_tlb(&rig, "l1", 4, 3);
    levels_begin(&rig);
    assert_int_equal(levels_load(&rig, fixture_va(0)), 3 + levels_walk_cycles(&rig, 4));
    struct core_operation fetch =
        op_access(ACCESS_FETCH, DATA_NONE, fixture_va(0)); /* one TLB for both sides */
    assert_int_equal(rig_cycles(&rig, &fetch), 3);
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->tlb[counter_group(1, TLB_SIDE_BOTH)].lookups,
                     2);
    levels_finish(&rig);
}

/* ---- several arrays, several page sizes ---------------------------------------------------------- */

/* Small pages in one array, blocks in another, at both levels. */
static void open_split_by_size(struct rig *rig, const uint64_t *latencies)
{
    levels_defaults(rig);
    levels_tlb(rig, "l1i", 2, 1);
    levels_tlb(rig, "l1d", 2, latencies[0])->sizes = PAGES_4K;
    levels_tlb(rig, "l1d_2m", 1, latencies[1])->sizes = PAGES_2M;
    levels_tlb(rig, "l2", 64, latencies[2])->sizes = PAGES_4K;
    levels_tlb(rig, "l2_2m", 64, latencies[3])->sizes = PAGES_2M;
    levels_begin(rig);
}

static void each_array_of_a_group_answers_after_its_own_latency(void **state)
{
    (void)state;
    for (unsigned i = 0; i < DEPTHS; i++) {
        struct rig rig;
        const uint64_t *latencies = depths[i];
        uint64_t l1_miss = most(latencies[0], latencies[1]), l2_miss = most(latencies[2], latencies[3]);
        open_split_by_size(&rig, latencies);
        assert_int_equal(levels_load(&rig, fixture_va(0)), l1_miss + l2_miss + levels_walk_cycles(&rig, 4));
        assert_int_equal(levels_load(&rig, FIXTURE_BLOCK_BASE),
                         l1_miss + l2_miss + levels_walk_cycles(&rig, 3));
        assert_int_equal(levels_load(&rig, fixture_va(0)), latencies[0]);
        assert_int_equal(levels_load(&rig, FIXTURE_BLOCK_BASE + 4096), latencies[1]);
        levels_load(&rig, fixture_va(1));
        levels_load(&rig, fixture_va(2));
        levels_load(&rig, FIXTURE_BLOCK_BASE + FIXTURE_BLOCK);
        assert_int_equal(levels_load(&rig, fixture_va(0)), l1_miss + latencies[2]);
        assert_int_equal(levels_load(&rig, FIXTURE_BLOCK_BASE), l1_miss + latencies[3]);
        /* whichever answers, both were looked up */
        assert_int_equal(levels_array(&rig, 0, "l2")->lookups, levels_array(&rig, 0, "l2_2m")->lookups);
        assert_int_equal(levels_array(&rig, 0, "l2")->hits, 1);
        assert_int_equal(levels_array(&rig, 0, "l2_2m")->hits, 1);
        levels_finish(&rig);
    }
}

static void a_page_of_a_size_that_no_array_takes_is_not_cached(void **state)
{
    struct rig rig;
    (void)state;
    open_split_by_size(&rig, depths[0]);
    uint64_t missed = most(depths[0][0], depths[0][1]) + most(depths[0][2], depths[0][3]);
    for (unsigned i = 0; i < 2; i++) /* a run of 64 KiB */
        assert_int_equal(levels_load(&rig, FIXTURE_RUN_BASE), missed + levels_walk_cycles(&rig, 4));
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->walker.walks, 2);
    levels_finish(&rig);
}

static void a_page_of_a_size_that_an_array_takes_is(void **state)
{
    struct rig rig;
    (void)state;
    levels_two(&rig, 1, 7);
    levels_begin(&rig);
    levels_load(&rig, FIXTURE_RUN_BASE);
    assert_int_equal(levels_load(&rig, FIXTURE_RUN_BASE + FIXTURE_RUN - 8), 1);
    levels_finish(&rig);
}

/* Of the format: 4 KiB, 64 KiB, 2 MiB, 32 MiB and 1 GiB. */
static void open_sequential(struct rig *rig, uint64_t sizes, uint64_t l1_cycles, uint64_t cycles)
{
    struct frame giant = {.base = 0, .attributes = FRAME_READABLE | FRAME_USER, .size_lg2 = 30};
    levels_two(rig, l1_cycles, cycles);
    levels_find(rig, "l2")->probing = TLB_PROBING_SEQUENTIAL;
    levels_find(rig, "l2")->sizes = sizes;
    rig_open(rig);
    rig_map(rig, GIANT_VA, &giant);
    rig_begin(rig);
}

static void sizes_are_probed_one_after_the_other_smallest_first(void **state)
{
    static const uint64_t places[] = {FIXTURE_BASE, FIXTURE_RUN_BASE, FIXTURE_BLOCK_BASE, 0, GIANT_VA};
    static const unsigned fetches[] = {4, 4, 3, 0, 2};
    (void)state;
    for (uint64_t cycles = 1; cycles <= 4; cycles += 3) {
        struct rig rig;
        open_sequential(&rig, TLB_ALL_PAGE_SIZES, 2, cycles);
        for (unsigned i = 0; i < 5; i++)
            if (places[i])
                assert_int_equal(levels_load(&rig, places[i]),
                                 2 + 5 * cycles + levels_walk_cycles(&rig, fetches[i]));
        levels_load(&rig, fixture_va(1)); /* the first level holds two, of the least use now */
        levels_load(&rig, fixture_va(2));
        for (unsigned i = 0; i < 5; i++)
            if (places[i])
                assert_int_equal(levels_load(&rig, places[i]), 2 + (i + 1) * cycles);
        levels_finish(&rig);
    }
}

static void only_sizes_that_the_array_takes_are_probed(void **state)
{
    struct rig rig;
    (void)state;
    open_sequential(&rig, PAGES_4K | PAGES_2M, 2, 5);
    assert_int_equal(levels_load(&rig, FIXTURE_BLOCK_BASE), 2 + 2 * 5 + levels_walk_cycles(&rig, 3));
    levels_load(&rig, fixture_va(1));
    levels_load(&rig, fixture_va(2));
    assert_int_equal(levels_load(&rig, FIXTURE_BLOCK_BASE), 2 + 2 * 5);
    levels_finish(&rig);
}

static void a_sequential_first_level_is_one_too(void **state)
{
    struct rig rig;
    (void)state;
    levels_two(&rig, 3, 7);
    levels_find(&rig, "l1d")->probing = TLB_PROBING_SEQUENTIAL;
    levels_begin(&rig);
    assert_int_equal(levels_load(&rig, FIXTURE_BLOCK_BASE), 5 * 3 + 7 + levels_walk_cycles(&rig, 3));
    assert_int_equal(levels_load(&rig, FIXTURE_BLOCK_BASE), 3 * 3);
    assert_int_equal(levels_load(&rig, fixture_va(0)), 5 * 3 + 7 + levels_walk_cycles(&rig, 4));
    assert_int_equal(levels_load(&rig, fixture_va(0)), 3);
    levels_finish(&rig);
}

/* ---- ports ---------------------------------------------------------------------------------------- */

/* A load, and a fetch in the next cycle, whose misses reach the second level in one cycle. */
static uint64_t two_look_ups_in_one_cycle(uint64_t ports)
{
    struct rig rig;
    const struct any_access both[] = {load_of(0), {ACCESS_FETCH, fixture_va(3)}};
    levels_defaults(&rig);
    levels_tlb(&rig, "l1i", 1, 4);
    levels_tlb(&rig, "l1d", 1, 5);
    levels_tlb(&rig, "l2", 64, 7)->ports = ports;
    levels_begin(&rig);
    for (unsigned page = 0; page < 8; page += 3) /* page 6 last: 0 and 3 are in the second level alone */
        for (unsigned kind = 0; kind < 2; kind++) {
            struct core_operation access =
                op_access(kind ? ACCESS_FETCH : ACCESS_LOAD, DATA_NONE, fixture_va(page));
            rig_do(&rig, &access);
        }
    uint64_t cycles = levels_stream(&rig, both, 2);
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->walker.walks, 3);
    levels_finish(&rig);
    return cycles;
}

static void the_second_look_up_of_a_cycle_waits_for_a_busy_port(void **state)
{
    (void)state;
    assert_int_equal(two_look_ups_in_one_cycle(0), 5 + 7);
    assert_int_equal(two_look_ups_in_one_cycle(2), 5 + 7);
    assert_int_equal(two_look_ups_in_one_cycle(1), 5 + 7 + 1);
}

/* Two arrays of the second level, looked up at once: the one with fewer ports is in the way. */
static void a_level_has_as_many_ports_as_its_array_with_fewest(void **state)
{
    (void)state;
    for (uint64_t first = 0; first <= 2; first++)
        for (uint64_t second = 0; second <= 2; second++) {
            struct rig rig;
            const struct any_access both[] = {load_of(0), {ACCESS_FETCH, fixture_va(3)}};
            levels_defaults(&rig);
            levels_tlb(&rig, "l1i", 1, 4);
            levels_tlb(&rig, "l1d", 1, 5);
            levels_tlb(&rig, "l2", 64, 7)->ports = first;
            levels_tlb(&rig, "l2_2m", 64, 7)->sizes = PAGES_2M;
            levels_find(&rig, "l2_2m")->ports = second;
            levels_begin(&rig);
            uint64_t cycles = levels_stream(&rig, both, 2);
            const struct core_counters *counters = machine_counters(rig.fixture.machine, 0);
            assert_int_equal(counters->walker.walks, 2);
            /* two walks at once: the second asks for the bus one occupancy, or one cycle of the port, later
             */
            uint64_t waits = first == 1 || second == 1 ? 1 : 0;
            assert_int_equal(cycles, 5 + 7 + levels_walk_cycles(&rig, 4) +
                                         most(waits, rig.config.bus_occupancy_cycles));
            assert_int_equal(counters->bus.wait_cycles, rig.config.bus_occupancy_cycles - waits);
            levels_finish(&rig);
        }
}

/* A look-up that takes one size after the other keeps its port for all of them. */
static uint64_t two_sequential_look_ups(uint64_t ports)
{
    struct rig rig;
    const struct any_access both[] = {load_of(0), load_of(1)};
    levels_two(&rig, 2, 3);
    levels_find(&rig, "l2")->probing = TLB_PROBING_SEQUENTIAL;
    levels_find(&rig, "l2")->ports = ports;
    levels_begin(&rig);
    for (unsigned page = 0; page < 4; page++)
        levels_load(&rig, fixture_va(page));
    uint64_t cycles = levels_stream(&rig, both, 2);
    levels_finish(&rig);
    return cycles;
}

static void a_sequential_look_up_keeps_its_port(void **state)
{
    (void)state;
    assert_int_equal(two_sequential_look_ups(0), 1 + 2 + 3);
    assert_int_equal(two_sequential_look_ups(2), 1 + 2 + 3);
    assert_int_equal(two_sequential_look_ups(1), 2 + 5 * 3 + 3);
}

static void a_first_level_with_a_busy_port_takes_no_look_up(void **state)
{
    struct any_access hits[10];
    struct rig rig;
    (void)state;
    levels_two(&rig, 1, 7);
    levels_find(&rig, "l1d")->probing = TLB_PROBING_SEQUENTIAL;
    levels_find(&rig, "l1d")->ports = 1;
    levels_begin(&rig);
    levels_load(&rig, fixture_va(0));
    for (unsigned i = 0; i < 10; i++)
        hits[i] = load_of(0);
    assert_int_equal(levels_stream(&rig, hits, 10), 9 * 5 + 1);
    levels_finish(&rig);
}

/* ---- hits under misses ------------------------------------------------------------------------------ */

/* The first misses all levels, the second hits the first level, or the second one. */
static uint64_t hit_behind_a_miss(const char *blocking, bool in_first_level)
{
    struct rig rig;
    const struct any_access both[] = {load_of(5), load_of(in_first_level ? 2 : 0)};
    levels_two(&rig, 2, 9);
    if (blocking)
        levels_find(&rig, blocking)->hit_under_miss = false;
    levels_begin(&rig);
    for (unsigned page = 0; page < 3; page++)
        levels_load(&rig, fixture_va(page));
    uint64_t cycles = levels_stream(&rig, both, 2);
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->walker.walks, 4);
    levels_finish(&rig);
    return cycles;
}

static void a_level_that_blocks_lets_the_miss_pass_first(void **state)
{
    struct rig rig;
    (void)state;
    rig_defaults(&rig);
    uint64_t walked = 2 + 9 + levels_walk_cycles(&rig, 4);
    assert_int_equal(hit_behind_a_miss(NULL, true), walked);
    assert_int_equal(hit_behind_a_miss("l1d", true), walked + 2);
    assert_int_equal(hit_behind_a_miss("l1i", true), walked);
    assert_int_equal(hit_behind_a_miss("l2", true), walked);
    assert_int_equal(hit_behind_a_miss(NULL, false), walked);
    assert_int_equal(hit_behind_a_miss("l1d", false), walked + 2 + 9);
    /* it reached the second level before the first miss was known there: pipelined look-ups are not undone */
    assert_int_equal(hit_behind_a_miss("l2", false), walked);
}

static void a_look_up_waits_once_the_miss_in_front_is_known(void **state)
{
    struct any_access accesses[12];
    struct rig rig;
    (void)state;
    levels_two(&rig, 2, 9);
    levels_find(&rig, "l2")->hit_under_miss = false;
    levels_begin(&rig);
    for (unsigned page = 0; page < 3; page++)
        levels_load(&rig, fixture_va(page));
    accesses[0] = load_of(5);
    for (unsigned i = 1; i < 11; i++) /* hits of the first level: until the miss is known in the second */
        accesses[i] = load_of(2);
    accesses[11] = load_of(0);
    assert_int_equal(levels_stream(&rig, accesses, 12), 2 + 9 + levels_walk_cycles(&rig, 4) + 9);
    levels_finish(&rig);
}

/* ---- the walkers' queue ----------------------------------------------------------------------------- */

/* Three loads of three pages in three cycles, with one slot. */
static uint64_t three_walks(uint64_t queue)
{
    struct rig rig;
    const struct any_access three[] = {load_of(0), load_of(1), load_of(2)};
    levels_two(&rig, 2, 9);
    rig.config.walker_slots = 1;
    rig.config.walker_queue = queue;
    levels_begin(&rig);
    uint64_t cycles = levels_stream(&rig, three, 3);
    levels_finish(&rig);
    return cycles;
}

static void a_miss_waits_for_room_in_the_queue_before_its_look_up(void **state)
{
    struct rig rig;
    (void)state;
    rig_defaults(&rig);
    uint64_t walk = levels_walk_cycles(&rig, 4);
    assert_int_equal(three_walks(64), 2 + 9 + 3 * walk);
    assert_int_equal(three_walks(2), 2 + 9 + 3 * walk);
    assert_int_equal(three_walks(1), 2 + 9 + 3 * walk); /* the third looks up while the second walks */
    assert_int_equal(three_walks(0), 2 + 3 * (9 + walk));
}

/* The first of two look-ups that fill all room ends in a fault without a walk: the next one may begin. */
static void a_miss_that_needs_no_walk_leaves_its_room_to_the_next(void **state)
{
    struct rig rig;
    const struct any_access both[] = {{ACCESS_LOAD, UINT64_C(1) << 48}, load_of(1)};
    (void)state;
    levels_two(&rig, 2, 9);
    rig.config.walker_slots = 1;
    rig.config.walker_queue = 0;
    levels_begin(&rig);
    struct listed_stream stream;
    struct core_operation operation = op_listed(&stream, both, 2);
    assert_int_equal(rig_cycles(&rig, &operation),
                     2 + 9 + 9 + levels_walk_cycles(&rig, 4) + rig.config.fault_cycles);
    levels_finish(&rig);
}

/* With one level, the walkers are next: a miss waits in front of them. */
static void without_a_second_level_a_miss_waits_in_front_of_the_walkers(void **state)
{
    struct rig rig;
    const struct any_access three[] = {load_of(0), load_of(1), load_of(2)};
    (void)state;
    levels_defaults(&rig);
    levels_tlb(&rig, "l1", 4, 2);
    rig.config.walker_slots = 1;
    rig.config.walker_queue = 0;
    levels_begin(&rig);
    assert_int_equal(levels_stream(&rig, three, 3), 2 + 3 * levels_walk_cycles(&rig, 4));
    rig_end(&rig);
    for (unsigned i = 1; i < 3; i++) {
        const struct event_walk *walk = &rig_event(&rig, EVENT_WALK, 0, i)->as.walk;
        assert_int_equal(walk->request_cycle, walk->start_cycle);
    }
    rig_close(&rig);
}

/* ---- merging ---------------------------------------------------------------------------------------- */

static void two_loads_of_one_page(bool merge, struct core_counters *counters)
{
    struct rig rig;
    const struct any_access both[] = {load_of(0), load_of(0)};
    levels_two(&rig, 2, 9);
    rig.config.walker_merge = merge;
    levels_begin(&rig);
    levels_stream(&rig, both, 2);
    *counters = *machine_counters(rig.fixture.machine, 0);
    levels_finish(&rig);
}

static void misses_to_one_page_share_a_walk(void **state)
{
    struct core_counters counters;
    (void)state;
    two_loads_of_one_page(true, &counters);
    assert_int_equal(counters.misses.merged, 1);
    assert_int_equal(counters.walker.walks, 1);
}

static void without_merging_each_has_its_own(void **state)
{
    struct core_counters counters;
    (void)state;
    two_loads_of_one_page(false, &counters);
    assert_int_equal(counters.misses.merged, 0);
    assert_int_equal(counters.walker.walks, 2);
    assert_int_equal(counters.arrays[1].fills, 2);
    assert_int_equal(counters.arrays[1].refilled, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hit_costs_every_level_up_to_its_own),
        cmocka_unit_test(a_walk_begins_when_the_last_level_has_missed),
        cmocka_unit_test(with_one_level_the_walk_comes_next),
        cmocka_unit_test(each_array_of_a_group_answers_after_its_own_latency),
        cmocka_unit_test(a_page_of_a_size_that_no_array_takes_is_not_cached),
        cmocka_unit_test(a_page_of_a_size_that_an_array_takes_is),
        cmocka_unit_test(sizes_are_probed_one_after_the_other_smallest_first),
        cmocka_unit_test(only_sizes_that_the_array_takes_are_probed),
        cmocka_unit_test(a_sequential_first_level_is_one_too),
        cmocka_unit_test(the_second_look_up_of_a_cycle_waits_for_a_busy_port),
        cmocka_unit_test(a_level_has_as_many_ports_as_its_array_with_fewest),
        cmocka_unit_test(a_sequential_look_up_keeps_its_port),
        cmocka_unit_test(a_first_level_with_a_busy_port_takes_no_look_up),
        cmocka_unit_test(a_level_that_blocks_lets_the_miss_pass_first),
        cmocka_unit_test(a_look_up_waits_once_the_miss_in_front_is_known),
        cmocka_unit_test(a_miss_waits_for_room_in_the_queue_before_its_look_up),
        cmocka_unit_test(a_miss_that_needs_no_walk_leaves_its_room_to_the_next),
        cmocka_unit_test(without_a_second_level_a_miss_waits_in_front_of_the_walkers),
        cmocka_unit_test(misses_to_one_page_share_a_walk),
        cmocka_unit_test(without_merging_each_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
