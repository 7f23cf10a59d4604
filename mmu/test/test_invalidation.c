/*
 * Invalidations against everything that can be under way: walks, data, buffered stores; and what a missing
 * step of the protocol does. In pairs: as it should be, and as it should not.
 */
#include "mmu/test/rig.h"

#define PAGE       5u
#define OTHER_PAGE 6u
#define SLOW_DRAIN 1000u

/* Two cores, the first with the page-table code, the second a bystander. */
static void open_two(struct rig *rig)
{
    rig_defaults(rig);
    rig->config.cores = 2;
    rig->config.store_buffer_drain_cycles = SLOW_DRAIN;
    rig_open(rig);
}

static const struct event_translation *access_of(const struct rig *rig, unsigned core, unsigned number)
{
    const struct mmu_event *event = rig_event(rig, EVENT_TRANSLATION, core, number);
    assert_non_null(event);
    return &event->as.translation;
}

/* The acknowledgement of core 1 to the first invalidation of core 0. */
static const struct event_acknowledgement *answer_of_core_1(const struct rig *rig)
{
    const struct mmu_event *event;
    for (unsigned i = 0; (event = rig_event(rig, EVENT_ACKNOWLEDGEMENT, 0, i)); i++)
        if (event->as.acknowledgement.target == 1)
            return &event->as.acknowledgement;
    fail_msg("core 1 acknowledged nothing");
    return NULL;
}

static struct core_operation translate(unsigned page)
{
    return op_access(ACCESS_LOAD, DATA_NONE, fixture_va(page));
}

/* ---- the barrier between the store of an entry and its invalidation ------------------------------ */

/* Core 0 unmaps while core 1 re-fills in between; what core 1's last access, long after, gives. */
static struct event_translation unmap_against_refill(enum barrier_kind first_barrier)
{
    struct rig rig;
    open_two(&rig);
    const struct core_operation unmaps[] = {op_switch(&rig),
                                            op_wait(1000),
                                            op_write(rig.fixture.entries[PAGE], 0),
                                            op_barrier(first_barrier),
                                            op_invalidate(fixture_va(PAGE), true),
                                            op_barrier(BARRIER_DSB_ISH),
                                            op_end()};
    const struct core_operation accesses[] = {
        op_switch(&rig), translate(PAGE),          op_wait(600), /* the entry is dropped, or soon will be */
        translate(PAGE), op_wait(20 * SLOW_DRAIN), translate(PAGE), op_end()};
    rig_play(&rig, (const struct core_operation *const[]){unmaps, accesses});
    const struct mmu_event *end = rig_event(&rig, EVENT_BARRIER, 0, 1);
    struct event_translation last = *access_of(&rig, 1, 2);
    assert_true(last.issue_cycle > end->cycle);
    rig_close(&rig);
    return last;
}

static void an_unmap_with_its_barrier_is_seen_by_all(void **state)
{
    (void)state;
    assert_int_equal(unmap_against_refill(BARRIER_DSB_ISHST).fault, FAULT_TRANSLATION);
}

static void without_the_barrier_a_walk_brings_the_old_entry_back(void **state)
{
    (void)state;
    struct event_translation last = unmap_against_refill(BARRIER_ISB); /* drains nothing */
    assert_int_equal(last.fault, FAULT_NONE);
    assert_int_equal(last.outcome, OUTCOME_L1_HIT);
}

/* ---- reach --------------------------------------------------------------------------------------- */

static void invalidate_once(struct rig *rig, bool broadcast)
{
    open_two(rig);
    const struct core_operation invalidates[] = {op_switch(rig),
                                                 translate(PAGE),
                                                 op_wait(2000),
                                                 op_invalidate(fixture_va(PAGE), broadcast),
                                                 op_barrier(BARRIER_DSB_ISH),
                                                 translate(PAGE),
                                                 op_end()};
    const struct core_operation accesses[] = {op_switch(rig), translate(PAGE), op_wait(5000), translate(PAGE),
                                              op_end()};
    rig_play(rig, (const struct core_operation *const[]){invalidates, accesses});
}

static void a_broadcast_drops_every_cores_entries(void **state)
{
    struct rig rig;
    (void)state;
    invalidate_once(&rig, true);
    assert_int_equal(access_of(&rig, 0, 1)->outcome, OUTCOME_WALK);
    assert_int_equal(access_of(&rig, 1, 1)->outcome, OUTCOME_WALK);
    assert_int_equal(machine_counters(rig.fixture.machine, 1)->invalidations.entries_dropped, 2); /* L1, L2 */
    rig_close(&rig);
}

static void a_local_one_leaves_the_other_cores_entry(void **state)
{
    struct rig rig;
    (void)state;
    invalidate_once(&rig, false);
    assert_int_equal(access_of(&rig, 0, 1)->outcome, OUTCOME_WALK);
    assert_int_equal(access_of(&rig, 1, 1)->outcome, OUTCOME_L1_HIT);
    assert_int_equal(machine_counters(rig.fixture.machine, 1)->invalidations.received, 0);
    rig_close(&rig);
}

/* ---- walks in flight ----------------------------------------------------------------------------- */

/* Core 1 walks for PAGE from about cycle 130 to 610; core 0 invalidates `page` of `asid` in the middle. */
static void invalidate_during_walk_of(struct rig *rig, unsigned page, uint16_t asid)
{
    open_two(rig);
    struct core_operation invalidation = op_invalidate(fixture_va(page), true);
    invalidation.invalidation.asid = asid;
    const struct core_operation invalidates[] = {op_switch(rig), op_wait(300), invalidation, op_end()};
    const struct core_operation accesses[] = {op_switch(rig), op_wait(100), translate(PAGE), translate(PAGE),
                                              op_end()};
    rig_play(rig, (const struct core_operation *const[]){invalidates, accesses});
    const struct mmu_event *walk = rig_event(rig, EVENT_WALK, 1, 0);
    const struct event_acknowledgement *answer = answer_of_core_1(rig);
    assert_true(answer->drop_cycle > walk->as.walk.start_cycle && answer->drop_cycle < walk->cycle);
    assert_int_equal(answer->walks_settled, 1);
    assert_int_equal(answer->acknowledge_cycle, walk->cycle);
}

static void invalidate_during_walk(struct rig *rig, unsigned page)
{
    invalidate_during_walk_of(rig, page, 1);
}

static void a_walk_that_an_invalidation_overtakes_fills_nothing(void **state)
{
    struct rig rig;
    (void)state;
    invalidate_during_walk(&rig, PAGE);
    assert_false(rig_event(&rig, EVENT_WALK, 1, 0)->as.walk.filled);
    assert_int_equal(access_of(&rig, 1, 0)->fault, FAULT_NONE); /* it is forwarded to who waited */
    assert_int_equal(access_of(&rig, 1, 1)->outcome, OUTCOME_WALK);
    assert_int_equal(machine_counters(rig.fixture.machine, 1)->walker.unfilled, 1);
    rig_close(&rig);
}

/* And then the acknowledgement waits for the data of who got the old translation. */
static void an_acknowledgement_waits_for_who_an_overtaken_walk_served(void **state)
{
    struct rig rig;
    (void)state;
    open_two(&rig);
    const struct core_operation invalidates[] = {op_switch(&rig), op_wait(300),
                                                 op_invalidate(fixture_va(PAGE), true), op_end()};
    const struct core_operation accesses[] = {op_switch(&rig), op_wait(100),
                                              op_access(ACCESS_LOAD, DATA_BUS, fixture_va(PAGE)), op_end()};
    rig_play(&rig, (const struct core_operation *const[]){invalidates, accesses});
    const struct event_acknowledgement *answer = answer_of_core_1(&rig);
    const struct event_translation *access = access_of(&rig, 1, 0);
    assert_true(answer->drop_cycle < access->translated_cycle);
    assert_int_equal(answer->accesses_settled, 1);
    assert_int_equal(answer->acknowledge_cycle, access->performed_cycle + rig.config.memory_latency_cycles);
    rig_close(&rig);
}

static void a_walk_for_another_page_fills(void **state)
{
    struct rig rig;
    (void)state;
    invalidate_during_walk(&rig, OTHER_PAGE);
    assert_true(rig_event(&rig, EVENT_WALK, 1, 0)->as.walk.filled);
    assert_int_equal(access_of(&rig, 1, 1)->outcome, OUTCOME_L1_HIT);
    assert_int_equal(machine_counters(rig.fixture.machine, 1)->walker.unfilled, 0);
    rig_close(&rig);
}

/* The page might have been global: it is waited for. */
static void a_walk_of_another_address_space_fills(void **state)
{
    struct rig rig;
    (void)state;
    invalidate_during_walk_of(&rig, PAGE, 2);
    assert_true(rig_event(&rig, EVENT_WALK, 1, 0)->as.walk.filled);
    assert_int_equal(machine_counters(rig.fixture.machine, 1)->walker.unfilled, 0);
    rig_close(&rig);
}

/* ---- accesses in flight -------------------------------------------------------------------------- */

/* Core 1 has PAGE cached and does `access` to it; core 0's invalidation of `page` drops soon after. */
static struct event_acknowledgement invalidate_during(struct rig *rig, const struct core_operation *access,
                                                      unsigned page)
{
    open_two(rig);
    uint64_t before_drop = rig->config.network_latency_cycles + rig->config.invalidate_cycles;
    const struct core_operation invalidates[] = {op_switch(rig), op_wait(4000 - before_drop + 30),
                                                 op_invalidate(fixture_va(page), true), op_end()};
    uint64_t walk = rig->config.tlbs[TLB_L1D].latency_cycles + rig->config.tlbs[TLB_L2].latency_cycles +
                    4 * rig->config.memory_latency_cycles;
    const struct core_operation accesses[] = {
        op_switch(rig), translate(PAGE), translate(OTHER_PAGE), op_wait(4000 - 2 * walk), *access, op_end()};
    rig_play(rig, (const struct core_operation *const[]){invalidates, accesses});
    return *answer_of_core_1(rig);
}

static void an_acknowledgement_waits_for_the_data_of_an_old_translation(void **state)
{
    struct rig rig;
    struct core_operation load = op_access(ACCESS_LOAD, DATA_BUS, fixture_va(PAGE));
    (void)state;
    struct event_acknowledgement answer = invalidate_during(&rig, &load, PAGE);
    const struct event_translation *access = access_of(&rig, 1, 2);
    assert_int_equal(access->outcome, OUTCOME_L1_HIT);
    assert_int_equal(answer.accesses_settled, 1);
    assert_int_equal(answer.acknowledge_cycle, access->performed_cycle + rig.config.memory_latency_cycles);
    assert_true(answer.acknowledge_cycle > answer.drop_cycle);
    rig_close(&rig);
}

static void it_does_not_wait_for_the_data_of_another_page(void **state)
{
    struct rig rig;
    struct core_operation load = op_access(ACCESS_LOAD, DATA_BUS, fixture_va(PAGE));
    (void)state;
    struct event_acknowledgement answer = invalidate_during(&rig, &load, OTHER_PAGE);
    const struct event_translation *access = access_of(&rig, 1, 2);
    assert_true(answer.drop_cycle < access->performed_cycle + rig.config.memory_latency_cycles);
    assert_int_equal(answer.accesses_settled, 0);
    assert_int_equal(answer.acknowledge_cycle, answer.drop_cycle);
    rig_close(&rig);
}

static void it_waits_for_a_buffered_store_of_an_old_translation(void **state)
{
    struct rig rig;
    struct core_operation store = op_store(fixture_va(PAGE), 9);
    (void)state;
    struct event_acknowledgement answer = invalidate_during(&rig, &store, PAGE);
    const struct event_translation *access = access_of(&rig, 1, 2);
    assert_int_equal(answer.accesses_settled, 1);
    assert_true(access->performed_cycle - access->translated_cycle >= SLOW_DRAIN);
    assert_int_equal(answer.acknowledge_cycle, access->performed_cycle + rig.config.memory_latency_cycles);
    rig_close(&rig);
}

static void it_does_not_wait_for_stores_to_physical_memory(void **state)
{
    struct rig rig;
    struct core_operation write = op_write(UINT64_C(0x100000), 9);
    (void)state;
    struct event_acknowledgement answer = invalidate_during(&rig, &write, PAGE);
    assert_true(rig_event(&rig, EVENT_ENTRY_WRITE, 1, 0)->cycle > answer.drop_cycle);
    assert_int_equal(answer.accesses_settled, 0);
    assert_int_equal(answer.acknowledge_cycle, answer.drop_cycle);
    rig_close(&rig);
}

/* ---- the life of an entry ------------------------------------------------------------------------ */

static void a_dropped_entry_is_told_with_its_invalidation(void **state)
{
    struct rig rig;
    (void)state;
    invalidate_once(&rig, true);
    uint64_t invalidation = rig_event(&rig, EVENT_INVALIDATION, 0, 0)->as.invalidation.id;
    unsigned dropped = 0, kept = 0;
    const struct mmu_event *event;
    for (unsigned i = 0; (event = rig_event(&rig, EVENT_TLB_ENTRY, 1, i)); i++) {
        dropped += event->as.tlb_entry.end == ENTRY_END_INVALIDATED &&
                   event->as.tlb_entry.invalidation == invalidation;
        kept += event->as.tlb_entry.end == ENTRY_END_RUN && event->as.tlb_entry.invalidation == 0;
    }
    assert_int_equal(dropped, 2); /* first and second level */
    assert_int_equal(kept, 2);    /* of the walk after */
    rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unmap_with_its_barrier_is_seen_by_all),
        cmocka_unit_test(without_the_barrier_a_walk_brings_the_old_entry_back),
        cmocka_unit_test(a_broadcast_drops_every_cores_entries),
        cmocka_unit_test(a_local_one_leaves_the_other_cores_entry),
        cmocka_unit_test(a_walk_that_an_invalidation_overtakes_fills_nothing),
        cmocka_unit_test(an_acknowledgement_waits_for_who_an_overtaken_walk_served),
        cmocka_unit_test(a_walk_for_another_page_fills),
        cmocka_unit_test(a_walk_of_another_address_space_fills),
        cmocka_unit_test(an_acknowledgement_waits_for_the_data_of_an_old_translation),
        cmocka_unit_test(it_does_not_wait_for_the_data_of_another_page),
        cmocka_unit_test(it_waits_for_a_buffered_store_of_an_old_translation),
        cmocka_unit_test(it_does_not_wait_for_stores_to_physical_memory),
        cmocka_unit_test(a_dropped_entry_is_told_with_its_invalidation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
