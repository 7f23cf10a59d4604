/*
 * What stands in which level: exclusive and inclusive pairs, address spaces, and hit ratios in closed form
 * over the whole of a machine.
 */
#include "mmu/test/levels_rig.h"
#include "tlb/replacement.h"

#define L1 2u
#define L2 7u

static const struct core_counters *counters_of(const struct rig *rig)
{
    return machine_counters(rig->fixture.machine, 0);
}

/* How the entry of a page left an array the first time; ENTRY_ENDS if it never did. */
static unsigned end_of(const struct rig *rig, uint8_t array, uint64_t va)
{
    const struct mmu_event *event;
    for (unsigned i = 0; (event = rig_event(rig, EVENT_TLB_ENTRY, 0, i)); i++)
        if (event->as.tlb_entry.tlb == array && event->as.tlb_entry.va == va)
            return event->as.tlb_entry.end;
    return ENTRY_ENDS;
}

/* l1i, l1d and l2, in this order, by number */
enum { L1I_NUMBER, L1D_NUMBER, L2_NUMBER };

static void open_pair(struct rig *rig, uint64_t inclusion, uint64_t front, uint64_t back)
{
    levels_defaults(rig);
    levels_tlb(rig, "l1i", 2, L1);
    levels_tlb(rig, "l1d", front, L1);
    levels_tlb(rig, "l2", back, L2)->inclusion = inclusion;
    levels_begin(rig);
}

/* ---- exclusive ------------------------------------------------------------------------------------- */

static void an_exclusive_level_has_what_the_front_evicted(void **state)
{
    struct rig rig;
    (void)state;
    open_pair(&rig, TLB_INCLUSION_EXCLUSIVE, 2, 4);
    for (unsigned page = 0; page < 3; page++)
        levels_load(&rig, fixture_va(page));
    assert_int_equal(levels_array(&rig, 0, "l2")->fills, 1);
    rig_end(&rig);
    assert_int_equal(end_of(&rig, L1D_NUMBER, fixture_va(0)), ENTRY_END_EVICTED);
    assert_int_equal(end_of(&rig, L2_NUMBER, fixture_va(0)), ENTRY_END_RUN);
    assert_int_equal(end_of(&rig, L2_NUMBER, fixture_va(1)), ENTRY_ENDS);
    rig_close(&rig);
}

static void an_exclusive_hit_moves_the_entry_and_the_victim_goes_back(void **state)
{
    struct rig rig;
    (void)state;
    open_pair(&rig, TLB_INCLUSION_EXCLUSIVE, 2, 4);
    for (unsigned page = 0; page < 3; page++)
        levels_load(&rig, fixture_va(page));
    assert_int_equal(levels_load(&rig, fixture_va(0)), L1 + L2);
    assert_int_equal(levels_load(&rig, fixture_va(0)), L1);
    assert_int_equal(levels_load(&rig, fixture_va(1)), L1 + L2); /* the victim of page 0's return */
    assert_int_equal(levels_array(&rig, 0, "l2")->dropped, 2);
    assert_int_equal(counters_of(&rig)->walker.walks, 3);
    rig_end(&rig);
    assert_int_equal(end_of(&rig, L2_NUMBER, fixture_va(0)), ENTRY_END_MOVED);
    assert_false(levels_left_in(&rig, 0, "l2", fixture_va(0)));
    assert_true(levels_left_in(&rig, 0, "l2", fixture_va(2)));
    rig_close(&rig);
}

/* Of two levels without that promise, walks fill both. */
static void an_ordinary_hit_leaves_the_entry(void **state)
{
    struct rig rig;
    (void)state;
    open_pair(&rig, TLB_INCLUSION_NEITHER, 2, 4);
    for (unsigned page = 0; page < 3; page++)
        levels_load(&rig, fixture_va(page));
    assert_int_equal(levels_load(&rig, fixture_va(0)), L1 + L2);
    assert_int_equal(levels_array(&rig, 0, "l2")->fills, 3);
    rig_end(&rig);
    assert_true(levels_left_in(&rig, 0, "l2", fixture_va(0)));
    assert_true(levels_left_in(&rig, 0, "l1d", fixture_va(0)));
    rig_close(&rig);
}

/* What two sides evict from one array is looked for by both. */
static void behind_a_unified_level_each_side_has_its_victims(void **state)
{
    struct rig rig;
    (void)state;
    levels_defaults(&rig);
    levels_tlb(&rig, "l1", 1, L1);
    levels_tlb(&rig, "l2i", 4, L2)->inclusion = TLB_INCLUSION_EXCLUSIVE;
    levels_tlb(&rig, "l2d", 4, L2)->inclusion = TLB_INCLUSION_EXCLUSIVE;
    levels_begin(&rig);
    levels_load(&rig, fixture_va(0));
    levels_load(&rig, fixture_va(1));
    assert_int_equal(levels_load(&rig, fixture_va(0)), L1 + L2);
    levels_finish(&rig);
}

/* Nothing in front of the exclusive level takes a block: it is the level's own. */
static void an_exclusive_level_keeps_pages_that_the_front_does_not_take(void **state)
{
    struct rig rig;
    (void)state;
    levels_defaults(&rig);
    levels_tlb(&rig, "l1i", 2, L1);
    levels_tlb(&rig, "l1d", 2, L1)->sizes = PAGES_4K;
    levels_tlb(&rig, "l2", 4, L2)->inclusion = TLB_INCLUSION_EXCLUSIVE;
    levels_begin(&rig);
    levels_load(&rig, FIXTURE_BLOCK_BASE);
    assert_int_equal(levels_load(&rig, FIXTURE_BLOCK_BASE), L1 + L2);
    assert_int_equal(levels_load(&rig, FIXTURE_BLOCK_BASE), L1 + L2);
    levels_finish(&rig);
}

/* ---- inclusive -------------------------------------------------------------------------------------- */

static void what_an_inclusive_level_evicts_leaves_the_front(void **state)
{
    struct rig rig;
    (void)state;
    open_pair(&rig, TLB_INCLUSION_INCLUSIVE, 4, 2);
    for (unsigned page = 0; page < 3; page++)
        levels_load(&rig, fixture_va(page));
    assert_int_equal(levels_array(&rig, 0, "l1d")->dropped, 1);
    assert_int_equal(levels_load(&rig, fixture_va(2)), L1);
    assert_int_equal(levels_load(&rig, fixture_va(0)), L1 + L2 + levels_walk_cycles(&rig, 4));
    rig_end(&rig);
    assert_int_equal(end_of(&rig, L2_NUMBER, fixture_va(0)), ENTRY_END_EVICTED);
    assert_int_equal(end_of(&rig, L1D_NUMBER, fixture_va(0)), ENTRY_END_INCLUSION);
    rig_close(&rig);
}

static void what_an_ordinary_level_evicts_stays_in_the_front(void **state)
{
    struct rig rig;
    (void)state;
    open_pair(&rig, TLB_INCLUSION_NEITHER, 4, 2);
    for (unsigned page = 0; page < 3; page++)
        levels_load(&rig, fixture_va(page));
    assert_int_equal(levels_load(&rig, fixture_va(0)), L1);
    levels_finish(&rig);
}

/* ---- address spaces ---------------------------------------------------------------------------------- */

static void a_switch_keeps_the_entries_of_the_other_space(void **state)
{
    struct rig rig;
    (void)state;
    levels_defaults(&rig);
    levels_tlb(&rig, "l1", 8, L1);
    levels_begin(&rig);
    struct core_operation other = op_switch(&rig), back = op_switch(&rig);
    other.context = &rig.fixture.contexts[1];
    levels_load(&rig, fixture_va(0));
    levels_load(&rig, fixture_va(1)); /* a global page */
    rig_do(&rig, &other);
    assert_int_equal(levels_load(&rig, fixture_va(1)), L1);
    assert_int_equal(levels_load(&rig, fixture_va(0)), L1 + levels_walk_cycles(&rig, 4));
    rig_do(&rig, &back);
    assert_int_equal(levels_load(&rig, fixture_va(0)), L1);
    levels_finish(&rig);
}

/* ---- closed forms ------------------------------------------------------------------------------------ */

static void run_pattern(struct rig *rig, enum stream_pattern pattern, uint64_t pages, uint64_t accesses)
{
    char error[256];
    struct stream_config config = {.pattern = pattern,
                                   .base = fixture_va(0),
                                   .region_bytes = pages * FIXTURE_PAGE,
                                   .accesses = accesses,
                                   .step_bytes = FIXTURE_PAGE,
                                   .seed = accesses};
    struct stream *stream = stream_open(&config, error, sizeof error);
    struct core_operation operation = {
        .kind = CORE_STREAM, .data_mode = DATA_NONE, .window = 1, .stream = stream};
    assert_non_null(stream);
    rig_do(rig, &operation);
    stream->close(stream);
}

/* Rounds over `pages` pages, the first of them not counted; hits of both levels. */
static void sweep(uint64_t inclusion, uint64_t pages, uint64_t *front_hits, uint64_t *back_hits)
{
    struct rig rig;
    open_pair(&rig, inclusion, 8, 24);
    run_pattern(&rig, STREAM_SEQUENTIAL, pages, pages);
    machine_reset_counters(rig.fixture.machine);
    run_pattern(&rig, STREAM_SEQUENTIAL, pages, 5 * pages);
    *front_hits = counters_of(&rig)->tlb[GROUP_L1D].hits;
    *back_hits = counters_of(&rig)->tlb[GROUP_L2].hits;
    assert_int_equal(counters_of(&rig)->walker.walks, 5 * pages - *front_hits - *back_hits);
    levels_finish(&rig);
}

/* LRU: what does not fit into a level is never hit there, what fits always. */
static void a_cyclic_sweep_hits_in_the_first_level_that_holds_it(void **state)
{
    (void)state;
    for (uint64_t inclusion = 0; inclusion < TLB_INCLUSIONS; inclusion++) {
        uint64_t all = inclusion == TLB_INCLUSION_EXCLUSIVE ? 8 + 24 : 24, front, back;
        for (uint64_t pages = 7; pages <= 34; pages++) {
            sweep(inclusion, pages, &front, &back);
            assert_int_equal(front, pages <= 8 ? 5 * pages : 0);
            assert_int_equal(back, pages > 8 && pages <= all ? 5 * pages : 0);
        }
    }
}

/*
 * Uniform accesses: whatever stands in the levels, each access finds its page with the probability (pages
 * cached) / (pages), independent of those before. An inclusive pair always caches what the back holds, an
 * exclusive pair what both hold. Within five standard deviations of that binomial distribution.
 */
static void expect_uniform_hits(uint64_t inclusion, uint64_t replacement, uint64_t cached, uint64_t front,
                                uint64_t back)
{
    const uint64_t accesses = 6000, pages = FIXTURE_PAGES;
    struct rig rig;
    levels_defaults(&rig);
    levels_tlb(&rig, "l1i", 2, L1);
    levels_tlb(&rig, "l1d", front, L1)->replacement = replacement;
    levels_tlb(&rig, "l2", back, L2)->replacement = replacement;
    levels_find(&rig, "l2")->inclusion = inclusion;
    levels_begin(&rig);
    run_pattern(&rig, STREAM_UNIFORM, pages, 2000); /* until all is full */
    machine_reset_counters(rig.fixture.machine);
    run_pattern(&rig, STREAM_UNIFORM, pages, accesses);
    double share = (double)cached / (double)pages, n = (double)accesses;
    double off = n - (double)counters_of(&rig)->walker.walks - n * share;
    assert_true(off * off <= 25 * n * share * (1 - share));
    levels_finish(&rig);
}

static void uniform_accesses_hit_an_inclusive_pair_as_its_back(void **state)
{
    (void)state;
    for (uint64_t replacement = 0; replacement < TLB_REPLACEMENTS; replacement++) {
        expect_uniform_hits(TLB_INCLUSION_INCLUSIVE, replacement, 24, 8, 24);
        expect_uniform_hits(TLB_INCLUSION_INCLUSIVE, replacement, 36, 32, 36);
    }
}

static void uniform_accesses_hit_an_exclusive_pair_as_both_together(void **state)
{
    (void)state;
    for (uint64_t replacement = 0; replacement < TLB_REPLACEMENTS; replacement++) {
        expect_uniform_hits(TLB_INCLUSION_EXCLUSIVE, replacement, 32, 8, 24);
        expect_uniform_hits(TLB_INCLUSION_EXCLUSIVE, replacement, 20, 16, 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exclusive_level_has_what_the_front_evicted),
        cmocka_unit_test(an_exclusive_hit_moves_the_entry_and_the_victim_goes_back),
        cmocka_unit_test(an_ordinary_hit_leaves_the_entry),
        cmocka_unit_test(behind_a_unified_level_each_side_has_its_victims),
        cmocka_unit_test(an_exclusive_level_keeps_pages_that_the_front_does_not_take),
        cmocka_unit_test(what_an_inclusive_level_evicts_leaves_the_front),
        cmocka_unit_test(what_an_ordinary_level_evicts_stays_in_the_front),
        cmocka_unit_test(a_switch_keeps_the_entries_of_the_other_space),
        cmocka_unit_test(a_cyclic_sweep_hits_in_the_first_level_that_holds_it),
        cmocka_unit_test(uniform_accesses_hit_an_inclusive_pair_as_its_back),
        cmocka_unit_test(uniform_accesses_hit_an_exclusive_pair_as_both_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
