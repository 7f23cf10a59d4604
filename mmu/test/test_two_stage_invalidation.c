/*
 * What entries of both stages answer to, and what takes them away: tags, scopes, and walks in flight.
 */
#include "mmu/test/guest_fixture.h"

#define GLOBAL_PAGE 1u /* of every eight pages the second is global in the guest */
#define PAGE        2u
#define WALK_MAX    5000u /* longer than any walk here takes */

static void open(struct rig *rig)
{
    const struct guest_config guest = {"vmsa-4k-48", "vmsa-s2-4k-48", false};
    rig_defaults(rig);
    rig_open_guest(rig, &guest);
}

static void end(struct rig *rig)
{
    rig_end(rig);
    rig_close(rig);
}

static void switch_to(struct rig *rig, const struct address_context *context)
{
    struct core_operation operation = {.kind = CORE_SWITCH, .context = context};
    rig_do(rig, &operation);
}

/* Whether a load had to walk. */
static bool walks(struct rig *rig, uint64_t va)
{
    struct core_operation operation = op_access(ACCESS_LOAD, DATA_NONE, va);
    const struct core_counters *counters = machine_counters(rig->fixture.machine, 0);
    uint64_t before = counters->walker.walks;
    assert_int_equal(rig_do(rig, &operation)->fault, FAULT_NONE);
    rig_settle(rig);
    return counters->walker.walks != before;
}

/* The same tables, as another virtual machine or address space would have them. */
static struct address_context tagged(const struct rig *rig, uint16_t asid, uint16_t vmid)
{
    struct address_context context = rig->fixture.contexts[0];
    context.asid = asid;
    context.vmid = vmid;
    return context;
}

static void invalidate(struct rig *rig, enum invalidation_scope scope, uint64_t address, uint16_t vmid)
{
    struct core_operation operation = {
        .kind = CORE_INVALIDATE,
        .invalidation = {.va = address, .asid = 1, .scope = scope, .vmid = vmid, .broadcast = true}};
    struct core_operation complete = op_barrier(BARRIER_DSB_ISH);
    rig_do(rig, &operation);
    rig_do(rig, &complete);
}

/* ---- tags --------------------------------------------------------------------------------------- */

static void another_address_space_or_machine_has_no_use_for_an_entry(void **state)
{
    struct rig rig;
    (void)state;
    open(&rig);
    rig_begin(&rig);
    struct address_context same = tagged(&rig, 1, GUEST_VMID), asid = tagged(&rig, 2, GUEST_VMID);
    struct address_context vmid = tagged(&rig, 1, GUEST_VMID + 1), none = tagged(&rig, 1, 0);
    assert_true(walks(&rig, fixture_va(PAGE)));
    switch_to(&rig, &same);
    assert_false(walks(&rig, fixture_va(PAGE)));
    switch_to(&rig, &asid);
    assert_true(walks(&rig, fixture_va(PAGE)));
    switch_to(&rig, &vmid);
    assert_true(walks(&rig, fixture_va(PAGE)));
    switch_to(&rig, &none);
    assert_true(walks(&rig, fixture_va(PAGE)));
    /* and all four stand side by side */
    switch_to(&rig, &same);
    assert_false(walks(&rig, fixture_va(PAGE)));
    end(&rig);
}

static void a_global_page_of_the_guest_serves_the_address_spaces_of_its_machine_alone(void **state)
{
    struct rig rig;
    (void)state;
    open(&rig);
    rig_begin(&rig);
    struct address_context asid = tagged(&rig, 2, GUEST_VMID), vmid = tagged(&rig, 1, GUEST_VMID + 1);
    assert_true(walks(&rig, fixture_va(GLOBAL_PAGE)));
    switch_to(&rig, &asid);
    assert_false(walks(&rig, fixture_va(GLOBAL_PAGE)));
    switch_to(&rig, &vmid);
    assert_true(walks(&rig, fixture_va(GLOBAL_PAGE)));
    end(&rig);
}

static void entries_are_told_with_both_tags(void **state)
{
    struct rig rig;
    (void)state;
    open(&rig);
    rig_begin(&rig);
    assert_true(walks(&rig, fixture_va(PAGE)));
    rig_end(&rig);
    const struct event_tlb_entry *entry = &rig_event(&rig, EVENT_TLB_ENTRY, 0, 0)->as.tlb_entry;
    assert_int_equal(entry->asid, 1);
    assert_int_equal(entry->vmid, GUEST_VMID);
    assert_int_equal(entry->va, fixture_va(PAGE));
    assert_int_equal(rig_event(&rig, EVENT_CONTEXT, 0, 0)->as.context.vmid, GUEST_VMID);
    rig_close(&rig);
}

/* ---- scopes ------------------------------------------------------------------------------------- */

/* Which of the entries of four contexts an invalidation takes: bits. */
enum { SAME = 1, OTHER_ASID = 2, OTHER_VMID = 4, GLOBAL = 8 };

static unsigned taken_by(enum invalidation_scope scope)
{
    struct rig rig;
    unsigned taken = 0;
    open(&rig);
    rig_begin(&rig);
    struct address_context contexts[] = {tagged(&rig, 1, GUEST_VMID), tagged(&rig, 2, GUEST_VMID),
                                         tagged(&rig, 1, GUEST_VMID + 1)};
    const unsigned bits[] = {SAME, OTHER_ASID, OTHER_VMID};
    for (unsigned i = 0; i < 3; i++) {
        switch_to(&rig, &contexts[i]);
        assert_true(walks(&rig, fixture_va(PAGE)));
    }
    switch_to(&rig, &contexts[0]);
    assert_true(walks(&rig, fixture_va(GLOBAL_PAGE)));
    uint64_t address = scope == INVALIDATE_IPA ? guest_ipa(PAGE) : fixture_va(PAGE);
    invalidate(&rig, scope, address, GUEST_VMID);
    for (unsigned i = 0; i < 3; i++) {
        switch_to(&rig, &contexts[i]);
        taken |= walks(&rig, fixture_va(PAGE)) ? bits[i] : 0;
    }
    switch_to(&rig, &contexts[0]);
    taken |= walks(&rig, fixture_va(GLOBAL_PAGE)) ? GLOBAL : 0;
    end(&rig);
    return taken;
}

static void each_scope_takes_what_it_names_of_its_machine(void **state)
{
    (void)state;
    assert_int_equal(taken_by(INVALIDATE_VA), SAME);
    assert_int_equal(taken_by(INVALIDATE_VA_ALL_ASIDS), SAME | OTHER_ASID);
    assert_int_equal(taken_by(INVALIDATE_ASID), SAME);
    assert_int_equal(taken_by(INVALIDATE_ALL), SAME | OTHER_ASID | GLOBAL);
    assert_int_equal(taken_by(INVALIDATE_IPA), 0);
    assert_int_equal(taken_by(INVALIDATE_VMID), SAME | OTHER_ASID | GLOBAL);
}

static void remap_in_stage2(struct rig *rig, uint64_t entry)
{
    struct core_operation write = op_write(entry, 0), dsb = op_barrier(BARRIER_DSB_ISHST);
    rig_do(rig, &write);
    rig_do(rig, &dsb);
}

static void an_intermediate_address_alone_leaves_a_stale_hit_behind(void **state)
{
    struct rig rig;
    struct core_operation load = op_access(ACCESS_LOAD, DATA_BUS, fixture_va(PAGE));
    (void)state;
    open(&rig);
    rig_begin(&rig);
    rig_do(&rig, &load);
    remap_in_stage2(&rig, rig.fixture.guest->entries[PAGE]);
    invalidate(&rig, INVALIDATE_IPA, guest_ipa(PAGE), GUEST_VMID);
    assert_int_equal(rig_do(&rig, &load)->fault, FAULT_NONE); /* DDI 0487, D8.17.5: combined entries stay */
    invalidate(&rig, INVALIDATE_ALL, 0, GUEST_VMID);
    assert_int_equal(rig_do(&rig, &load)->fault, FAULT_TRANSLATION);
    assert_int_equal(machine_result(rig.fixture.machine, 0)->fault_stage, 2);
    end(&rig);
}

static void the_same_for_another_machine_changes_nothing(void **state)
{
    struct rig rig;
    struct core_operation load = op_access(ACCESS_LOAD, DATA_BUS, fixture_va(PAGE));
    (void)state;
    open(&rig);
    rig_begin(&rig);
    rig_do(&rig, &load);
    remap_in_stage2(&rig, rig.fixture.guest->entries[PAGE]);
    invalidate(&rig, INVALIDATE_IPA, guest_ipa(PAGE), GUEST_VMID + 1);
    invalidate(&rig, INVALIDATE_ALL, 0, GUEST_VMID + 1);
    assert_int_equal(rig_do(&rig, &load)->fault, FAULT_NONE);
    end(&rig);
}

/* ---- walks in flight ---------------------------------------------------------------------------- */

/*
 * Core 0 walks; core 1 invalidates so many cycles later, for itself and for core 0. Then core 0 loads again:
 * what the first walk left is there, or is not.
 */
struct race {
    uint64_t delay;
    struct invalidation what;
    bool walk_caches;
};
struct raced {
    uint64_t walks, again_steps, unfilled, answer_cycle, walk_end_cycle;
    unsigned walks_settled;
};

static void add_walk_caches(struct mmu_config *config)
{
    static const char *const names[] = {"tables", "second", "whole"};
    char error[256];
    for (unsigned i = 0; i < WALK_CACHE_HOLDS; i++) {
        assert_true(mmu_member_add(config, MMU_FAMILY_WALK_CACHE, names[i], error, sizeof error));
        config->walk_caches[i].holds = i;
    }
}

static struct raced play(const struct race *race)
{
    const struct guest_config guest = {"vmsa-4k-48", "vmsa-s2-4k-48", false};
    struct rig rig;
    rig_defaults(&rig);
    rig.config.cores = 2;
    if (race->walk_caches)
        add_walk_caches(&rig.config);
    rig_open_guest(&rig, &guest);
    struct core_operation load = op_access(ACCESS_LOAD, DATA_NONE, fixture_va(PAGE));
    struct core_operation invalidation = {.kind = CORE_INVALIDATE, .invalidation = race->what};
    const struct core_operation walker[] = {op_switch(&rig),   op_wait(100), load,
                                            op_wait(WALK_MAX), load,         op_end()};
    const struct core_operation issuer[] = {op_wait(100 + race->delay), invalidation,
                                            op_barrier(BARRIER_DSB_ISH), op_end()};
    const struct core_operation *lists[] = {walker, issuer};
    rig_play(&rig, lists);
    const struct core_counters *counters = machine_counters(rig.fixture.machine, 0);
    const struct mmu_event *walk = rig_event(&rig, EVENT_WALK, 0, 0);
    struct raced raced = {.walks = counters->walker.walks,
                          .unfilled = counters->walker.unfilled,

                          .walk_end_cycle = walk->cycle};
    if (raced.walks > 1)
        raced.again_steps = rig_event(&rig, EVENT_WALK, 0, 1)->as.walk.steps;
    for (unsigned i = 0; i < 2; i++) {
        const struct event_acknowledgement *answer =
            &rig_event(&rig, EVENT_ACKNOWLEDGEMENT, 1, i)->as.acknowledgement;
        if (answer->target == 0) {
            raced.walks_settled = answer->walks_settled;
            raced.answer_cycle = answer->acknowledge_cycle;
        }
    }
    rig_close(&rig);
    return raced;
}

static struct race race_with(enum invalidation_scope scope, uint16_t vmid)
{
    uint64_t address = scope == INVALIDATE_IPA ? guest_ipa(PAGE) : fixture_va(PAGE);
    return (struct race){.delay = 1000,
                         .what = {.va = address, .asid = 1, .vmid = vmid, .scope = scope, .broadcast = true}};
}

static void a_walk_in_flight_fills_nothing_and_is_waited_for(void **state)
{
    (void)state;
    for (unsigned scope = 0; scope < INVALIDATION_SCOPES; scope++) {
        struct race race = race_with((enum invalidation_scope)scope, GUEST_VMID);
        struct raced raced = play(&race);
        assert_int_equal(raced.walks, 2);
        assert_int_equal(raced.unfilled, 1);
        assert_int_equal(raced.walks_settled, 1);
        assert_true(raced.answer_cycle >= raced.walk_end_cycle);
    }
}

static void a_walk_of_another_machine_goes_on_untouched(void **state)
{
    (void)state;
    for (unsigned scope = 0; scope < INVALIDATION_SCOPES; scope++) {
        struct race race = race_with((enum invalidation_scope)scope, GUEST_VMID + 1);
        struct raced raced = play(&race);
        assert_int_equal(raced.walks, 1);
        assert_int_equal(raced.unfilled, 0);
        assert_int_equal(raced.walks_settled, 0);
        assert_true(raced.answer_cycle < raced.walk_end_cycle);
    }
}

static void another_address_spaces_invalidation_does_not_catch_a_walk(void **state)
{
    struct race race = race_with(INVALIDATE_ASID, GUEST_VMID);
    (void)state;
    race.what.asid = 2;
    assert_int_equal(play(&race).walks_settled, 0);
}

/* A walk whose page is not meant fills, but is waited for all the same: its tables might have been. */
static void a_walk_to_another_page_is_waited_for_and_fills(void **state)
{
    struct race race = race_with(INVALIDATE_VA, GUEST_VMID);
    (void)state;
    race.what.va = fixture_va(PAGE + 1);
    struct raced raced = play(&race);
    assert_int_equal(raced.walks_settled, 1);
    assert_int_equal(raced.walks, 1);
}

/* Whenever it comes: the second walk begins with empty caches. */
static void a_caught_walk_leaves_nothing_in_walk_caches(void **state)
{
    struct race race = race_with(INVALIDATE_VMID, GUEST_VMID);
    unsigned caught = 0;
    (void)state;
    race.walk_caches = true;
    for (race.delay = 20; race.delay < 1800; race.delay += 75) {
        struct raced raced = play(&race);
        if (raced.walks_settled == 0)
            continue;
        caught++;
        assert_int_equal(raced.walks, 2);
        assert_int_equal(raced.again_steps, 4 + 1 + 3 * 2 + 2); /* but for what it finds itself */
    }
    assert_true(caught > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_address_space_or_machine_has_no_use_for_an_entry),
        cmocka_unit_test(a_global_page_of_the_guest_serves_the_address_spaces_of_its_machine_alone),
        cmocka_unit_test(entries_are_told_with_both_tags),
        cmocka_unit_test(each_scope_takes_what_it_names_of_its_machine),
        cmocka_unit_test(an_intermediate_address_alone_leaves_a_stale_hit_behind),
        cmocka_unit_test(the_same_for_another_machine_changes_nothing),
        cmocka_unit_test(a_walk_in_flight_fills_nothing_and_is_waited_for),
        cmocka_unit_test(a_walk_of_another_machine_goes_on_untouched),
        cmocka_unit_test(another_address_spaces_invalidation_does_not_catch_a_walk),
        cmocka_unit_test(a_walk_to_another_page_is_waited_for_and_fills),
        cmocka_unit_test(a_caught_walk_leaves_nothing_in_walk_caches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
