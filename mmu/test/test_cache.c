/*
 * Data caches: the cycles of every path by hand, from the machine's parameters.
 */
#include "mmu/test/cache_rig.h"

#define L1     4u
#define L2     10u
#define MEMORY 120u
#define BEAT   2u
#define LATER  1000u /* everything that was under way is over */
#define LINE   64u

static uint64_t line_at(const struct rig *rig, unsigned line)
{
    return rig->fixture.scratch + line * LINE;
}

static const struct cache_counters *counters_of(const struct rig *rig, unsigned core, unsigned level)
{
    return &machine_counters(rig->fixture.machine, core)->caches[level - 1];
}

static void one_core(struct rig *rig, uint64_t l1_lines, uint64_t l2_lines)
{
    cache_rig_defaults(rig, 1);
    cache_rig_level(rig, l1_lines, 1, L1);
    if (l2_lines)
        cache_rig_level(rig, l2_lines, 1, L2);
    rig_open(rig);
}

/* With a second level, it is shared. */
static void two_cores(struct rig *rig, bool second_level)
{
    cache_rig_defaults(rig, 2);
    cache_rig_level(rig, 64, 4, L1);
    if (second_level)
        cache_rig_level(rig, 256, 4, L2)->shared = true;
    rig_open(rig);
}

static void play_one(struct rig *rig, struct timed *list)
{
    struct timed *const lists[] = {list};
    cache_rig_play(rig, lists);
}

static void play_two(struct rig *rig, struct timed *first, struct timed *second)
{
    struct timed *const lists[] = {first, second};
    cache_rig_play(rig, lists);
}

/* ---- one core ------------------------------------------------------------------------------------ */

static void a_hit_takes_the_latencies_of_the_levels_up_to_it(void **state)
{
    struct rig rig;
    (void)state;
    one_core(&rig, 8, 64);
    struct timed list[] = {timed_read(line_at(&rig, 0)),     timed_read(line_at(&rig, 0)),
                           timed_read(line_at(&rig, 0) + 8), timed_read(line_at(&rig, 8)),
                           timed_read(line_at(&rig, 0)),     timed_end()};
    play_one(&rig, list);
    assert_int_equal(list[0].cycles, L1 + L2 + MEMORY); /* in no level */
    assert_int_equal(list[1].cycles, L1);
    assert_int_equal(list[2].cycles, L1);               /* another word of the line */
    assert_int_equal(list[3].cycles, L1 + L2 + MEMORY); /* in the set of the first line, which goes */
    assert_int_equal(list[4].cycles, L1 + L2);
    assert_int_equal(counters_of(&rig, 0, 1)->evictions, 2);
    assert_int_equal(counters_of(&rig, 0, 1)->writebacks, 0);
    rig_close(&rig);
}

static void what_leaves_a_level_leaves_those_in_front(void **state)
{
    struct rig rig;
    (void)state;
    one_core(&rig, 8, 4);
    struct timed list[] = {timed_read(line_at(&rig, 0)), timed_read(line_at(&rig, 4)),
                           timed_read(line_at(&rig, 0)), timed_end()};
    play_one(&rig, list);
    assert_int_equal(list[2].cycles, L1 + L2 + MEMORY);
    assert_int_equal(counters_of(&rig, 0, 1)->dropped, 2);
    assert_int_equal(counters_of(&rig, 0, 2)->evictions, 2);
    rig_close(&rig);
}

/* The victim asks for the bus when the new line arrives, in front of the next fetch. */
static void a_dirty_line_is_written_back_by_a_transaction_that_nobody_waits_for(void **state)
{
    (void)state;
    for (unsigned dirty = 0; dirty < 2; dirty++) {
        struct rig rig;
        cache_rig_defaults(&rig, 1);
        cache_rig_level(&rig, 1, 1, L1);
        rig.config.bus_occupancy_cycles = 50;
        rig_open(&rig);
        struct timed list[] = {dirty ? timed_exchange(line_at(&rig, 0), 0, 7) : timed_read(line_at(&rig, 0)),
                               timed_read(line_at(&rig, 1)), timed_read(line_at(&rig, 2)),
                               timed_read(line_at(&rig, 0)), timed_end()};
        play_one(&rig, list);
        assert_int_equal(list[0].cycles, L1 + MEMORY);
        assert_int_equal(list[1].cycles, L1 + MEMORY);
        assert_int_equal(list[2].cycles, (dirty ? 50 : L1) + MEMORY);
        assert_int_equal(list[3].value, dirty ? 7 : 0);
        assert_int_equal(counters_of(&rig, 0, 1)->writebacks, dirty);
        assert_int_equal(machine_counters(rig.fixture.machine, 0)->transactions.writebacks, dirty);
        rig_close(&rig);
    }
}

static void a_dirty_line_goes_to_the_level_behind(void **state)
{
    struct rig rig;
    (void)state;
    one_core(&rig, 1, 64);
    struct timed list[] = {timed_exchange(line_at(&rig, 0), 0, 7), timed_read(line_at(&rig, 1)),
                           timed_read(line_at(&rig, 64)), timed_read(line_at(&rig, 0)), timed_end()};
    play_one(&rig, list);
    assert_int_equal(list[2].cycles, L1 + L2 + MEMORY);
    assert_int_equal(list[3].cycles, L1 + L2 + MEMORY); /* line 64 had taken its place in both */
    assert_int_equal(list[3].value, 7);
    assert_int_equal(counters_of(&rig, 0, 1)->writebacks, 1);
    assert_int_equal(counters_of(&rig, 0, 2)->writebacks, 1);
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->transactions.writebacks, 1);
    rig_close(&rig);
}

static void a_line_of_several_beats_is_there_with_the_last_one(void **state)
{
    static const uint64_t occupancies[] = {2, 17, 18, 50};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct rig rig;
        cache_rig_defaults(&rig, 1);
        cache_rig_level(&rig, 8, 1, L1);
        rig.config.bus_width_bytes = 8;
        rig.config.bus_occupancy_cycles = occupancies[i];
        rig_open(&rig);
        struct timed list[] = {timed_read(line_at(&rig, 0)), timed_end()};
        play_one(&rig, list);
        uint64_t last_beat = 7 * occupancies[i];
        assert_int_equal(list[0].cycles, L1 + (last_beat > MEMORY ? last_beat : MEMORY));
        rig_close(&rig);
    }
}

static void a_clear_passes_the_caches_and_drops_what_it_overlaps(void **state)
{
    struct rig rig;
    (void)state;
    one_core(&rig, 8, 64);
    uint64_t pa = line_at(&rig, 3);
    struct timed list[] = {timed_exchange(pa, 0, 7), timed_clear(rig.fixture.scratch), timed_read(pa),
                           timed_read(pa), timed_end()};
    play_one(&rig, list);
    assert_int_equal(list[1].cycles, (FIXTURE_PAGE / 64 - 1) * BEAT);
    assert_int_equal(list[2].cycles, L1 + L2 + MEMORY); /* the bus is free again */
    assert_int_equal(list[2].value, 0);
    assert_int_equal(list[3].cycles, L1);
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->transactions.writebacks, 0);
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->transactions.direct, 1);
    rig_close(&rig);
}

/* ---- with translation ---------------------------------------------------------------------------- */

static void walks_and_data_share_the_lines(void **state)
{
    (void)state;
    for (unsigned walker = 1; walker <= 3; walker++) {
        struct rig rig;
        cache_rig_defaults(&rig, 1);
        cache_rig_level(&rig, 64, 4, L1);
        cache_rig_level(&rig, 256, 4, L2);
        rig.config.cache_walker_level = walker;
        rig_open(&rig);
        rig_begin(&rig);
        struct core_operation first = op_access(ACCESS_LOAD, DATA_NONE, fixture_va(0));
        struct core_operation second = op_access(ACCESS_LOAD, DATA_NONE, fixture_va(1));
        struct core_operation entry = {.kind = CORE_READ, .address = rig.fixture.entries[0]};
        uint64_t tlbs = 1 + 7, fetches = 4;
        uint64_t looked_up = walker == 1 ? L1 + L2 : walker == 2 ? L2 : 0;
        uint64_t again = walker == 1 ? L1 : walker == 2 ? L2 : MEMORY;
        uint64_t data = walker == 1 ? L1 : walker == 2 ? L1 + L2 : L1 + L2 + MEMORY;
        assert_int_equal(rig_cycles(&rig, &first), tlbs + fetches * (looked_up + MEMORY));
        assert_int_equal(rig_cycles(&rig, &second), tlbs + fetches * again);
        assert_int_equal(rig_cycles(&rig, &entry), data);
        rig_end(&rig);
        rig_close(&rig);
    }
}

static void an_access_of_two_lines_takes_as_long_as_the_later_one(void **state)
{
    struct rig rig;
    (void)state;
    cache_rig_defaults(&rig, 1);
    cache_rig_level(&rig, 64, 4, L1);
    rig_open(&rig);
    rig_begin(&rig);
    uint64_t va = fixture_va(1) + LINE - 3;
    struct core_operation none = op_access(ACCESS_LOAD, DATA_NONE, va);
    struct core_operation load = op_access(ACCESS_LOAD, DATA_BUS, va);
    struct core_operation store = op_store(va, UINT64_C(0x1122334455667788));
    rig_cycles(&rig, &none); /* translated: a first-level hit from here on */
    assert_int_equal(rig_cycles(&rig, &load), 1 + L1 + BEAT + MEMORY);
    assert_int_equal(rig_cycles(&rig, &load), 1 + L1);
    assert_int_equal(rig_cycles(&rig, &store), 1 + 1 + L1);
    assert_int_equal(rig_do(&rig, &load)->value, UINT64_C(0x1122334455667788));
    rig_end(&rig);
    rig_close(&rig);
}

/* ---- several cores ------------------------------------------------------------------------------- */

static void a_line_on_its_way_is_not_asked_for_again(void **state)
{
    struct rig rig;
    (void)state;
    two_cores(&rig, true);
    struct timed first[] = {timed_read(line_at(&rig, 0)), timed_end()};
    struct timed early[] = {timed_wait(5), timed_read(line_at(&rig, 0)), timed_read(line_at(&rig, 0)),
                            timed_end()};
    play_two(&rig, first, early);
    assert_int_equal(first[0].cycles, L1 + L2 + MEMORY);
    assert_int_equal(early[1].cycles, L1 + L2 + MEMORY - 5);
    assert_int_equal(early[2].cycles, L1);
    assert_int_equal(counters_of(&rig, 1, 2)->merged, 1);
    assert_int_equal(machine_counters(rig.fixture.machine, 1)->bus.requests, 0);
    rig_close(&rig);
}

/* The look-up that finds it, shortly before it arrives, takes its time all the same. */
static void a_line_that_arrives_during_a_look_up_is_there_at_its_end(void **state)
{
    struct rig rig;
    (void)state;
    two_cores(&rig, true);
    struct timed first[] = {timed_read(line_at(&rig, 0)), timed_end()};
    struct timed late[] = {timed_wait(L2 + MEMORY - 3), timed_read(line_at(&rig, 0)), timed_end()};
    play_two(&rig, first, late);
    assert_int_equal(late[1].cycles, L1 + L2); /* asks the second level 3 cycles before the arrival */
    assert_int_equal(counters_of(&rig, 1, 2)->merged, 1);
    rig_close(&rig);
}

/* Both read it, core 0 stores, core 1 reads, core 0 stores again, core 1 stores. */
static void share_a_line(struct rig *rig, struct timed *first, struct timed *second)
{
    uint64_t pa = line_at(rig, 0);
    first[0] = timed_read(pa);
    first[1] = timed_wait(2 * LATER);
    first[2] = timed_exchange(pa, 0, 1);
    first[3] = timed_wait(2 * LATER);
    first[4] = timed_exchange(pa, 1, 2);
    first[5] = timed_exchange(pa, 2, 3);
    first[6] = timed_end();
    second[0] = timed_wait(LATER);
    second[1] = timed_read(pa);
    second[2] = timed_wait(2 * LATER);
    second[3] = timed_read(pa);
    second[4] = timed_wait(2 * LATER);
    second[5] = timed_exchange(pa, 3, 4);
    second[6] = timed_end();
    play_two(rig, first, second);
    assert_int_equal(second[3].value, 1);
    assert_int_equal(second[5].value, 3);
    assert_int_equal(counters_of(rig, 0, 1)->upgrades, 2);
    assert_int_equal(counters_of(rig, 0, 1)->snooped, 2); /* core 1's read and its store */
    assert_int_equal(counters_of(rig, 1, 1)->snooped, 2); /* core 0's stores */
    assert_int_equal(machine_counters(rig->fixture.machine, 1)->transactions.supplied, 2);
}

static void the_bus_upgrades_lines_and_their_owners_supply_them(void **state)
{
    struct rig rig;
    struct timed first[7], second[7];
    (void)state;
    two_cores(&rig, false);
    share_a_line(&rig, first, second);
    assert_int_equal(second[1].cycles, L1 + MEMORY); /* nobody owns it: from memory */
    assert_int_equal(first[2].cycles, L1 + BEAT);    /* upgrade */
    assert_int_equal(second[3].cycles, L1 + L1);     /* supplied by core 0, after its look-up */
    assert_int_equal(first[4].cycles, L1 + BEAT);
    assert_int_equal(first[5].cycles, L1); /* owned */
    assert_int_equal(second[5].cycles, L1 + L1);
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->transactions.upgrades, 2);
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->transactions.fills, 1);
    assert_int_equal(machine_counters(rig.fixture.machine, 1)->transactions.fills, 3);
    rig_close(&rig);
}

static void a_shared_level_upgrades_lines_without_the_bus(void **state)
{
    struct rig rig;
    struct timed first[7], second[7];
    (void)state;
    two_cores(&rig, true);
    share_a_line(&rig, first, second);
    assert_int_equal(second[1].cycles, L1 + L2);
    assert_int_equal(first[2].cycles, L1 + L2);
    assert_int_equal(second[3].cycles, L1 + L2 + L1);
    assert_int_equal(first[4].cycles, L1 + L2);
    assert_int_equal(first[5].cycles, L1);
    assert_int_equal(second[5].cycles, L1 + L2 + L1);
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->bus.requests, 1);
    assert_int_equal(machine_counters(rig.fixture.machine, 1)->bus.requests, 0);
    rig_close(&rig);
}

/* Core 1 asks for the line that core 0 was granted, but does not have yet. */
static void a_line_still_on_its_way_to_its_owner_is_passed_on(void **state)
{
    struct rig rig;
    (void)state;
    two_cores(&rig, false);
    struct timed first[] = {timed_exchange(line_at(&rig, 0), 0, 1), timed_read(line_at(&rig, 0)),
                            timed_end()};
    struct timed second[] = {timed_wait(20), timed_exchange(line_at(&rig, 0), 1, 2), timed_end()};
    play_two(&rig, first, second);
    assert_int_equal(first[0].cycles, L1 + MEMORY);
    assert_int_equal(second[1].cycles, L1 + MEMORY + L1 - 20); /* it arrives at core 0, then goes on */
    assert_int_equal(second[1].value, 1);
    assert_int_equal(first[1].value, 2); /* core 0 has lost it before it arrived */
    assert_int_equal(counters_of(&rig, 0, 1)->misses, 2);
    assert_int_equal(counters_of(&rig, 0, 1)->fills, 1);
    rig_close(&rig);
}

/* Both have a copy and store in the same cycle: the second one's copy is gone when its turn comes. */
static void an_upgrade_that_comes_too_late_fetches_the_line(void **state)
{
    struct rig rig;
    (void)state;
    two_cores(&rig, false);
    uint64_t pa = line_at(&rig, 0);
    struct timed first[] = {timed_read(pa), timed_wait(2 * LATER - L1 - MEMORY), timed_exchange(pa, 0, 1),
                            timed_end()};
    struct timed second[] = {timed_wait(LATER), timed_read(pa), timed_wait(LATER - L1 - MEMORY),
                             timed_exchange(pa, 1, 2), timed_end()};
    play_two(&rig, first, second);
    assert_int_equal(first[2].cycles, L1 + BEAT);
    assert_int_equal(second[3].cycles, L1 + BEAT + L1); /* granted behind, supplied by core 0 */
    assert_int_equal(second[3].value, 1);
    assert_int_equal(machine_counters(rig.fixture.machine, 1)->transactions.upgrades, 0);
    rig_close(&rig);
}

/* Core 0's read of its copy and the grant of core 1's upgrade come in one cycle. */
static void a_word_is_not_read_and_stored_to_in_one_cycle(void **state)
{
    (void)state;
    for (unsigned apart = 0; apart <= 8; apart += 8) {
        struct rig rig;
        two_cores(&rig, false);
        uint64_t pa = line_at(&rig, 0);
        struct timed first[] = {timed_read(pa), timed_wait(2 * LATER - MEMORY), timed_read(pa + apart),
                                timed_read(pa), timed_end()};
        struct timed second[] = {timed_wait(LATER), timed_read(pa), timed_wait(LATER - L1 - MEMORY),
                                 timed_exchange(pa, 0, 1), timed_end()};
        play_two(&rig, first, second);
        assert_int_equal(first[2].cycles, L1);
        assert_int_equal(first[2].value, 0);
        /* looked up again in the next cycle */
        assert_int_equal(second[3].cycles, apart ? L1 + BEAT : L1 + 1 + L1);
        assert_int_equal(first[3].value, 1);
        rig_close(&rig);
    }
}

/* Core 0 reads, then both fetch a line each in the same cycle: the number of the one that is served later. */
static unsigned later_core(enum bus_arbitration arbitration, uint64_t requests)
{
    struct rig rig;
    cache_rig_defaults(&rig, 2);
    cache_rig_level(&rig, 64, 4, L1);
    rig.config.bus_arbitration = arbitration;
    rig.config.memory_requests = requests;
    rig_open(&rig);
    struct timed first[] = {timed_read(line_at(&rig, 0)), timed_wait(LATER - L1 - MEMORY),
                            timed_read(line_at(&rig, 1)), timed_end()};
    struct timed second[] = {timed_wait(LATER), timed_read(line_at(&rig, 2)), timed_end()};
    play_two(&rig, first, second);
    bool first_is_later = first[2].cycles > second[1].cycles;
    assert_int_equal(first_is_later ? second[1].cycles : first[2].cycles, L1 + MEMORY);
    assert_int_equal(first_is_later ? first[2].cycles : second[1].cycles,
                     L1 + (requests == 1 ? MEMORY : BEAT) + MEMORY);
    rig_close(&rig);
    return first_is_later ? 0 : 1;
}

static void fetches_contend_as_the_arbitration_says(void **state)
{
    (void)state;
    for (uint64_t requests = 0; requests < 3; requests++) {
        assert_int_equal(later_core(BUS_OLDEST_FIRST, requests), 1);
        assert_int_equal(later_core(BUS_ROUND_ROBIN, requests), 0); /* core 0 was granted last */
        assert_int_equal(later_core(BUS_FIXED_PRIORITY, requests), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hit_takes_the_latencies_of_the_levels_up_to_it),
        cmocka_unit_test(what_leaves_a_level_leaves_those_in_front),
        cmocka_unit_test(a_dirty_line_is_written_back_by_a_transaction_that_nobody_waits_for),
        cmocka_unit_test(a_dirty_line_goes_to_the_level_behind),
        cmocka_unit_test(a_line_of_several_beats_is_there_with_the_last_one),
        cmocka_unit_test(a_clear_passes_the_caches_and_drops_what_it_overlaps),
        cmocka_unit_test(walks_and_data_share_the_lines),
        cmocka_unit_test(an_access_of_two_lines_takes_as_long_as_the_later_one),
        cmocka_unit_test(a_line_on_its_way_is_not_asked_for_again),
        cmocka_unit_test(a_line_that_arrives_during_a_look_up_is_there_at_its_end),
        cmocka_unit_test(the_bus_upgrades_lines_and_their_owners_supply_them),
        cmocka_unit_test(a_shared_level_upgrades_lines_without_the_bus),
        cmocka_unit_test(a_line_still_on_its_way_to_its_owner_is_passed_on),
        cmocka_unit_test(an_upgrade_that_comes_too_late_fetches_the_line),
        cmocka_unit_test(a_word_is_not_read_and_stored_to_in_one_cycle),
        cmocka_unit_test(fetches_contend_as_the_arbitration_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
