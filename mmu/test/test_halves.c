/*
 * Address spaces of two halves, each with a table of its own, and EL2, which is a regime of its own.
 */
#include "mmu/test/space_rig.h"

#define TOP  (~UINT64_C(0) << 48)
#define LOW  UINT64_C(0x400000)
#define HIGH (TOP | LOW)

struct world {
    struct rig rig;
    struct space_rig low, other, high; /* spaces 1, 2 and 3; ASIDs 1, 2 and 7, which nobody uses */
};

static void open_world(struct world *world)
{
    rig_open(&world->rig);
    world->low = space_open(&world->rig, "vmsa-4k-48", 1, 1);
    world->other = space_open(&world->rig, "vmsa-4k-48", 2, 2);
    world->high = space_open(&world->rig, "vmsa-4k-48-high", 3, 7);
    world->low.context.high = world->other.context.high = &world->high.context;
    rig_begin(&world->rig);
}

static void begin(struct world *world)
{
    rig_defaults(&world->rig);
    open_world(world);
}

static void enter(struct world *world, const struct space_rig *space)
{
    struct core_operation to = op_switch_to(&space->context);
    rig_do(&world->rig, &to);
}

static const struct core_result *load(struct world *world, uint64_t va)
{
    struct core_operation access = op_by(PRIVILEGE_KERNEL, ACCESS_LOAD, va);
    return rig_do(&world->rig, &access);
}

static const struct core_counters *counters(const struct world *world)
{
    return machine_counters(world->rig.fixture.machine, 0);
}

static void close_world(struct world *world)
{
    space_close(&world->low);
    space_close(&world->other);
    space_close(&world->high);
    rig_close(&world->rig);
}

static void bit_55_chooses_the_table(void **state)
{
    struct world world;
    (void)state;
    begin(&world);
    uint64_t low = space_map(&world.rig, &world.low, LOW, "rw-u");
    uint64_t high = space_map(&world.rig, &world.high, HIGH, "rw-");
    enter(&world, &world.low);
    assert_int_equal(load(&world, LOW + 8)->pa, low + 8);
    assert_int_equal(load(&world, HIGH + 8)->pa, high + 8);
    assert_int_equal(load(&world, LOW + 16)->pa, low + 16);
    assert_int_equal(counters(&world)->walker.walks, 2);
    /* neither half's: bit 55 says whose fault it is */
    assert_int_equal(load(&world, UINT64_C(1) << 55 | LOW)->fault, FAULT_TRANSLATION);
    assert_int_equal(load(&world, UINT64_C(1) << 56 | LOW)->fault, FAULT_TRANSLATION);
    assert_int_equal(counters(&world)->misses.no_walk, 2);
    rig_end(&world.rig);
    const unsigned spaces[] = {1, 3, 1, 3, 1};
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(rig_event(&world.rig, EVENT_TRANSLATION, 0, i)->as.translation.space, spaces[i]);
    for (unsigned i = 0; i < 2; i++) {
        const struct event_walk *walk = &rig_event(&world.rig, EVENT_WALK, 0, i)->as.walk;
        assert_int_equal(walk->space, spaces[i]);
        assert_int_equal(walk->asid, 1);
        assert_int_equal(rig_event(&world.rig, EVENT_FAULT, 0, i)->as.fault.space, spaces[3 + i]);
    }
    assert_int_equal(rig_event(&world.rig, EVENT_CONTEXT, 0, 1)->as.context.high_space, 3);
    close_world(&world);
}

static void pages_of_the_upper_half_have_the_current_asid_unless_they_are_global(void **state)
{
    struct world world;
    (void)state;
    begin(&world);
    space_map(&world.rig, &world.high, HIGH, "rw-");
    space_map(&world.rig, &world.high, HIGH + FIXTURE_PAGE, "rw-g");
    for (unsigned round = 0; round < 2; round++) {
        enter(&world, &world.low);
        (void)load(&world, HIGH);
        (void)load(&world, HIGH + FIXTURE_PAGE);
        enter(&world, &world.other);
        (void)load(&world, HIGH);
        (void)load(&world, HIGH + FIXTURE_PAGE);
    }
    assert_int_equal(counters(&world)->walker.walks, 3);
    struct core_operation drop = {.kind = CORE_INVALIDATE,
                                  .invalidation = {.va = HIGH, .asid = 2, .scope = INVALIDATE_VA}};
    rig_do(&world.rig, &drop);
    rig_settle(&world.rig);
    (void)load(&world, HIGH);
    assert_int_equal(counters(&world)->walker.walks, 4);
    enter(&world, &world.low);
    (void)load(&world, HIGH);
    assert_int_equal(counters(&world)->walker.walks, 4);
    rig_end(&world.rig);
    for (unsigned i = 0; rig_event(&world.rig, EVENT_TLB_ENTRY, 0, i); i++) {
        const struct event_tlb_entry *entry = &rig_event(&world.rig, EVENT_TLB_ENTRY, 0, i)->as.tlb_entry;
        assert_int_equal(entry->space, 3);
        assert_in_range(entry->asid, 1, 2);
    }
    close_world(&world);
}

/* The tables of both halves stand in one cache, by whole addresses. */
static void walk_caches_tell_the_halves_apart(void **state)
{
    struct world world;
    char error[128];
    (void)state;
    rig_defaults(&world.rig);
    assert_true(mmu_member_add(&world.rig.config, MMU_FAMILY_WALK_CACHE, "pde", error, sizeof error));
    open_world(&world);
    uint64_t low = space_map(&world.rig, &world.low, LOW + FIXTURE_PAGE, "rw-");
    uint64_t high = space_map(&world.rig, &world.high, HIGH + FIXTURE_PAGE, "rw-");
    space_map(&world.rig, &world.low, LOW, "rw-");
    space_map(&world.rig, &world.high, HIGH, "rw-");
    enter(&world, &world.low);
    (void)load(&world, LOW);
    (void)load(&world, HIGH);
    assert_int_equal(counters(&world)->walker.steps, 8);
    assert_int_equal(load(&world, LOW + FIXTURE_PAGE)->pa, low);
    assert_int_equal(load(&world, HIGH + FIXTURE_PAGE)->pa, high);
    assert_int_equal(counters(&world)->walker.steps, 10);
    rig_end(&world.rig);
    close_world(&world);
}

static void prefetches_stay_in_their_half(void **state)
{
    const uint64_t last = (UINT64_C(1) << 48) - FIXTURE_PAGE;
    (void)state;
    for (unsigned half = 0; half < 2; half++) {
        struct world world;
        rig_defaults(&world.rig);
        world.rig.config.prefetcher = PREFETCH_NEXT_PAGE;
        open_world(&world);
        enter(&world, &world.low);
        (void)load(&world, half ? ~UINT64_C(0) - 0xfff : last);
        assert_int_equal(counters(&world)->prefetch.asked, 0);
        (void)load(&world, half ? ~UINT64_C(0) - 0x1fff : last - FIXTURE_PAGE);
        rig_settle(&world.rig);
        assert_int_equal(counters(&world)->prefetch.asked, 1);
        assert_int_equal(counters(&world)->prefetch.issued, 1);
        rig_end(&world.rig);
        unsigned prefetches = 0;
        for (unsigned i = 0; rig_event(&world.rig, EVENT_WALK, 0, i); i++) {
            const struct event_walk *walk = &rig_event(&world.rig, EVENT_WALK, 0, i)->as.walk;
            assert_int_equal(walk->space, half ? 3 : 1);
            prefetches += walk->cause == CAUSE_PREFETCH;
        }
        assert_int_equal(prefetches, 1);
        close_world(&world);
    }
}

/* Misses merge, and accesses cross, by the smaller page of both halves. */
static void halves_may_have_pages_of_different_sizes(void **state)
{
    struct world world;
    (void)state;
    begin(&world);
    struct space_rig wide = space_open(&world.rig, "vmsa-16k-47-high", 4, 1);
    world.low.context.high = &wide.context;
    struct environment environment = setup_environment(&world.rig.fixture.setup);
    struct frame frame = {.base = UINT64_C(0x2000000), .attributes = FRAME_READABLE, .size_lg2 = 14};
    const uint64_t va = ~UINT64_C(0) << 47;
    assert_int_equal(pagetable_class_find("radix")->map(wide.table, &environment, va, &frame), PAGETABLE_OK);
    enter(&world, &world.low);
    struct core_operation crossing = op_by(PRIVILEGE_KERNEL, ACCESS_LOAD, va + 2 * FIXTURE_PAGE - 4);
    assert_int_equal(rig_do(&world.rig, &crossing)->pa, frame.base + 2 * FIXTURE_PAGE - 4);
    assert_int_equal(counters(&world)->accesses.crossing, 1);
    rig_settle(&world.rig);
    (void)load(&world, va + 3 * FIXTURE_PAGE);
    rig_end(&world.rig);
    assert_int_equal(rig_event(&world.rig, EVENT_TRANSLATION, 0, 2)->as.translation.outcome, OUTCOME_L1_HIT);
    assert_int_equal(rig_event(&world.rig, EVENT_TRANSLATION, 0, 2)->as.translation.page_size_lg2, 14);
    space_close(&wide);
    close_world(&world);
}

/* ---- EL2 ------------------------------------------------------------------------------------------- */

static void el2_and_el1_do_not_see_each_others_entries(void **state)
{
    struct world world;
    (void)state;
    begin(&world);
    struct space_rig el2 = space_open(&world.rig, "vmsa-el2-4k-48", 4, 0);
    el2.context.vmid = MMU_VMID_EL2;
    world.low.context.asid = 0;
    uint64_t of_el1 = space_map(&world.rig, &world.low, LOW, "rw-g"); /* global in EL1: of all its ASIDs */
    uint64_t of_el2 = space_map(&world.rig, &el2, LOW, "rw-g");
    for (unsigned round = 0; round < 2; round++) {
        enter(&world, &world.low);
        assert_int_equal(load(&world, LOW)->pa, of_el1);
        enter(&world, &el2);
        assert_int_equal(load(&world, LOW)->pa, of_el2);
    }
    assert_int_equal(counters(&world)->walker.walks, 2);
    struct core_operation drop = {.kind = CORE_INVALIDATE, .invalidation = {.scope = INVALIDATE_ALL}};
    rig_do(&world.rig, &drop); /* EL1's */
    rig_settle(&world.rig);
    (void)load(&world, LOW);
    assert_int_equal(counters(&world)->walker.walks, 2);
    drop.invalidation.vmid = MMU_VMID_EL2;
    rig_do(&world.rig, &drop);
    rig_settle(&world.rig);
    (void)load(&world, LOW);
    assert_int_equal(counters(&world)->walker.walks, 3);
    rig_end(&world.rig);
    space_close(&el2);
    close_world(&world);
}

static void no_virtual_machine_has_the_vmid_of_el2(void **state)
{
    struct world world;
    struct two_stage_regime both;
    unsigned core;
    (void)state;
    begin(&world);
    struct space_rig second = space_open(&world.rig, "vmsa-s2-4k-48", 4, 0);
    both = (struct two_stage_regime){&world.low.context.regime, &second.context.regime};
    world.low.context.two_stage = &both;
    world.low.context.vmid = MMU_VMID_EL2;
    struct core_operation to = op_switch_to(&world.low.context);
    machine_post(world.rig.fixture.machine, 0, &to);
    assert_int_equal(machine_advance(world.rig.fixture.machine, &core), MACHINE_ERROR);
    assert_non_null(strstr(machine_error(world.rig.fixture.machine), "VMID 65535 is EL2's"));
    space_close(&second);
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bit_55_chooses_the_table),
        cmocka_unit_test(pages_of_the_upper_half_have_the_current_asid_unless_they_are_global),
        cmocka_unit_test(walk_caches_tell_the_halves_apart),
        cmocka_unit_test(prefetches_stay_in_their_half),
        cmocka_unit_test(halves_may_have_pages_of_different_sizes),
        cmocka_unit_test(el2_and_el1_do_not_see_each_others_entries),
        cmocka_unit_test(no_virtual_machine_has_the_vmid_of_el2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
