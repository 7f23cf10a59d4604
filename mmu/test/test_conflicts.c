/*
 * Several entries for one address: software has made a block of a table without an invalidation, so that a
 * small page and the block over it stand side by side. Always counted and told; what comes of it is the
 * machine's choice.
 */
#include "mmu/test/levels_rig.h"
#include "pagetables/vmsa.h"

#define L1      2u
#define L2      7u
#define SMALL   (fixture_va(5))
#define BESIDE  (FIXTURE_RUN_BASE - FIXTURE_PAGE) /* of the same block, and no page before */
#define ANOTHER (FIXTURE_BLOCK_BASE + FIXTURE_BLOCK)
#define TRIES   40u

/* Where hardware finds the entry of `va` at a level. */
static uint64_t entry_at(const struct rig *rig, uint64_t va, unsigned level)
{
    const struct translation_regime *regime = &rig->fixture.contexts[0].regime;
    struct walk_state walk;
    uint64_t word;
    assert_int_equal(regime->format->start(&walk, regime, va), WALK_FETCH);
    while (walk.level < level) {
        assert_true(machine_peek(rig->fixture.machine, walk.fetch[0], &word));
        assert_int_equal(regime->format->resume(&walk, &word), WALK_FETCH);
    }
    return walk.fetch[0];
}

struct outcome {
    unsigned faults, conflicts, told, small, block;
};

struct overlap {
    enum tlb_conflict policy;
    bool sequential;   /* one page size after the other */
    bool by_size;      /* an array for each */
    bool second_level; /* of the first level, both have gone */
};

static void configure(struct rig *rig, const struct overlap *overlap)
{
    levels_defaults(rig);
    rig->config.tlb_conflict = overlap->policy;
    levels_tlb(rig, "l1i", 2, L1);
    levels_tlb(rig, "l1d", 2, L1)->probing = overlap->sequential;
    if (overlap->by_size) {
        levels_find(rig, "l1d")->sizes = PAGES_4K;
        levels_tlb(rig, "l1d_2m", 2, L1)->sizes = PAGES_2M;
    }
    levels_tlb(rig, "l2", 64, L2);
}

static void make_overlap(struct rig *rig)
{
    uint64_t block, table = entry_at(rig, SMALL, 2);
    assert_true(machine_peek(rig->fixture.machine, rig->fixture.block_entries[0], &block));
    struct core_operation write = op_write(table, block);
    levels_load(rig, SMALL);
    rig_do(rig, &write);
    levels_load(rig, BESIDE);
}

static struct outcome run(const struct overlap *overlap, unsigned tries)
{
    struct outcome outcome = {0};
    struct rig rig;
    struct core_operation load = op_load(SMALL);
    configure(&rig, overlap);
    levels_begin(&rig);
    make_overlap(&rig);
    for (unsigned i = 0; i < tries; i++) {
        if (overlap->second_level) {
            levels_load(&rig, FIXTURE_BLOCK_BASE);
            levels_load(&rig, ANOTHER);
        }
        rig_settle(&rig);
        const struct core_result *result = rig_do(&rig, &load);
        outcome.faults += result->fault == FAULT_TLB_CONFLICT;
        outcome.small += !result->fault && result->pa % FIXTURE_BLOCK != SMALL % FIXTURE_BLOCK;
        outcome.block += !result->fault && result->pa % FIXTURE_BLOCK == SMALL % FIXTURE_BLOCK;
    }
    outcome.conflicts = (unsigned)machine_counters(rig.fixture.machine, 0)->accesses.conflicts;
    rig_end(&rig);
    for (const struct mmu_event *event; (event = rig_event(&rig, EVENT_CONFLICT, 0, outcome.told));) {
        assert_int_equal(event->as.conflict.va, SMALL);
        assert_int_equal(event->as.conflict.matches, 2);
        outcome.told++;
    }
    rig_close(&rig);
    return outcome;
}

static void the_smaller_page_comes_first(void **state)
{
    (void)state;
    for (unsigned by_size = 0; by_size < 2; by_size++) {
        struct overlap overlap = {.policy = TLB_CONFLICT_FIRST, .by_size = by_size};
        struct outcome outcome = run(&overlap, 3);
        assert_int_equal(outcome.small, 3);
        assert_int_equal(outcome.conflicts, 3);
        assert_int_equal(outcome.told, 3);
    }
}

static void either_takes_both_over_many_tries(void **state)
{
    (void)state;
    for (unsigned by_size = 0; by_size < 2; by_size++) {
        struct overlap overlap = {.policy = TLB_CONFLICT_EITHER, .by_size = by_size};
        struct outcome outcome = run(&overlap, TRIES);
        assert_int_equal(outcome.small + outcome.block, TRIES);
        assert_true(outcome.small > TRIES / 8 && outcome.block > TRIES / 8);
        assert_int_equal(outcome.conflicts, TRIES);
        assert_int_equal(outcome.told, TRIES);
    }
}

static void an_abort_is_a_fault_each_time(void **state)
{
    (void)state;
    for (unsigned by_size = 0; by_size < 2; by_size++) {
        struct overlap overlap = {.policy = TLB_CONFLICT_ABORT, .by_size = by_size};
        struct outcome outcome = run(&overlap, 3);
        assert_int_equal(outcome.faults, 3);
        assert_int_equal(outcome.conflicts, 3);
        assert_int_equal(outcome.told, 3);
    }
}

static void one_size_after_the_other_never_sees_the_second(void **state)
{
    struct overlap overlap = {.policy = TLB_CONFLICT_ABORT, .sequential = true};
    (void)state;
    struct outcome outcome = run(&overlap, 3);
    assert_int_equal(outcome.small, 3);
    assert_int_equal(outcome.conflicts, 0);
    assert_int_equal(outcome.told, 0);
}

static void a_level_behind_sees_it_too(void **state)
{
    struct overlap overlap = {.policy = TLB_CONFLICT_ABORT, .second_level = true};
    (void)state;
    struct outcome outcome = run(&overlap, 3);
    assert_int_equal(outcome.faults, 3);
    assert_int_equal(outcome.told, 3);
    overlap.policy = TLB_CONFLICT_FIRST;
    outcome = run(&overlap, 3);
    assert_int_equal(outcome.small, 3);
    assert_int_equal(outcome.told, 3);
}

/* A global page, and an ASID's own for the same addresses: of one size, and so seen in any case. */
static void a_global_page_and_an_asids_own_are_a_conflict(void **state)
{
    (void)state;
    for (unsigned sequential = 0; sequential < 2; sequential++) {
        struct overlap overlap = {.policy = TLB_CONFLICT_FIRST, .sequential = sequential};
        struct rig rig;
        uint64_t entry;
        configure(&rig, &overlap);
        levels_begin(&rig);
        assert_true(machine_peek(rig.fixture.machine, rig.fixture.entries[1], &entry));
        assert_false(entry & VMSA_NG);
        struct core_operation own = op_write(rig.fixture.entries[1], (entry | VMSA_NG) & ~VMSA_CONTIGUOUS);
        struct core_operation global = op_write(rig.fixture.entries[1], entry);
        struct core_operation other = op_switch(&rig), back = op_switch(&rig), load = op_load(fixture_va(1));
        other.context = &rig.fixture.contexts[1];
        rig_do(&rig, &own);
        levels_load(&rig, fixture_va(1)); /* of the first space */
        rig_do(&rig, &global);
        rig_do(&rig, &other);
        levels_load(&rig, fixture_va(1)); /* of all */
        rig_do(&rig, &back);
        rig_settle(&rig);
        rig_do(&rig, &load);
        assert_int_equal(machine_counters(rig.fixture.machine, 0)->accesses.conflicts, 1);
        levels_finish(&rig);
    }
}

static void without_an_overlap_there_is_no_conflict(void **state)
{
    struct overlap overlap = {.policy = TLB_CONFLICT_ABORT};
    struct rig rig;
    (void)state;
    configure(&rig, &overlap);
    levels_begin(&rig);
    levels_load(&rig, SMALL);
    levels_load(&rig, FIXTURE_BLOCK_BASE);
    assert_int_equal(levels_load(&rig, SMALL), L1);
    assert_int_equal(machine_counters(rig.fixture.machine, 0)->accesses.conflicts, 0);
    levels_finish(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smaller_page_comes_first),
        cmocka_unit_test(either_takes_both_over_many_tries),
        cmocka_unit_test(an_abort_is_a_fault_each_time),
        cmocka_unit_test(one_size_after_the_other_never_sees_the_second),
        cmocka_unit_test(a_level_behind_sees_it_too),
        cmocka_unit_test(a_global_page_and_an_asids_own_are_a_conflict),
        cmocka_unit_test(without_an_overlap_there_is_no_conflict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
