/*
 * Walk caches of tables: what a hit at each depth saves, what an invalidation takes from them under each
 * architecture's rules, and that a walk which an invalidation has caught leaves nothing in them.
 */
#include "mmu/test/levels_rig.h"

#define GIB      (UINT64_C(1) << 30)
#define MIB      (UINT64_C(1) << 20)
#define L1       2u
#define L2       7u
#define NEAR_VA  (fixture_va(1))            /* in the same last-level table as page 0 */
#define BLOCK_VA (FIXTURE_BASE + 64 * MIB)  /* in the table above: of the same 1 GiB */
#define GIGA_VA  (FIXTURE_BASE + 5 * GIB)   /* of the same 512 GiB */
#define FAR_VA   (FIXTURE_BASE + 512 * GIB) /* the root only */

static void map_small(struct rig *rig, uint64_t va)
{
    struct frame frame = {.attributes = FRAME_READABLE | FRAME_USER, .size_lg2 = 12};
    assert_true(frame_allocate(&rig->fixture.allocator, 12, &frame.base));
    rig_map(rig, va, &frame);
}

static void configure(struct rig *rig)
{
    levels_two(rig, L1, L2);
}

static void begin(struct rig *rig)
{
    rig_open(rig);
    map_small(rig, BLOCK_VA);
    map_small(rig, GIGA_VA);
    map_small(rig, FAR_VA);
    rig_begin(rig);
    levels_load(rig, fixture_va(0));
}

/* ---- what a hit saves ---------------------------------------------------------------------------- */

static void a_hit_saves_the_fetches_above_its_table(void **state)
{
    (void)state;
    for (uint64_t latency = 0; latency <= 5; latency++) {
        struct rig rig;
        configure(&rig);
        levels_walk_cache(&rig, "all", 16, latency);
        begin(&rig);
        uint64_t before = L1 + L2 + latency;
        assert_int_equal(levels_load(&rig, NEAR_VA), before + levels_walk_cycles(&rig, 1));
        assert_int_equal(levels_load(&rig, BLOCK_VA), before + levels_walk_cycles(&rig, 2));
        assert_int_equal(levels_load(&rig, GIGA_VA), before + levels_walk_cycles(&rig, 3));
        assert_int_equal(levels_load(&rig, FAR_VA), before + levels_walk_cycles(&rig, 4));
        const struct core_counters *counters = machine_counters(rig.fixture.machine, 0);
        assert_int_equal(counters->walker.steps, 4 + 1 + 2 + 3 + 4);
        assert_int_equal(levels_array(&rig, 0, "all")->lookups, counters->walker.walks);
        assert_int_equal(levels_array(&rig, 0, "all")->hits, 3);
        levels_finish(&rig);
    }
}

static void without_a_cache_every_walk_has_all_its_fetches(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig);
    begin(&rig);
    assert_int_equal(levels_load(&rig, NEAR_VA), L1 + L2 + levels_walk_cycles(&rig, 4));
    levels_finish(&rig);
}

static void a_walk_to_a_large_page_has_fewer_fetches_behind_the_same_table(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig);
    levels_walk_cache(&rig, "all", 16, 3);
    begin(&rig);
    assert_int_equal(levels_load(&rig, FIXTURE_BLOCK_BASE), L1 + L2 + 3 + levels_walk_cycles(&rig, 1));
    levels_finish(&rig);
}

/* With a cache of one span, a walk begins no further than there. */
static void a_cache_of_one_span_leads_to_that_depth(void **state)
{
    (void)state;
    for (unsigned fetches = 1; fetches <= 3; fetches++) {
        struct rig rig;
        configure(&rig);
        levels_walk_cache(&rig, "one", 4, 1)->sizes = UINT64_C(1) << (12 + 9 * fetches);
        begin(&rig);
        assert_int_equal(levels_load(&rig, NEAR_VA), L1 + L2 + 1 + levels_walk_cycles(&rig, fetches));
        assert_int_equal(levels_array(&rig, 0, "one")->fills, 1);
        levels_finish(&rig);
    }
}

static void caches_are_looked_up_at_once_and_the_furthest_table_is_used(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig);
    levels_walk_cache(&rig, "gigas", 4, 5)->sizes = GIB;
    levels_walk_cache(&rig, "blocks", 4, 2)->sizes = 2 * MIB;
    begin(&rig);
    assert_int_equal(levels_load(&rig, NEAR_VA), L1 + L2 + 5 + levels_walk_cycles(&rig, 1));
    assert_int_equal(levels_load(&rig, BLOCK_VA), L1 + L2 + 5 + levels_walk_cycles(&rig, 2));
    assert_int_equal(levels_array(&rig, 0, "blocks")->hits, 1); /* both had one, this was used */
    assert_int_equal(levels_array(&rig, 0, "gigas")->hits, 1);
    levels_finish(&rig);
}

static void entries_belong_to_their_asid(void **state)
{
    struct rig rig;
    (void)state;
    configure(&rig);
    levels_walk_cache(&rig, "all", 16, 0);
    begin(&rig);
    struct core_operation other = op_switch(&rig), back = op_switch(&rig);
    other.context = &rig.fixture.contexts[1];
    rig_do(&rig, &other);
    assert_int_equal(levels_load(&rig, NEAR_VA + 4096), L1 + L2 + levels_walk_cycles(&rig, 4));
    rig_do(&rig, &back); /* and stay there meanwhile */
    assert_int_equal(levels_load(&rig, NEAR_VA + 2 * 4096), L1 + L2 + levels_walk_cycles(&rig, 1));
    levels_finish(&rig);
}

/* ---- what an invalidation takes ------------------------------------------------------------------ */

/* The fetches of a walk beside page 0 after an invalidation: 4 if all tables on the way are gone. */
static unsigned fetches_after(enum ordering ordering, const struct invalidation *what)
{
    struct rig rig;
    configure(&rig);
    rig.config.ordering = ordering;
    levels_walk_cache(&rig, "all", 16, 0);
    begin(&rig);
    struct core_operation invalidate = {.kind = CORE_INVALIDATE, .invalidation = *what};
    rig_do(&rig, &invalidate);
    uint64_t cycles = levels_load(&rig, NEAR_VA + 4096) - L1 - L2;
    levels_finish(&rig);
    assert_int_equal(cycles % rig.config.memory_latency_cycles, 0);
    return (unsigned)(cycles / rig.config.memory_latency_cycles);
}

static unsigned fetches_after_address(enum ordering ordering, uint64_t va, bool last_level_only)
{
    struct invalidation what = {
        .va = va, .asid = 1, .scope = INVALIDATE_VA, .last_level_only = last_level_only};
    return fetches_after(ordering, &what);
}

static void on_arm_an_address_takes_the_tables_on_its_way(void **state)
{
    (void)state;
    assert_int_equal(fetches_after_address(ORDERING_ARM, fixture_va(0), false), 4);
    /* the last table leads to page 0 alone, and stays: whoever walks beside page 0 begins there */
    assert_int_equal(fetches_after_address(ORDERING_ARM, BLOCK_VA, false), 1);
}

static void on_arm_it_takes_upper_tables_that_other_pages_use_too(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct rig rig;
        configure(&rig);
        levels_walk_cache(&rig, "upper", 16, 0)->sizes = GIB | 512 * GIB;
        begin(&rig);
        struct core_operation invalidate = op_invalidate(i ? FAR_VA : BLOCK_VA, false);
        rig_do(&rig, &invalidate);
        assert_int_equal(levels_load(&rig, NEAR_VA), L1 + L2 + levels_walk_cycles(&rig, i ? 2 : 4));
        levels_finish(&rig);
    }
}

static void on_arm_another_address_leaves_what_is_not_on_its_way(void **state)
{
    (void)state;
    assert_int_equal(fetches_after_address(ORDERING_ARM, FAR_VA, false), 1);
}

static void on_arm_an_invalidation_of_the_last_level_leaves_tables(void **state)
{
    (void)state;
    assert_int_equal(fetches_after_address(ORDERING_ARM, fixture_va(0), true), 1);
}

static void on_x86_any_address_takes_all_tables_of_the_space(void **state)
{
    (void)state;
    assert_int_equal(fetches_after_address(ORDERING_X86, fixture_va(0), false), 4);
    assert_int_equal(fetches_after_address(ORDERING_X86, fixture_va(0), true), 4);
    assert_int_equal(fetches_after_address(ORDERING_X86, FAR_VA, false), 4);
    struct invalidation other = {.va = fixture_va(0), .asid = 2, .scope = INVALIDATE_VA};
    assert_int_equal(fetches_after(ORDERING_X86, &other), 1); /* another PCID's stay */
}

static void on_riscv_an_address_takes_leaves_alone(void **state)
{
    (void)state;
    assert_int_equal(fetches_after_address(ORDERING_RISCV, fixture_va(0), false), 1);
    struct invalidation everything = {.asid = 1, .scope = INVALIDATE_ASID};
    assert_int_equal(fetches_after(ORDERING_RISCV, &everything), 4);
}

/* Whatever the core's ordering: a format may say of itself what RISC-V says of all. */
static void a_format_may_leave_tables_where_they_are(void **state)
{
    struct walk_format keeping = *walk_format_find("vmsa-4k-48");
    const enum invalidation_scope scopes[] = {INVALIDATE_VA, INVALIDATE_VA_ALL_ASIDS, INVALIDATE_ASID};
    (void)state;
    keeping.address_keeps_tables = true;
    for (unsigned i = 0; i < 6; i++) {
        struct rig rig;
        configure(&rig);
        rig.config.ordering = i < 3 ? ORDERING_ARM : ORDERING_X86;
        levels_walk_cache(&rig, "all", 16, 0);
        begin(&rig);
        rig.fixture.contexts[1].regime.format = &keeping;
        rig.fixture.contexts[1].asid = 1;
        struct core_operation to = {.kind = CORE_SWITCH, .context = &rig.fixture.contexts[1]};
        struct core_operation invalidate = {
            .kind = CORE_INVALIDATE,
            .invalidation = {.va = fixture_va(0), .asid = 1, .scope = scopes[i % 3]}};
        rig_do(&rig, &to);
        rig_do(&rig, &invalidate);
        unsigned fetches = scopes[i % 3] == INVALIDATE_ASID ? 4 : 1;
        assert_int_equal(levels_load(&rig, NEAR_VA + 4096), L1 + L2 + levels_walk_cycles(&rig, fetches));
        levels_finish(&rig);
    }
}

static void a_space_takes_its_own_tables_and_all_takes_all(void **state)
{
    (void)state;
    for (unsigned ordering = 0; ordering < ORDERINGS; ordering++) {
        struct invalidation own = {.asid = 1, .scope = INVALIDATE_ASID};
        struct invalidation other = {.asid = 2, .scope = INVALIDATE_ASID};
        struct invalidation all = {.scope = INVALIDATE_ALL};
        struct invalidation stage2 = {.va = fixture_va(0), .scope = INVALIDATE_IPA};
        assert_int_equal(fetches_after((enum ordering)ordering, &own), 4);
        assert_int_equal(fetches_after((enum ordering)ordering, &other), 1);
        assert_int_equal(fetches_after((enum ordering)ordering, &all), 4);
        assert_int_equal(fetches_after((enum ordering)ordering, &stage2), 1);
    }
}

/* ---- walks in flight ----------------------------------------------------------------------------- */

/* Core 1 walks to page 0 while core 0 invalidates it, after the walk's first `fetches` fetches. */
static void invalidate_during_walk(struct rig *rig, unsigned fetches)
{
    configure(rig);
    rig->config.cores = 2;
    levels_walk_cache(rig, "all", 16, 0);
    rig_open(rig);
    uint64_t begins = rig->config.switch_cycles + L1 + L2 + levels_walk_cycles(rig, fetches);
    uint64_t arrives =
        rig->config.switch_cycles + rig->config.network_latency_cycles + rig->config.invalidate_cycles;
    const struct core_operation invalidates[] = {op_switch(rig), op_wait(begins + 20 - arrives),
                                                 op_invalidate(fixture_va(0), true),
                                                 op_barrier(BARRIER_DSB_ISH), op_end()};
    const struct core_operation loads[] = {op_switch(rig), op_load(fixture_va(0)), op_end()};
    rig_play(rig, (const struct core_operation *const[]){invalidates, loads});
}

static unsigned tables_left(const struct rig *rig)
{
    unsigned left = 0;
    const struct mmu_event *event;
    for (unsigned i = 0; (event = rig_event(rig, EVENT_TLB_ENTRY, 1, i)); i++)
        left += event->as.tlb_entry.holds == HOLDS_TABLE && event->as.tlb_entry.end == ENTRY_END_RUN;
    return left;
}

static void a_caught_walk_fills_neither_tlbs_nor_walk_caches(void **state)
{
    (void)state;
    for (unsigned fetches = 0; fetches < 4; fetches++) {
        struct rig rig;
        invalidate_during_walk(&rig, fetches);
        const struct mmu_event *walk = rig_event(&rig, EVENT_WALK, 1, 0),
                               *end = rig_event(&rig, EVENT_BARRIER, 0, 0);
        assert_false(walk->as.walk.filled);
        assert_true(end->cycle > walk->cycle); /* it was waited for */
        assert_int_equal(tables_left(&rig), 0);
        assert_false(levels_left_in(&rig, 1, "l1d", fixture_va(0)));
        assert_false(levels_left_in(&rig, 1, "l2", fixture_va(0)));
        rig_close(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hit_saves_the_fetches_above_its_table),
        cmocka_unit_test(without_a_cache_every_walk_has_all_its_fetches),
        cmocka_unit_test(a_walk_to_a_large_page_has_fewer_fetches_behind_the_same_table),
        cmocka_unit_test(a_cache_of_one_span_leads_to_that_depth),
        cmocka_unit_test(caches_are_looked_up_at_once_and_the_furthest_table_is_used),
        cmocka_unit_test(entries_belong_to_their_asid),
        cmocka_unit_test(on_arm_an_address_takes_the_tables_on_its_way),
        cmocka_unit_test(on_arm_it_takes_upper_tables_that_other_pages_use_too),
        cmocka_unit_test(on_arm_another_address_leaves_what_is_not_on_its_way),
        cmocka_unit_test(on_arm_an_invalidation_of_the_last_level_leaves_tables),
        cmocka_unit_test(on_x86_any_address_takes_all_tables_of_the_space),
        cmocka_unit_test(on_riscv_an_address_takes_leaves_alone),
        cmocka_unit_test(a_format_may_leave_tables_where_they_are),
        cmocka_unit_test(a_space_takes_its_own_tables_and_all_takes_all),
        cmocka_unit_test(a_caught_walk_fills_neither_tlbs_nor_walk_caches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
