/*
 * What an invalidation costs where it is carried out, how many may be under way, and whether its issuer
 * waits: counts of sets and entries by hand, cycles from the machine's parameters.
 */
#include "mmu/test/levels_rig.h"

#define PER_SET   3u
#define PER_ENTRY 5u
#define DROP      11u
#define NETWORK   13u

/* l1i 8 sets of 3, l1d 4 sets of 2, l2 8 sets of 4; a walk cache of 4 sets of 2. */
static void configure(struct rig *rig)
{
    levels_two(rig, 1, 7);
    set_geometry(levels_find(rig, "l1i"), 24, 3, 1);
    set_geometry(levels_find(rig, "l1d"), 8, 2, 1);
    set_geometry(levels_find(rig, "l2"), 32, 4, 7);
    levels_walk_cache(rig, "tables", 8, 0)->ways = 2;
    rig->config.invalidate_cycles = DROP;
    rig->config.network_latency_cycles = NETWORK;
}

static uint64_t cost(uint64_t sets, uint64_t entries)
{
    return sets * PER_SET + entries * PER_ENTRY;
}

/* From a local invalidation's issue to its completion, beyond the least, with page 1 and a block cached. */
static uint64_t extra_cycles(const struct invalidation *what, bool empty)
{
    struct rig rig;
    configure(&rig);
    rig.config.invalidate_set_cycles = PER_SET;
    rig.config.invalidate_entry_cycles = PER_ENTRY;
    levels_begin(&rig);
    if (!empty) {
        levels_load(&rig, fixture_va(1));
        levels_load(&rig, FIXTURE_BLOCK_BASE);
    }
    struct core_operation invalidate = {.kind = CORE_INVALIDATE, .invalidation = *what};
    rig_settle(&rig);
    rig_do(&rig, &invalidate);
    rig_settle(&rig);
    rig_end(&rig);
    const struct mmu_event *end = rig_event(&rig, EVENT_COMPLETION, 0, 0);
    uint64_t cycles = end->cycle - end->as.completion.issue_cycle;
    rig_close(&rig);
    return cycles - (1 + DROP + 1);
}

/*
 * Page 1 and the block both fall into set 1 of l1d and of l2; page 1's block would be in set 0. Its tables:
 * the last one and that of 512 GiB in set 0 of the walk cache, that of 1 GiB in set 1.
 */
static void an_address_costs_a_set_for_each_page_size_in_an_array(void **state)
{
    struct invalidation what = {
        .va = fixture_va(1), .asid = 1, .scope = INVALIDATE_VA, .last_level_only = true};
    (void)state;
    assert_int_equal(extra_cycles(&what, false), cost(2 + 2, 2 + 2));
    assert_int_equal(extra_cycles(&what, true), 0);
    what.last_level_only = false;
    assert_int_equal(extra_cycles(&what, false), cost(2 + 2 + 2, 2 + 2 + 3));
}

static void a_range_costs_a_set_for_each_of_its_pages_until_all_are(void **state)
{
    struct invalidation what = {.va = fixture_va(1),
                                .size_bytes = 3 * FIXTURE_PAGE,
                                .asid = 1,
                                .scope = INVALIDATE_VA,
                                .last_level_only = true};
    (void)state;
    assert_int_equal(extra_cycles(&what, false), cost((3 + 1) + (3 + 1), 2 + 2));
    what.size_bytes = 100 * FIXTURE_PAGE;
    assert_int_equal(extra_cycles(&what, false), cost(4 + 8, 2 + 2));
}

static void a_space_costs_every_set_of_every_array(void **state)
{
    struct invalidation what = {.asid = 1, .scope = INVALIDATE_ASID};
    (void)state;
    assert_int_equal(extra_cycles(&what, false), cost(8 + 4 + 8 + 4, 2 + 2 + 3));
    assert_int_equal(extra_cycles(&what, true), cost(8 + 4 + 8 + 4, 0));
}

static void stage_2_alone_costs_nothing_where_nothing_of_it_is_cached(void **state)
{
    struct invalidation what = {.va = fixture_va(0), .scope = INVALIDATE_IPA};
    (void)state;
    assert_int_equal(extra_cycles(&what, false), 0);
}

/* ---- how many are under way -------------------------------------------------------------------------------
 */

static void play_three_broadcasts(struct rig *rig, uint64_t in_flight, uint64_t message)
{
    configure(rig);
    rig->config.cores = 3;
    rig->config.invalidations_in_flight = in_flight;
    rig->config.invalidate_message_cycles = message;
    rig_open(rig);
    struct core_operation invalidate = op_invalidate(fixture_va(0), true);
    const struct core_operation sends[] = {op_switch(rig), invalidate, invalidate, invalidate, op_end()};
    const struct core_operation nothing[] = {op_end()};
    rig_play(rig, (const struct core_operation *const[]){sends, nothing, nothing});
}

static uint64_t issued_at(const struct rig *rig, unsigned number)
{
    return rig_event(rig, EVENT_INVALIDATION, 0, number)->cycle;
}

static void a_further_one_waits_for_an_acknowledgement(void **state)
{
    struct rig rig;
    (void)state;
    play_three_broadcasts(&rig, 1, 0);
    uint64_t first = rig.config.switch_cycles, round = 2 * NETWORK + DROP;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(issued_at(&rig, i), first + i * round);
    rig_close(&rig);
}

static void with_two_places_the_third_waits(void **state)
{
    struct rig rig;
    (void)state;
    play_three_broadcasts(&rig, 2, 0);
    uint64_t first = rig.config.switch_cycles;
    assert_int_equal(issued_at(&rig, 1), first + 1);
    assert_int_equal(issued_at(&rig, 2), first + 2 * NETWORK + DROP);
    rig_close(&rig);
}

static void with_room_they_are_issued_one_a_cycle(void **state)
{
    struct rig rig;
    (void)state;
    play_three_broadcasts(&rig, 64, 0);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(issued_at(&rig, i), rig.config.switch_cycles + i);
    rig_close(&rig);
}

/* Six messages of one sender, to core 1 and 2 by turns. */
static void messages_leave_so_many_cycles_apart(void **state)
{
    struct rig rig;
    (void)state;
    play_three_broadcasts(&rig, 64, 10);
    for (unsigned i = 0, sent = 0; i < 9; i++) {
        const struct mmu_event *event;
        for (unsigned k = 0; (event = rig_event(&rig, EVENT_ACKNOWLEDGEMENT, 0, k)); k++) {
            const struct event_acknowledgement *answer = &event->as.acknowledgement;
            if (answer->invalidation != rig_event(&rig, EVENT_INVALIDATION, 0, i / 3)->as.invalidation.id ||
                answer->target != i % 3 || answer->target == 0)
                continue;
            assert_int_equal(answer->arrive_cycle, rig.config.switch_cycles + 10 * sent + NETWORK);
            sent++;
        }
    }
    rig_close(&rig);
}

/* ---- whether the issuer waits
 * ------------------------------------------------------------------------------ */

static uint64_t invalidation_takes(enum ordering ordering, bool broadcast, bool store_before)
{
    struct rig rig;
    configure(&rig);
    rig.config.cores = 2;
    rig.config.ordering = ordering;
    levels_begin(&rig);
    struct core_operation write = op_write(rig.fixture.scratch, 1),
                          invalidate = op_invalidate(fixture_va(0), broadcast);
    if (store_before)
        rig_do(&rig, &write);
    uint64_t cycles = rig_cycles(&rig, &invalidate);
    levels_finish(&rig);
    return cycles;
}

static void on_arm_it_is_issued_and_completes_later(void **state)
{
    (void)state;
    assert_int_equal(invalidation_takes(ORDERING_ARM, false, false), 1);
    assert_int_equal(invalidation_takes(ORDERING_ARM, false, true), 1);
    assert_int_equal(invalidation_takes(ORDERING_ARM, true, false), 1);
}

static void on_x86_and_riscv_a_local_one_ends_when_it_is_done(void **state)
{
    struct mmu_config config;
    (void)state;
    mmu_config_defaults(&config);
    for (unsigned ordering = ORDERING_X86; ordering <= ORDERING_RISCV; ordering++) {
        assert_int_equal(invalidation_takes((enum ordering)ordering, false, false), 1 + DROP + 1);
        /* and begins when earlier stores are in memory; the store's own cycle is over */
        assert_int_equal(invalidation_takes((enum ordering)ordering, false, true),
                         config.store_buffer_drain_cycles + config.memory_latency_cycles - 1 + 1 + DROP + 1);
    }
}

/* ---- what an acknowledgement waits for ----------------------------------------------------------- */

/* Core 1 has stored by an old translation, and its buffer drains slowly. */
static void invalidate_behind_a_store(struct rig *rig)
{
    configure(rig);
    rig->config.cores = 2;
    rig->config.store_buffer_drain_cycles = 1000;
    rig_open(rig);
    const struct core_operation invalidates[] = {op_switch(rig), op_wait(1000),
                                                 op_invalidate(fixture_va(2), true),
                                                 op_barrier(BARRIER_DSB_ISH), op_end()};
    const struct core_operation stores[] = {op_switch(rig), op_store(fixture_va(2), 1), op_end()};
    rig_play(rig, (const struct core_operation *const[]){invalidates, stores});
}

static void an_acknowledgement_comes_after_a_store_of_the_old_translation(void **state)
{
    struct rig rig;
    (void)state;
    invalidate_behind_a_store(&rig);
    assert_true(rig_event(&rig, EVENT_BARRIER, 0, 0)->cycle >
                rig_event(&rig, EVENT_TRANSLATION, 1, 0)->as.translation.performed_cycle);
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_costs_a_set_for_each_page_size_in_an_array),
        cmocka_unit_test(a_range_costs_a_set_for_each_of_its_pages_until_all_are),
        cmocka_unit_test(a_space_costs_every_set_of_every_array),
        cmocka_unit_test(stage_2_alone_costs_nothing_where_nothing_of_it_is_cached),
        cmocka_unit_test(a_further_one_waits_for_an_acknowledgement),
        cmocka_unit_test(with_two_places_the_third_waits),
        cmocka_unit_test(with_room_they_are_issued_one_a_cycle),
        cmocka_unit_test(messages_leave_so_many_cycles_apart),
        cmocka_unit_test(on_arm_it_is_issued_and_completes_later),
        cmocka_unit_test(on_x86_and_riscv_a_local_one_ends_when_it_is_done),
        cmocka_unit_test(an_acknowledgement_comes_after_a_store_of_the_old_translation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
