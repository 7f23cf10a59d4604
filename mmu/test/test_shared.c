/*
 * What cores share: walkers with a request latency, a second level with its ports, and that a shared level
 * keeps no translation which an invalidation has taken from some of its cores and not yet from all.
 */
#include "mmu/test/levels_rig.h"

#define L1      2u
#define L2      7u
#define REQUEST 5u

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static const struct event_translation *access_of(const struct rig *rig, unsigned core, unsigned number)
{
    const struct mmu_event *event = rig_event(rig, EVENT_TRANSLATION, core, number);
    assert_non_null(event);
    return &event->as.translation;
}

static uint64_t cycles_of(const struct rig *rig, unsigned core, unsigned number)
{
    const struct event_translation *access = access_of(rig, core, number);
    return access->translated_cycle - access->issue_cycle;
}

/* ---- walkers ---------------------------------------------------------------------------------------- */

/* Both cores load, in one cycle, pages of their own. */
static void two_requesters(struct rig *rig, uint64_t slots)
{
    levels_two(rig, L1, L2);
    rig->config.cores = 2;
    rig->config.walker_shared = true;
    rig->config.walker_slots = slots;
    rig->config.walker_request_cycles = REQUEST;
    rig_open(rig);
    const struct core_operation first[] = {op_switch(rig), op_load(fixture_va(0)), op_end()};
    const struct core_operation second[] = {op_switch(rig), op_load(fixture_va(3)), op_end()};
    rig_play(rig, (const struct core_operation *const[]){first, second});
}

static void a_shared_slot_comes_after_the_request(void **state)
{
    struct rig rig;
    (void)state;
    two_requesters(&rig, 2);
    uint64_t walk = levels_walk_cycles(&rig, 4);
    assert_int_equal(cycles_of(&rig, 0, 0), L1 + L2 + REQUEST + walk);
    assert_int_equal(cycles_of(&rig, 1, 0), L1 + L2 + REQUEST + walk + rig.config.bus_occupancy_cycles);
    rig_close(&rig);
}

static void the_only_slot_goes_to_the_first_core_and_then_to_the_second(void **state)
{
    struct rig rig;
    (void)state;
    two_requesters(&rig, 1);
    uint64_t walk = levels_walk_cycles(&rig, 4);
    const struct event_walk *second = &rig_event(&rig, EVENT_WALK, 1, 0)->as.walk;
    assert_int_equal(cycles_of(&rig, 0, 0), L1 + L2 + REQUEST + walk);
    assert_int_equal(second->start_cycle, rig_event(&rig, EVENT_WALK, 0, 0)->cycle + REQUEST);
    assert_int_equal(cycles_of(&rig, 1, 0), L1 + L2 + 2 * (REQUEST + walk));
    rig_close(&rig);
}

/* ---- a shared second level ---------------------------------------------------------------------------- */

static void configure_shared(struct rig *rig, unsigned cores)
{
    levels_two(rig, L1, L2);
    levels_find(rig, "l2")->shared = true;
    rig->config.cores = cores;
}

static void one_cores_walk_is_the_other_ones_hit(void **state)
{
    struct rig rig;
    (void)state;
    configure_shared(&rig, 2);
    rig_open(&rig);
    const struct core_operation walks[] = {op_switch(&rig), op_load(fixture_va(0)), op_end()};
    const struct core_operation hits[] = {op_switch(&rig), op_wait(2000), op_load(fixture_va(0)), op_end()};
    rig_play(&rig, (const struct core_operation *const[]){walks, hits});
    assert_int_equal(cycles_of(&rig, 0, 0), L1 + L2 + levels_walk_cycles(&rig, 4));
    assert_int_equal(cycles_of(&rig, 1, 0), L1 + L2);
    assert_int_equal(access_of(&rig, 1, 0)->outcome, OUTCOME_L2_HIT);
    assert_int_equal(access_of(&rig, 1, 0)->walk, 0);
    assert_int_equal(levels_array(&rig, 1, "l2")->hits, 1);
    assert_int_equal(levels_array(&rig, 1, "l2")->fills, 0);
    rig_close(&rig);
}

static void one_cores_walk_is_nothing_to_the_other_if_each_has_its_own(void **state)
{
    struct rig rig;
    (void)state;
    configure_shared(&rig, 2);
    levels_find(&rig, "l2")->shared = false;
    rig_open(&rig);
    const struct core_operation walks[] = {op_switch(&rig), op_load(fixture_va(0)), op_end()};
    const struct core_operation hits[] = {op_switch(&rig), op_wait(2000), op_load(fixture_va(0)), op_end()};
    rig_play(&rig, (const struct core_operation *const[]){walks, hits});
    assert_int_equal(cycles_of(&rig, 1, 0), L1 + L2 + levels_walk_cycles(&rig, 4));
    rig_close(&rig);
}

/* Both cores look up in one cycle what a walk has put there before. */
static void shared_ports(struct rig *rig, uint64_t ports)
{
    configure_shared(rig, 2);
    levels_find(rig, "l2")->ports = ports;
    rig_open(rig);
    uint64_t walked = rig->config.switch_cycles + L1 + L2 + levels_walk_cycles(rig, 4);
    const struct core_operation first[] = {op_switch(rig),
                                           op_load(fixture_va(0)),
                                           op_load(fixture_va(3)),
                                           op_load(fixture_va(4)),
                                           op_wait(10000),
                                           op_load(fixture_va(0)),
                                           op_end()};
    uint64_t three = walked + 2 * (L1 + L2 + levels_walk_cycles(rig, 4));
    const struct core_operation second[] = {
        op_switch(rig), op_wait(three - rig->config.switch_cycles + 10000), op_load(fixture_va(0)), op_end()};
    rig_play(rig, (const struct core_operation *const[]){first, second});
    assert_int_equal(access_of(rig, 0, 3)->issue_cycle, access_of(rig, 1, 0)->issue_cycle);
}

static void of_two_cores_in_one_cycle_the_second_waits_for_the_shared_port(void **state)
{
    (void)state;
    for (uint64_t ports = 0; ports <= 2; ports++) {
        struct rig rig;
        shared_ports(&rig, ports);
        assert_int_equal(cycles_of(&rig, 0, 3), L1 + L2);
        assert_int_equal(cycles_of(&rig, 1, 0), L1 + L2 + (ports == 1));
        rig_close(&rig);
    }
}

/* ---- invalidations in a shared level --------------------------------------------------------------------
 */

#define DROP 60u
#define PAGE 2u

/* The entry of the last-level table of the fixture's pages. */
static uint64_t table_entry(const struct rig *rig)
{
    const struct translation_regime *regime = &rig->fixture.contexts[0].regime;
    struct walk_state walk;
    uint64_t word;
    assert_int_equal(regime->format->start(&walk, regime, fixture_va(PAGE)), WALK_FETCH);
    while (walk.level < 2) {
        assert_true(machine_peek(rig->fixture.machine, walk.fetch[0], &word));
        assert_int_equal(regime->format->resume(&walk, &word), WALK_FETCH);
    }
    return walk.fetch[0];
}

/*
 * Core 2 takes the whole table away and invalidates. Core 1 walks to PAGE meanwhile, has read the table's
 * entry before, and carries out the invalidation late: its unit is busy with eight of its own. Core 0 carries
 * it out at once, and looks for PAGE soon after core 1's walk has ended, and again when all is over.
 */
static void take_a_table_away(struct rig *rig, bool shared, bool interrupt)
{
    static const struct invalidation all = {.scope = INVALIDATE_ALL};
    configure_shared(rig, 3);
    levels_find(rig, "l2")->shared = shared;
    rig->config.invalidate_cycles = DROP;
    rig->config.interrupt_entry_cycles = rig->config.interrupt_exit_cycles = 1;
    rig_open(rig);
    uint64_t walk_begins = rig->config.switch_cycles + 8 + L1 + L2;
    uint64_t walk_ends = walk_begins + levels_walk_cycles(rig, 4);
    uint64_t table_read = walk_begins + levels_walk_cycles(rig, 2);
    struct core_operation invalidate = {.kind = CORE_INVALIDATE, .invalidation = all};
    struct core_operation tell = {.kind = CORE_INTERRUPT, .list = &all, .list_count = 1, .targets = 7};
    if (!interrupt) {
        tell = invalidate;
        tell.invalidation.broadcast = true;
    }
    struct core_operation own =
        op_invalidate(FIXTURE_BLOCK_BASE, false); /* catches no walk of PAGE's table */
    const struct core_operation looks[] = {op_switch(rig),
                                           op_wait(walk_ends + 20 - rig->config.switch_cycles),
                                           op_load(fixture_va(PAGE)),
                                           op_wait(20000),
                                           op_load(fixture_va(PAGE)),
                                           op_end()};
    const struct core_operation walks[] = {
        op_switch(rig), own, own, own, own, own, own, own, own, op_load(fixture_va(PAGE)), op_end()};
    const struct core_operation unmaps[] = {
        op_switch(rig),
        op_wait(table_read + 4 - rig->config.store_buffer_drain_cycles - rig->config.switch_cycles),
        op_write(table_entry(rig), 0),
        op_barrier(BARRIER_DSB_ISHST),
        tell,
        op_barrier(BARRIER_DSB_ISH),
        op_end()};
    rig_play(rig, (const struct core_operation *const[]){looks, walks, unmaps});
    const struct mmu_event *end = rig_event(rig, EVENT_BARRIER, 2, 1);
    assert_true(rig_event(rig, EVENT_WALK, 1, 0)->cycle < end->cycle);
    assert_true(access_of(rig, 0, 1)->issue_cycle > end->cycle);
}

static void a_shared_level_takes_nothing_that_an_invalidation_has_begun_to_drop(void **state)
{
    (void)state;
    for (unsigned interrupt = 0; interrupt < 2; interrupt++) {
        struct rig rig;
        take_a_table_away(&rig, true, interrupt);
        assert_int_equal(access_of(&rig, 1, 0)->fault, FAULT_NONE); /* its walk had read the entry before */
        assert_int_equal(access_of(&rig, 0, 1)->fault, FAULT_TRANSLATION);
        rig_close(&rig);
    }
}

static void cores_of_their_own_levels_lose_it_each_at_its_time(void **state)
{
    (void)state;
    for (unsigned interrupt = 0; interrupt < 2; interrupt++) {
        struct rig rig;
        take_a_table_away(&rig, false, interrupt);
        assert_int_equal(access_of(&rig, 1, 0)->fault, FAULT_NONE);
        assert_int_equal(access_of(&rig, 0, 1)->fault, FAULT_TRANSLATION);
        rig_close(&rig);
    }
}

static void an_invalidation_takes_a_shared_entry_once(void **state)
{
    struct rig rig;
    (void)state;
    configure_shared(&rig, 2);
    rig_open(&rig);
    const struct core_operation first[] = {op_switch(&rig),
                                           op_load(fixture_va(0)),
                                           op_wait(2000),
                                           op_invalidate(fixture_va(0), true),
                                           op_barrier(BARRIER_DSB_ISH),
                                           op_end()};
    const struct core_operation second[] = {op_switch(&rig), op_end()};
    rig_play(&rig, (const struct core_operation *const[]){first, second});
    uint64_t dropped = 0;
    for (unsigned core = 0; core < 2; core++)
        dropped += machine_counters(rig.fixture.machine, core)->invalidations.entries_dropped;
    assert_int_equal(dropped, 2); /* the first core's own, and the shared one */
    assert_int_equal(most(levels_array(&rig, 0, "l2")->dropped, levels_array(&rig, 1, "l2")->dropped), 1);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shared_slot_comes_after_the_request),
        cmocka_unit_test(the_only_slot_goes_to_the_first_core_and_then_to_the_second),
        cmocka_unit_test(one_cores_walk_is_the_other_ones_hit),
        cmocka_unit_test(one_cores_walk_is_nothing_to_the_other_if_each_has_its_own),
        cmocka_unit_test(of_two_cores_in_one_cycle_the_second_waits_for_the_shared_port),
        cmocka_unit_test(a_shared_level_takes_nothing_that_an_invalidation_has_begun_to_drop),
        cmocka_unit_test(cores_of_their_own_levels_lose_it_each_at_its_time),
        cmocka_unit_test(an_invalidation_takes_a_shared_entry_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
